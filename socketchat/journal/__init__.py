"""The journal orders, stores and returns entries; everything that lasts goes through it.

A proposal has no seq yet, and submitting it never blocks. The backend collects the proposals that arrive during a
commit, gives each its seq in the order of submission, and makes the batch durable. Then it reports one outcome per
proposal, in that order, on the event loop. Only a refusal may come sooner, if the storage fails. So order, seq and
"who was first" are decided in one place, which may be a cluster one day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from ..protocol.events import Entry

PASSED = "A later key of this outbox is already stored; use a new key."

SERVER_LOG = "*"
"""The conversation of entries that belong to no conversation: accounts, rooms, members."""


class Proposal(msgspec.Struct, gc=False, eq=False):
    """An entry to be stored.

    ``key`` is (outbox, n): a proposal is a duplicate if its n is at or below the last one of that outbox. ``claims``
    are names that the log grants once; the second proposal gets a conflict. ``of`` is the seq, in the same
    conversation, of the entry that this one refers to; only the kinds "edit" and "delete" change that entry. The
    submitter checks whether the author may do that. Subclasses carry what the submitter wants back with the outcome.
    It is a struct because each message makes one.
    """

    conversation: str
    author: str
    name: str
    kind: str
    body: bytes
    key: tuple[int, int] | None = None
    claims: tuple[str, ...] = ()
    of: int | None = None


class Stored(msgspec.Struct, gc=False):
    """The proposal is durable as this entry; ``changed`` holds the seqs of the entries that a delete blanked.

    An entry that another node of the same log proposed comes without its proposal.
    """

    proposal: Proposal | None
    entry: Entry
    changed: tuple[int, ...] = ()


class Duplicate(msgspec.Struct, gc=False):
    """The key was stored before; ``entry`` is the first entry, or None if only a later n is known."""

    proposal: Proposal
    entry: Entry | None


class Conflict(msgspec.Struct, gc=False):
    """Another entry already holds the claim; nothing was stored."""

    proposal: Proposal
    claim: str


class Unchangeable(msgspec.Struct, gc=False):
    """The entry that the proposal refers to does not exist, is deleted, or is not a message."""

    proposal: Proposal


class StorageRefused(msgspec.Struct, gc=False):
    """Nothing was stored; if ``retry`` is set, the same proposal may succeed later."""

    proposal: Proposal
    reason: str
    retry: bool


Outcome = Stored | Duplicate | Conflict | Unchangeable | StorageRefused


class State(msgspec.Struct):
    """What a journal knows when it is opened.

    ``epoch`` is random and belongs to the store. ``heads`` and ``floors`` are the newest and the oldest kept seq by
    conversation. ``facts`` are the entries whose kind is a fact, in log order. ``marks`` are the read markers, as
    seqs by user id and conversation.
    """

    epoch: str
    heads: dict[str, int]
    floors: dict[str, int]
    facts: list[Entry]
    marks: dict[str, dict[str, int]] = {}


class Revision(msgspec.Struct):
    """Changes to stored entries: the seqs that were blanked, and the floors that rose, by conversation."""

    blanked: dict[str, list[int]] = {}
    floors: dict[str, int] = {}


class Query(msgspec.Struct, frozen=True):
    """A search for entries that contain all of ``words``, if any, in these conversations.

    Words match whole words; a star at the end matches a prefix, and quotes match a phrase. ``author`` is a user id;
    ``since`` and ``before`` bound the time, in milliseconds, the second exclusively. ``floors`` are the first seqs to
    search in conversations whose beginning the searcher may not read.
    """

    words: str
    conversations: Sequence[str]
    limit: int
    author: str | None = None
    since: int | None = None
    before: int | None = None
    floors: Mapping[str, int] = {}


class Found(msgspec.Struct):
    """The entries found, newest first; not ``complete`` if the search ran out of time."""

    entries: list[Entry]
    complete: bool


class Keep(msgspec.Struct, frozen=True):
    """How long messages are kept, in milliseconds, or for ever if None; ``rooms`` have their own rules."""

    default: int | None = None
    rooms: Mapping[str, int | None] = {}

    def of(self, conversation: str) -> int | None:
        """Return the rule for a conversation; the server log is kept for ever."""
        return None if conversation == SERVER_LOG else self.rooms.get(conversation, self.default)


Progress = Callable[[int, int], object]
"""Receives the progress of a long task: how much is done, and the total."""


class Journal(Protocol):
    """A store of entries. All methods are called on the event loop's thread."""

    committed: Callable[[Sequence[Outcome]], None]
    """Called on the loop, in order, when a batch is durable; set it before the first submit."""

    revised: Callable[[Revision], None]
    """Called on the loop when ``erase`` blanked entries or ``keep`` dropped some; does nothing unless set."""

    keep: Keep
    """How long messages are kept; may be set at any time. Facts are kept for ever, even below the floor."""

    def now(self) -> int:
        """Return the milliseconds since 1970, as new entries get them: not a clock that jumped a moment ago."""

    async def open(self) -> State:
        """Open the store and return its state; raises BadFile, StorageProblem."""

    def submit(self, proposal: Proposal) -> None:
        """Take a proposal; never blocks. Its outcome comes through ``committed``."""

    def give_up(self, key: tuple[int, int]) -> None:
        """Stop waiting for a refused message to come again, so that later messages of its outbox are accepted."""

    async def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry that was stored under a key, or None; stores nothing.

        Waits for the outcome of everything submitted before. Raises StorageProblem, and KeyReused if the outbox is
        already at a later number, so that nothing can be stored under this key any more.
        """

    def mark(self, user: str, conversation: str, seq: int) -> None:
        """Store a read marker soon; if it is lost, the user sees some read messages as unread."""

    async def read(
        self,
        conversation: str,
        *,
        after: int = 0,
        before: int | None = None,
        upto: int | None = None,
        limit: int,
        current: bool = False,
    ) -> list[Entry]:
        """Return entries with after < seq, seq < before and seq <= upto, in the order of seq.

        Return the oldest ``limit`` of them, or the newest if ``before`` is given. With ``current``, edited entries have
        their newest text and are marked as edited. Raises StorageProblem.
        """

    async def search(self, query: Query) -> Found:
        """Return the newest entries of the indexed kinds that match; raises BadText, StorageProblem.

        The search covers everything that was committed before the call.
        """

    async def erase(self, author: str, progress: Progress | None = None) -> int:
        """Blank all messages of a user, as a delete would, and drop the user's read markers; return their number.

        If the server stops meanwhile, the next start finishes the job. About every second, ``progress`` is called on
        the loop with the number of entries checked.
        """

    async def close(self) -> None:
        """Commit and report all submitted proposals, and release the store."""
