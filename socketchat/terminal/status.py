"""The line below the prompt: how the link is, what waits, and what is unread elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol.text import clean_line
from .view import View

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

HINT = "/help · Tab completes · Ctrl+D leaves"


def status(view: View, *, online: bool, pending: int) -> StyleAndTextTuples:
    """Return the line, the most important first: a narrow terminal cuts its end."""
    parts: list[tuple[str, str]] = []
    if not online:
        parts.append(("class:status.trouble", "link down"))
    if pending:
        parts.append(("class:status.strong", f"{pending} {'being sent' if online else 'waiting'}"))
    for conversation, count in view.unread.items():
        parts.append(("class:status.strong", f"{view.rooms.get(conversation, conversation)} {count}"))
    if view.online:
        parts.append(("class:status", f"{len(view.online)} online"))
    parts.append(("class:status", HINT))
    line: StyleAndTextTuples = []
    for style, text in parts:
        line += [("class:status", " · " if line else ""), (style, clean_line(text))]
    return line
