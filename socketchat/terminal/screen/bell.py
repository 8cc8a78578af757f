"""The bell of the terminal: it rings where somebody turns to the user, once for all that comes together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...protocol.events import Conversation, Entry
from ...protocol.names import name_key
from ...protocol.text.mentions import rings

QUIET_SECONDS = 5.0
"""Time after a ring without another: who writes much cannot make a noise that lasts."""


class Bell:
    """Rings by ``ring`` for what is new to ``user``, of that ``name``; ``clock`` counts seconds.

    What the server had when the link came up is shown as what was missed, and is none of what is new.
    """

    def __init__(self, user: str, name: str, ring: Callable[[], None], clock: Callable[[], float]) -> None:
        self._user = user
        self._key = name_key(name)
        self._ring = ring
        self._clock = clock
        self._quiet_until = 0.0

    def note(self, event: object, conversations: Mapping[str, Conversation]) -> None:
        """Ring for an entry that turns to the user, unless it was just rung."""
        if not isinstance(event, Entry) or not rings(event, self._user, self._key):
            return
        heard = conversations.get(event.conversation)
        if heard is not None and event.seq <= heard.head:
            return
        now = self._clock()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            self._ring()
