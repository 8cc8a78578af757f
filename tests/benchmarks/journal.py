"""Times commits: the duration of a batch with an idle and a busy event loop, and the CPU per entry.

    python -m tests.benchmarks.journal [--seconds S] [--switch SECONDS] [--directory DIR]

A commit is timed in the writer's thread, from its look at the clock to its report. In a busy run the loop's thread
executes Python all the time, as under load, and the writer has to reacquire the interpreter after each call of SQLite.
CPU includes both threads, so it is reported for the idle loop only.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

from socketchat.journal import Outcome, Proposal, Stored
from socketchat.journal.sqlite.journal import SQLiteJournal

BATCHES = (1, 32, 100, 1000)
ROOMS = 100
BODY = b'{"text":"' + b"x" * 60 + b'"}'
SPIN_SECONDS = 0.0005


class Run:
    """Commits batches of one size, one after the other, for some seconds."""

    def __init__(self, batch: int, *, busy: bool, keyed: bool) -> None:
        self.batch = batch
        self.busy = busy
        self.outbox = secrets.randbits(64) if keyed else None
        self.sent = 0
        self.stored = 0
        self.began = 0.0
        self.commits: list[float] = []

    async def go(self, directory: str, seconds: float) -> str:
        loop = asyncio.get_running_loop()
        journal = SQLiteJournal(directory, loop, clock=self.clock)
        self.time_reports(journal)
        done = loop.create_future()
        journal.committed = lambda outcomes: self.committed(outcomes, journal, done)
        await journal.open()
        if self.busy:
            loop.call_soon(self.spin, loop, done)
        self.submit(journal)
        started, cpu = time.perf_counter(), time.process_time()
        loop.call_later(seconds, done.set_result, None)
        await done
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
        stored = self.stored
        await journal.close()
        return self.summary(stored, elapsed, cpu)

    def summary(self, stored: int, elapsed: float, cpu: float) -> str:
        name = f"{self.batch:5} {'busy' if self.busy else 'idle'} {'keyed' if self.outbox is not None else 'plain'}"
        commits = sorted(self.commits)
        times = f"{statistics.median(commits) * 1000:8.2f} {commits[int(len(commits) * 0.99)] * 1000:8.2f}"
        return f"{name} {times} {stored / elapsed:10,.0f} " + ("" if self.busy else f"{cpu / stored * 1e6:9.1f}")

    def clock(self) -> int:
        self.began = time.perf_counter()
        return time.time_ns() // 1_000_000

    def time_reports(self, journal: SQLiteJournal) -> None:
        report = journal._writer._report

        def timed(outcomes: Sequence[Outcome], failure: str | None) -> None:
            self.commits.append(time.perf_counter() - self.began)
            report(outcomes, failure)

        journal._writer._report = timed

    def submit(self, journal: SQLiteJournal) -> None:
        for _ in range(self.batch):
            self.sent += 1
            key = None if self.outbox is None else (self.outbox, self.sent)
            journal.submit(Proposal(f"#{self.sent % ROOMS}", "abcdefgh", "alice", "message", BODY, key=key))

    def committed(self, outcomes: Sequence[Outcome], journal: SQLiteJournal, done: asyncio.Future[None]) -> None:
        assert all(isinstance(outcome, Stored) for outcome in outcomes)
        self.stored += len(outcomes)
        if not done.done():
            self.submit(journal)

    def spin(self, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None]) -> None:
        end = time.perf_counter() + SPIN_SECONDS
        while time.perf_counter() < end:
            pass
        if not done.done():
            loop.call_soon(self.spin, loop, done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--switch", type=float, default=sys.getswitchinterval())
    parser.add_argument("--directory", help="where to make the data directories; on the disk that matters")
    options = parser.parse_args()
    sys.setswitchinterval(options.switch)
    print(f"switch interval {sys.getswitchinterval() * 1e6:.0f} µs, {ROOMS} rooms in turn")
    print("batch loop  keys   commit ms   p99 ms  entries/s  CPU µs/entry")
    for keyed in (False, True):
        for batch in BATCHES:
            for busy in (False, True):
                with tempfile.TemporaryDirectory(dir=options.directory) as directory:
                    print(asyncio.run(Run(batch, busy=busy, keyed=keyed).go(directory, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
