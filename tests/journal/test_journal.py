"""The contract of every journal backend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socketchat.exceptions import KeyReused, UsageProblem
from socketchat.journal import Conflict, Duplicate, Journal, Outcome, StorageRefused, Stored
from socketchat.journal.backends import open_journal
from socketchat.journal.sqlite import ledger
from socketchat.protocol.events import Entry
from tests.journal.backends import Backend, InMemory, InSQLite
from tests.journal.desk import Desk, opened, say, text_of
from tests.journal.disk import inserted

OUTBOX = 2**64 - 1  # the largest: SQLite's numbers are signed


def play(scene: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scene())


def seqs(outcomes: list[Outcome]) -> list[int]:
    return [outcome.entry.seq for outcome in outcomes if isinstance(outcome, Stored)]


def test_entries_are_numbered_without_a_hole_in_the_order_of_submission(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            proposals = [say(str(i), f"#{i * i % 7}") for i in range(700)]
            for proposal in proposals:
                desk.journal.submit(proposal)
                if proposal.body.endswith(b'5"}'):
                    await asyncio.sleep(0)  # so that there are batches of several sizes
            outcomes = [await desk.outcome(proposal) for proposal in proposals]
            assert desk.outcomes() == outcomes
            counts = {f"#{i}": count(1) for i in range(7)}
            assert seqs(outcomes) == [next(counts[p.conversation]) for p in proposals]
            for conversation in {p.conversation for p in proposals}:
                read = await desk.journal.read(conversation, limit=1000)
                told = [o.entry for o in outcomes if isinstance(o, Stored) and o.proposal.conversation == conversation]
                assert read == told

    play(scene)


def test_an_entry_equals_its_proposal(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            proposal = say("grüße 🎈\\n", "@a:b")
            [stored] = await desk.store(proposal)
            assert isinstance(stored, Stored)
            assert stored.proposal is proposal
            entry = stored.entry
            assert (entry.conversation, entry.seq, entry.ts) == ("@a:b", 1, backend.clock)
            assert (entry.author, entry.name, entry.kind) == ("u1", "alice", "message")
            assert bytes(entry.body) == proposal.body
            assert await desk.journal.read("@a:b", limit=9) == [entry]

    play(scene)


def test_proposals_of_one_turn_are_reported_together_in_a_later_turn(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            proposals = [say(str(i)) for i in range(300)]
            for proposal in proposals:
                desk.journal.submit(proposal)
            assert desk.reports == []
            await desk.outcome(proposals[-1])
            assert [[o.proposal for o in report] for report in desk.reports] == [proposals]

    play(scene)


def test_a_reopened_store_has_the_same_state(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            assert (desk.state.heads, desk.state.floors, desk.state.facts) == ({}, {}, [])
            epoch = desk.state.epoch
            outcomes = await desk.store(
                say("a", "*", fact=True), say("b", "#r"), say("c", "#r"), say("d", "#r", fact=True), say("e", "*")
            )
        async with opened(backend.journal()) as desk:
            assert desk.state.epoch == epoch
            assert desk.state.heads == {"*": 2, "#r": 3}
            assert desk.state.floors == {"*": 1, "#r": 1}
            assert desk.state.facts == [outcomes[0].entry, outcomes[3].entry]
            assert seqs(await desk.store(say("f", "#r"), say("g", "#new"), say("h", "*"))) == [4, 1, 3]

    play(scene)


def test_read_markers_are_kept_and_never_go_back(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            for user, conversation, seq in [("u1", "#a", 3), ("u1", "#a", 2), ("u2", "#a", 1), ("u1", "@u1:u2", 9)]:
                desk.journal.mark(user, conversation, seq)
            await desk.store(say("hello", "#a"))
        async with opened(backend.journal()) as desk:
            assert desk.state.marks == {"u1": {"#a": 3, "@u1:u2": 9}, "u2": {"#a": 1}}
            desk.journal.mark("u1", "#a", 1)
        async with opened(backend.journal()) as desk:
            assert desk.state.marks["u1"]["#a"] == 3

    play(scene)


def test_every_store_has_its_own_epoch(tmp_path: Path) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        journals = [open_journal(f"sqlite:{tmp_path / name}", loop) for name in "ab"]
        epochs = {(await journal.open()).epoch for journal in [*journals, open_journal("memory:", loop)]}
        for journal in journals:
            await journal.close()
        assert len(epochs) == 3
        with pytest.raises(UsageProblem, match="is not a journal"):
            open_journal("oracle:x", loop)

    play(scene)


@pytest.mark.parametrize("between", ["one batch", "batches", "feeding", "reopening"])
def test_a_proposal_repeated_under_its_key_is_stored_once(backend: Backend, between: str) -> None:
    async def scene() -> None:
        first = [say("one", key=(OUTBOX, 1)), say("three", "#r", key=(OUTBOX, 3)), say("other", key=(7, 3))]
        again = [say("one", key=(OUTBOX, 1)), say("three", "#r", key=(OUTBOX, 3)), say("never", key=(OUTBOX, 2))]
        later = say("four", key=(OUTBOX, 4))
        async with opened(backend.journal()) as desk:
            if between == "one batch":
                stored, repeated = [], await desk.store(*first, *again, later)
                stored, repeated = repeated[:3], repeated[3:]
            else:
                stored = await desk.store(*first)
            if between == "feeding":
                await desk.store(*(say() for _ in range(ledger.FEED_ENTRIES)))
            if between in {"batches", "feeding"}:
                repeated = await desk.store(*again, later)
        if between == "reopening":
            async with opened(backend.journal()) as desk:
                repeated = await desk.store(*again, later)
        assert all(isinstance(outcome, Stored) for outcome in stored)
        assert repeated[:2] == [Duplicate(again[0], stored[0].entry), Duplicate(again[1], stored[1].entry)]
        assert repeated[2] == Duplicate(again[2], None)  # 2 is at or below the last, and was never stored
        assert isinstance(repeated[3], Stored)

    play(scene)


def test_a_claim_is_granted_once(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            winner, loser, other = (
                say("a", claims=("name:alice",)),
                say("b", claims=("room:x", "name:alice")),
                say("c", claims=("room:x",)),
            )
            outcomes = await desk.store(winner, loser, other)
            assert seqs(outcomes) == [1, 2]
            assert outcomes[1] == Conflict(loser, "name:alice")  # and took no other claim
            assert isinstance(outcomes[2], Stored)
            late = say("d", claims=("name:alice",))
            assert await desk.store(late) == [Conflict(late, "name:alice")]
        async with opened(backend.journal()) as desk:
            last = say("e", claims=("name:bob", "room:x"))
            assert await desk.store(last) == [Conflict(last, "room:x")]
            assert seqs(await desk.store(say("f", claims=("name:bob",)))) == [3]

    play(scene)


def test_a_claim_repeated_under_its_key_is_not_a_conflict(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            again = say("a", key=(1, 1), claims=("name:alice",))
            [stored] = await desk.store(say("a", key=(1, 1), claims=("name:alice",)))
            assert isinstance(stored, Stored)
            assert await desk.store(again) == [Duplicate(again, stored.entry)]

    play(scene)


def test_time_never_goes_back_within_a_conversation(backend: Backend) -> None:
    async def scene() -> None:
        noon = backend.clock
        async with opened(backend.journal()) as desk:
            await desk.store(say("a"))
            backend.clock = noon - 3_600_000
            outcomes = await desk.store(say("b"), say("c", "#other"))
            assert [o.entry.ts for o in outcomes] == [noon, noon - 3_600_000]
        async with opened(backend.journal()) as desk:
            assert [o.entry.ts for o in await desk.store(say("d"))] == [noon]
            backend.clock = noon + 1
            assert [o.entry.ts for o in await desk.store(say("e"))] == [noon + 1]

    play(scene)


def test_a_proposal_refused_for_lack_of_space_can_be_retried(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            [before] = await desk.store(say("before", claims=("x",)))
            backend.fill(full=True)
            proposals = [say("a", key=(1, 1), claims=("y",)), say("b", "#new"), say("again", claims=("x",))]
            refused = await desk.store(*proposals)
            assert all(isinstance(o, StorageRefused) and o.retry and "full" in o.reason for o in refused)
            assert await desk.journal.read("#lobby", limit=9) == [before.entry]
            backend.fill(full=False)
            outcomes = await desk.store(*proposals)
            assert seqs(outcomes) == [2, 1]
            assert outcomes[2] == Conflict(proposals[2], "x")

    play(scene)


def test_later_messages_wait_for_all_refused_ones(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            backend.fill(full=True)
            one, two = say("1", key=(1, 1)), say("2", key=(1, 2))
            await desk.store(one, two)
            backend.fill(full=False)
            stranger, three = say("stranger", key=(2, 9)), say("3", key=(1, 3))
            outcomes = await desk.store(three, stranger, say("no key"))
            assert isinstance(outcomes[0], StorageRefused)
            assert outcomes[0].retry
            assert seqs(outcomes) == [1, 2]
            assert seqs(await desk.store(one)) == [3]
            assert seqs(await desk.store(three)) == []  # two has not come again yet
            four = say("4", key=(1, 4))
            assert seqs(await desk.store(two, four)) == [4]  # three was refused as well
            assert seqs(await desk.store(three, four, say("5", key=(1, 5)))) == [5, 6, 7]

    play(scene)


def test_proposals_before_the_report_of_a_failure_are_refused_too(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            meanwhile = [say("2"), say("3", key=(1, 3))]

            def handle(_: object) -> None:
                desk.on_report = None
                backend.fill(full=False)
                for proposal in meanwhile:
                    desk.journal.submit(proposal)

            backend.fill(full=True)
            desk.on_report = handle
            await desk.store(say("1"))
            assert [type(await desk.outcome(proposal)) for proposal in meanwhile] == [StorageRefused] * 2
            assert seqs(await desk.store(say("4"))) == [1]

    play(scene)


def test_closing_commits_and_reports_submitted_proposals(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            proposals = [say(str(i)) for i in range(5)]
            for proposal in proposals:
                desk.journal.submit(proposal)
            await desk.journal.close()
            assert seqs(desk.outcomes()) == [1, 2, 3, 4, 5]
            late = say("late")
            [refused] = await desk.store(late)
            assert isinstance(refused, StorageRefused)
            assert refused.retry
            await desk.journal.close()
        async with opened(backend.journal()) as desk:
            assert desk.state.heads == {"#lobby": 5}

    play(scene)


@pytest.mark.parametrize("reopened_after", [[], [10], [10, 20]], ids=["not fed", "half fed", "fed"])
def test_a_read_returns_the_requested_entries(backend: Backend, reopened_after: list[int]) -> None:
    async def scene() -> None:
        entries: list[Entry] = []
        ends = [*reopened_after, 20]
        for part, end in enumerate(ends, 1):
            async with opened(backend.journal()) as desk:
                while len(entries) < end:
                    [_, stored] = await desk.store(say("other", "#other"), say(str(len(entries)), "#r"))
                    entries.append(stored.entry)
                if part == len(ends):
                    await compare(desk.journal, entries)

    async def compare(journal: Journal, entries: list[Entry]) -> None:
        afters, befores, uptos, limits = (
            (0, 1, 9, 19, 20, 50),
            (None, 1, 2, 11, 21, 50),
            (None, 0, 10, 15, 50),
            (0, 1, 7, 50),
        )
        for after, before, upto, limit in product(afters, befores, uptos, limits):
            stop = min(before or 99, 99 if upto is None else upto + 1)
            expected = [entry for entry in entries if after < entry.seq < stop]
            expected = expected[:limit] if before is None else expected[max(0, len(expected) - limit) :]
            read = await journal.read("#r", after=after, before=before, upto=upto, limit=limit)
            assert read == expected, (after, before, upto, limit)
        assert await journal.read("#nowhere", limit=9) == []

    play(scene)


STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(st.sampled_from([0, 1, OUTBOX]), st.integers(0, 6)), min_size=1, max_size=6),
        st.just("reopen"),
    ),
    max_size=8,
)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_keys_behave_like_a_model(
    kind: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps: list
) -> None:
    monkeypatch.setattr(ledger, "FEED_ENTRIES", 4)

    async def scene(backend: Backend) -> None:
        last: dict[int, int] = {}
        first: dict[tuple[int, int], str] = {}
        texts = count()
        journal = backend.journal()
        await journal.open()
        desk = Desk(journal)
        for step in steps:
            if step == "reopen":
                await journal.close()
                journal = backend.journal()
                await journal.open()
                desk = Desk(journal)
                continue
            proposals = [say(str(next(texts)), key=key) for key in step]
            for outcome in await desk.store(*proposals):
                outbox, n = outcome.proposal.key
                if n > last.get(outbox, -1):
                    assert isinstance(outcome, Stored)
                    last[outbox] = n
                    first[outbox, n] = text_of(outcome.entry)
                else:
                    assert isinstance(outcome, Duplicate)
                    assert (outcome.entry and text_of(outcome.entry)) == first.get((outbox, n))
        await journal.close()

    with inserted() as disk:
        directory = tmp_path_factory.mktemp("data")
        asyncio.run(scene(InMemory() if kind == "memory" else InSQLite(directory, disk)))


def test_a_key_is_found_without_storing_anything(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            (first,) = await desk.store(say("first", key=(7, 1)))
            (later,) = await desk.store(say("later", key=(7, 5)))
            assert await desk.journal.find((7, 1)) == first.entry
            assert await desk.journal.find((7, 5)) == later.entry
            assert await desk.journal.find((7, 6)) is None
            assert await desk.journal.find((8, 1)) is None
            with pytest.raises(KeyReused):
                await desk.journal.find((7, 3))
            assert len(await desk.journal.read("#lobby", limit=9)) == 2

    asyncio.run(scene())


def test_a_lookup_sees_earlier_proposals(backend: Backend) -> None:
    async def scene() -> None:
        async with opened(backend.journal()) as desk:
            for n in range(1, 4):
                desk.journal.submit(say(f"{n}", key=((1 << 64) - 1, n)))
            found = await desk.journal.find(((1 << 64) - 1, 3))
            assert found is not None
            assert (found.seq, len(desk.outcomes())) == (3, 3)

    asyncio.run(scene())
