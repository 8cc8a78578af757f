from __future__ import annotations

from socketchat.commands.operator.orders import handle
from socketchat.hub import Admission, room_expiry
from socketchat.hub.room_expiry import EXPIRED_AT_ONCE, EXPIRY_MS, LOOK_SECONDS, UNUSED_MS
from socketchat.hub.state.apply import load
from socketchat.hub.state.projection import Projection
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from tests.commands.account.test_newcomers import come
from tests.hub.stage import Peer, Stage, finished
from tests.keys import key_of

DAY = EXPIRY_MS / 1000


def texts(peer: Peer, kind: type[commands.Command], **fields) -> list[str]:
    """Return the texts of the entries that a command answers with."""
    peer.take()
    peer.do(kind, **fields)
    return [decode_text(entry).text for entry in peer.told(events.Past)]


def code(peer: Peer, kind: type[commands.Command], **fields) -> str | None:
    """Return the code of the error that a command is answered with."""
    peer.take()
    peer.do(kind, **fields)
    return next((error.code for error in peer.told(events.Error)), None)


def team() -> tuple[Stage, Peer, Peer]:
    """Return a stage with a room #ops, its owner ann and its member ben."""
    stage = Stage()
    ann, ben = stage.native("ann"), stage.native("ben")
    for peer in (ann, ben):
        peer.do(commands.Join, room="#ops")
    ann.say("the old secret", to="#ops")
    stage.settle()
    return stage, ann, ben


def test_a_removed_room_is_gone_and_its_members_are_told_why() -> None:
    stage, ann, ben = team()
    ben.take()
    assert stage.order(operator.RemoveRoom(room="#ops")) == ["Removed #ops."]
    (left,) = ben.told(events.Left)
    assert (left.conversation, left.text) == ("#ops", "The operator removed #ops.")
    assert code(ann, commands.Send, to="#ops", text="hello?") == "no_such_room"
    assert code(ann, commands.History, conversation="#ops") == "no_such_room"
    assert stage.order(operator.ListRooms()) == ["#lobby"]
    stage.hub = stage.new_hub()
    assert stage.order(operator.ListRooms()) == ["#lobby"]


def test_a_plain_client_in_a_removed_room_is_in_the_lobby_again() -> None:
    stage, _, _ = team()
    guest = stage.plain("gus")
    guest.do(commands.Join, room="#ops")
    guest.take()
    stage.order(operator.RemoveRoom(room="#ops"))
    stage.turns.wait(1)
    assert "[room] The operator removed #ops." in guest.text()
    assert (guest.session.room, guest.session.put_out) == ("#lobby", "#ops")


def test_the_lobby_and_unknown_rooms_cannot_be_removed() -> None:
    stage = Stage()
    assert stage.order(operator.RemoveRoom(room="#lobby"))[0] == "refused"
    assert stage.order(operator.RemoveRoom(room="#nope"))[0] == "no_such_room"


def test_a_room_made_again_continues_its_seq_and_has_other_members_roles_and_restrictions() -> None:
    stage, ann, ben = team()
    ann.do(commands.Ban, room="#ops", name="ben")
    before = stage.hub.directory.rooms["#ops"].head
    stage.order(operator.RemoveRoom(room="#ops"))
    ben.do(commands.Join, room="#Ops")
    ben.take()
    ben.say("new", to="#ops")
    stage.settle()
    ((_, seq, text),) = ben.heard()
    assert text == "new"
    assert seq > before
    room = stage.hub.directory.rooms["#ops"]
    assert (room.name, list(room.members), room.owner) == ("#Ops", [ben.session.user.id], ben.session.user.id)
    state = stage.hub.state.snapshot()
    stage.hub = stage.new_hub()
    assert stage.hub.state.snapshot() == state
    assert stage.hub.directory.rooms["#ops"].floor == seq


def test_messages_from_before_a_room_was_removed_cannot_be_read_found_or_changed() -> None:
    for restarted in (False, True):
        stage, ann, _ = team()
        stage.order(operator.RemoveRoom(room="#ops"))
        if restarted:
            stage.hub = stage.new_hub()
            ann = stage.native("ann")
        ann.do(commands.Join, room="#ops")
        first = ann.say("a new secret", to="#ops")
        assert first is not None
        stage.settle()
        assert texts(ann, commands.History, conversation="#ops") == ["a new secret"]
        assert code(ann, commands.History, conversation="#ops", around=1) == "not_found"
        assert texts(ann, commands.Search, words="secret") == ["a new secret"]
        assert texts(ann, commands.Search, words="secret", conversation="#ops") == ["a new secret"]
        assert code(ann, commands.Edit, conversation="#ops", seq=1, text="other") == "not_found"
        assert code(ann, commands.Delete, conversation="#ops", seq=1) == "not_found"
        ann.do(commands.Unread)
        back = stage.native("ann", epoch=stage.journal._store.epoch, positions={"#ops": 0, "#lobby": 0})
        heard = [decode_text(entry).text for entry in back.told(events.Entry)]
        assert heard == ["a new secret"]


