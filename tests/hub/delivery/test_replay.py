import pytest

from socketchat.exceptions import StorageProblem
from socketchat.hub.delivery import replay
from socketchat.hub.delivery.replay import CACHE_BYTES, CHUNK_BYTES, PAGE_ENTRIES, READS_IN_FLIGHT, WRITE_BYTES
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_event, decode_text
from tests.hub.stage import CountingJournal, Peer, Stage
from tests.keys import key_of

LONG = "x" * 30_000


def lobby_of(count: int) -> tuple[Stage, Peer]:
    """Return a stage on which alice has sent a number of messages to the lobby."""
    stage = Stage()
    alice = stage.native("alice")
    say(stage, alice, count)
    stage.turns.wait(1)
    alice.take()
    return stage, alice


def say(stage: Stage, peer: Peer, count: int, to: str = "#lobby") -> None:
    for n in range(count):
        peer.say(f"text {n}", to=to)
        stage.settle()


def back(stage: Stage, name: str, position: int) -> Peer:
    """Log in a user who has read the lobby up to a position."""
    return stage.native(name, epoch=stage.hub.logins.epoch, positions={"#lobby": position})


def seqs(peer: Peer) -> list[int]:
    return [seq for _, seq, _ in peer.heard()]


def test_a_reader_that_stalled_has_lost_nothing() -> None:
    stage, alice = lobby_of(0)
    bob = stage.native("bob")
    bob.take()
    bob.stall()
    say(stage, alice, 150)
    assert bob.writes == []
    bob.read_again()
    stage.settle()
    assert seqs(bob) == list(range(1, 151))
    say(stage, alice, 1)
    assert seqs(bob) == [151]


def test_a_slow_reader_is_served_up_to_its_buffer_limit() -> None:
    stage, alice = lobby_of(0)
    bob = stage.native("bob")
    bob.take()
    bob.stall()
    for n in range(100):
        alice.say(f"{n} {LONG}")
        stage.settle()
    got: list[int] = []
    reads = 0
    while len(got) < 100:
        bob.buffered = 0
        bob.hub.drain(bob.session)
        stage.settle()
        assert sum(map(len, bob.writes)) < 2 * WRITE_BYTES + 2 * len(LONG)
        assert max(map(len, bob.writes)) < CHUNK_BYTES + 2 * len(LONG)
        got += seqs(bob)
        reads += 1
        assert reads < 30
    assert got == list(range(1, 101))


@pytest.mark.parametrize("position", [0, 1, PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 199, 200])
def test_a_reconnecting_client_gets_exactly_the_entries_after_its_position(position: int) -> None:
    stage, alice = lobby_of(200)
    bob = back(stage, "bob", position)
    say(stage, alice, 1)
    assert seqs(bob) == list(range(position + 1, 202))


@pytest.mark.parametrize("position", [0, 70, 199, 200])
def test_a_replay_ends_with_live_before_new_entries(position: int) -> None:
    stage, alice = lobby_of(200)
    bob = stage.connect()
    bob.log_in(key_of("bob"), name="bob", epoch=stage.hub.logins.epoch, positions={"#lobby": position})
    stage.settle()
    alice.say("new")
    stage.settle()
    told = [event for event in bob.events() if isinstance(event, events.Entry | events.Live)]
    place = told.index(events.Live())
    assert [event.seq for event in told[:place]] == list(range(position + 1, 201))
    assert [event.seq for event in told[place + 1 :]] == [201]


@pytest.mark.parametrize("hello", [{}, {"positions": {"#lobby": 0}}, {"epoch": "another", "positions": {"#lobby": 0}}])
def test_positions_without_an_epoch_are_ignored(hello: dict) -> None:
    stage, _ = lobby_of(3)
    bob = stage.connect()
    bob.log_in(key_of("bob"), name="bob", **hello)
    stage.settle()
    assert [event for event in bob.events() if isinstance(event, events.Entry | events.Live)] == []


