"""The table of threats names tests that exist, and no row is without one or a reason."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = re.findall(r"^\| (\S+) \| [^|]+ \| ([^|]+) \|$", (HERE / "threats.md").read_text(), re.MULTILINE)
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
    found = [row for row, _ in ROWS if row != "Id"]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(("row", "cell"), [(row, cell) for row, cell in ROWS if row != "Id"])
def test_a_row_has_a_reason_or_existing_tests(row: str, cell: str) -> None:
    named = re.findall(r"`(tests/[^`]+)`", cell)
    assert named or cell.strip().endswith("."), row
    for each in named:
        path, _, function = each.partition("::")
        source = (ROOT / path).read_text()
        assert not function or re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), each
