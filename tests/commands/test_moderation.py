"""Roles and what they allow, in native and plain sessions."""

from hashlib import sha256

import pytest

from socketchat.hub import Channel
from socketchat.protocol import commands, events, operator
from socketchat.protocol.authentication.entry_proof import INVITE_BYTES
from socketchat.protocol.authentication.proofs import from_word
from socketchat.protocol.codec import decode_text
from socketchat.wire.native import NATIVE
from tests.hub.stage import Peer, Stage
from tests.keys import key_of


def refusal(peer: Peer) -> tuple[str, str]:
    (error,) = peer.told(events.Error)
    return error.code, error.text


def notices(peer: Peer) -> list[str]:
    return [decode_text(each).text for each in peer.told(events.Entry) if each.kind == "notice"]


def played(*names: str) -> tuple[Stage, list[Peer]]:
    """Log in owners; the first one owns the server and makes #ops, which all of them join."""
    stage = Stage()
    peers = [stage.native(name) for name in names]
    assert stage.order(operator.SetOwner(id=1, name=names[0])) == []
    for peer in peers:
        peer.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    for peer in peers:
        peer.take()
    return stage, peers


def test_the_operator_sets_an_owner_who_can_set_moderators() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    bob.do(commands.Kick, room="#lobby", name="eve")
    assert refusal(bob) == ("refused", "Only the owner and moderators of the chat can do that.")
    bob.do(commands.Mod, room="#lobby", name="bob")
    assert refusal(bob) == ("refused", "Only the owner of the chat can do that.")
    ann.do(commands.Mod, room="#lobby", name="bob")
    assert notices(bob) == ["ann made bob a moderator of the chat."]
    ann.do(commands.Mod, room="#lobby", name="bob")
    assert refusal(ann) == ("refused", "bob is already a moderator of the chat.")
    assert stage.order(operator.ListUsers(id=1)) == ["ann owner online", "bob moderator online", "eve online"]
    bob.do(commands.Kick, room="#lobby", name="eve", reason="spam.")
    assert b'"code":"kicked","text":"bob kicked you from the chat: spam."' in eve.last_words
    assert notices(ann)[-1] == "bob kicked eve from the chat: spam."
    assert "eve" not in stage.hub.online.names()
    assert stage.native("eve").session.user is not None


def test_a_new_owner_replaces_the_old_one() -> None:
    stage, (ann, _) = played("ann", "bob")
    stage.order(operator.SetOwner(id=1, name="bob"))
    ann.do(commands.Mod, room="#lobby", name="ann")
    assert refusal(ann)[0] == "refused"
    assert stage.order(operator.ListUsers(id=1)) == ["ann online", "bob owner online"]


def test_the_creator_owns_a_room_and_its_moderators_act_only_there() -> None:
    stage, (_, bob, eve) = played("ann", "bob", "eve")
    bob.do(commands.Join, room="#dev")
    eve.do(commands.Join, room="#dev")
    bob.do(commands.Mod, room="#dev", name="eve")
    bob.take(), eve.take()
    eve.do(commands.Mute, room="#ops", name="ann")
    assert refusal(eve) == ("refused", "Only the owner and moderators of #ops can do that.")
    carol = stage.native("carol")
    carol.do(commands.Join, room="#dev")
    eve.do(commands.Kick, room="#dev", name="carol")
    assert carol.told(events.Left) == [events.Left(conversation="#dev", text="eve kicked you from #dev.", by="eve")]
    bob.do(commands.Unmod, room="#dev", name="eve")
    eve.take()
    eve.do(commands.Mute, room="#dev", name="carol")
    assert refusal(eve)[0] == "refused"


def test_users_cannot_act_against_equals_or_owners() -> None:
    _, (ann, bob, eve) = played("ann", "bob", "eve")
    for name in ("bob", "eve"):
        ann.do(commands.Mod, room="#lobby", name=name)
    bob.take()
    for name in ("ann", "eve", "bob"):
        for kind in (commands.Kick, commands.Ban, commands.Mute):
            bob.do(kind, room="#lobby", name=name)
            assert refusal(bob)[1].startswith("You cannot do that to ")
    ann.do(commands.Kick, room="#lobby", name="ann")
    assert refusal(ann) == ("refused", "You cannot do that to yourself.")
    assert eve.last_words is None


