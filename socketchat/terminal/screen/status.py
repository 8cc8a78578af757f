"""The line below the prompt: what the user should know at a glance."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...client.asyncio.client import Client
from ...protocol.text.hygiene import clean_line
from .view import View

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

HINT = "/help · Tab completes · Ctrl+D leaves"

DOWN_HINT = "Enter tries now"

TICK_SECONDS = 1.0
"""How often the seconds until the next attempt are drawn."""


class Status:
    """Says how ``client`` and ``view`` are doing; asks for ``repaint`` by itself while it counts seconds."""

    def __init__(self, client: Client, view: View, repaint: Callable[[], None]) -> None:
        self._client = client
        self._view = view
        self._repaint = repaint
        self._tick: asyncio.TimerHandle | None = None

    def line(self, pending: int) -> StyleAndTextTuples:
        """Return the line, important parts first, as a narrow terminal cuts its end; ``pending`` messages wait."""
        parts: list[tuple[str, str]] = []
        is_up = self._client.online
        if not is_up:
            parts += [("class:status.trouble", self._trouble()), ("class:status", DOWN_HINT)]
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
        parts.append(("class:status", HINT))
        line: StyleAndTextTuples = []
        for style, text in parts:
            line += [("class:status", " · " if line else ""), (style, clean_line(text))]
        return line

    def _trouble(self) -> str:
        seconds = math.ceil(self._client.next_try)
        what = "not connected: the server has another key" if self._view.other_key else "not connected"
        return f"{what}, next try in {seconds} s" if seconds else f"{what}, trying"

    def _count(self) -> None:
        """Have the line drawn again when its seconds have changed."""
        if self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self._repaint()
