import pytest

from socketchat.protocol.limits import NAME_CHARACTERS
from socketchat.protocol.spelling import CORRECTIONS, nearest, nearest_name

COMMANDS = ["help", "history", "ignore", "users"]


class Directory(dict[str, str]):
    """Counts how often it is asked."""

    asked = 0

    def find(self, key: str) -> str | None:
        self.asked += 1
        return self.get(key)


@pytest.mark.parametrize(
    ("word", "expected"), [("hlep", "help"), ("USER", "users"), ("histroy", "history"), ("nope", None), ("", None)]
)
def test_the_nearest_command_is_suggested_if_it_is_similar(word: str, expected: str | None):
    assert nearest(word, COMMANDS) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alcie", "Alice"),
        ("ALICF", "Alice"),
        ("alic", "Alice"),
        ("aliice", "Alice"),
        ("#opss", "Ops"),
        ("Аля", "Аня"),
        ("zzz", None),
        ("xa", None),
        ("", None),
        ("a" * 30, None),
        ("\u0301" * 1000, None),
    ],
)
def test_a_name_one_mistake_away_is_suggested(name: str, expected: str | None):
    assert nearest_name(name, {"alice": "Alice", "ops": "Ops", "аня": "Аня", "x": "X"}.get) == expected


@pytest.mark.parametrize("name", ["zqxjkw", "z" * NAME_CHARACTERS, "ж" * NAME_CHARACTERS, "aя" * 10, "z" * 100_000])
@pytest.mark.parametrize("users", [0, 100_000])
def test_the_work_for_a_wrong_name_is_bounded_and_does_not_grow_with_the_users(name: str, users: int):
    directory = Directory((f"user{number}", "") for number in range(users))

    assert nearest_name(name, directory.find) is None
    assert directory.asked <= CORRECTIONS
