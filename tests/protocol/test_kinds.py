"""The table of kinds is consistent, and matches the commands and facts."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import socketchat
from socketchat.hub.state import facts
from socketchat.protocol import commands, kinds

SOURCES = sorted(Path(socketchat.__file__).parent.rglob("*.py"))


def test_clients_can_send_exactly_the_sent_kinds() -> None:
    sent = {*get_args(get_type_hints(commands.Send)["kind"]), kinds.REPLY}  # a reply is a message with ``of``
    assert sent == kinds.SENT


def test_said_kinds_are_changeable_indexed_and_counted() -> None:
    assert kinds.SAID == kinds.CHANGEABLE == kinds.COUNTED
    assert kinds.SAID <= kinds.INDEXED & kinds.PERSONAL & kinds.LINES


def test_only_referring_kinds_change_an_entry() -> None:
    assert kinds.CHANGES <= kinds.REFERS <= kinds.TEXT
    assert not kinds.REFERS & kinds.CHANGEABLE


def test_personal_kinds_hold_text_and_are_not_facts() -> None:
    assert kinds.PERSONAL | kinds.INDEXED <= kinds.TEXT - kinds.FACTS


def test_the_table_has_every_fact_of_the_hub() -> None:
    described = {
        found[1] for each in vars(facts).values() if (found := re.match(r'Kind "([a-z ]+)"', each.__doc__ or ""))
    }
    assert described | {"topic"} == kinds.FACTS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_other_module_lists_kinds(path: Path) -> None:
    """Two kinds side by side duplicate the table; a module that draws kinds names them one by one."""
    words = kinds.TEXT - {"topic"}  # the others are names of fields as well
    listed = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and len({each.value for each in node.elts if isinstance(each, ast.Constant)} & words) > 1
    ]
    assert path.name in {"kinds.py", "commands.py", "outbox.py"} or not listed, listed
