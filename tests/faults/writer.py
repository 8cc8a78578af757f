"""A process that commits until it is stopped or killed; run by test_commit.py.

    python -m tests.faults.writer DIRECTORY FIRST LAST [normal]

Stores the messages FIRST to LAST in small batches, each under its key, in three rooms. Reports the journal's outcomes
on stdout: "stored N CONVERSATION SEQ" or "refused N". Sends refused messages again. At the first refusal, it removes
DIRECTORY.ballast, which frees space on a full disk. With "normal", only checkpoints are synced, not commits: a power
cut must then lose messages.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from socketchat.journal import StorageRefused
from socketchat.journal.sqlite import database as store
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.desk import Desk, opened, say

OUTBOX = 0xFEDC_BA98_7654_3210
ROOMS = 3


async def write(directory: str, first: int, last: int) -> None:
    async with opened(SQLiteJournal(directory, asyncio.get_running_loop())) as desk:
        for start in range(first, last + 1, 7):
            await write_batch(desk, directory, list(range(start, min(start + 7, last + 1))))


async def write_batch(desk: Desk, directory: str, numbers: list[int]) -> None:
    while numbers:
        proposals = [say(f"message {n}", f"#{n % ROOMS}", key=(OUTBOX, n)) for n in numbers]
        outcomes = list(zip(numbers, await desk.store(*proposals), strict=True))
        lines = [
            f"refused {n}" if isinstance(o, StorageRefused) else f"stored {n} {o.entry.conversation} {o.entry.seq}"
            for n, o in outcomes
        ]
        os.write(1, "".join(f"{line}\n" for line in lines).encode())
        numbers = [n for n, outcome in outcomes if isinstance(outcome, StorageRefused)]
        if numbers:
            make_room(directory)


def make_room(directory: str) -> None:
    Path(f"{directory}.ballast").unlink(missing_ok=True)


def sync_less() -> None:
    store._FULL = store._WRITER_PRAGMAS["synchronous"] = 1


if __name__ == "__main__":
    if sys.argv[4:] == ["normal"]:
        sync_less()
    asyncio.run(write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