@pytest.mark.parametrize(("position", "start"), [(0, 1001), (200, 1001), (201, 201), (1201, 1201)])
def test_after_a_long_absence_only_the_newest_entries_are_replayed(position: int, start: int) -> None:
    stage, alice = lobby_of(0)
    for n in range(1201):
        alice.say(f"text {n}")
    stage.settle()
    bob = stage.connect()
    bob.log_in(key_of("bob"), name="bob", epoch=stage.hub.logins.epoch, positions={"#lobby": position})
    stage.settle()
    told = bob.events()
    (welcome,) = [event for event in told if isinstance(event, events.Welcome)]
    heard = [event.seq for event in told if isinstance(event, events.Entry)]
    assert welcome.conversations[0].after == (start if start > position else 0)
    assert heard == list(range(start + 1, 1202))


@pytest.mark.parametrize("floor", [1, 30, 64, 65, 100, 151])
def test_a_position_below_the_floor_gets_the_kept_entries(floor: int) -> None:
    stage, alice = lobby_of(150)
    stage.hub.directory.lobby.floor = floor
    bob = back(stage, "bob", 10)
    say(stage, alice, 1)
    assert seqs(bob) == list(range(max(11, floor), 152))
    carol = back(stage, "carol", 120)
    assert seqs(carol) == list(range(max(121, floor), 152))


def test_entries_delivered_during_a_read_arrive_once_and_in_order() -> None:
    for turns in range(1, 8):
        stage, alice = lobby_of(100)
        stage.journal.turns = turns
        bob = stage.connect()
        bob.log_in(key_of("bob"), name="bob", epoch=stage.hub.logins.epoch, positions={"#lobby": 30})
        for n in range(80):
            alice.say(f"meanwhile {n}")
            stage.turns.turn()
        stage.settle()
        assert seqs(bob) == list(range(31, 181)), turns
        assert not bob.session.places.is_behind


def test_a_reader_catches_up_in_a_busy_room() -> None:
    stage, alice = lobby_of(100)
    stage.journal.turns = 3
    bob = stage.connect()
    bob.ask(commands.Hello(name="bob", epoch=stage.hub.logins.epoch, positions={"#lobby": 0}))
    turns = 0
    while bob.session.places.is_behind or not bob.session.places.heard:
        alice.say("and another")
        stage.turns.turn()
        turns += 1
        assert turns < 100
    stage.settle()
    assert seqs(bob) == list(range(1, 101 + turns))


def test_simultaneous_replays_share_their_reads() -> None:
    stage, alice = lobby_of(300)
    others = [stage.connect() for _ in range(200)]
    for n, peer in enumerate(others):
        peer.ask(commands.Hello(name=f"g{n}", epoch=stage.hub.logins.epoch, positions={"#lobby": n}))
    say(stage, alice, 5)
    assert all(seqs(peer) == list(range(n + 1, 306)) for n, peer in enumerate(others))
    starts = [after for _, after in stage.journal.reads]
    assert all(after % PAGE_ENTRIES == 0 for after in starts)
    assert len(starts) == len(set(starts)) == 5


def test_sessions_that_share_a_page_get_the_same_bytes() -> None:
    stage, _ = lobby_of(PAGE_ENTRIES)
    back(stage, "bob", 0)
    (page,) = stage.hub.replay._pages.values()
    one, other = (page.line(9, back(stage, name, 0).session.rendering, own=False) for name in ("bob", "carol"))
    assert one is other


def test_only_the_entries_of_a_page_that_are_sent_are_rendered() -> None:
    """A page of longest texts would hold the loop for as long as all of them take."""
    stage, _ = lobby_of(PAGE_ENTRIES)
    stage.hub.replay.drop("#lobby", range(PAGE_ENTRIES))
    back(stage, "bob", PAGE_ENTRIES - 3)
    (page,) = stage.hub.replay._pages.values()
    ((_, lines),) = page._lines.items()
    assert len(lines) == 3


def test_only_a_few_reads_run_concurrently() -> None:
    stage, _ = lobby_of(15 * PAGE_ENTRIES)
    stage.journal.turns = 5
    peers = [stage.connect() for _ in range(15)]
    for n, peer in enumerate(peers):
        peer.ask(commands.Hello(name=f"g{n}", epoch=stage.hub.logins.epoch, positions={"#lobby": n * PAGE_ENTRIES}))
    stage.settle()
    assert stage.journal.most_at_once == READS_IN_FLIGHT
    assert all(seqs(peer)[0] == n * PAGE_ENTRIES + 1 for n, peer in enumerate(peers))
    assert len(stage.journal.reads) == 15


