import random
import sys
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadName
from socketchat.protocol.limits import NAME_CHARACTERS
from socketchat.protocol.names import RESERVED, check_name
from socketchat.protocol.text.confusables import _table, check_not_reserved, looks, skeleton
from socketchat.protocol.text.scripts import scripts_of

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
        ("alice", "alice."),
        ("alice", "alice_"),
        ("alice", "alice-._"),
        ("alice", "ạlice"),
        ("alice", "álicé"),
        ("alice", "aɭice"),
        ("bob", "b0b"),
        ("søren", "soren"),
        ("paypa", "раура"),
        ("PAYPA", "раура"),
        ("evan", "ｅvan"),
        ("evan", "evаn"),
        ("evan", "еvan"),
        ("modem", "modern"),
        ("walter", "vvalter"),
        ("deploy-bot", "deploy_bot"),
        ("deploy-bot", "deploy-.bot"),
        ("кот", "КОТ"),
        ("андрей", "андреи"),
        ("josé", "jose\u0301"),
        ("سارة٢", "سارة2"),
        ("#lobby", "#Iobby"),
        ("#lobby", "#1obby"),
        ("#Lobby", "lobby"),
    ],
)
def test_confusable_names_share_a_look(name: str, other: str):
    assert looks(name) & looks(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("alice", "al-ice"),
        ("deploy-bot", "deploybot"),
        ("mail", "mall"),
        ("user5", "users"),
        ("سارة١٠", "سارة١"),
        ("かな", "がな"),
        ("अंश", "अश"),
    ],
)
def test_names_that_differ_visibly_share_no_look(name: str, other: str):
    assert not looks(name) & looks(other)


def test_a_flood_of_marks_is_not_normalized():
    """Sorting marks takes quadratic time: this would take minutes."""
    flood = "a" + "\u0315\u0301\u0323" * 80_000
    assert looks(flood) == {flood}


def test_common_first_names_share_no_look():
    assert [(one, other) for one, other in combinations(PEOPLE, 2) if looks(one) & looks(other)] == []


@pytest.mark.parametrize(
    "name",
    [
        "0perator", "Operator", "operat0r", "оperаtоr", "öperator", "operator_", "o.p.e.r.a.t.o.r", "0p3r4t0r",
        "systern", "ѕуѕтем", "5ystem", "5y5tern", "sÿstem", "system.", "sys-tem", "server-", "5erver", "ѕerver",
        "serνer",
        "ｓｅｒｖｅｒ", "servеr",
    ],
)  # fmt: skip
def test_a_look_alike_of_a_reserved_name_is_refused(name: str):
    with pytest.raises(BadName, match="reserved for the server; choose another name"):
        check_not_reserved(name)


@pytest.mark.parametrize("name", [*PEOPLE, "operators", "servers", "systems", "sysop", "observer", "serve"])
def test_other_names_are_not_reserved(name: str):
    check_not_reserved(name)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_refused(name: str):
    with pytest.raises(BadName):
        check_not_reserved(name)


def test_a_look_is_its_own_only_look():
    """Restrictions of an earlier version are stored with the looks of that version."""
    for character in map(chr, range(sys.maxunicode + 1)):
        if scripts_of(character):
            for look in looks("x" + character):
                assert looks(look) == {look}


@given(st.text(st.characters(codec="ascii", categories=["L", "Nd", "Pd", "Pc", "Po"]), max_size=NAME_CHARACTERS))
def test_a_look_of_an_ascii_name_is_its_own_only_look(name: str):
    for look in looks(name):
        assert looks(look) == {look}


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


def test_a_thousand_confusable_names_are_all_refused():
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
