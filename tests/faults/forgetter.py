"""A process that stores, deletes and scrubs entries until a power cut; run by test_forgetting.py.

    python -m tests.faults.forgetter DIRECTORY FIRST

Stores messages from FIRST on, of many sizes, and deletes every third one some batches later. Reports the outcomes on
stdout: "stored N SEQ" or "deleted N".
"""

from __future__ import annotations

import asyncio
import os
import sys
from hashlib import blake2b
from itertools import count

from socketchat.journal import Proposal, Stored
from socketchat.journal.sqlite import writer
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.journal.sqlite.upkeep import scheduler as upkeep
from socketchat.journal.sqlite.upkeep import secure_delete as scrubbing
from tests.journal.desk import Desk, opened, say

ROOM = "#room"
BATCH = 7
DELETED_LATER = 6 * BATCH
"""Messages that are said between one and its deletion, so that it has been moved by then."""


def text(n: int) -> str:
    """Return the text of message N: unique words, without common prefixes."""
    digest = blake2b(b"%d" % n).hexdigest()
    return " ".join(digest[at : at + 16] for at in range(0, 128, 16)) + f" {digest[:16]}" * (n * n % 61)


def is_deleted(n: int) -> bool:
    return n % 3 == 0


async def run(directory: str, first: int) -> None:
    seqs: dict[int, int] = {}
    async with opened(SQLiteJournal(directory, asyncio.get_running_loop())) as desk:
        for start in count(first, BATCH):
            numbers = range(start, start + BATCH)
            for n, outcome in zip(numbers, await desk.store(*(say(text(n), ROOM) for n in numbers)), strict=True):
                assert isinstance(outcome, Stored)
                seqs[n] = outcome.entry.seq
                os.write(1, b"stored %d %d\n" % (n, outcome.entry.seq))
            for n in range(start - DELETED_LATER, start - DELETED_LATER + BATCH):
                if n in seqs and is_deleted(n):
                    await delete(desk, n, seqs[n])


async def delete(desk: Desk, n: int, seq: int) -> None:
    [outcome] = await desk.store(Proposal(ROOM, "u1", "alice", "delete", b'{"of":%d}' % seq, of=seq))
    assert isinstance(outcome, Stored)
    os.write(1, b"deleted %d\n" % n)


def hasten() -> None:
    scrubbing.SCRUB_SECONDS = upkeep.FORGETTING_PACE_SECONDS = 0.0
    writer.IDLE_SECONDS = 0.01


if __name__ == "__main__":
    hasten()
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))