def test_an_owner_cannot_be_banned_through_another_name() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mod, room="#lobby", name="bob")
    stage.login(key_of("ann"), name="annbot")
    ann.do(commands.Mute, room="#lobby", name="annbot")
    assert refusal(ann) == ("refused", "annbot has the same key as you, so this would apply to you too.")
    bob.take()
    for kind in (commands.Ban, commands.Mute):
        bob.do(kind, room="#lobby", name="annbot")
        assert refusal(bob) == ("refused", "You cannot do that to ann: ann outranks you in the chat.")
    stage.native("eve")
    ann.do(commands.Mod, room="#lobby", name="eve")
    bob.take()
    bob.do(commands.Kick, room="#lobby", name="eve")
    assert refusal(bob) == ("refused", "You cannot do that to eve: eve has the same rank as you in the chat.")


def test_a_user_kicked_from_a_public_room_can_rejoin() -> None:
    stage, (ann, bob) = played("ann", "bob")
    plain = stage.plain("gus")
    plain.ask(commands.Join(room="#ops"))
    stage.settle()
    plain.take(), bob.take()
    ann.do(commands.Kick, room="#ops", name="gus", reason="spam")
    text = plain.text()
    assert "[room] ann kicked you from #ops: spam.\n[room] You are now in #lobby.\n" in text
    assert "[notice]" not in text
    assert notices(bob) == ["ann kicked gus from #ops: spam."]
    ann.say("secret", to="#ops")
    stage.settle()
    assert "secret" not in plain.text()
    ann.do(commands.Kick, room="#ops", name="gus")
    assert refusal(ann) == ("not_a_member", "gus is not in #ops.")
    plain.ask(commands.Join(room="#ops"))
    stage.settle()
    assert "[room] You are now in #ops." in plain.text()


def test_a_private_room_stays_accessible_to_its_owner_and_the_operator_can_reassign_it() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    bob.do(commands.Join, room="#dev")
    eve.do(commands.Join, room="#dev")
    bob.do(commands.Access, room="#dev", private=True)
    bob.do(commands.Leave, room="#dev")
    bob.take()
    bob.do(commands.Rooms)
    (rooms,) = bob.told(events.Rooms)
    assert "#dev" in [room.name for room in rooms.rooms]
    bob.do(commands.Join, room="#dev")
    assert not bob.told(events.Error)
    bob.do(commands.Leave, room="#dev")
    ann.take(), eve.take()
    ann.do(commands.Join, room="#dev")
    assert refusal(ann)[0] == "no_such_room"
    assert stage.order(operator.SetRoomOwner(id=1, room="#DEV", name="ann")) == []
    assert notices(eve) == ["operator made ann the owner of #dev."]
    assert stage.order(operator.ShowLog(id=1))[-1].endswith("Z operator owner ann in #dev")
    stage.hub = stage.new_hub()
    ann, bob = stage.native("ann"), stage.native("bob")
    ann.take(), bob.take()
    ann.do(commands.Join, room="#dev")
    bob.do(commands.Join, room="#dev")
    assert not ann.told(events.Error)
    assert refusal(bob)[0] == "no_such_room"


def test_only_accounts_can_become_room_owners() -> None:
    stage, (ann, _, _) = played("ann", "bob", "eve")
    ann.do(commands.Ban, room="#ops", name="eve")
    stage.guest("gus")
    for room, name, code in (
        ("#ops", "eve", "refused"),
        ("#ops", "gus", "refused"),
        ("#lobby", "bob", "refused"),
        ("#zzzzzzzz", "bob", "no_such_room"),
    ):
        assert stage.order(operator.SetRoomOwner(id=1, room=room, name=name))[0] == code


def test_errors_for_the_operator_name_operator_commands() -> None:
    stage, _ = played("ann", "bob")
    for order in (
        operator.BanUser(id=1, name="zzzzzzzz"),
        operator.EraseUser(id=1, name="zzzzzzzz"),
        operator.ReleaseName(id=1, name="zzzzzzzz"),
        operator.SetRoomOwner(id=1, room="#ops", name="zzzzzzzz"),
    ):
        text = "No such user: zzzzzzzz. `socketchat admin users` lists the users."
        assert stage.order(order) == ["no_such_user", text]
    text = "No such room: #zzzzzzzz. `socketchat admin rooms` lists the rooms."
    assert stage.order(operator.SetRoomOwner(id=1, room="#zzzzzzzz", name="bob")) == ["no_such_room", text]
    code, text = stage.order(operator.BanUser(id=1, name="10.77.1.2/24"))
    assert (code, "--address" in text) == ("usage", True)