def test_a_client_with_a_cached_page_of_the_old_room_reads_only_the_new_one() -> None:
    stage, ann, _ = team()
    positions = {"#ops": 0, "#lobby": 0}
    epoch = stage.journal._store.epoch
    old = stage.native("ben", epoch=epoch, positions=positions)
    assert [text for _, _, text in old.heard()] == ["the old secret"]
    stage.order(operator.RemoveRoom(room="#ops"))
    for peer in (ann, old):
        peer.do(commands.Join, room="#ops")
    ann.say("new", to="#ops")
    stage.settle()
    again = stage.native("ben", epoch=epoch, positions=positions)
    assert [text for _, _, text in again.heard()] == ["new"]


def test_a_room_can_be_removed_and_made_again_many_times() -> None:
    stage, ann, _ = team()
    for n in range(5):
        assert stage.order(operator.RemoveRoom(room="#ops")) == ["Removed #ops."]
        ann.do(commands.Join, room="#ops")
        ann.take()
        ann.say(f"life {n}", to="#ops")
        stage.settle()
        assert [text for _, _, text in ann.heard()] == [f"life {n}"]
        assert texts(ann, commands.History, conversation="#ops") == [f"life {n}"]
        assert code(ann, commands.Join, room="#0ps") == "name_taken"


def test_a_store_that_lost_the_removal_has_the_room_that_was_made_again() -> None:
    stage, _, ben = team()
    stage.order(operator.RemoveRoom(room="#ops"))
    ben.do(commands.Join, room="#ops")
    known = finished(stage.journal.open())
    whole, damaged = Projection(), Projection()
    load(whole, known)
    known.facts = [entry for entry in known.facts if entry.kind != "removed room"]
    load(damaged, known)
    assert damaged.snapshot() == whole.snapshot()
    ann = damaged.names["ann"]
    assert (list(ann.rooms), list(damaged.rooms["#ops"].members.values())) == ([], [damaged.names["ben"]])


def test_entries_submitted_while_a_room_is_removed_are_stored_but_not_shown() -> None:
    stage, ann, ben = team()
    peer = stage.connect()
    peer.session.user = stage.hub.operator
    handle(stage.hub, peer.session, operator.RemoveRoom(room="#ops"))
    ann.say("before", to="#ops")
    stage.settle()
    ben.do(commands.Join, room="#ops")
    assert texts(ben, commands.History, conversation="#ops") == []


def test_the_operator_deletes_an_account_with_its_keys_memberships_and_roles() -> None:
    stage, ann, ben = team()
    ann.do(commands.Mod, room="#ops", name="ben")
    ann.do(commands.Ignore, name="ben")
    ben.say("hi", to="@ann")
    stage.settle()
    assert stage.order(operator.DeleteUser(name="ann")) == ["Deleted the account ann."]
    assert ann.last_words is not None
    assert b"The operator of the server deleted the account ann." in ann.last_words
    assert stage.order(operator.DeleteUser(name="ben")) == ["Deleted the account ben."]
    for _ in range(2):
        room = stage.hub.directory.rooms["#ops"]
        assert (room.members, room.owner, room.moderators) == ({}, "", set())
        assert stage.order(operator.ListUsers()) == []
        stage.hub = stage.new_hub()
    again = stage.login(key_of("another"), name="ann")
    assert isinstance(again.events()[0], events.Welcome)
    again.do(commands.Join, room="#ops")
    assert texts(again, commands.History, conversation="#ops")[0] == "the old secret"  # messages stay


def test_a_guest_is_no_account_to_delete() -> None:
    stage = Stage()
    stage.guest("gus")
    assert stage.order(operator.DeleteUser(name="gus"))[0] == "refused"


def test_the_log_tells_which_rooms_and_accounts_were_removed() -> None:
    stage, _, _ = team()
    stage.order(operator.RemoveRoom(room="#ops"))
    stage.order(operator.DeleteUser(name="ben"))
    log = [line.partition("Z operator ")[2] for line in stage.order(operator.ShowLog())]
    assert log == ["remove room #ops", "delete ben"]


# Expiry


def empty_room(stage: Stage, name: str = "#empty", by: str = "ann") -> None:
    peer = stage.native(by)
    peer.do(commands.Join, room=name)
    peer.do(commands.Leave, room=name)


def test_an_empty_room_without_messages_expires_after_a_day() -> None:
    stage = Stage()
    empty_room(stage)
    stage.turns.wait(DAY - 2)
    assert "#empty" in stage.hub.directory.rooms
    stage.turns.wait(LOOK_SECONDS + 2)
    assert "#empty" not in stage.hub.directory.rooms
    stage.hub = stage.new_hub()
    assert "#empty" not in stage.hub.directory.rooms