def test_several_conversations_are_replayed_each_in_order() -> None:
    stage, alice = lobby_of(0)
    for peer in (alice, stage.native("bob")):
        peer.do(commands.Join, room="#ops")
    bob = stage.native("bob")
    bob.take()
    bob.stall()
    for n in range(70):
        for to in ("#lobby", "#ops", "@bob"):
            alice.say(f"{n}", to=to)
        stage.settle()
    bob.read_again()
    stage.settle()
    heard = bob.heard()
    by_conversation: dict[str, list[int]] = {}
    for conversation, seq, _ in heard:
        by_conversation.setdefault(conversation, []).append(seq)
    assert len(by_conversation) == 3
    assert set(map(tuple, by_conversation.values())) == {tuple(range(1, 71))}


def test_a_plain_reader_gets_messages_of_others_and_both_sides_of_direct_messages() -> None:
    stage, alice = lobby_of(0)
    dave = stage.plain("dave")
    stage.turns.wait(1)
    dave.take()
    for n in range(3):
        dave.say(f"mine {n}")
        dave.say(f"to alice {n}", to="@alice")
    dave.stall()
    stage.settle()
    alice.say("hers")
    alice.say("to dave", to="@dave")
    stage.settle()
    assert dave.writes == []
    dave.read_again()
    stage.settle()
    assert dave.text().splitlines() == [
        "alice: hers",
        *[f"[DM to alice] to alice {n}" for n in range(3)],
        "[DM from alice] to dave",
    ]


def test_a_reader_stalled_at_the_start_of_a_conversation_gets_all_of_it() -> None:
    stage, alice = lobby_of(0)
    bob = stage.native("bob")
    stage.turns.wait(1)
    bob.take()
    bob.stall()
    alice.say("hi", to="@bob")
    stage.settle()
    bob.read_again()
    stage.settle()
    told = bob.events()
    assert [type(event) for event in told] == [events.Conversation, events.Entry, events.Live]
    assert told[1].seq == 1


def test_a_session_that_leaves_a_room_while_behind_gets_no_more_of_it() -> None:
    stage, alice = lobby_of(0)
    bob, other = stage.native("bob"), stage.native("bob")
    bob.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    bob.take()
    bob.stall()
    say(stage, alice, 3, to="#ops")
    say(stage, alice, 2)
    other.do(commands.Leave, room="#ops")
    bob.read_again()
    stage.settle()
    *told, live = bob.events()
    assert [event.conversation for event in told] == ["#ops", "#lobby", "#lobby"]
    assert live == events.Live()
    assert isinstance(told[0], events.Left)


def test_a_session_that_ends_during_a_read_harms_no_other() -> None:
    stage, _ = lobby_of(100)
    stage.journal.turns = 5
    peers = [stage.connect() for _ in range(3)]
    for n, peer in enumerate(peers):
        peer.ask(commands.Hello(name=f"g{n}", epoch=stage.hub.logins.epoch, positions={"#lobby": 10}))
        peer.take()
    stage.turns.turn()
    peers[1].drop()
    stage.settle()
    assert seqs(peers[0]) == seqs(peers[2]) == list(range(11, 101))
    assert peers[1].writes == []


def test_the_cache_of_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CACHE_BYTES == 16_777_216
    monkeypatch.setattr(replay, "CACHE_BYTES", 200_000)
    stage, alice = lobby_of(0)
    for n in range(600):
        alice.say(f"{n} " + "x" * 1000)
        stage.settle()
    bob = back(stage, "bob", 0)
    assert seqs(bob) == list(range(1, 601))
    kept = stage.hub.replay._pages
    assert sum(page.size for page in kept.values()) == stage.hub.replay._size
    assert stage.hub.replay._size <= 200_000 + 2 * PAGE_ENTRIES * 1100
    say(stage, alice, 600)
    assert sum(page.size for page in kept.values()) == stage.hub.replay._size


