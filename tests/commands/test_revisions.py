import msgspec
import pytest

from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from tests.hub.stage import Peer, Stage

OUTBOX = "c0ffee0123456789"


def refused(peer: Peer, kind: type[commands.Command], **fields: object) -> tuple[str, str]:
    """Return the code and the text of the refusal of a command."""
    peer.take()
    peer.do(kind, **fields)
    (error,) = peer.told(events.Error)
    return error.code, error.text


def cast() -> tuple[Stage, Peer, Peer, Peer]:
    """Return a stage with the owner of #ops, a member with one message there, and another member."""
    stage = Stage()
    owner, ann, bob = (stage.native(name) for name in ("owner", "ann", "bob"))
    for peer in (owner, ann, bob):
        peer.do(commands.Join, room="#ops")
    ann.say("first", to="#ops")
    stage.settle()
    for peer in (owner, ann, bob):
        peer.take()
    return stage, owner, ann, bob


def heard(peer: Peer) -> list[tuple[int, str, int | None, str]]:
    return [(each.seq, each.kind, decode_text(each).of, decode_text(each).text) for each in peer.told(events.Entry)]


def past(peer: Peer, conversation: str = "#ops") -> list[tuple[int, str, str, int, bool]]:
    peer.take()
    peer.do(commands.History, conversation=conversation)
    bodies = [(each, decode_text(each)) for each in peer.told(events.Past)]
    return [(each.seq, each.kind, body.text, body.edited, body.deleted) for each, body in bodies]


def test_an_edit_is_delivered_and_replaces_the_text() -> None:
    _, _, ann, bob = cast()
    number = ann.do(commands.Edit, conversation="#ops", seq=1, text="second")
    assert ann.told(events.Ok) == [events.Ok(id=number, conversation="#ops", seq=2)]
    ann.do(commands.Edit, conversation="#ops", text="third\x1b")
    assert heard(bob) == [(2, "edit", 1, "second"), (3, "edit", 1, "third^[")]
    assert past(bob) == [
        (1, "message", "third^[", 3, False), (2, "edit", "second", 0, False), (3, "edit", "third^[", 0, False),
    ]  # fmt: skip
    ann.do(commands.Delete, conversation="#ops")
    assert past(bob) == [
        (1, "message", "", 0, True), (2, "edit", "", 0, True), (3, "edit", "", 0, True), (4, "delete", "", 0, False),
    ]  # fmt: skip


def test_a_replay_has_the_newest_text_and_the_edit() -> None:
    stage, _, ann, _ = cast()
    epoch = stage.hub.logins.epoch
    ann.do(commands.Edit, conversation="#ops", seq=1, text="second")
    stage.native("bob", epoch=epoch, positions={"#ops": 0}).take()  # its pages are kept
    ann.do(commands.Edit, conversation="#ops", seq=1, text="third")
    back = stage.native("bob", epoch=epoch, positions={"#ops": 0})
    assert heard(back) == [(1, "message", None, "third"), (2, "edit", 1, "second"), (3, "edit", 1, "third")]


def test_an_edit_without_a_seq_changes_the_user_s_last_line() -> None:
    stage, _, ann, bob = cast()
    ann.say("waves", to="#ops", kind="action")
    bob.say("hi", to="#ops")
    stage.settle()
    ann.do(commands.Delete, conversation="#ops")
    ann.do(commands.Edit, conversation="#ops", text="again")
    assert heard(bob)[-2:] == [(4, "delete", 2, ""), (5, "edit", 1, "again")]
    nothing = "You have no recent message in #lobby. Give its place, as in #lobby/42."
    assert refused(ann, commands.Delete, conversation="#lobby") == ("not_found", nothing)


def test_a_delete_without_a_seq_deletes_one_recent_line() -> None:
    stage, _, ann, bob = cast()
    ann.say("second", to="#ops")
    stage.settle()
    ann.do(commands.Delete, conversation="#ops")
    again = "Your last line here, #ops/2, is already deleted. To delete another one, give its place."
    assert refused(ann, commands.Delete, conversation="#ops") == ("refused", again)
    ann.say("third", to="#ops")
    stage.settle()
    stage.turns.wait(301)
    old = "Your last line here is older than five minutes. To delete it: /delete #ops/4"
    assert refused(ann, commands.Delete, conversation="#ops") == ("refused", old)
    ann.do(commands.Edit, conversation="#ops", text="third, edited")
    ann.do(commands.Delete, conversation="#ops", seq=4)
    assert [each[1:3] for each in heard(bob)] == [
        ("message", None), ("delete", 2), ("message", None), ("edit", 4), ("delete", 4),
    ]  # fmt: skip


