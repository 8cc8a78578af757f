"""The line below the prompt: what somebody should know at a glance."""

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
"""Time after which the seconds until the next try are drawn anew."""


class Status:
    """What the line says of ``client`` and ``view``; while it counts seconds it asks for ``repaint`` by itself."""

    def __init__(self, client: Client, view: View, repaint: Callable[[], None]) -> None:
        self._client = client
        self._view = view
        self._repaint = repaint
        self._tick: asyncio.TimerHandle | None = None

    def line(self, pending: int) -> StyleAndTextTuples:
        """Return the line, the most important first: a narrow terminal cuts its end. ``pending`` messages wait."""
        parts: list[tuple[str, str]] = []
        is_up = self._client.online
        if not is_up:
            parts += [("class:status.trouble", self._trouble()), ("class:status", DOWN_HINT)]
            self._count()
        if pending:
            what = "being sent" if is_up and not self._view.refuses else "waiting"
            parts.insert(0 if is_up else 1, ("class:status.strong", f"{pending} {what}"))
        for conversation, count in self._view.unread.items():
            to_you = f", {named} to you" if (named := self._view.to_you[conversation]) else ""
            name = self._view.rooms.get(conversation, conversation)
            parts.append(("class:status.strong", f"{name} {count}{to_you}"))
        if self._view.online_count:
            parts.append(("class:status", f"{self._view.online_count:,} online"))
        parts.append(("class:status", HINT))
        line: StyleAndTextTuples = []
        for style, text in parts:
            line += [("class:status", " · " if line else ""), (style, clean_line(text))]
        return line

    def _trouble(self) -> str:
        seconds = math.ceil(self._client.next_try)
        what = "link down: another server's key" if self._view.other_key else "link down"
        return f"{what}, next try in {seconds} s" if seconds else f"{what}, trying"

    def _count(self) -> None:
        """Have the line drawn again when its seconds are no longer true."""
        if self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self._repaint()
