"""Renamed rooms: the id, the seq and the old names stay, and nobody else takes them."""

from __future__ import annotations

import pytest

from socketchat.hub.policy.limits import NAMES_PER_ROOM
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from tests.commands.test_revisions import cast, refused
from tests.hub.cluster import Cluster
from tests.hub.stage import Peer, Stage


def renamed(name: str = "#infra") -> tuple[Stage, Peer, Peer, Peer]:
    """Return a stage with the owner and two members of a room that was called #ops."""
    stage, owner, ann, bob = cast()
    owner.do(commands.Settings, room="#ops", name=name)
    assert owner.told(events.Error) == []
    for peer in (ann, bob):
        peer.take()
    return stage, owner, ann, bob


def test_a_renamed_room_keeps_its_id_and_its_seq_under_all_its_names() -> None:
    stage, _, ann, bob = renamed()
    for to in ("#infra", "#INFRA", "#ops", "infra"):
        ann.say("hello", to=to)
    stage.settle()
    assert [(each.conversation, each.seq) for each in bob.told(events.Entry)] == [("#ops", seq) for seq in (3, 4, 5, 6)]
    for name in ("#infra", "#ops"):
        bob.take()
        bob.do(commands.History, conversation=name, around=1)
        past = bob.told(events.Past)
        assert (past[0].place, decode_text(past[0]).text) == ("#infra/1", "first")


def test_members_are_told_the_new_name() -> None:
    _, owner, _, bob = cast()
    owner.do(commands.Settings, room="#ops", name="#infra")
    told = bob.events()
    changed = events.Changed(conversation="#ops", by="owner", name="#infra", former="#ops")
    assert [event for event in told if isinstance(event, events.Changed)] == [changed]
    texts = [decode_text(event).text for event in told if isinstance(event, events.Entry)]
    assert texts == ["owner renamed #ops to #infra."]


def test_nobody_takes_a_name_that_a_room_has_or_had() -> None:
    _, owner, ann, bob = renamed()
    bob.do(commands.Join, room="#other")
    assert refused(bob, commands.Settings, room="#other", name="#ops")[0] == "name_taken"
    assert refused(bob, commands.Settings, room="#other", name="#ínfra")[0] == "name_taken"
    assert refused(ann, commands.Join, room="#0ps")[0] == "name_taken"
    ann.do(commands.Leave, room="#ops")
    ann.take()
    ann.do(commands.Join, room="#ops")
    (told,) = ann.told(events.Conversation)
    assert (told.conversation, told.name) == ("#ops", "#infra")
    assert owner.told(events.Error) == []


def test_only_the_owner_renames_and_never_the_lobby() -> None:
    stage, owner, ann, _ = cast()
    owner.do(commands.Mod, room="#ops", name="ann")
    assert refused(ann, commands.Settings, room="#ops", name="#mine")[0] == "refused"
    stage.order(operator.SetOwner(id=1, name="owner"))
    assert refused(owner, commands.Settings, room="#lobby", name="#hall") == ("refused", "The lobby keeps its name.")
    assert refused(owner, commands.Settings, room="#ops", name="#ops")[0] == "refused"
    assert refused(owner, commands.Settings, room="#ops", name="a b")[0] == "bad_name"
    assert refused(owner, commands.Settings, room="#ops", name="#Iobby")[0] == "name_taken"


def test_a_room_can_get_a_former_name_back_and_change_its_letters() -> None:
    stage, owner, _, _ = renamed()
    for name in ("#Infra", "#ops", "#infra", "#0ps", "#ops"):
        owner.take()
        owner.do(commands.Settings, room="#ops", name=name)
        assert owner.told(events.Error) == [], name
    room = stage.hub.state.rooms["#ops"]
    assert (room.name, room.former) == ("#ops", ["#Infra", "#infra", "#0ps"])
    restarted = stage.new_hub().state
    assert restarted.snapshot() == stage.hub.state.snapshot()


def test_a_room_has_a_limited_number_of_names() -> None:
    _, owner, _, _ = cast()
    for number in range(NAMES_PER_ROOM):
        owner.do(commands.Settings, room="#ops", name=f"#name{number}x")
    assert owner.told(events.Error) == []
    assert refused(owner, commands.Settings, room="#ops", name="#more")[0] == "too_many"


def test_the_names_of_a_removed_room_are_free_again() -> None:
    stage, owner, ann, _ = renamed()
    stage.order(operator.RemoveRoom(id=1, room="#infra"))
    assert stage.hub.state.aliases == {}
    for name in ("#infra", "#ops"):
        ann.take()
        ann.do(commands.Join, room=name)
        assert ann.told(events.Error) == []
    assert stage.hub.state.rooms["#infra"] is not stage.hub.state.rooms["#ops"]
    owner.take()
    owner.do(commands.History, conversation="#ops")
    assert owner.told(events.Past) == []
    assert stage.new_hub().state.snapshot() == stage.hub.state.snapshot()


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_rooms_that_take_a_name_at_the_same_time_one_gets_it(first: int) -> None:
    cluster = Cluster()
    one, other = cluster.first.native("ann"), cluster.second.native("bob")
    one.do(commands.Join, room="#one")
    other.do(commands.Join, room="#other")
    cluster.settle()
    asked = [(one, "#one"), (other, "#other")]
    for peer, room in (asked[first], asked[1 - first]):
        peer.take()
        peer.ask(commands.Settings(id=9, room=room, name="#same"))
    cluster.settle()
    assert sorted(len(peer.told(events.Error)) for peer, _ in asked) == [0, 1]
    assert cluster.replayed().snapshot() == cluster.first.hub.state.snapshot() == cluster.second.hub.state.snapshot()


def test_a_private_room_is_not_betrayed_by_any_of_its_names() -> None:
    stage, owner, _, _ = renamed()
    owner.do(commands.Access, room="#infra", private=True)
    eve = stage.native("eve")
    for name in ("#infra", "#ops"):
        assert refused(eve, commands.Users, room=name)[0] == "no_such_room"


def test_plain_users_and_the_audit_log_know_the_new_name() -> None:
    stage, _, _, _ = renamed()
    plain = stage.plain("pat")
    plain.take()
    plain.do(commands.Join, room="#ops")
    assert plain.text() == "[room] You are now in #infra.\n"
    plain.do(commands.Settings, room="#infra")
    assert plain.text() == "=== #infra ===\n  - owner: owner\n  - former names: #ops\n"
    (line,) = [line for line in stage.order(operator.ShowLog(id=1)) if "rename" in line]
    assert line.endswith("owner rename #ops to #infra")
