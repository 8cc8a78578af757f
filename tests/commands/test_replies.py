"""Replies and reactions: what they refer to, who hears of them, and what changes nothing."""

from __future__ import annotations

import msgspec
import pytest

from socketchat.commands.replies import REACTION_CHANGES
from socketchat.exceptions import BadText, TooLong
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_text
from tests.commands.test_revisions import OUTBOX, cast, heard, past, refused
from tests.hub.cluster import Cluster
from tests.hub.stage import Peer, Stage


def answered(peer: Peer, kind: type[commands.Command], **fields: object) -> tuple[int | None, bool]:
    """Return the seq of the ok of a command, and whether it was a duplicate."""
    peer.take()
    peer.do(kind, **fields)
    (ok,) = peer.told(events.Ok)
    return ok.seq, ok.duplicate


def reacts(peer: Peer, text: str = "👍", seq: int = 1, *, remove: bool = False) -> tuple[int | None, bool]:
    return answered(peer, commands.React, conversation="#ops", seq=seq, text=text, remove=remove)


def mentions(stage: Stage, peer: Peer) -> list[tuple[str, int, int]]:
    peer.take()
    peer.do(commands.Unread)
    stage.settle()
    (told,) = peer.told(events.Unread)
    return [(count.name, count.messages, count.mentions) for count in told.conversations]


# Replies


def test_a_reply_names_the_author_and_the_seq_of_the_message() -> None:
    _, _, ann, bob = cast()
    bob.do(commands.Send, to="#ops", text="yes", of=1)
    (entry,) = ann.told(events.Entry)
    body = decode_text(entry)
    assert (entry.seq, entry.kind) == (2, "reply")
    assert (body.text, body.of, body.of_author, body.of_name) == ("yes", 1, ann.session.user.id, "ann")


def test_a_reply_counts_as_a_mention_of_the_author_alone() -> None:
    stage, owner, ann, bob = cast()
    for peer in (owner, ann):
        peer.do(commands.Read)
    bob.do(commands.Send, to="#ops", text="yes", of=1)
    assert mentions(stage, ann) == [("#ops", 1, 1)]
    assert mentions(stage, owner) == [("#ops", 1, 0)]
    ann.do(commands.Read)
    ann.do(commands.Send, to="#ops", text="no", of=1)
    assert mentions(stage, ann) == []


def test_a_reply_can_be_edited_found_and_deleted_like_a_message() -> None:
    _, _, ann, bob = cast()
    bob.do(commands.Send, to="#ops", text="depoly it", of=1)
    bob.do(commands.Edit, conversation="#ops", text="deploy it")
    ann.take()
    ann.do(commands.Search, words="deploy")
    (hit,) = ann.told(events.Past)
    body = decode_text(hit)
    assert (hit.seq, body.text, body.of, body.of_name, body.edited) == (2, "deploy it", 1, "ann", 3)
    bob.do(commands.Delete, conversation="#ops", seq=2)
    assert past(ann)[1] == (2, "reply", "", 0, True)


def test_a_search_for_a_word_of_a_reply_finds_the_reply_and_not_what_it_answers() -> None:
    _, _, ann, bob = cast()
    bob.do(commands.Send, to="#ops", text="certainly", of=1)
    ann.take()
    ann.do(commands.Search, words="certainly")
    assert [(hit.seq, decode_text(hit).text) for hit in ann.told(events.Past)] == [(2, "certainly")]


def test_replies_to_what_is_missing_deleted_or_no_message_are_refused() -> None:
    _, _, ann, bob = cast()
    ann.do(commands.Topic, room="#ops", text="deploys")
    assert refused(bob, commands.Send, to="#ops", text="yes", of=9) == (
        "not_found",
        "Message #ops/9 does not exist, or was deleted.",
    )
    assert refused(bob, commands.Send, to="#ops", text="yes", of=2)[0] == "not_found"
    assert refused(bob, commands.Send, to="#lobby", text="yes", of=1)[0] == "not_found"
    assert refused(bob, commands.Send, to="@ann", text="yes", of=1)[0] == "not_found"
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert refused(bob, commands.Send, to="#ops", text="yes", of=1)[0] == "not_found"
    assert refused(bob, commands.Send, to="#ops", text="  ", of=1)[0] == "bad_text"