def test_lines_of_others_cannot_be_edited_and_only_moderators_delete_them() -> None:
    stage, owner, ann, bob = cast()
    bob.say("of bob", to="#ops")
    owner.say("of owner", to="#ops")
    stage.settle()
    assert refused(owner, commands.Edit, conversation="#ops", seq=1, text="x") == (
        "refused", "Only ann can edit #ops/1.",
    )  # fmt: skip
    only = ("refused", "Only the owner and moderators of #ops can do that.")
    assert refused(bob, commands.Delete, conversation="#ops", seq=1) == only
    owner.do(commands.Mod, room="#ops", name="bob")
    bob.take()
    bob.do(commands.Delete, conversation="#ops", seq=1)
    assert not bob.told(events.Error)
    assert refused(bob, commands.Delete, conversation="#ops", seq=3)[0] == "refused"
    owner.do(commands.Delete, conversation="#ops", seq=2)
    assert [entry[2] for entry in past(ann) if entry[4]] == ["", ""]
    assert past(ann)[2][2] == "of owner"


def test_direct_messages_can_be_changed_only_by_their_author() -> None:
    stage, owner, ann, bob = cast()
    stage.order(operator.SetOwner(id=1, name="owner"))
    ann.say("psst", to="@bob")
    stage.settle()
    (pair,) = ann.hub.directory.pairs_of(ann.session.user)
    assert refused(bob, commands.Delete, conversation="@ann", seq=1)[1] == "Only ann can delete @ann/1."
    assert refused(owner, commands.Delete, conversation=pair.id, seq=1)[0] == "no_such_room"
    bob.take()
    ann.do(commands.Edit, conversation="@bob", text="hush")
    assert [(each.kind, decode_text(each)) for each in bob.told(events.Entry)] == [
        ("edit", events.Text("hush", "bob", of=1)),
    ]
    assert past(bob, "@ann")[0][2] == "hush"
    assert refused(owner, commands.Edit, conversation="@ann", text="x")[0] == "not_found"


def test_a_deleted_direct_message_keeps_its_addressee() -> None:
    stage, _, ann, bob = cast()
    for text in ("@bob", "@ann"):
        ann.say("psst", to=text)
        ann.do(commands.Edit, conversation=text, text="hush")
        ann.do(commands.Delete, conversation=text)
    (pair, note) = ann.hub.directory.pairs_of(ann.session.user)
    epoch, positions = stage.hub.logins.epoch, {pair.id: 0, note.id: 0, "#ops": 9}
    for peer, name in ((ann, "@bob"), (bob, "@ann")):
        peer.do(commands.History, conversation=name)
        assert [decode_text(each).to for each in peer.told(events.Past)] == ["bob"] * 3
    back = stage.native("ann", epoch=epoch, positions=positions)
    assert [decode_text(each).to for each in back.told(events.Entry)] == ["bob"] * 3 + ["ann"] * 3


@pytest.mark.parametrize("seq", [0, 2, 99, 2**53 - 1])
def test_missing_entries_and_facts_are_not_found(seq: int) -> None:
    _, owner, ann, _ = cast()
    owner.do(commands.Topic, room="#ops", text="topic")
    for asks in ({"kind": commands.Edit, "text": "x"}, {"kind": commands.Delete}):
        no_such = f"Message #ops/{seq} does not exist, or was deleted."
        assert refused(ann, conversation="#ops", seq=seq, **asks) == ("not_found", no_such)


def test_unchanged_blank_and_long_texts_are_refused() -> None:
    _, _, ann, _ = cast()
    assert refused(ann, commands.Edit, conversation="#ops", text="first")[1] == "#ops/1 already has this text."
    assert refused(ann, commands.Edit, conversation="#ops", text=" ")[0] == "bad_text"
    assert refused(ann, commands.Edit, conversation="#ops", text="x" * 40_000)[0] == "too_long"


def test_a_muted_user_can_delete_but_not_edit() -> None:
    _, owner, ann, _ = cast()
    owner.do(commands.Mute, room="#ops", name="ann")
    assert refused(ann, commands.Edit, conversation="#ops", text="x")[0] == "muted"
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert past(ann)[0][4]
    owner.do(commands.Ban, room="#ops", name="ann")
    assert refused(ann, commands.Delete, conversation="#ops", seq=1)[0] == "banned"


def test_changes_during_the_lookup_of_a_message_count() -> None:
    stage, owner, ann, bob = cast()
    stage.journal.turns = 3
    ann.ask(commands.Edit(id=70, conversation="#ops", seq=1, text="too late"))
    owner.do(commands.Ban, room="#ops", name="ann")
    assert [error.code for error in ann.told(events.Error)] == ["banned"]
    assert "too late" not in bob.text()


