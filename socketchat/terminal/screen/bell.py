"""Rings the terminal's bell for mentions and direct messages, once for several that come together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...protocol.events import Conversation, Entry
from ...protocol.names import name_key
from ...protocol.text.mentions import rings

QUIET_SECONDS = 5.0
"""Least time between two rings, so that a flood of messages makes no lasting noise."""


class Bell:
    """Calls ``ring`` for entries that are new to ``user`` of this ``name``; ``clock`` counts seconds.

    Entries that the server had before this connection were missed, and are not new.
    """

    def __init__(self, user: str, name: str, ring: Callable[[], None], clock: Callable[[], float]) -> None:
        self._user = user
        self._key = name_key(name)
        self._ring = ring
        self._clock = clock
        self._quiet_until = 0.0

    def note(self, event: object, conversations: Mapping[str, Conversation]) -> None:
        """Ring for an entry that mentions the user or is a direct message, unless the bell just rang."""
        if not isinstance(event, Entry) or not rings(event, self._user, self._key):
            return
        heard = conversations.get(event.conversation)
        if heard is not None and event.seq <= heard.head:
            return
        now = self._clock()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            self._ring()
