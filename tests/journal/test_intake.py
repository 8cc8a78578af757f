"""Proposals submitted before the hub has handled the report of a failure are refused with the failed batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from socketchat.journal import Outcome, StorageRefused
from socketchat.journal.sqlite.journal import SQLiteJournal
from tests.journal.desk import Desk, opened, say
from tests.journal.disk import FULL, Disk

ONE, TWO, THREE = ((1, n) for n in (1, 2, 3))


def journal_in(directory: Path) -> SQLiteJournal:
    return SQLiteJournal(str(directory), asyncio.get_running_loop())


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def check_that_order_is_kept(desk: Desk) -> None:
    """Send all three again: none of them may be stored yet."""
    outcomes = await desk.store(say("1", key=ONE), say("2", key=TWO), say("3", key=THREE))
    assert [outcome.entry.seq for outcome in outcomes] == [1, 2, 3]


def test_a_batch_behind_a_failed_batch_is_refused(tmp_path: Path, disk: Disk) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold_and_mend() -> None:
        reached.set()
        go_on.wait(10)
        disk.fault = None

    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            disk.fault, disk.on_failure = FULL, hold_and_mend
            first, second = say("1", key=ONE), say("2", key=TWO)
            desk.journal.submit(first)
            await asyncio.to_thread(reached.wait, 10)
            desk.journal.submit(second)
            await turns()  # handed over
            go_on.set()
            assert [type(await desk.outcome(p)) for p in (first, second)] == [StorageRefused] * 2
            await check_that_order_is_kept(desk)

    asyncio.run(scene())


def test_submitted_proposals_not_yet_handed_over_are_refused(tmp_path: Path, disk: Disk) -> None:
    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            journal, loop = desk.journal, asyncio.get_running_loop()
            first, second = say("1", key=ONE), say("2", key=TWO)

            def submit_just_before(outcomes: Sequence[Outcome], failure: str | None) -> None:
                journal._writer._report = journal._report_soon
                disk.fault = None
                loop.call_soon_threadsafe(lambda: (journal.submit(second), journal._intake.report(outcomes, failure)))

            journal._writer._report = submit_just_before
            disk.fault = FULL
            journal.submit(first)
            assert [type(await desk.outcome(p)) for p in (first, second)] == [StorageRefused] * 2
            await check_that_order_is_kept(desk)

    asyncio.run(scene())


def test_new_proposals_wait_until_all_failures_are_answered(tmp_path: Path, disk: Disk) -> None:
    reached, go_on, answer = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        disk.on_failure = None
        reached.set()
        go_on.wait(10)

    async def scene() -> None:
        async with opened(journal_in(tmp_path)) as desk:
            journal = desk.journal
            first, second, third = say("1", key=ONE), say("2", key=TWO), say("3", key=THREE)

            def report_and_wait(outcomes: Sequence[Outcome], failure: str | None) -> None:
                journal._writer._report = journal._report_soon
                journal._report_soon(outcomes, failure)
                answer.wait(10)

            journal._writer._report = report_and_wait
            disk.fault, disk.on_failure = FULL, hold
            journal.submit(first)
            await asyncio.to_thread(reached.wait, 10)
            journal.submit(second)
            await turns()
            go_on.set()
            assert isinstance(await desk.outcome(first), StorageRefused)
            disk.fault = None
            assert desk.told(second) is None
            again = say("1", key=ONE)
            journal.submit(again)  # it is sent again, but the refusal of the second is not known yet
            journal.submit(third)
            await turns()
            answer.set()
            assert [type(await desk.outcome(p)) for p in (second, again, third)] == [StorageRefused] * 3
            await check_that_order_is_kept(desk)

    asyncio.run(scene())
