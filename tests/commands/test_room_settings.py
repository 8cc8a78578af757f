"""Rooms for announcements, slow rooms and voices: who may write there, and what the members are told."""

from __future__ import annotations

from socketchat.commands.room_settings import SLOW_SECONDS
from socketchat.hub import Channel
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from socketchat.wire.plain import PLAIN
from tests.commands.test_revisions import OUTBOX, cast, refused
from tests.hub.cluster import Cluster
from tests.hub.stage import Peer, Stage


def set_up(**settings: object) -> tuple[Stage, Peer, Peer, Peer]:
    """Return a stage with the owner of #ops, and two members, in a room with these settings."""
    stage, owner, ann, bob = cast()
    owner.do(commands.Settings, room="#ops", **settings)
    for peer in (owner, ann, bob):
        peer.take()
    return stage, owner, ann, bob


def says(peer: Peer, text: str = "hello", to: str = "#ops", **more: object) -> str:
    """Return "ok", or the code of the refusal of a message."""
    peer.take()
    peer.do(commands.Send, to=to, text=text, **more)
    errors = peer.told(events.Error)
    return errors[0].code if errors else "ok"


def shown(peer: Peer, room: str = "#ops") -> events.Settings:
    peer.take()
    peer.do(commands.Settings, room=room)
    (told,) = peer.told(events.Settings)
    return told


# Rooms for announcements


def test_only_the_owner_moderators_and_voiced_users_write_in_a_room_for_announcements() -> None:
    _, owner, ann, bob = set_up(announce=True)
    assert refused(ann, commands.Send, to="#ops", text="hello") == (
        "read_only",
        "Only moderators and users with a voice write in #ops. A moderator can give you one: /voice ann",
    )
    owner.do(commands.Mod, room="#ops", name="ann")
    owner.do(commands.Voice, room="#ops", name="bob")
    assert (says(owner), says(ann), says(bob)) == ("ok", "ok", "ok")
    owner.do(commands.Unmod, room="#ops", name="ann")
    owner.do(commands.Unvoice, room="#ops", name="bob")
    assert (says(ann), says(bob)) == ("read_only", "read_only")
    owner.do(commands.Settings, room="#ops", announce=False)
    assert (says(ann), says(bob)) == ("ok", "ok")


def test_replies_edits_reactions_and_topics_count_as_writing_but_deletes_do_not() -> None:
    _, _, ann, bob = set_up(announce=True)
    assert refused(bob, commands.Send, to="#ops", text="yes", of=1)[0] == "read_only"
    assert refused(ann, commands.Edit, conversation="#ops", seq=1, text="second")[0] == "read_only"
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍")[0] == "read_only"
    assert refused(bob, commands.Topic, room="#ops", text="mine")[0] == "read_only"
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert ann.told(events.Error) == []


def test_a_voice_lifts_no_mute() -> None:
    _, owner, ann, _ = set_up(announce=True)
    owner.do(commands.Voice, room="#ops", name="ann")
    owner.do(commands.Mute, room="#ops", name="ann")
    assert says(ann) == "muted"


def test_announcements_in_the_lobby_stop_neither_rooms_nor_direct_messages_nor_newcomers() -> None:
    stage, _, ann, bob = cast()
    stage.order(operator.SetOwner(id=1, name="owner"))
    owner = stage.native("owner")
    owner.do(commands.Settings, room="#lobby", announce=True)
    assert says(ann, to="#lobby") == "read_only"
    assert (says(ann), says(ann, to="@bob")) == ("ok", "ok")
    ann.do(commands.Join, room="#new")
    assert stage.native("newcomer").session.user is not None
    bob.take()
    bob.do(commands.Away, text="for lunch")
    assert bob.told(events.Error) == []


def test_a_message_of_a_newcomer_that_is_refused_claims_no_name() -> None:
    stage, owner, _, _ = cast()
    owner.do(commands.Settings, room="#ops", announce=True)
    new = stage.native("newcomer", listen="none")
    assert says(new) == "read_only"
    assert stage.hub.directory.holder("newcomer") is not new.session.user


def test_only_moderators_change_settings_and_voices() -> None:
    _, _, ann, _ = cast()
    for fields in ({"announce": True}, {"slow": 30}):
        assert refused(ann, commands.Settings, room="#ops", **fields)[0] == "refused"
    assert refused(ann, commands.Voice, room="#ops", name="ann")[0] == "refused"
    assert refused(ann, commands.Unvoice, room="#ops", name="ann")[0] == "refused"