def test_only_present_users_can_be_kicked() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    ann.do(commands.Access, room="#ops", private=True)
    eve.do(commands.Leave, room="#ops")
    ann.do(commands.Invite, room="#ops", name="eve")
    bob.take()
    ann.do(commands.Kick, room="#ops", name="eve")
    assert notices(bob) == ["ann withdrew eve's invitation to #ops."]
    ann.do(commands.Invite, room="#ops", name="eve")
    ann.do(commands.Access, room="#ops", private=False)
    for name, room in (("eve", "#ops"), ("eve", "#lobby")):
        if room == "#lobby":
            eve.drop()
            stage.turns.wait(60)
        ann.take(), bob.take()
        ann.do(commands.Kick, room=room, name=name)
        place = "the chat" if room == "#lobby" else room
        assert refusal(ann) == ("not_a_member", f"eve is not in {place}.")
        assert notices(bob) == []


def test_acts_survive_a_restart() -> None:
    stage, (ann, *_) = played("ann", "bob", "eve")
    ann.do(commands.Kick, room="#ops", name="bob")
    ann.do(commands.Ban, room="#ops", name="eve")
    ann.do(commands.Mute, room="#lobby", name="bob")
    ann.do(commands.Mod, room="#ops", name="bob")
    ann.do(commands.Access, room="#ops", private=True)
    stage.hub = stage.new_hub()
    room = stage.hub.directory.rooms["#ops"]
    assert [user.name for user in room.members.values()] == ["ann"]
    assert room.is_private
    assert room.has_moderator(stage.hub.directory.user("bob"))
    for name in ("bob", "eve"):
        (welcome,) = stage.native(name).told(events.Welcome)
        assert [each.conversation for each in welcome.conversations] == ["#lobby"]
    eve, bob = stage.native("eve"), stage.native("bob")
    eve.take(), bob.take()
    eve.do(commands.Join, room="#ops")
    assert refusal(eve)[0] == "no_such_room"
    bob.say("hi")
    assert refusal(bob) == ("muted", "You are muted in the chat.")
    assert stage.order(operator.ListUsers(id=1)) == ["ann owner", "bob online", "eve online"]


def test_a_room_ban_lasts_until_it_expires() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Ban, room="#ops", name="bob", seconds=600, reason="spam")
    assert notices(ann) == ["ann banned bob from #ops for 10 minutes: spam."]
    assert bob.told(events.Left) == [
        events.Left(conversation="#ops", text="ann banned you from #ops for 10 minutes: spam.", reason="spam", by="ann")
    ]
    stage.turns.wait(300)
    for ask in (
        lambda: bob.do(commands.Join, room="#ops"),
        lambda: bob.do(commands.History, conversation="#ops"),
        lambda: (bob.say("hi", to="#ops"), stage.settle()),
        lambda: bob.do(commands.Topic, room="#ops", text="mine"),
    ):
        ask()
        assert refusal(bob) == ("banned", "You are banned from #ops for another 5 minutes: spam.")
    stage.turns.wait(301)
    bob.do(commands.Join, room="#ops")
    assert bob.told(events.Conversation)


def test_a_chat_ban_covers_the_key_and_the_name() -> None:
    stage, (ann, bob) = played("ann", "bob")
    second = stage.login(key_of("bob"), name="bobby")
    second.do(commands.Join, room="#ops")
    ann.do(commands.Ban, room="#lobby", name="bob", reason="spam")
    for peer in (bob, second):
        assert b'"code":"banned","text":"ann banned you from the chat: spam."' in peer.last_words
    for hello in (
        {"key": key_of("bob"), "name": "bob"},
        {"key": key_of("bob"), "name": "bobby"},
        {"key": key_of("bob"), "name": "rob"},
        {"key": key_of("other"), "name": "b0b"},
        {"name": "bob"},
    ):
        peer = stage.login(**hello)
        assert peer.session.user is None, hello
        assert refusal(peer)[0] in {"banned", "name_taken"}, hello
    assert stage.hub.directory.holder("rob") is None
    stage.hub = stage.new_hub()
    assert refusal(stage.native("bob")) == ("banned", "You are banned from the chat: spam.")
    ann = stage.native("ann")
    ann.do(commands.Unban, room="#lobby", name="bobby")  # which has the same key
    assert stage.native("bob").session.user is not None


