"""The journal orders, stores and returns entries; everything that lasts goes through it.

A proposal is submitted without a seq and never blocks. The backend takes all that came in meanwhile, gives each its
seq in the order of submission, makes the batch durable, and reports one outcome per proposal, in that order, on the
event loop; only a refusal may come sooner, while the storage is in trouble. So order, seq and "who was first" are
decided in one place, which one day may be a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import msgspec

from ..exceptions import UsageProblem
from ..protocol.events import Entry

if TYPE_CHECKING:
    import asyncio

SERVER_LOG = "*"
"""The conversation of entries that belong to no conversation: accounts, rooms, members."""


class Proposal:
    """An entry that asks to be stored.

    ``key`` is (outbox, n): what was stored under it before is a duplicate, as is any n at or below that outbox's last.
    ``claims`` are names that the log grants once; a proposal that comes second gets a conflict. A ``fact`` is an entry
    that the hub must know again when it starts. Subclasses carry what the submitter wants back with the outcome.
    """

    __slots__ = ("author", "body", "claims", "conversation", "fact", "key", "kind", "name")

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
        fact: bool = False,
    ) -> None:
        self.conversation = conversation
        self.author = author
        self.name = name
        self.kind = kind
        self.body = body
        self.key = key
        self.claims = claims
        self.fact = fact


class Stored(msgspec.Struct, gc=False):
    """The proposal is durable as this entry."""

    proposal: Proposal
    entry: Entry


class Duplicate(msgspec.Struct, gc=False):
    """The key was stored before; ``entry`` is the first one, or None where only a later n of that outbox is known."""

    proposal: Proposal
    entry: Entry | None


class Conflict(msgspec.Struct, gc=False):
    """Somebody holds the claim already; nothing was stored."""

    proposal: Proposal
    claim: str


class StorageRefused(msgspec.Struct, gc=False):
    """Nothing was stored; with ``retry`` the same proposal may succeed later."""

    proposal: Proposal
    reason: str
    retry: bool


Outcome = Stored | Duplicate | Conflict | StorageRefused


class State(msgspec.Struct):
    """What a journal knows when it is opened.

    ``epoch`` is random and belongs to the store. ``heads`` and ``floors`` are the newest and the oldest kept seq by
    conversation. ``facts`` are the entries that were proposed as facts, in log order.
    """

    epoch: str
    heads: dict[str, int]
    floors: dict[str, int]
    facts: list[Entry]


class Journal(Protocol):
    """A store of entries. All methods are called on the event loop's thread."""

    committed: Callable[[Sequence[Outcome]], None]
    """Called on the loop, in order, once a batch is durable; to be set before the first submit."""

    async def open(self) -> State:
        """Open the store and return what it knows; raises BadFile, StorageProblem."""

    def submit(self, proposal: Proposal) -> None:
        """Take a proposal; never blocks. Its outcome comes through ``committed``."""

    async def read(
        self, conversation: str, *, after: int = 0, before: int | None = None, upto: int | None = None, limit: int
    ) -> list[Entry]:
        """Return entries with after < seq, seq < before and seq <= upto, in the order of seq.

        Without ``before`` the oldest ``limit`` of them, with it the newest. Raises StorageProblem.
        """

    async def close(self) -> None:
        """Commit what was submitted, report it, and release the store."""


def open_journal(url: str, loop: asyncio.AbstractEventLoop) -> Journal:
    """Return the journal for ``memory:`` or ``sqlite:PATH``, not yet opened; raises UsageProblem.

    Backends are imported here, so that what a backend needs is loaded only where it is used.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        from .sqlite import SQLiteJournal

        return SQLiteJournal(url.removeprefix("sqlite:"), loop)
    if scheme == "memory":
        from .memory import MemoryJournal

        return MemoryJournal(loop)
    raise UsageProblem(f"{url!r} names no journal; it starts with memory: or sqlite:")