def test_what_would_change_nothing_is_refused_with_the_reason() -> None:
    stage, owner, _, _ = cast()
    guest = stage.guest("gus")
    assert refused(owner, commands.Settings, room="#ops", announce=False)[1] == "#ops is not for announcements already."
    assert refused(owner, commands.Settings, room="#ops", slow=0)[1] == "#ops is not slow already."
    assert refused(owner, commands.Settings, room="#ops", slow=SLOW_SECONDS + 1)[0] == "too_long"
    assert refused(owner, commands.Voice, room="#ops", name="owner")[1] == "owner may write in #ops already."
    assert refused(owner, commands.Unvoice, room="#ops", name="ann")[1] == "ann has no voice in #ops."
    assert refused(owner, commands.Voice, room="#ops", name=guest.session.user.name)[0] == "refused"


def test_a_kick_ends_a_voice_and_a_deleted_account_leaves_none() -> None:
    stage, owner, _, _ = set_up(announce=True)
    for name in ("ann", "bob"):
        owner.do(commands.Voice, room="#ops", name=name)
    owner.do(commands.Kick, room="#ops", name="ann")
    stage.order(operator.DeleteUser(id=1, name="bob"))
    assert shown(owner).voiced == []
    assert stage.hub.state.rooms["#ops"].voiced == set()


# Slow rooms


def test_a_slow_room_says_when_one_can_write_again() -> None:
    stage, _, ann, bob = set_up(slow=30)
    assert (says(ann), says(bob)) == ("ok", "ok")
    stage.turns.wait(18)
    assert refused(ann, commands.Send, to="#ops", text="hello") == (
        "too_many",
        "#ops is slow: one message every 30 seconds. You can write again in 12 seconds.",
    )
    assert says(ann, to="#lobby") == "ok"
    stage.turns.wait(12)
    assert (says(ann), says(ann)) == ("ok", "too_many")


def test_moderators_and_voiced_users_do_not_wait_in_a_slow_room() -> None:
    _, owner, ann, _ = set_up(slow=30)
    owner.do(commands.Voice, room="#ops", name="ann")
    assert [says(peer) for peer in (owner, owner, ann, ann)] == ["ok"] * 4


def test_replies_and_edits_wait_in_a_slow_room_and_reactions_do_not() -> None:
    _, _, ann, bob = set_up(slow=30)
    assert says(ann) == "ok"
    assert says(ann, of=1) == "too_many"
    assert refused(ann, commands.Edit, conversation="#ops", seq=1, text="second")[0] == "too_many"
    assert says(bob, of=1) == "ok"
    assert says(bob) == "too_many"
    bob.do(commands.React, conversation="#ops", seq=1, text="👍")
    bob.do(commands.Delete, conversation="#ops", seq=4)
    assert bob.told(events.Error) == []


def test_a_message_that_is_refused_does_not_count() -> None:
    _, _, ann, _ = set_up(slow=30)
    assert says(ann, text=" ") == "bad_text"
    assert says(ann, of=99) == "not_found"
    assert says(ann) == "ok"


def test_a_repeated_message_is_answered_in_a_slow_room_too() -> None:
    stage, _, ann, _ = set_up(slow=30)
    assert says(ann, outbox=OUTBOX, n=1) == "ok"
    ann.do(commands.Send, to="#ops", text="hello", outbox=OUTBOX, n=1)
    assert [ok.duplicate for ok in ann.told(events.Ok)] == [True]
    assert says(ann, outbox=OUTBOX, n=2) == "too_many"
    stage.turns.wait(30)
    assert says(ann, outbox=OUTBOX, n=3) == "ok"


def test_a_full_disk_does_not_make_a_message_wait_in_a_slow_room() -> None:
    stage, _, ann, _ = set_up(slow=30)
    stage.journal.capacity = 0
    assert says(ann, outbox=OUTBOX, n=1) == "storage"
    stage.journal.capacity = 1000
    assert says(ann, outbox=OUTBOX, n=1) == "ok"


def test_another_session_is_no_way_around_a_slow_room() -> None:
    stage, _, ann, _ = set_up(slow=30)
    other = stage.native("ann")
    assert (says(ann), says(other)) == ("ok", "too_many")


def test_another_guest_of_the_same_address_is_no_way_around_a_slow_room() -> None:
    stage, owner, _, _ = cast()
    owner.do(commands.Settings, room="#lobby", slow=30)
    stage.order(operator.SetOwner(id=1, name="owner"))
    stage.native("owner").do(commands.Settings, room="#lobby", slow=30)
    answers = []
    for number, peer in enumerate(("203.0.113.1", "203.0.113.1", "203.0.114.2", "127.0.0.1", "127.0.0.1")):
        guest = stage.connect(PLAIN, Channel(peer, is_loopback=peer == "127.0.0.1"))
        guest.ask(commands.Hello(name=f"guest{number}"))
        stage.settle()
        guest.take()
        guest.do(commands.Send, to="#lobby", text="hello")
        answers.append("is slow" in guest.text())
    assert answers == [False, True, False, False, False]


