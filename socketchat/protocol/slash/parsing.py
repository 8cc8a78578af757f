"""Parses typed lines: text, or a slash command as the plain dialect and ``join`` know it."""

from __future__ import annotations

import re

from ...exceptions import ChatError, NoSuchCommand, UsageProblem
from .. import commands
from ..limits import NAME_CHARACTERS
from ..spelling import nearest
from ..text.hygiene import clean_line
from .details import ELSEWHERE
from .table import SLASHES, Slash

_MISPLACED = re.compile(r"(?:[\s\u200b\u2060\ufeff]+/|[\s\u200b\u2060\ufeff]*\uff0f)[^\W\d_]+(?:\s|\Z)").match
"""A command after a blank, or with the slash of a full-width keyboard: sent as text, `/dm` would go to the room."""


def parse(line: str, room: str) -> commands.ANY:
    """Return the command for a typed line; text goes to ``room``, and two slashes send text that starts with one.

    Raises NoSuchCommand, UsageProblem or BadName. It does not check the text; see ``check_text``.
    """
    if not line.startswith("/"):
        if not line[:1].isalnum() and _MISPLACED(line):  # the letters of most texts are seen much faster
            raise UsageProblem("Not sent: a command must start with /. Use // to send it as text.")
        return commands.Send(to=room, text=line)
    if line.startswith("//"):
        return commands.Send(to=room, text=line[1:])
    word = line[1:].split(None, 1)[0] if line[1:2].strip() else ""
    slash = find(word)
    command = slash.build(line[1 + len(word) :].strip(), room)
    if command is None:
        raise UsageProblem(f"Usage: {slash.usage}")
    return command


def is_command(line: str) -> bool:
    """Tell whether a line is a command, even a wrong one, and not a text."""
    return (line.startswith("/") and not line.startswith("//")) or bool(_MISPLACED(line))


def is_for_room(line: str) -> bool:
    """Tell whether a typed line depends on the current room."""
    try:
        return parse(line, "#one") != parse(line, "#other")
    except ChatError:
        return False


def find(word: str) -> Slash:
    """Return a slash command by name; raises NoSuchCommand with a suggestion."""
    slash = SLASHES.get(word.lower())
    if slash:
        return slash
    shown = "/" + clean_line(word[:NAME_CHARACTERS])[:NAME_CHARACTERS]
    if told := ELSEWHERE.get(word.lower()):
        raise NoSuchCommand(f"No such command: {shown}{told} /help lists the commands.")
    near = nearest(word, list(SLASHES))
    if near:
        raise NoSuchCommand(f"No such command: {shown}. Did you mean /{near}? /help lists the commands.")
    raise NoSuchCommand(
        f"No such command: {shown}. /help lists the commands. To send text that starts with /, type //."
    )