class HoleyJournal(CountingJournal):
    """A journal that lost an entry."""

    async def read(self, *args, **options):
        entries = await super().read(*args, **options)
        return [entry for entry in entries if entry.seq != 40]


class UnreadableJournal(CountingJournal):
    """A journal whose disk cannot be read."""

    broken = True

    async def read(self, *args, **options):
        entries = await super().read(*args, **options)
        if self.broken:
            raise StorageProblem("the disk cannot be read")
        return entries


@pytest.mark.parametrize("journal", [HoleyJournal, UnreadableJournal])
def test_a_history_that_cannot_be_read_closes_the_session_with_a_reason(journal: type[CountingJournal]) -> None:
    stage = Stage(journal)
    alice = stage.native("alice")
    say(stage, alice, 100)
    alice.take()
    bob = back(stage, "bob", 0)
    assert seqs(bob) == []
    bye = decode_event(bob.last_words)
    assert (bye.code, bye.reconnect) == ("storage", True)
    say(stage, alice, 1)
    assert seqs(alice) == [101]


def test_a_page_that_failed_to_read_is_read_again() -> None:
    stage = Stage(UnreadableJournal)
    alice = stage.native("alice")
    say(stage, alice, 10)
    back(stage, "bob", 0)
    stage.journal.broken = False
    assert seqs(back(stage, "carol", 0)) == list(range(1, 11))


def test_a_session_that_rejoins_while_behind_starts_over() -> None:
    stage, alice = lobby_of(0)
    bob, other = stage.native("bob"), stage.native("bob")
    bob.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    bob.take()
    bob.stall()
    say(stage, alice, 3, to="#ops")
    other.do(commands.Leave, room="#ops")
    other.do(commands.Join, room="#ops")
    say(stage, alice, 2, to="#ops")
    bob.read_again()
    stage.settle()
    told = bob.events()
    assert [event.head for event in told if isinstance(event, events.Conversation)] == [3]
    assert [event.seq for event in told if isinstance(event, events.Entry)] == [4, 5]


def test_the_page_after_a_cached_one_is_not_read() -> None:
    stage, alice = lobby_of(PAGE_ENTRIES - 2)
    back(stage, "bob", 0)
    say(stage, alice, 10)
    assert seqs(back(stage, "carol", PAGE_ENTRIES)) == list(range(PAGE_ENTRIES + 1, PAGE_ENTRIES + 9))
    assert stage.journal.reads == [("#lobby", 0)]


def test_the_least_recently_used_page_is_evicted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, alice = lobby_of(2 * PAGE_ENTRIES)
    emil = stage.native("emil")
    emil.do(commands.Join, room="#ops")
    emil.do(commands.Quit)
    say(stage, alice, 5, to="#ops")
    back(stage, "bob", 0)
    back(stage, "carol", 0)
    back(stage, "dora", PAGE_ENTRIES)
    monkeypatch.setattr(replay, "CACHE_BYTES", stage.hub.replay._size - 1)
    stage.native("emil", epoch=stage.hub.logins.epoch, positions={"#ops": 0, "#lobby": 2 * PAGE_ENTRIES})
    assert stage.hub.replay._pages.keys() == {("#lobby", 1), ("#ops", 0)}


def test_after_each_chunk_of_a_replay_the_others_have_their_turn() -> None:
    stage = Stage()
    alice = stage.native("alice")
    (welcome,) = alice.told(events.Welcome)
    texts = [f"{number} ".ljust(30_000, "x") for number in range(20)]
    for text in texts:
        alice.say(text)
        stage.settle()
    again = stage.connect()
    again.log_in(key_of("alice"), name="alice", epoch=welcome.epoch, positions={"#lobby": 0})
    again.take()
    while not again.writes:
        stage.turns.turn()
    first = again.take()
    assert CHUNK_BYTES <= len(first) <= 2 * CHUNK_BYTES
    stage.settle()
    heard = [decode_event(line) for line in (first + again.take()).splitlines()]
    assert [decode_text(entry).text for entry in heard if type(entry) is events.Entry] == texts
