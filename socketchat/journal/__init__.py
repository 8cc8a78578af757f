"""The journal orders, stores and returns entries; everything that lasts goes through it.

A proposal is submitted without a seq and never blocks. The backend takes all that came in meanwhile, gives each its
seq in the order of submission, makes the batch durable, and reports one outcome per proposal, in that order, on the
event loop; only a refusal may come sooner, while the storage is in trouble. So order, seq and "who was first" are
decided in one place, which one day may be a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from ..protocol.events import Entry

PASSED = "A later key of this outbox is already stored; use a new key."

SERVER_LOG = "*"
"""The conversation of entries that belong to no conversation: accounts, rooms, members."""


class Proposal:
    """An entry that asks to be stored.

    ``key`` is (outbox, n): what was stored under it before is a duplicate, as is any n at or below that outbox's last.
    ``claims`` are names that the log grants once; a proposal that comes second gets a conflict. ``of`` is the seq, in
    the same conversation, of the entry that this one refers to: only the kinds "edit" and "delete" change it. Whether
    the author may do that is for the submitter to know. Subclasses carry what the submitter wants back with the
    outcome.
    """

    __slots__ = ("author", "body", "claims", "conversation", "key", "kind", "name", "of")

    def __init__(
        self,
        conversation: str,
        author: str,
        name: str,
        kind: str,
        body: bytes,
        *,
        key: tuple[int, int] | None = None,
        claims: tuple[str, ...] = (),
        of: int | None = None,
    ) -> None:
        self.conversation = conversation
        self.author = author
        self.name = name
        self.kind = kind
        self.body = body
        self.key = key
        self.claims = claims
        self.of = of


class Stored(msgspec.Struct, gc=False):
    """The proposal is durable as this entry; ``changed`` are the seqs of the entries that a delete has blanked.

    An entry that another node of the same log proposed comes without its proposal.
    """

    proposal: Proposal | None
    entry: Entry
    changed: tuple[int, ...] = ()


class Duplicate(msgspec.Struct, gc=False):
    """The key was stored before; ``entry`` is the first one, or None where only a later n of that outbox is known."""

    proposal: Proposal
    entry: Entry | None


class Conflict(msgspec.Struct, gc=False):
    """Somebody holds the claim already; nothing was stored."""

    proposal: Proposal
    claim: str


class Unchangeable(msgspec.Struct, gc=False):
    """The entry that the proposal refers to is not there, is deleted already, or is nothing that a user said."""

    proposal: Proposal


class StorageRefused(msgspec.Struct, gc=False):
    """Nothing was stored; with ``retry`` the same proposal may succeed later."""

    proposal: Proposal
    reason: str
    retry: bool


Outcome = Stored | Duplicate | Conflict | Unchangeable | StorageRefused


class State(msgspec.Struct):
    """What a journal knows when it is opened.

    ``epoch`` is random and belongs to the store. ``heads`` and ``floors`` are the newest and the oldest kept seq by
    conversation. ``facts`` are the entries whose kind is a fact, in log order. ``marks`` are the seqs up to
    which each user has read, by user id and conversation.
    """

    epoch: str
    heads: dict[str, int]
    floors: dict[str, int]
    facts: list[Entry]
    marks: dict[str, dict[str, int]] = {}


class Revision(msgspec.Struct):
    """What was changed in what was stored: the seqs that were blanked, and the floors that rose, by conversation."""

    blanked: dict[str, list[int]] = {}
    floors: dict[str, int] = {}


class Query(msgspec.Struct, frozen=True):
    """A search for entries that hold all of ``words``, if any, in these conversations.

    Words stand for whole ones: with a star behind it a word may go on, and in quotes words stand in a row.
    ``author`` is a user id; ``since`` and ``before`` bound the time, in milliseconds, the second exclusively.
    ``floors`` are the first seqs to be found of conversations whose beginning the searcher may not read.
    """

    words: str
    conversations: Sequence[str]
    limit: int
    author: str | None = None
    since: int | None = None
    before: int | None = None
    floors: Mapping[str, int] = {}


class Found(msgspec.Struct):
    """What a search found, newest first; not ``complete`` where time ran out before it had looked at everything."""

    entries: list[Entry]
    complete: bool


class Keep(msgspec.Struct, frozen=True):
    """How long what was said is kept, in milliseconds, for ever where that is None; ``rooms`` have their own rule."""

    default: int | None = None
    rooms: Mapping[str, int | None] = {}

    def of(self, conversation: str) -> int | None:
        """Return the rule for a conversation; the server log is kept for ever."""
        return None if conversation == SERVER_LOG else self.rooms.get(conversation, self.default)


Progress = Callable[[int, int], object]
"""Is told how far a long piece of work is: so much done of so much."""


class Journal(Protocol):
    """A store of entries. All methods are called on the event loop's thread."""

    committed: Callable[[Sequence[Outcome]], None]
    """Called on the loop, in order, once a batch is durable; to be set before the first submit."""

    revised: Callable[[Revision], None]
    """Called on the loop once entries were blanked by ``erase`` or dropped by ``keep``; does nothing unless set."""

    keep: Keep
    """How long what was said is kept; may be set at any time. Facts are kept for ever, below the floor too."""

    async def open(self) -> State:
        """Open the store and return what it knows; raises BadFile, StorageProblem."""

    def submit(self, proposal: Proposal) -> None:
        """Take a proposal; never blocks. Its outcome comes through ``committed``."""

    def give_up(self, key: tuple[int, int]) -> None:
        """Let the later messages of an outbox go on where one that may be tried again is refused for good instead."""

    async def find(self, key: tuple[int, int]) -> Entry | None:
        """Return the entry that was stored under a key, None if there is none; stores nothing.

        All that was submitted before the call is decided first. Raises KeyReused if the outbox is at a later number
        already, so that nothing can be stored under this one any more, and StorageProblem.
        """

    def mark(self, user: str, conversation: str, seq: int) -> None:
        """Keep the seq up to which a user has read, soon: one that is lost costs a line that is shown again."""

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

        Without ``before`` the oldest ``limit`` of them, with it the newest. With ``current`` what was edited has the
        newest text that is stored, and says so. Raises StorageProblem.
        """

    async def search(self, query: Query) -> Found:
        """Return the newest entries of the indexed kinds that match; raises BadText, StorageProblem.

        Everything is found that was committed before the call.
        """

    async def erase(self, author: str, progress: Progress | None = None) -> int:
        """Blank all that a user said, as a delete would, and drop the user's markers; return how many entries it was.

        Once this was called it is finished, even by the next start. While it goes on, ``progress`` is told on the loop,
        every second or so, how many entries were looked at.
        """

    async def close(self) -> None:
        """Commit what was submitted, report it, and release the store."""
