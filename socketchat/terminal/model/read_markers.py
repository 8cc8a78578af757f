"""Read markers: lines shown here become read on the user's other devices too, within seconds."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ...client.asyncio.client import Client
from ...exceptions import ChatError
from ...protocol import commands

READ_SECONDS = 2.0
"""Time for which markers are collected; until then, another device shows a line as unread, which does no harm."""


class ReadMarkers:
    """Tells the server up to which seq each conversation was shown."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shown: dict[str, int] = {}
        self._news = asyncio.Event()
        self._telling = asyncio.Lock()

    def note(self, shown: dict[str, int]) -> None:
        """Note the seqs up to which conversations were shown."""
        for conversation, seq in shown.items():
            if seq > self._known(conversation):
                self._shown[conversation] = seq
                self._news.set()

    async def run(self) -> None:
        """Send the noted markers, until the visit ends."""
        while True:
            await self._news.wait()
            await asyncio.sleep(READ_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Send the noted markers; without a connection they are lost, and another device shows a read line as unread.

        When it returns, all markers noted before are sent.
        """
        async with self._telling:
            self._news.clear()
            shown, self._shown = self._shown, {}
            for conversation, seq in shown.items():
                with suppress(ChatError):
                    await self._client.request(commands.Read(conversation=conversation, seq=seq))

    def _known(self, conversation: str) -> int:
        heard = self._client.conversations.get(conversation)
        return heard.read if heard else 0
