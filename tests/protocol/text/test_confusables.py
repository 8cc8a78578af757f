import hashlib
import json
import random
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest

from socketchat.exceptions import BadName
from socketchat.protocol.names import check_name
from socketchat.protocol.text.confusable_characters import CLASSES
from socketchat.protocol.text.confusables import _table, looks, skeleton
from tests.protocol import make_confusables

MADE = "94be8414ba9c521ebba5be844394864a5bc5e9d5d8d6e7d1b44752b6455e3e9f"
"""SHA-256 of the table; it changes only when somebody makes it anew."""

PEOPLE = (  # noqa: SIM905 - read as a sentence
    "alice bob carol dave eve mallory trent peggy victor walter anna nan van jan dan kim tim jim sam pam leo max ben "
    "ken jon ron don lou liz ida ivy deploy-bot ops.team maria josef anton berta dora emil frieda gustav heinrich "
    "konrad ludwig martha nordpol otto paula quelle richard"
).split()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("alice", "AIice"),
        ("alice", "a1ice"),
        ("alice", "ALICE"),
        ("bob", "b0b"),
        ("paypa", "раура"),
        ("PAYPA", "раура"),
        ("evan", "ｅvan"),
        ("evan", "evаn"),
        ("evan", "еvan"),
        ("modem", "modern"),
        ("кот", "КОТ"),
        ("josé", "jose\u0301"),
    ],
)
def test_what_reads_alike_shares_a_look(name: str, other: str):
    assert looks(name) & looks(other)


def test_names_of_people_stay_apart():
    assert [(one, other) for one, other in combinations(PEOPLE, 2) if looks(one) & looks(other)] == []


def substituted(name: str, chance: random.Random) -> str:
    """Return the name with a character, or more, in another shape of the same look."""
    alike: dict[str, list[str]] = {}
    for point, look in _table().items():
        alike.setdefault(look, [look]).append(chr(point))
    places = [place for place, character in enumerate(name) if skeleton(character) in alike]
    shapes = list(name)
    for place in chance.sample(places, chance.randint(1, len(places))):
        shapes[place] = chance.choice([each for each in alike[skeleton(name[place])] if each != name[place]])
    return "".join(shapes)


def test_of_a_thousand_confusable_names_none_is_accepted():
    chance = random.Random(39)
    accepted = []
    for number in range(1000):
        name = PEOPLE[number % 50]
        fake = substituted(name, chance)
        try:
            if not looks(check_name(fake)) & looks(name):
                accepted.append((name, fake))
        except BadName:
            pass
    assert accepted == []


def test_the_table_is_the_one_that_was_made():
    assert hashlib.sha256(CLASSES.encode()).hexdigest() == MADE


@pytest.mark.skipif(find_spec("confusable_homoglyphs") is None, reason="confusable-homoglyphs is not installed")
def test_the_generator_makes_the_table():
    data = Path(find_spec("confusable_homoglyphs").origin).with_name("confusables.json")
    assert "; ".join(make_confusables.lines(json.loads(data.read_text("utf-8")))).split() == CLASSES.split()
