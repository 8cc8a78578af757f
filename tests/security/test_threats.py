"""The tests in the table of threats exist, and every row has a test or a reason."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_row = re.compile(r"^\| (?!Id )(\S+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE).findall
ROWS, ATTACKS = (_row((HERE / page).read_text()) for page in ("threats.md", "README.md"))
NUMBERED = {
    "T-inj": 7,
    "T-term": 4,
    "T-id": 3,
    "T-auth": 5,
    "T-time": 1,
    "T-tls": 6,
    "T-x": 5,
    "T-ws": 2,
    "T-authz": 2,
    "T-tok": 1,
    "T-loc": 3,
    "T-meta": 1,
    "T-sup": 1,
}


def test_every_threat_is_in_the_table_once() -> None:
    expected = {f"{kind}-{number}" for kind, most in NUMBERED.items() for number in range(1, most + 1)}
    expected |= {
        "T-dos",
        "T-cl-sec",
        "posture",
        "early",
        "names",
        "rooms",
        "server",
        "peek",
        "tls",
        "binary",
        "verbs",
        "telnet",
        "plaintext",
        "proxy",
        "silence",
        "index",
        "wal",
        "clock",
        "full",
        "copies",
    }
    found = [row for row, _ in ROWS]
    assert sorted(found) == sorted(expected)


def test_every_attack_that_once_worked_has_a_row() -> None:
    kinds = {"A": range(1, 10), "B": range(10, 18), "D": range(30, 37)}
    assert [row for row, _ in ATTACKS] == [f"{kind}{number}" for kind, numbers in kinds.items() for number in numbers]


@pytest.mark.parametrize(("row", "cell"), ROWS + ATTACKS)
def test_a_row_has_a_reason_or_existing_tests(row: str, cell: str) -> None:
    named = re.findall(r"`(tests/[^`]+)`", cell)
    assert named or cell.strip().endswith("."), row
    for each in named:
        path, _, function = each.partition("::")
        source = (ROOT / path).read_text()
        assert not function or re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), each
