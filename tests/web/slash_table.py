"""The table of slash commands as a module of JavaScript, generated from the shared one."""

from __future__ import annotations

import json
from pathlib import Path

from socketchat.protocol.slash.details import ELSEWHERE
from socketchat.protocol.slash.table import SLASHES

MODULE = Path(__file__).parents[2] / "socketchat/web/model/slash_table.js"

_HEAD = """\
// @ts-check
/**
 * The slash commands, generated from socketchat/protocol/slash/table.py; do not edit.
 * To update this file: UPDATE_SLASH=1 python -m pytest tests/web/test_slash.py
 */
"""


_ROWS = "{{name: string, usage: string, help: string, more?: string, wide?: boolean}[]}"


def slash_table() -> str:
    """Return the text of the module."""
    rows = [
        {"name": slash.name, "usage": slash.usage, "help": slash.help}
        | ({"more": slash.more} if slash.more else {})
        | ({"wide": True} if slash.wide else {})
        for slash in SLASHES.values()
    ]
    table = "\n".join(f"  {json.dumps(row, ensure_ascii=False)}," for row in rows)
    elsewhere = json.dumps(ELSEWHERE, indent=2, ensure_ascii=False)
    return (
        f"{_HEAD}/** @type {_ROWS} */\nexport const SLASHES = [\n{table}\n];\n\n"
        f"/** Hints for the commands of other chats. @type {{Record<string, string>}} */\n"
        f"export const ELSEWHERE = {elsewhere};\n"
    )
