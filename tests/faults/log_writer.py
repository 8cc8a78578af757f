"""A process that appends to a log until it is stopped or killed; run by test_log.py.

    python -m tests.faults.log_writer DIRECTORY LAST [synced|unsynced|lax]

Appends records up to the position LAST, rolls and trims, and reports on stdout: "stored N" after an append, "trims N"
before a trim, "refused" and "failed". With "synced", writes go through the page cache. With "unsynced", they do so and
are not synced, and with "lax", the names of new segments are not: a power cut must then lose records.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from socketchat import files
from socketchat.journal.log import Failed, Full
from socketchat.journal.log.disk import Directory
from socketchat.journal.log.file import FileLog

SEGMENT_BYTES = 128 * 1024
MOST_IN_APPEND = 3
KEPT = 4
ENOUGH = 1_000_000


def payload_of(position: int) -> bytes:
    """Return the payload that belongs to a position, 20 bytes to 20 KB long."""
    chance = random.Random(position)
    return b"record %d:" % position + chance.randbytes(10) * chance.choice([1, 1, 30, 400, 2000])


def opened(directory: Path, *, direct: bool = True) -> FileLog:
    return FileLog(Directory(directory, direct=direct), segment_bytes=SEGMENT_BYTES)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def write(log: FileLog, last: int) -> None:
    chance = random.Random(log.last)
    appends = 0
    while log.last < last:
        batch = range(log.last + 1, log.last + 1 + chance.randrange(1, MOST_IN_APPEND + 1))
        try:
            log.append([payload_of(n) for n in batch], log.last)
        except (Full, Failed) as problem:
            say("refused" if isinstance(problem, Full) else "failed")
            trim(log)
            continue
        say(f"stored {log.last}")
        appends += 1
        if appends % 7 == 0:
            try:
                log.roll()
            except (Full, Failed):
                say("failed")
        if appends % 5 == 0:
            trim(log)
    log.close()


def trim(log: FileLog) -> None:
    upto = max(0, log.last - KEPT)
    say(f"trims {upto}")
    log.trim(upto)


if __name__ == "__main__":
    mode = sys.argv[3] if sys.argv[3:] else "direct"
    if mode == "unsynced":
        files.force_data = lambda _: None
    if mode == "lax":
        files.sync = lambda _: None
    write(opened(Path(sys.argv[1]), direct=mode not in {"synced", "unsynced"}), int(sys.argv[2]))
