"""The line below the prompt: what the user should know at a glance."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.utils import get_cwidth

from ...client.asyncio.client import Client
from ...protocol.text.hygiene import clean_line
from .view import View

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

HINTS = ("/help", "Tab completes", "Ctrl+D leaves")

DOWN_HINT = "Enter tries now"

OTHER_KEY = "the server has another key"

SEPARATOR = " · "

TICK_SECONDS = 1.0
"""How often the seconds until the next attempt are drawn."""


def fitting(parts: list[tuple[str, str]], width: int) -> StyleAndTextTuples:
    """Return the parts that fit into one row, from the first on; the first part always stays."""
    line: StyleAndTextTuples = []
    used = 0
    for style, text in parts:
        needed = get_cwidth(SEPARATOR + text if line else text)
        if line and used + needed > width:
            break
        line += [("class:status", SEPARATOR), (style, text)] if line else [(style, text)]
        used += needed
    return line


class Status:
    """Says how ``client`` and ``view`` are doing; asks for ``repaint`` by itself while it counts seconds."""

    def __init__(self, client: Client, view: View, repaint: Callable[[], None]) -> None:
        self._client = client
        self._view = view
        self._repaint = repaint
        self._tick: asyncio.TimerHandle | None = None

    def line(self, pending: int, width: int) -> StyleAndTextTuples:
        """Return the line for ``pending`` messages: the important parts first, and those that fit into ``width``."""
        parts: list[tuple[str, str]] = []
        is_up = self._client.online
        if not is_up:
            parts.append(("class:status.trouble", self._trouble()))
            if self._view.other_key:
                parts.append(("class:status.trouble", OTHER_KEY))
            parts.append(("class:status", DOWN_HINT))
            self._count()
        if pending:
            what = "being sent" if is_up and not self._view.refuses else "waiting"
            parts.insert(0 if is_up else 1, ("class:status.strong", f"{pending:,} {what}"))
        unread = self._view.unread
        for conversation, count in unread.messages.items():
            to_you = f", {mentions:,} to you" if (mentions := unread.mentions[conversation]) else ""
            name = self._view.rooms.get(conversation, conversation)
            parts.append(("class:status.strong", f"{name} {count:,}{to_you}"))
        if self._view.online_count:
            parts.append(("class:status", f"{self._view.online_count:,} online"))
        parts += [("class:status", hint) for hint in HINTS]
        return fitting([(style, clean_line(text)) for style, text in parts], width)

    def _trouble(self) -> str:
        seconds = math.ceil(self._client.next_try)
        return f"not connected, next try in {seconds} s" if seconds else "not connected, trying"

    def _count(self) -> None:
        """Have the line drawn again when its seconds have changed."""
        if self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self._repaint()