def test_a_reply_is_stored_once_even_if_the_message_is_deleted_before_it_is_repeated() -> None:
    stage, _, ann, bob = cast()
    bob.do(commands.Send, to="#ops", text="yes", of=1, outbox=OUTBOX, n=1)
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert answered(bob, commands.Send, to="#ops", text="yes", of=1, outbox=OUTBOX, n=1) == (2, True)
    assert refused(bob, commands.Send, to="#ops", text="no", of=1, outbox=OUTBOX, n=1)[0] == "key_reused"
    stage.settle()
    assert len(past(ann)) == 3


def test_later_messages_pass_after_a_refused_reply_that_a_full_disk_had_stopped() -> None:
    stage, _, ann, bob = cast()
    stage.journal.capacity = 0
    bob.do(commands.Send, to="#ops", text="yes", of=1, outbox=OUTBOX, n=1)
    (error,) = bob.told(events.Error)
    assert error.retry
    stage.journal.capacity = 1000
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert refused(bob, commands.Send, to="#ops", text="yes", of=1, outbox=OUTBOX, n=1)[0] == "not_found"
    assert answered(bob, commands.Send, to="#ops", text="well", outbox=OUTBOX, n=2) == (3, False)


def test_a_reply_keeps_its_place_among_the_sender_s_messages() -> None:
    stage, _, ann, bob = cast()
    bob.ask(
        commands.Send(id=91, to="#ops", text="before"),
        commands.Send(id=92, to="#ops", text="yes", of=1),
        commands.Send(id=93, to="#ops", text="after"),
    )
    stage.settle()
    assert [text for _, _, _, text in heard(ann)] == ["before", "yes", "after"]
    assert [ok.id for ok in bob.told(events.Ok)] == [91, 92, 93]


def test_muted_and_banned_users_neither_reply_nor_react() -> None:
    _, owner, _, bob = cast()
    owner.do(commands.Mute, room="#ops", name="bob")
    assert refused(bob, commands.Send, to="#ops", text="yes", of=1)[0] == "muted"
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍")[0] == "muted"
    owner.do(commands.Ban, room="#ops", name="bob")
    assert refused(bob, commands.Send, to="#ops", text="yes", of=1)[0] == "banned"
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍", remove=True)[0] == "banned"


def test_nobody_replies_to_the_entries_of_a_removed_room() -> None:
    stage, owner, ann, _ = cast()
    stage.order(operator.RemoveRoom(id=1, room="#ops"))
    ann.do(commands.Join, room="#ops")
    assert refused(ann, commands.Send, to="#ops", text="yes", of=1)[0] == "not_found"
    assert refused(owner, commands.React, conversation="#ops", seq=1, text="👍")[0] == "not_found"


def test_a_reply_to_a_direct_message_reaches_its_two_users_alone() -> None:
    _, owner, ann, bob = cast()
    ann.do(commands.Send, to="@bob", text="psst")
    bob.do(commands.Send, to="@ann", text="what?", of=1)
    assert [decode_text(each).of_name for each in ann.told(events.Entry)] == [None, "ann"]
    assert owner.told(events.Entry) == []


# Reactions


def test_a_user_has_each_reaction_once_on_a_message() -> None:
    _, _, ann, bob = cast()
    assert reacts(bob) == (2, False)
    assert reacts(bob) == (2, True)
    assert reacts(bob, "🎉") == (3, False)
    assert reacts(ann) == (4, False)
    assert past(ann)[1:] == [(2, "react", "👍", 0, False), (3, "react", "🎉", 0, False), (4, "react", "👍", 0, False)]


def test_a_reaction_can_be_taken_back_and_added_again() -> None:
    _, _, _, bob = cast()
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍", remove=True) == (
        "not_found",
        "You have no reaction 👍 at #ops/1.",
    )
    assert reacts(bob) == (2, False)
    assert reacts(bob, remove=True) == (3, False)
    assert reacts(bob, remove=True) == (3, True)
    assert reacts(bob) == (4, False)


def test_variants_of_an_emoji_are_one_reaction() -> None:
    _, _, _, bob = cast()
    assert reacts(bob, "❤") == (2, False)
    assert reacts(bob, "❤\ufe0f") == (2, True)


def test_two_sessions_that_react_at_the_same_time_add_one_reaction() -> None:
    stage, _, _, bob = cast()
    other = stage.native("bob")
    other.take()
    for peer in (bob, other):
        peer.ask(commands.React(id=7, conversation="#ops", seq=1, text="👍"))
    stage.settle()
    assert sorted(ok.duplicate for peer in (bob, other) for ok in peer.told(events.Ok)) == [False, True]
    assert len(past(bob)) == 2