def test_a_room_with_a_member_an_entry_a_topic_or_an_invite_does_not_expire() -> None:
    stage = Stage()
    ann = stage.native("ann")
    for room in ("#member", "#said", "#topic", "#fresh"):
        ann.do(commands.Join, room=room)
    ann.say("hi", to="#said")
    ann.do(commands.Topic, room="#topic", text="ours")
    for room in ("#said", "#topic"):
        ann.do(commands.Leave, room=room)
    stage.order(operator.CreateInvite(seconds=7 * 86_400, room="#invited"))
    guest = stage.guest("gus")
    guest.do(commands.Join, room="#guest")
    stage.turns.wait(DAY - LOOK_SECONDS)
    ann.do(commands.Leave, room="#fresh")
    stage.turns.wait(2 * LOOK_SECONDS)
    assert set(stage.hub.directory.rooms) == {"#lobby", "#member", "#said", "#topic", "#fresh", "#invited", "#guest"}


def test_a_room_without_messages_expires_if_no_member_returns() -> None:
    stage = Stage()
    for name in ("ann", "ben"):
        stage.native(name).do(commands.Join, room=f"#{name}")
    ann, ben = stage.native("ann"), stage.native("ben")
    stage.native("ben").do(commands.Join, room="#both")
    ann.do(commands.Join, room="#both")
    for user in ("ann", "ben"):
        for session in list(stage.hub.online.of(stage.hub.state.names[user])):
            session.link.drop()
    stage.turns.wait(UNUSED_MS / 1000 - DAY)
    assert set(stage.hub.directory.rooms) == {"#lobby", "#ann", "#ben", "#both"}
    stage.native("ben").drop()  # within a month
    stage.turns.wait(DAY + LOOK_SECONDS)
    assert set(stage.hub.directory.rooms) == {"#lobby", "#ben", "#both"}
    state = stage.hub.state.snapshot()
    assert list(stage.native("ann").session.user.rooms) == ["#both"]
    stage.hub = stage.new_hub()
    assert stage.hub.state.snapshot() == state
    assert ben.session.gone


def test_a_member_who_comes_first_keeps_an_unused_room() -> None:
    stage = Stage()
    ann, ben = stage.native("ann"), stage.native("ben")
    ann.do(commands.Join, room="#unused")
    ann.drop()
    stage.turns.wait(UNUSED_MS / 1000 - LOOK_SECONDS)
    ben.ask(commands.Join(id=ben.next_id(), room="#unused"))  # submitted before the look
    stage.turns.now += 3 * LOOK_SECONDS
    stage.hub._expiry._look()
    stage.settle()
    assert "#unused" in stage.hub.directory.rooms


def test_an_invite_to_a_removed_room_does_not_lead_to_the_room_made_again() -> None:
    for restarted in (False, True):
        stage = Stage(admission=Admission())
        _, _, token = stage.order(operator.CreateInvite(seconds=7 * 86_400, room="#ops"))
        stage.order(operator.RemoveRoom(room="#ops"))
        stage.order(operator.CreateInvite(seconds=7 * 86_400, room="#ops"))
        if restarted:
            stage.hub = stage.new_hub()
        newcomer = come(stage, "newcomer", invite=token)
        assert newcomer.told(events.Welcome)
        assert not newcomer.session.user.rooms


def test_an_entry_or_a_member_that_comes_first_keeps_an_expired_room() -> None:
    for word in ("say", "join"):
        stage = Stage()
        empty_room(stage)
        ben = stage.native("ben")
        stage.turns.wait(DAY - LOOK_SECONDS)
        room = stage.hub.directory.rooms["#empty"]
        if word == "say":  # submitted before the look, and stored before its fact
            ben.say("hi", to="#empty")
        else:
            ben.ask(commands.Join(id=ben.next_id(), room="#empty"))
        stage.turns.now += 3 * LOOK_SECONDS
        stage.hub._expiry._look()
        stage.settle()
        assert stage.hub.directory.rooms["#empty"] is room
        assert room.closings == 0
        state = stage.hub.state.snapshot()
        stage.hub = stage.new_hub()
        assert stage.hub.state.snapshot() == state


def test_many_empty_rooms_expire_some_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(room_expiry, "EXPIRED_AT_ONCE", 3)
    assert EXPIRED_AT_ONCE * 86_400 / LOOK_SECONDS > 10_000
    stage = Stage()
    for n in range(5):
        empty_room(stage, f"#r{n}")
    stage.turns.wait(DAY)
    assert len(stage.hub.directory.rooms) == 3
    stage.turns.wait(LOOK_SECONDS)
    assert set(stage.hub.directory.rooms) == {"#lobby"}
