"""Evasion: users who were muted, banned, kicked or removed, or whose name was released."""

import pytest

from socketchat.commands.operator.orders import handle as give
from socketchat.hub import Channel
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from socketchat.protocol.wording import AWAY
from tests.commands.test_moderation import notices, played, refusal
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

PRIVATE = Channel("127.0.0.1", is_loopback=True)

MUTED = ("muted", "You are muted in #ops.")


def moderated() -> tuple[Stage, Peer, Peer, Peer]:
    """Return ann, who owns #ops, and its moderators bob and eve; eve is muted there."""
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    for name in ("bob", "eve"):
        ann.do(commands.Mod, room="#ops", name=name)
    ann.do(commands.Mute, room="#ops", name="eve")
    for peer in (ann, bob, eve):
        peer.take()
    return stage, ann, bob, eve


def test_a_muted_moderator_and_an_equal_cannot_lift_the_mute() -> None:
    _, ann, bob, eve = moderated()
    eve.do(commands.Unmute, room="#ops", name="eve")
    assert refusal(eve) == ("refused", "You cannot do that to yourself.")
    bob.do(commands.Unmute, room="#ops", name="eve")
    assert refusal(bob) == ("refused", "You cannot do that to eve: eve has the same rank as you in #ops.")
    eve.say("hello", to="#ops")
    eve.stage.settle()
    assert refusal(eve) == MUTED
    ann.do(commands.Unmute, room="#ops", name="eve")
    assert ann.told(events.Ok)


def test_a_mute_cannot_be_lifted_through_another_name_of_the_key() -> None:
    stage, _, bob, eve = moderated()
    stage.login(key_of("eve"), name="evebot")
    for peer in (eve, bob):
        peer.do(commands.Unmute, room="#ops", name="evebot")
        assert refusal(peer)[0] == "refused"
    eve.say("hello", to="#ops")
    stage.settle()
    assert refusal(eve) == MUTED


@pytest.mark.parametrize("kind", [commands.Kick, commands.Ban, commands.Mute])
def test_a_muted_user_cannot_speak_through_a_reason(kind: type[commands.Command]) -> None:
    stage, ann, _, eve = moderated()
    stage.native("dan").do(commands.Join, room="#ops")
    ann.take()
    eve.do(kind, room="#ops", name="dan", reason="what I wanted to say")
    assert refusal(eve) == MUTED
    eve.do(kind, room="#ops", name="dan")
    assert eve.told(events.Ok)
    assert [text.split()[0] for text in notices(ann)] == ["eve"]


def test_a_globally_muted_user_cannot_speak_through_away_invite_or_topic() -> None:
    stage, (ann, bob) = played("ann", "bob")
    bob.do(commands.Join, room="#bobs")
    bob.do(commands.Access, room="#bobs", private=True)
    ann.do(commands.Mute, room="#lobby", name="bob")
    for ask in (
        commands.Away(id=50, text="what I wanted to say"),
        commands.Invite(id=51, room="#bobs", name="ann"),
        commands.Topic(id=52, room="#bobs", text="what I wanted to say"),
        commands.Send(id=53, to="@ann", text="what I wanted to say"),
    ):
        bob.take()
        bob.ask(ask)
        stage.settle()
        assert refusal(bob) == ("muted", "You are muted in the chat.")
    bob.do(commands.Away)
    assert bob.told(events.Ok)


def test_a_reason_for_being_away_is_shown_no_longer_once_its_user_is_muted() -> None:
    _, (ann, bob) = played("ann", "bob")
    bob.do(commands.Away, text="what I wanted to say")
    ann.do(commands.Mute, room="#lobby", name="bob")
    ann.take()
    ann.do(commands.Users)
    ann.do(commands.Send, to="@bob", text="hello")
    told = ann.events()
    assert [event.away for event in told if isinstance(event, events.Users)] == [{"bob": AWAY}]
    assert [event.away for event in told if isinstance(event, events.Absent)] == [AWAY]
    ann.do(commands.Unmute, room="#lobby", name="bob")
    ann.do(commands.Users)
    assert [event.away for event in ann.told(events.Users)] == [{"bob": "what I wanted to say"}]