def test_two_nodes_where_a_user_reacts_at_the_same_time_store_one_reaction() -> None:
    cluster = Cluster()
    one, other = cluster.first.native("bob"), cluster.second.native("bob")
    one.do(commands.Send, to="#lobby", text="hello")
    cluster.settle()
    for peer in (one, other):
        peer.ask(commands.React(id=7, conversation="#lobby", seq=1, text="👍"))
    cluster.settle()
    assert [entry.kind for entry in cluster.log.logs["#lobby"]] == ["message", "react"]


def test_reactions_to_what_is_missing_deleted_or_no_message_are_refused() -> None:
    _, _, ann, bob = cast()
    reacts(bob)
    for seq in (0, 2, 9):
        assert refused(bob, commands.React, conversation="#ops", seq=seq, text="👍")[0] == "not_found"
    ann.do(commands.Delete, conversation="#ops", seq=1)
    assert refused(ann, commands.React, conversation="#ops", seq=1, text="👍") == (
        "not_found",
        "Message #ops/1 does not exist, or was deleted.",
    )


def test_a_reaction_is_neither_unread_nor_found_nor_a_line_of_the_history() -> None:
    stage, _, ann, bob = cast()
    ann.do(commands.Read)
    reacts(bob, "ann")
    assert mentions(stage, ann) == []
    ann.do(commands.Search, words="ann")
    assert ann.told(events.Past) == []
    ann.do(commands.History, conversation="#ops", limit=1)
    assert [each.kind for each in ann.told(events.Past)] == ["message", "react"]


def test_a_reaction_can_be_changed_a_limited_number_of_times() -> None:
    _, _, _, bob = cast()
    for number in range(REACTION_CHANGES):
        assert reacts(bob, remove=number % 2 == 1) == (number + 2, False)
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍")[0] == "too_many"


def test_a_reaction_that_a_full_disk_refused_can_be_made_later() -> None:
    stage, _, _, bob = cast()
    stage.journal.capacity = 0
    assert refused(bob, commands.React, conversation="#ops", seq=1, text="👍")[0] == "storage"
    stage.journal.capacity = 1000
    assert reacts(bob) == (2, False)


def test_reactions_of_ignored_users_are_hidden_and_those_of_erased_ones_blank() -> None:
    stage, _, ann, bob = cast()
    ann.do(commands.Ignore, name="bob")
    ann.take()
    reacts(bob)
    assert [each.kind for each in ann.told(events.Entry)] == ["ignored"]
    stage.order(operator.EraseUser(id=1, name="bob"))
    ann.do(commands.Unignore, name="bob")
    assert past(ann)[1] == (2, "react", "", 0, True)


@pytest.mark.parametrize(
    ("text", "error"),
    [("", BadText), ("two words", BadText), ("\ufe0f", BadText), ("x" * 21, TooLong), ("x" * 90_000, TooLong)],
)
def test_a_reaction_is_one_short_word(text: str, error: type) -> None:
    _, _, _, bob = cast()
    assert refused(bob, commands.React, conversation="#ops", seq=1, text=text)[0] == error.code


def test_a_reaction_never_drives_a_terminal() -> None:
    _, _, _, bob = cast()
    reacts(bob, "\x1b[2J")
    assert past(bob)[1] == (2, "react", "^[[2J", 0, False)


def test_a_plain_user_reads_replies_and_reactions_as_text() -> None:
    stage, _, _, bob = cast()
    plain = stage.plain("pat")
    plain.do(commands.Join, room="#ops")
    plain.take()
    bob.do(commands.Send, to="#ops", text="yes\nsure", of=1)
    reacts(bob)
    reacts(bob, remove=True)
    assert plain.text() == (
        "bob (re ann #ops/1): yes\nbob (re ann #ops/1): sure\n"
        "[react] bob reacted to #ops/1: 👍\n[unreact] bob took back a reaction to #ops/1: 👍\n"
    )


def test_a_body_of_a_reply_holds_no_text_of_the_message() -> None:
    _, _, ann, bob = cast()
    bob.do(commands.Send, to="#ops", text="yes", of=1)
    (entry,) = ann.told(events.Entry)
    assert sorted(msgspec.json.decode(entry.body)) == ["of", "of_author", "of_name", "text"]
