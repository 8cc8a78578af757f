from collections.abc import Callable

import msgspec
import pytest

from socketchat.exceptions import NoSuchRoom, NoSuchUser
from socketchat.hub import User
from socketchat.hub.directory import Directory
from socketchat.hub.policy.limits import SPELLINGS_BURST, SPELLINGS_SECONDS
from socketchat.hub.state.apply import load
from socketchat.hub.state.conversations import Room
from socketchat.hub.state.projection import Projection
from socketchat.journal import State
from socketchat.protocol.events import Entry
from socketchat.protocol.spelling import CORRECTIONS


def entry(kind: str, body: object, conversation: str = "*") -> Entry:
    return Entry(
        conversation=conversation,
        seq=1,
        ts=1,
        author="u1",
        name="x",
        kind=kind,
        body=msgspec.Raw(msgspec.json.encode(body)),
    )


def directory_of(*facts: Entry, heads: dict[str, int] | None = None) -> Directory:
    state, heads = Projection(), heads or {}
    load(state, State(epoch="e", heads=heads, floors=dict.fromkeys(heads, 1), facts=list(facts)))
    return Directory(state, lambda: 0.0)


def seen(_room: object) -> bool:
    return True


ALICE = entry("user", {"id": "u1", "name": "Alice", "key": "k"})
BOB = entry("user", {"id": "u2", "name": "bob", "key": "k"})
OPS = entry("room", {"name": "#Ops"})


def test_the_lobby_always_exists() -> None:
    assert directory_of().lobby.is_lobby
    assert directory_of().room("#LOBBY", seen).is_lobby


def test_facts_are_applied_in_order() -> None:
    joined = entry("member", {"room": "#ops", "user": "u1", "member": True})
    left = entry("member", {"room": "#ops", "user": "u1", "member": False})
    topic = entry("topic", {"text": "broken"}, "#ops")
    directory = directory_of(ALICE, OPS, joined, topic)
    assert directory.room("ops", seen).members == {"u1": directory.users["u1"]}
    assert list(directory.users["u1"].rooms) == ["#ops"]
    assert directory.room("ops", seen).topic == "broken"
    directory = directory_of(ALICE, OPS, joined, left, left)
    assert directory.room("ops", seen).members == {}
    assert not directory.users["u1"].rooms


def test_facts_of_unknown_kinds_change_nothing() -> None:
    assert directory_of(entry("ban", {"user": "u1"})).users == {}


def test_heads_are_known_for_rooms_and_for_pairs_with_an_account() -> None:
    heads = {"*": 9, "#lobby": 3, "#ops": 4, "@u1:u2": 5, "@u1:zz": 6, "@yy:zz": 7}
    directory = directory_of(ALICE, BOB, OPS, heads=heads)
    assert {each.id: each.head for each in directory.conversations.values()} == {
        "#lobby": 3,
        "#ops": 4,
        "@u1:u2": 5,
        "@u1:zz": 6,
    }


def test_a_user_is_found_by_name_in_any_case() -> None:
    directory = directory_of(ALICE)
    assert directory.user("aLICE").id == "u1"
    assert directory.holder("alice") is directory.user("Alice")


@pytest.mark.parametrize(
    ("name", "hint"), [("alicf", "Did you mean Alice?"), ("zzzzzz", "/users lists who is online.")]
)
def test_the_error_for_an_unknown_user_helps(name: str, hint: str) -> None:
    with pytest.raises(NoSuchUser, match=f"No such user: {name}. {hint}"):
        directory_of(ALICE).user(name)


@pytest.mark.parametrize(
    ("name", "hint"), [("#opps", "Did you mean #Ops?"), ("#zz", "/rooms lists the rooms, /join creates one.")]
)
def test_the_error_for_an_unknown_room_helps(name: str, hint: str) -> None:
    with pytest.raises(NoSuchRoom, match=f"No such room: {name}. {hint}"):
        directory_of(OPS).room(name, seen)


def test_an_invisible_room_looks_like_a_missing_one() -> None:
    directory = directory_of(OPS, entry("room", {"name": "#dev"}))
    texts = []
    for name in ("#Ops", "#opps"):
        with pytest.raises(NoSuchRoom) as refusal:
            directory.room(name, lambda room: room.name != "#Ops")
        texts.append(str(refusal.value).replace(name, "#x"))
    assert texts == ["No such room: #x. /rooms lists the rooms, /join creates one."] * 2


def test_direct_messages_are_one_conversation_for_both_users() -> None:
    directory = directory_of(ALICE, BOB)
    alice, bob = directory.users["u1"], directory.users["u2"]
    pair, is_new = directory.pair(alice, bob)
    assert is_new
    assert directory.pair(bob, alice) == (pair, False)
    assert alice.pairs == bob.pairs == [pair.id]
    assert (pair.described_to(alice).peer, pair.described_to(bob).peer) == ("bob", "Alice")


def test_a_conversation_with_oneself_has_oneself_as_peer() -> None:
    directory = directory_of(ALICE)
    alice = directory.users["u1"]
    pair, _ = directory.pair(alice, alice)
    assert alice.pairs == [pair.id]
    assert pair.described_to(alice).peer == "Alice"


def test_a_guest_leaves_only_the_messages_of_others_readable() -> None:
    directory = directory_of(ALICE, OPS)
    guest, other = User("g1", "gus", "gus"), User("g2", "gil", "gil")
    for user in (guest, other):
        directory.add_guest(user)
    directory.set_guest(guest, directory.room("ops", seen), member=True)
    kept, _ = directory.pair(guest, directory.users["u1"])
    dropped, _ = directory.pair(guest, other)
    directory.remove_guest(guest)
    assert directory.room("ops", seen).guests == {}
    assert directory.holder("gus") is None
    assert dropped.id in directory.conversations
    directory.remove_guest(other)
    assert dropped.id not in directory.conversations
    assert kept.id in directory.conversations


class CountingDirectory(Directory):
    """Counts how often a name is looked up."""

    lookups = 0

    def holder(self, key: str) -> User | None:
        self.lookups += 1
        return super().holder(key)

    def _seen(self, key: str, sees: Callable[[Room], bool]) -> Room | None:
        self.lookups += 1
        return super()._seen(key, sees)


def test_a_wrong_name_costs_the_same_with_many_accounts() -> None:
    lookups = []
    for accounts in (2, 3_000):
        state = Projection()
        for number in range(accounts):
            state.add_user(User(f"u{number}", f"user{number}", f"user{number}", f"key{number}"))
        directory = CountingDirectory(state, lambda: 0.0)
        with pytest.raises(NoSuchUser, match="/users lists who is online"):
            directory.user("zzzzzzzz")
        lookups.append(directory.lookups)
    assert lookups[0] == lookups[1] <= CORRECTIONS + 1


@pytest.mark.parametrize("wrong", ["zzzzzzzz", "#zzzzzzzz"])
def test_many_wrong_names_at_once_cost_a_bounded_number_of_lookups(wrong: str) -> None:
    now = [0.0]
    directory = CountingDirectory(Projection(), lambda: now[0])

    def lookups(times: int) -> int:
        before = directory.lookups
        for _ in range(times):
            with pytest.raises((NoSuchRoom, NoSuchUser)):
                directory.room(wrong, seen) if wrong.startswith("#") else directory.user(wrong)
        return directory.lookups - before

    assert lookups(1_000) <= SPELLINGS_BURST * CORRECTIONS + 1_000
    assert lookups(1_000) <= 1_000
    now[0] += SPELLINGS_SECONDS
    assert lookups(1) > 1