@pytest.mark.parametrize("private", [False, True])
def test_a_kicked_user_cannot_change_anything_in_the_room(*, private: bool) -> None:
    stage, (ann, eve) = played("ann", "eve")
    eve.say("mine", to="#ops")
    stage.settle()
    ann.do(commands.Access, room="#ops", private=private)
    eve.take()
    ann.ask(commands.Ban(id=70, room="#ops", name="eve"))
    for ask in (
        commands.Edit(id=50, conversation="#ops", seq=1, text="changed"),
        commands.Delete(id=51, conversation="#ops", seq=1),
        commands.Edit(id=52, conversation="#ops", text="changed"),
        commands.Search(id=53, words="mine", conversation="#ops"),
        commands.History(id=54, conversation="#ops"),
    ):
        eve.ask(ask)
        stage.settle()
        (error,) = eve.told(events.Error)
        assert error.code in ({"banned", "no_such_room"} if private else {"banned"})
    kinds = [each.kind for each in stage.journal._store.logs["#ops"]]
    assert set(kinds) == {"message", "notice"}


def test_moderators_cannot_change_messages_in_other_rooms() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    bob.do(commands.Join, room="#dev")
    eve.do(commands.Join, room="#dev")
    ann.say("mine", to="#ops")
    eve.say("mine", to="#dev")
    eve.say("mine", to="@ann")
    stage.settle()
    (pair,) = eve.hub.directory.pairs_of(eve.session.user)
    for conversation in ("#ops", pair.id):
        bob.take()
        bob.do(commands.Delete, conversation=conversation, seq=1)
        assert bob.told(events.Error)
    bob.do(commands.Edit, conversation="#dev", seq=1, text="his words")
    assert refusal(bob) == ("refused", "Only eve can edit #dev/1.")
    ann.take()
    ann.do(commands.Delete, conversation=pair.id, seq=1)  # the owner of the server, who is its addressee
    assert refusal(ann) == ("refused", "Only eve can delete @eve/1.")


def test_a_room_is_private_from_the_owner_s_command_on() -> None:
    stage, (ann, _) = played("ann", "bob")
    eve = stage.native("eve")
    eve.take()
    ann.ask(commands.Access(id=70, room="#ops", private=True))
    eve.do(commands.Join, room="#ops")
    assert refusal(eve)[0] == "no_such_room"
    assert eve.session.user.id not in stage.hub.directory.rooms["#ops"].members
    stage.hub = stage.new_hub()
    assert stage.hub.directory.rooms["#ops"].is_private


def test_a_room_that_cannot_be_stored_as_private_stays_public() -> None:
    stage, (ann, bob) = played("ann", "bob")
    stage.journal.capacity = 0
    ann.do(commands.Access, room="#ops", private=True)
    assert refusal(ann)[0] == "storage"
    bob.do(commands.Users, room="#ops")
    assert bob.told(events.Users)
    assert not stage.hub.directory.rooms["#ops"].is_private


def test_a_guest_cannot_make_a_room_private_or_reenter_one() -> None:
    stage, (ann, _) = played("ann", "bob")
    gus = stage.guest("gus")
    gus.do(commands.Join, room="#guests")
    ann.do(commands.Join, room="#guests")
    gus.take()
    gus.do(commands.Access, room="#guests", private=True)
    assert refusal(gus) == ("refused", "Guests cannot make a room private, because they can only be in public rooms.")
    ann.do(commands.Access, room="#guests", private=True)
    gus.take()
    gus.do(commands.Join, room="#guests")
    assert refusal(gus)[0] == "no_such_room"


def test_a_guest_cannot_reach_an_offline_user_by_an_edit() -> None:
    stage, (ann, _) = played("ann", "bob")
    gus = stage.guest("gus")
    gus.say("hello", to="@ann")
    stage.settle()
    ann.do(commands.Quit)
    gus.take()
    gus.do(commands.Edit, conversation="@ann", text="what I wanted to say")
    assert refusal(gus) == ("refused", "ann is not online, and guests can only write to users who are.")
    gus.do(commands.Delete, conversation="@ann")
    assert gus.told(events.Ok)


def test_edits_of_an_ignored_user_are_hidden() -> None:
    _, (ann, bob) = played("ann", "bob")
    ann.do(commands.Ignore, name="bob")
    for to in ("#ops", "@ann"):
        bob.say("first", to=to)
        bob.do(commands.Edit, conversation=to, text="second")
        bob.do(commands.Delete, conversation=to)
    told = ann.told(events.Entry)
    assert [decode_text(each).text for each in told if each.kind != "ignored"] == [""]  # that #ops lacks a line
    ann.do(commands.Unread)
    (unread,) = ann.told(events.Unread)
    assert unread.conversations == []


