import hashlib
from importlib.util import find_spec
from unicodedata import category

import pytest

from socketchat.protocol.text.confusables_table import CLASSES
from socketchat.protocol.text.scripts import are_mixed, scripts_of
from socketchat.protocol.text.scripts_table import SCRIPTS
from tests.protocol.make_unicode_tables import Tables

MADE = "2bc5d05501d5006970a6e98db4137b9d9e610434b542b6997336a4a4e64610e7"
"""SHA-256 of both tables: they change only when the generator writes them."""


@pytest.mark.parametrize(
    ("character", "scripts"),
    [
        ("a", {"Latn"}),
        ("7", {"Any"}),
        ("я", {"Cyrl"}),
        ("ー", {"Hira", "Kana"}),
        ("\u0301", {"Any"}),
        ("\U00031350", {"Hani"}),
    ],
)
def test_a_character_of_names_has_its_scripts(character: str, scripts: set[str]):
    assert scripts_of(character) == scripts


@pytest.mark.parametrize("character", ["-", " ", "\0", "ᚠ", "Ꭺ", "😀", "\u0378", "\U0010ffff", "\ud800"])
def test_a_character_that_no_name_may_have_has_no_script(character: str):
    assert not scripts_of(character)


@pytest.mark.parametrize("text", ["a1", "山田タロウさ", "韓国人이", "李ㄅ", "コー", "さー", "1\u0301", ""])
def test_scripts_that_are_written_together_are_not_mixed(text: str):
    assert not are_mixed(text)


@pytest.mark.parametrize("text", ["aя", "李a", "이か", "ㄅか", "я९"])
def test_other_scripts_are_mixed(text: str):
    assert are_mixed(text)


def test_every_python_knows_the_characters_of_names_or_treats_them_as_plain_letters():
    for point in range(0x110000):
        character = chr(point)
        if scripts_of(character) and category(character) == "Cn":
            assert character.casefold() == character


def test_the_tables_are_as_the_generator_wrote_them():
    assert hashlib.sha256((SCRIPTS + CLASSES).encode()).hexdigest() == MADE


@pytest.mark.skipif(
    find_spec("icu") is None, reason="PyICU is not installed; see tests/protocol/make_unicode_tables.py"
)
def test_the_generator_makes_the_tables():
    import icu

    tables = Tables(icu)
    assert "; ".join(tables.script_lines()).split() == SCRIPTS.split()
    assert "; ".join(tables.classes()).split() == CLASSES.split()