def test_a_session_of_a_banned_user_cannot_be_resumed() -> None:
    stage, (ann, bob) = played("ann", "bob")
    token = bob.session.token
    bob.drop()
    ann.do(commands.Ban, room="#lobby", name="bob")
    assert "bob" not in stage.hub.online.names()
    peer = stage.login(token=token)
    assert peer.session.user is None


def test_a_muted_user_can_read_and_cannot_speak() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mute, room="#ops", name="bob", seconds=60)
    assert notices(bob) == ["ann muted bob in #ops for 1 minute."]
    bob.say("hi", to="#ops")
    bob.say("waves", to="#ops", kind="action")
    bob.do(commands.Topic, room="#ops", text="mine")
    assert [error.code for error in bob.told(events.Error)] == ["muted"] * 3
    bob.say("hi")
    ann.say("hello", to="#ops")
    stage.settle()
    assert bob.heard() == [("#lobby", 2, "hi"), ("#ops", 2, "hello")]
    ann.do(commands.Unmute, room="#ops", name="bob")
    assert notices(bob) == ["ann unmuted bob in #ops."]
    bob.say("thanks", to="#ops")
    stage.settle()
    assert bob.told(events.Ok)


def test_a_user_muted_in_the_lobby_cannot_speak_anywhere() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mute, room="#lobby", name="bob")
    bob.take()
    for to in ("#lobby", "#ops", "@ann"):
        bob.say("hi", to=to)
    stage.settle()
    assert [error.text for error in bob.told(events.Error)] == ["You are muted in the chat."] * 3
    assert not bob.session.user.pairs


def test_a_private_room_is_invisible_to_others() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    eve.do(commands.Leave, room="#ops")
    ann.do(commands.Access, room="#ops", private=True)
    assert notices(bob) == ["ann made #ops private."]
    eve.take()
    answers = []
    for room in ("#ops", "#opp"):
        for ask in (
            lambda room: eve.do(commands.History, conversation=room),
            lambda room: eve.do(commands.Topic, room=room),
            lambda room: eve.do(commands.Users, room=room),
            lambda room: eve.do(commands.Leave, room=room),
            lambda room: (eve.say("hi", to=room), stage.settle()),
            lambda room: eve.do(commands.Kick, room=room, name="bob"),
            lambda room: eve.do(commands.Invite, room=room, name="bob"),
            lambda room: eve.do(commands.Access, room=room, private=False),
        ):
            ask(room)
            answers.append(tuple(each.replace(room, "#x") for each in refusal(eve)))
    assert set(answers) == {("no_such_room", "No such room: #x. /rooms lists the rooms, /join creates one.")}
    eve.do(commands.Rooms)
    assert [room.name for told in eve.told(events.Rooms) for room in told.rooms] == ["#lobby"]
    eve.do(commands.Join, room="#ops")
    assert refusal(eve) == ("no_such_room", "No such room: #ops. /rooms lists the rooms, /join creates one.")
    bob.say("among us", to="#ops")
    stage.settle()
    assert eve.heard() == []
    bob.do(commands.Invite, room="#ops", name="eve")
    assert refusal(bob)[0] == "refused"


def test_an_invited_user_is_notified_and_can_join_permanently() -> None:
    stage, (ann, _) = played("ann", "bob")
    eve = stage.native("eve")
    ann.do(commands.Access, room="#ops", private=True)
    ann.do(commands.Invite, room="#ops", name="eve")
    assert notices(eve) == ["ann invited eve to #ops. To enter: /join #ops"]
    eve.do(commands.Rooms)
    assert [room.name for told in eve.told(events.Rooms) for room in told.rooms] == ["#lobby", "#ops"]
    eve.do(commands.History, conversation="#ops")
    assert refusal(eve) == ("not_a_member", "Join #ops first.")
    stage.hub = stage.new_hub()
    eve = stage.native("eve")
    eve.do(commands.Join, room="#ops")
    eve.do(commands.Leave, room="#ops")
    eve.do(commands.Join, room="#ops")
    assert eve.told(events.Left)
    eve.do(commands.History, conversation="#ops")
    assert eve.told(events.Past)
    ann = stage.native("ann")
    ann.do(commands.Kick, room="#ops", name="eve")
    eve.take()
    eve.do(commands.Join, room="#ops")
    assert refusal(eve)[0] == "no_such_room"