def test_the_next_owner_of_a_name_has_no_rights_of_the_last_one() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Access, room="#ops", private=True)
    bob.say("mine", to="#ops")
    bob.say("mine", to="#lobby")
    bob.say("mine", to="@ann")
    stage.settle()
    (pair,) = bob.hub.directory.pairs_of(bob.session.user)
    ann.do(commands.Ignore, name="bob")
    ann.do(commands.Mod, room="#ops", name="bob")
    stage.order(operator.ReleaseName(id=1, name="bob"))
    for _ in range(2):
        new = stage.login(key_of("second"), name="bob")
        new.take()
        for number, (conversation, code) in enumerate(
            (("#ops", "no_such_room"), ("#lobby", "refused"), (pair.id, "no_such_room"), ("@ann", ""))
        ):
            for ask in (
                commands.Edit(id=50 + number, conversation=conversation, seq=2, text="his words"),
                commands.Delete(id=60 + number, conversation=conversation, seq=2),
            ):
                new.ask(ask)
                stage.settle()
                error = refusal(new)
                assert error[0] == (code or "not_found"), (conversation, error)
        new.do(commands.Search, words="mine")
        assert [each.conversation for each in new.told(events.Past)] == ["#lobby"]
        stage.hub = stage.new_hub()
    assert not stage.hub.directory.user("ann").ignored & {new.session.user.id}


def test_an_account_released_while_joining_is_not_a_member() -> None:
    stage, (ann, _) = played("ann", "bob")
    ann.do(commands.Join, room="#dev")
    office = stage.connect()
    office.session.user = stage.hub.operator
    give(stage.hub, office.session, operator.ReleaseName(id=1, name="bob"))
    again = stage.connect()
    again.log_in(key_of("bob"), name="bob")
    again.ask(commands.Join(room="#dev"))
    stage.settle()
    assert list(stage.hub.directory.rooms["#dev"].members.values()) == [ann.session.user]


@pytest.mark.parametrize("act", [commands.Mute, commands.Ban])
@pytest.mark.parametrize("other_name", ["evebot", "zoe"])
def test_a_restriction_follows_an_account_to_its_other_keys_and_names(act: type[commands.Command], other_name) -> None:
    stage, (ann, _) = played("ann", "eve")
    stage.login(key_of("eve"), name="evebot").do(commands.Join, room="#ops")
    ann.do(act, room="#ops", name="eve")
    evebot = stage.connect(channel=PRIVATE)
    evebot.log_in(key_of("eve"), name="evebot")
    stage.settle()
    evebot.do(commands.Password, password="three blind mice")
    other = stage.connect(channel=PRIVATE)
    other.log_in(key_of("other"), name="evebot", password="three blind mice")
    stage.settle()
    assert other.told(events.Welcome)
    other.do(commands.Devices)
    old = next(each.fingerprint for each in other.told(events.Devices)[0].devices if not each.current)
    other.do(commands.Revoke, device=old)
    peer = other if other_name == "evebot" else stage.login(key_of("other"), name=other_name)
    peer.take()
    peer.say("here I am", to="#ops")
    stage.settle()
    assert refusal(peer)[0] == ("muted" if act is commands.Mute else "banned")
    lift = {commands.Mute: commands.Unmute, commands.Ban: commands.Unban}[act]
    ann.do(lift, room="#ops", name="eve")
    peer.take()
    peer.say("here I am", to="#ops")
    stage.settle()
    assert not peer.told(events.Error)
    assert stage.hub.state.snapshot() == stage.new_hub().state.snapshot()


def test_an_expired_restriction_follows_no_user() -> None:
    stage, (ann, _) = played("ann", "eve")
    ann.do(commands.Mute, room="#ops", name="eve", seconds=60)
    stage.turns.wait(61)
    evebot = stage.login(key_of("eve"), name="evebot")
    evebot.say("here I am", to="#ops")
    stage.settle()
    assert not evebot.told(events.Error)
    assert f"user:{evebot.session.user.id}" not in str(stage.hub.directory.rooms["#ops"].mutes.snapshot())