def test_commands_after_a_change_wait_for_it() -> None:
    stage, _, ann, bob = cast()
    ann.ask(commands.Edit(id=70, conversation="#ops", seq=1, text="second"))
    ann.ask(commands.Send(to="#ops", text="after", id=71))
    stage.settle()
    assert [each.kind for each in bob.told(events.Entry)] == ["edit", "message"]


def again(peer: Peer, kind: type[commands.Command], n: int, **fields: object) -> events.Ok | events.Error:
    """Return the answer to a command under a key, without the id."""
    peer.take()
    peer.do(kind, conversation="#ops", outbox=OUTBOX, n=n, **fields)
    (answer,) = [event for event in peer.events() if isinstance(event, events.Ok | events.Error)]
    return msgspec.structs.replace(answer, id=None)


def done(seq: int, *, duplicate: bool = False) -> events.Ok:
    return events.Ok(conversation="#ops", seq=seq, duplicate=duplicate)


def test_a_change_repeated_under_its_key_is_made_once() -> None:
    stage, owner, ann, bob = cast()
    assert again(ann, commands.Edit, 1, text="second") == done(2)
    assert again(ann, commands.Edit, 1, text="second") == done(2, duplicate=True)
    assert again(ann, commands.Edit, 1, text="second", seq=1) == done(2, duplicate=True)
    ann.say("and more", to="#ops")
    stage.settle()
    assert again(ann, commands.Edit, 2, text="and less") == done(4)
    assert again(ann, commands.Edit, 1, text="second") == done(2, duplicate=True)
    assert again(ann, commands.Delete, 3) == done(5)
    assert again(ann, commands.Delete, 3) == done(5, duplicate=True)
    assert again(ann, commands.Edit, 2, text="and less") == done(4, duplicate=True)
    owner.do(commands.Mute, room="#ops", name="ann")
    assert again(ann, commands.Edit, 1, text="second") == done(2, duplicate=True)
    assert [kind for _, kind, _, _ in heard(bob)] == ["edit", "message", "edit", "delete", "notice"]


def test_a_key_used_for_another_change_is_refused() -> None:
    stage, _, ann, _ = cast()
    ann.say("third", to="#ops", outbox=OUTBOX, n=1)
    stage.settle()
    ann.do(commands.Edit, conversation="#ops", text="fourth", outbox=OUTBOX, n=5)
    for n, kind, fields in (
        (1, commands.Edit, {"text": "third"}),
        (3, commands.Edit, {"text": "third"}),
        (5, commands.Edit, {"text": "fifth"}),
        (5, commands.Edit, {"text": "fourth", "seq": 1}),
        (5, commands.Delete, {}),
    ):
        assert again(ann, kind, n, **fields).code == "key_reused"
    ann.take()
    ann.say("fourth", to="#ops", outbox=OUTBOX, n=5)
    stage.settle()
    assert [error.code for error in ann.told(events.Error)] == ["key_reused"]


def test_a_refused_change_does_not_use_up_its_key() -> None:
    _, owner, ann, _ = cast()
    owner.do(commands.Mute, room="#ops", name="ann")
    assert again(ann, commands.Edit, 1, text="second").code == "muted"
    owner.do(commands.Unmute, room="#ops", name="ann")
    assert again(ann, commands.Edit, 1, text="second") == done(4)


def test_a_change_that_cannot_be_stored_is_retried_in_order() -> None:
    stage, _, ann, bob = cast()
    capacity, stage.journal.capacity = stage.journal.capacity, 0
    assert again(ann, commands.Edit, 1, text="second").retry
    stage.journal.capacity = capacity
    ann.say("after", to="#ops", outbox=OUTBOX, n=2)
    stage.settle()
    assert [error.retry for error in ann.told(events.Error)] == [True]
    assert again(ann, commands.Edit, 1, text="second") == done(2)
    ann.say("after", to="#ops", outbox=OUTBOX, n=2)
    stage.settle()
    assert [each.kind for each in bob.told(events.Entry)] == ["edit", "message"]


@pytest.mark.parametrize("fields", [{"outbox": "short", "n": 1}, {"outbox": OUTBOX}, {"outbox": OUTBOX, "n": 0}])
def test_an_invalid_key_is_refused(fields: dict[str, object]) -> None:
    _, _, ann, _ = cast()
    assert refused(ann, commands.Edit, conversation="#ops", text="x", **fields)[0] == "bad_line"
    assert refused(ann, commands.Delete, conversation="#ops", **fields)[0] == "bad_line"