def test_every_user_who_sees_a_room_can_ask_whether_it_is_private() -> None:
    stage, (ann, bob) = played("ann", "bob")
    for private, word in (
        (False, "public: everyone can join it"),
        (True, "private: only members and invited users see it"),
    ):
        for peer in (ann, bob):
            peer.take()
            peer.do(commands.Access, room="#ops")
            assert [each.text for each in peer.told(events.Help)] == [f"#ops is {word}."]
        if not private:
            ann.do(commands.Access, room="#ops", private=True)
    bob.do(commands.Access, room="#ops", private=False)
    assert refusal(bob)[0] == "refused"
    eve = stage.native("eve")
    eve.take()
    eve.do(commands.Access, room="#ops")
    assert refusal(eve)[0] == "no_such_room"


def test_the_operator_is_told_whose_ban_covered_another_name_of_the_key() -> None:
    stage = Stage()
    for name in ("bot-one", "helper"):
        stage.login(key_of("shared"), name=name)
    stage.order(operator.BanUser(name="bot-one"))
    stage.settle()
    assert stage.order(operator.UnbanUser(name="helper")) == [
        "Lifted the ban of bot-one from the chat, which covered helper too: they share a key or look alike."
    ]
    assert stage.order(operator.ListBans()) == []


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (commands.Invite(room="#ops", name="gus"), "#ops is public; gus can join it without an invitation."),
        (commands.Access(room="#ops", private=False), "#ops is public already."),
        (commands.Access(room="#lobby", private=True), "#lobby is open to everyone; make another room private."),
        (commands.Mod(room="#ops", name="gus"), "gus is a guest, who can be a moderator only in a room, while there."),
        (commands.Unmod(room="#ops", name="bob"), "bob is not a moderator of #ops."),
        (commands.Unban(room="#ops", name="bob"), "bob is not banned from #ops."),
        (commands.Unmute(room="#lobby", name="zed"), "zed is not muted in the chat."),
        (commands.Kick(room="#lobby", name="zed"), "No such user: zed. /users lists who is online."),
    ],
)
def test_impossible_acts_are_refused_with_a_sentence(command, sentence) -> None:
    stage, (ann, _) = played("ann", "bob")
    stage.guest("gus")
    ann.ask(command)
    stage.settle()
    assert refusal(ann)[1] == sentence


def test_guests_leave_a_room_that_becomes_private_and_cannot_be_invited() -> None:
    stage, (ann, _) = played("ann", "bob")
    gus = stage.guest("gus")
    gus.do(commands.Join, room="#ops")
    ann.do(commands.Access, room="#ops", private=True)
    assert gus.told(events.Left) == [events.Left(conversation="#ops", text="ann made #ops private.")]
    ann.take()
    ann.do(commands.Invite, room="#ops", name="gus")
    assert refusal(ann) == ("refused", "gus is a guest; guests can only be in public rooms.")
    ann.do(commands.Invite, room="#ops", name="bob")
    assert refusal(ann) == ("already_there", "bob is already in #ops.")


def test_a_restriction_holds_immediately_and_is_undone_if_not_stored() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mod, room="#ops", name="bob")
    bob.take()
    stage.journal.capacity = 0
    for command in (
        commands.Mute(id=90, room="#ops", name="bob"),
        commands.Kick(id=91, room="#ops", name="bob"),
        commands.Ban(id=92, room="#lobby", name="bob"),
    ):
        ann.ask(command)
        bob.say("hi", to="#ops")
        (error,) = bob.told(events.Error)
        assert error.code in {"muted", "banned"}
        stage.settle()
    ann.ask(commands.Unmod(id=93, room="#ops", name="bob"))
    bob.ask(commands.Mute(id=94, room="#ops", name="ann"))
    assert refusal(bob) == ("refused", "Only the owner and moderators of #ops can do that.")
    stage.settle()
    assert [(error.id, error.code, error.retry) for error in ann.told(events.Error)] == [
        (number, "storage", True) for number in (90, 91, 92, 93)
    ]
    stage.journal.capacity = 1000
    bob.say("still here", to="#ops")
    bob.do(commands.Mute, room="#ops", name="eve")
    assert refusal(bob)[0] == "no_such_user"
    assert bob.session.user.id in stage.hub.directory.rooms["#ops"].members
    assert bob.last_words is None


def test_a_permission_holds_once_it_is_stored() -> None:
    stage, (ann, bob) = played("ann", "bob")
    ann.do(commands.Mute, room="#lobby", name="bob")
    bob.take()
    ann.ask(commands.Unmute(id=90, room="#lobby", name="bob"))
    bob.say("hi")
    assert refusal(bob)[0] == "muted"
    stage.settle()
    bob.say("hi")
    stage.settle()
    assert [entry[2] for entry in bob.heard()][-1] == "hi"