def test_a_message_stored_by_another_node_counts_in_a_slow_room() -> None:
    cluster = Cluster()
    one, other = cluster.first.native("ann"), cluster.second.native("ann")
    owner = cluster.first.native("owner")
    owner.do(commands.Join, room="#ops")
    owner.do(commands.Settings, room="#ops", slow=30)
    cluster.settle()
    assert says(one) == "ok"
    cluster.settle()
    assert says(other) == "too_many"


# What is told


def test_everyone_who_may_read_a_room_sees_its_settings() -> None:
    stage, owner, _, bob = set_up(announce=True, slow=30)
    owner.do(commands.Mod, room="#ops", name="ann")
    owner.do(commands.Voice, room="#ops", name="bob")
    owner.do(commands.Topic, room="#ops", text="deploys")
    told = shown(bob)
    assert (told.room, told.topic, told.owner, told.moderators, told.voiced) == (
        "#ops", "deploys", "owner", ["ann"], ["bob"],
    )  # fmt: skip
    assert (told.private, told.announce, told.slow) == (False, True, 30)
    owner.do(commands.Access, room="#ops", private=True)
    outsider = stage.native("eve")
    assert refused(outsider, commands.Settings, room="#ops")[0] == "no_such_room"


def test_members_are_told_of_changes_as_events_and_as_notices() -> None:
    _, owner, _, bob = cast()
    owner.do(commands.Settings, room="#ops", announce=True)
    owner.do(commands.Settings, room="#ops", slow=90)
    owner.do(commands.Voice, room="#ops", name="bob")
    owner.do(commands.Unvoice, room="#ops", name="bob")
    owner.do(commands.Mod, room="#ops", name="bob")
    told = bob.events()
    changed = {"conversation": "#ops", "by": "owner"}
    assert [event for event in told if isinstance(event, events.Changed)] == [
        events.Changed(**changed, announce=True),
        events.Changed(**changed, slow=90),
        events.Changed(**changed, user="bob", voice=True),
        events.Changed(**changed, user="bob", voice=False),
        events.Changed(**changed, user="bob", moderator=True),
    ]
    assert [decode_text(event).text for event in told if isinstance(event, events.Entry)] == [
        "owner let only moderators and users with a voice write in #ops.",
        "owner slowed #ops down: one message every 90 seconds.",
        "owner gave bob a voice in #ops.",
        "owner took bob's voice in #ops away.",
        "owner made bob a moderator of #ops.",
    ]


def test_the_welcome_and_the_list_of_rooms_tell_the_settings() -> None:
    stage, _, ann, _ = set_up(announce=True, slow=30)
    ann.do(commands.Rooms)
    (told,) = ann.told(events.Rooms)
    assert [(room.name, room.announce, room.slow) for room in told.rooms] == [("#lobby", False, 0), ("#ops", True, 30)]
    (welcome,) = stage.native("ann").told(events.Welcome)
    described = {each.conversation: (each.announce, each.slow) for each in welcome.conversations}
    assert described == {"#lobby": (False, 0), "#ops": (True, 30)}


def test_settings_survive_a_restart() -> None:
    stage, owner, _, _ = set_up(announce=True, slow=30)
    owner.do(commands.Voice, room="#ops", name="ann")
    room = stage.new_hub().state.rooms["#ops"]
    assert (room.is_announce, room.slow, len(room.voiced), room.restrained) == (True, 30, 1, True)


def test_a_plain_user_reads_the_settings() -> None:
    stage, owner, _, _ = set_up(announce=True, slow=30)
    plain = stage.plain("pat")
    plain.take()
    plain.do(commands.Settings, room="#ops")
    assert plain.text() == (
        "=== #ops ===\n  - owner: owner\n  - announce: only moderators and users with a voice write\n"
        "  - slow: one message every 30 seconds, except from users with a voice\n"
    )
    plain.do(commands.Rooms)
    assert "  - #ops (3 online, announcements, slow: 30 seconds)\n" in plain.text()
    plain.do(commands.Settings, room="#lobby")
    assert plain.text() == "=== #lobby ===\n  - no topic, no owner, open to everyone\n"
    assert owner.told(events.Error) == []
