"""The help for slash commands, generated from their table."""

from __future__ import annotations

from collections.abc import Iterable

from .parsing import find
from .table import SLASHES, Slash

COLUMNS = 79
"""Columns of the list: those of a small terminal, whose last one may wrap."""


def help_text(topic: str | None = None) -> str:
    """Return the list of slash commands, or the help of one of them; raises NoSuchCommand."""
    if topic is not None:
        slash = find(topic.removeprefix("/"))
        place = " In the lobby, it applies to the whole chat." if slash.wide else ""
        return f"{slash.usage}\n{slash.help}{place}{slash.more}"
    return "\n".join(
        [
            "Commands:",
            columns(everyday()),
            _for_moderators(),
            "Anything else is sent to the room. To send text that starts with /, type //.",
        ]
    )


def _for_moderators() -> str:
    """Return the names of the moderators' commands, in rows that fit into 80 columns."""
    rows = ["For moderators:"]
    for slash in moderating():
        if len(rows[-1]) + len(f" /{slash.name}") > COLUMNS:
            rows.append(" " * len("For moderators:"))
        rows[-1] += f" /{slash.name}"
    return "\n".join(rows)


def columns(slashes: Iterable[Slash]) -> str:
    """Return one line per slash command, with its help."""
    listed = list(slashes)
    width = max(len(slash.usage) for slash in listed)
    return "\n".join(f"  {slash.usage:{width}}  {slash.help}" for slash in listed)


def everyday() -> list[Slash]:
    """Return the commands that everyone needs."""
    return [slash for slash in SLASHES.values() if not slash.moderating]


def moderating() -> list[Slash]:
    """Return the commands of owners and moderators."""
    return [slash for slash in SLASHES.values() if slash.moderating]