def test_address_bans_need_a_duration() -> None:
    stage, (ann, _) = played("ann", "bob")
    away = Channel("203.0.113.9")
    eve = stage.connect(NATIVE, away)
    eve.log_in(key_of("eve"), name="eve")
    stage.settle()
    assert stage.order(operator.BanUser(id=1, name="eve", addresses=True))[0] == "usage"
    assert stage.order(operator.BanUser(id=1, name="127.0.0.1", seconds=60))[0] == "refused"
    assert stage.order(operator.BanUser(id=1, name="eve", addresses=True, seconds=3600, reason="flood")) == []
    assert b'"code":"banned"' in eve.last_words
    assert stage.order(operator.ListBans(id=1)) == ["eve for another 1 hour: flood"]
    guest = stage.connect(NATIVE, away)
    guest.ask(commands.Hello(id=1, name="gus"))
    assert refusal(guest)[0] == "banned"
    stage.turns.wait(3601)
    guest.ask(commands.Hello(id=2, name="gus"))
    assert guest.told(events.Welcome)
    assert stage.order(operator.BanUser(id=1, name="203.0.113.9", seconds=60)) == []
    assert b'"code":"banned"' in guest.last_words
    lifted = ["Lifted the ban of 203.0.113.9 from the chat."]
    assert stage.order(operator.UnbanUser(id=1, name="203.0.113.9")) == lifted
    assert stage.order(operator.ListBans(id=1)) == []
    assert notices(ann)[-1] == "operator lifted the ban of 203.0.113.9 from the chat."


def test_the_log_lists_each_act_with_actor_target_room_and_reason() -> None:
    stage, (ann, bob, eve) = played("ann", "bob", "eve")
    ann.do(commands.Mod, room="#ops", name="bob")
    bob.do(commands.Mute, room="#ops", name="eve", seconds=600, reason="all\ncaps")
    bob.do(commands.Kick, room="#ops", name="eve")
    ann.do(commands.Access, room="#ops", private=True)
    stage.order(operator.BanUser(id=1, name="eve", reason="spam"))
    assert [line.partition("Z ")[2] for line in stage.order(operator.ShowLog(id=1))] == [
        "operator owner ann in #lobby",
        "ann mod bob in #ops",
        "bob mute eve in #ops for 10 minutes: all caps",
        "bob kick eve in #ops",
        "ann private - in #ops",
        "operator ban eve in #lobby: spam",
    ]
    assert eve.last_words


class Words:
    """A join code without the files that keep it."""

    code = "old"

    async def change_code(self) -> None:
        self.code = "new"


def test_the_log_lists_every_act_of_operator_and_moderators() -> None:
    stage, (ann, _, eve) = played("ann", "bob", "eve")
    stage.hub.admission.join_code = Words()
    eve.say("buy now", "#ops")
    stage.settle()
    said = stage.hub.directory.rooms["#ops"].head
    ann.do(commands.Delete, conversation="#ops", seq=said)
    invite = stage.order(operator.CreateInvite(id=1, uses=2, seconds=3600, room="#ops"))
    number = sha256(from_word(invite[2], INVITE_BYTES, "")).hexdigest()[:8]
    stage.order(operator.RevokeInvite(id=1, invite=number))
    stage.order(operator.JoinCode(id=1, new=True))
    stage.order(operator.ResetName(id=1, name="bob"))
    stage.order(operator.ReleaseName(id=1, name="bob"))
    assert [line.partition("Z ")[2] for line in stage.order(operator.ShowLog(id=1))][1:] == [
        f"ann delete #ops/{said} of eve",
        f"operator invite {number} to #ops for 2 uses within 1 hour",
        f"operator revoke invite {number}",
        "operator new join code",
        "operator reset bob",
        "operator release bob",
    ]


def test_the_operator_can_neither_read_nor_speak() -> None:
    stage, _ = played("ann", "bob")
    peer = stage.connect()
    peer.session.user = stage.hub.operator
    for ask in (
        lambda: peer.do(commands.History, conversation="#ops"),
        lambda: peer.do(commands.Join, room="#ops"),
        lambda: (peer.say("hi"), stage.settle()),
    ):
        ask()
        assert refusal(peer) == ("refused", "The operator can manage rooms, but not read them or speak there.")
