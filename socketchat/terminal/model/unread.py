"""Counts unread messages in each conversation, and notes up to which seq each one was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...protocol.codec import is_deleted
from ...protocol.events import Entry, Past
from ...protocol.kinds import COUNTED
from ...protocol.text.mentions import is_mention


class Unread:
    """Counts for the user ``me`` whose name has this ``key``.

    Only messages that were shown are read. If older unread messages are above them, the conversation keeps its read
    marker and their count until the user pages back over them or types ``/read``.
    """

    def __init__(self, me: str, key: str) -> None:
        self._me = me
        self._key = key
        self.messages: Counter[str] = Counter()
        """The unread messages, by conversation."""
        self.mentions: Counter[str] = Counter()
        """Those among them that mention the user."""
        self._newest: dict[str, int] = {}
        self._shown: dict[str, int] = {}
        self._above: dict[str, int] = {}  # the newest seq not shown yet, above the shown lines
        self._skipped: dict[str, int] = {}
        self._below: dict[str, list[int]] = {}  # messages and mentions shown below a gap that is not counted yet

    def is_new(self, entry: Entry) -> bool:
        """Note an entry; tell whether it is newer than all noted ones."""
        if entry.seq <= self._newest.get(entry.conversation, 0):
            return False
        self._newest[entry.conversation] = entry.seq
        return True

    def newest(self, conversation: str) -> int:
        """Return the newest noted seq, or 0."""
        return self._newest.get(conversation, 0)

    def hidden(self, entry: Entry) -> None:
        """Count an entry of a conversation that is not on the screen."""
        messages, mentions = self._weigh(entry)
        if messages:
            self.messages[entry.conversation] += messages
            self.mentions[entry.conversation] += mentions

    def shown(self, entry: Entry) -> None:
        """Note that a new entry was shown."""
        self._show(entry.conversation, entry.seq)
        if (below := self._below.get(entry.conversation)) is not None:
            messages, mentions = self._weigh(entry)
            below[0] += messages
            below[1] += mentions

    def entered(self, conversation: str, past: Sequence[Past]) -> None:
        """Note that a conversation is on the screen, beginning with its last lines."""
        above, shown = self._above.pop(conversation, None), self._shown.get(conversation, 0)
        self._below.pop(conversation, None)
        seen = range(0) if above is None else range(above + 1, shown + 1)
        if past:
            self._newest[conversation] = max(past[-1].newest, self._newest.get(conversation, 0))
            self._show(conversation, past[-1].newest)
        self._shown_above(conversation, past, seen)

    def paged(self, conversation: str, past: Sequence[Past], before: int | None) -> None:
        """Note that a page of history was shown: the newest one, or the one ``before`` a seq."""
        if past and before is None:
            self._newest[conversation] = max(past[-1].newest, self._newest.get(conversation, 0))
            self._show(conversation, past[-1].newest)
        above = self._above.get(conversation)
        if above is not None and (before is None or before > above):
            self._shown_above(conversation, past, range(above + 1, self._shown.get(conversation, 0) + 1))

    def skipped(self, conversation: str, first: int, last: int, *, on_screen: bool) -> None:
        """Note that the entries ``first`` to ``last`` were not sent, as there were too many."""
        self._skipped[conversation] = last - first + 1
        if on_screen:
            self._above[conversation] = last
            self._below[conversation] = [0, 0]

    def counted(self, conversation: str, count: tuple[int, int], *, more: bool, on_screen: bool) -> None:
        """Use the server's counts of messages and mentions, which are lower bounds if there are ``more``.

        If the conversation is on the screen, the user has read the lines below a gap.
        """
        messages, mentions = count
        skipped = self._skipped.pop(conversation, 0)
        if on_screen:
            below = self._below.pop(conversation, None)
            if below is None:
                return
            messages, mentions = max(0, messages - below[0]), max(0, mentions - below[1])
            messages = max(messages, skipped) if more else messages
            if not messages:
                self.read(conversation)
                return
        self.messages[conversation] = messages
        self.mentions[conversation] = mentions

    def read_elsewhere(self, conversation: str, seq: int) -> None:
        """Note that the user has read a conversation up to ``seq`` in another session."""
        if seq >= self._newest.get(conversation, 0) or seq >= self._above.get(conversation, seq + 1):
            self.read(conversation)

    def read(self, conversation: str) -> None:
        """Note that nothing is unread in a conversation."""
        for known in (self.messages, self.mentions, self._above, self._below, self._skipped):
            known.pop(conversation, None)

    def read_all(self) -> None:
        """Note that nothing is unread."""
        for conversation in {*self.messages, *self._above}:
            self.read(conversation)

    def stays_above(self, conversation: str, lines: int) -> bool:
        """Tell whether a message stays unread above this many last lines."""
        return conversation in self._above or self.messages[conversation] > lines

    def has_shown(self, conversation: str) -> bool:
        """Tell whether an entry of the conversation was noted."""
        return conversation in self._newest

    def take_shown(self) -> dict[str, int]:
        """Return the newest shown seqs since the last call, of conversations without unread messages above."""
        shown = {each: seq for each, seq in self._shown.items() if each not in self._above}
        for conversation in shown:
            del self._shown[conversation]
        return shown

    def forget(self, conversation: str) -> None:
        """Forget a conversation that the user has left."""
        self.read(conversation)
        self._newest.pop(conversation, None)
        self._shown.pop(conversation, None)

    def clear(self) -> None:
        """Forget everything: the server has another history."""
        for conversation in {*self.messages, *self._above, *self._newest, *self._skipped}:
            self.forget(conversation)

    def _shown_above(self, conversation: str, past: Sequence[Past], seen: range) -> None:
        """Count down by the lines of a page, except the seqs ``seen`` before; the rest is still unread, above."""
        for entry in past:
            if entry.seq in seen:
                continue
            messages, mentions = self._weigh(entry)
            self.messages[conversation] -= messages
            self.mentions[conversation] -= mentions
        if self.messages[conversation] <= 0 or not past or past[0].seq == 1:
            self.read(conversation)
        else:
            goes_on = len(seen) > 0 and past[0].seq <= seen.stop
            self._above[conversation] = min(past[0].seq, seen.start if goes_on else past[0].seq) - 1
            self.mentions[conversation] = max(0, self.mentions[conversation])

    def _show(self, conversation: str, seq: int) -> None:
        self._shown[conversation] = max(seq, self._shown.get(conversation, 0))

    def _weigh(self, entry: Entry) -> tuple[int, int]:
        """Return an entry's weight in the counts of unread messages and of mentions."""
        if entry.kind not in COUNTED or entry.author == self._me or is_deleted(entry):
            return 0, 0
        return 1, int(is_mention(entry, self._me, self._key))
