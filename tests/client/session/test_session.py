import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from socketchat.client.session import answers as module
from socketchat.client.session.client_events import (
    TOLD_CHARACTERS,
    Answer,
    Answered,
    Broken,
    Failed,
    Gap,
    LoggedIn,
    LoginRefused,
    Reset,
    RetryLater,
)
from socketchat.client.session.session import Session
from socketchat.exceptions import (
    BadText,
    NameTaken,
    NoSuchUser,
    ProtocolError,
    Refused,
    StorageProblem,
    TooLong,
    Unconfirmed,
    Unreachable,
)
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_command, encode
from socketchat.protocol.limits import LINE_BYTES, TEXT_BYTES
from tests.client.scripted import EPOCH, conversation, entry, error, lines, ok, welcome
from tests.hub.stage import Peer, Stage
from tests.keys import key_of
from tests.protocol.structs import values

OUTBOX = "f" * 16


def new_session(**options) -> Session:
    return Session("ann", outbox=OUTBOX, **options)


def sent(session: Session) -> list[dict]:
    return [json.loads(line) for line in session.data_to_send().splitlines()]


def logged_in(*conversations: dict, **options) -> Session:
    session = new_session(**options)
    session.connection_made()
    (hello,) = sent(session)
    session.receive_data(lines(welcome(*conversations, hello=hello["id"])))
    return session


def receive(session: Session, *told: dict) -> list:
    return session.receive_data(lines(*told))


# Login


def test_the_first_hello_has_the_name_and_the_saved_positions() -> None:
    session = new_session(key=key_of("s"), random=bytes, epoch=EPOCH, positions={"@a:b": 3}, listen="none")
    session.connection_made()
    assert sent(session) == [
        {
            "type": "hello",
            "id": 1,
            "name": "ann",
            "key": key_of("s").public,
            "nonce": "A" * 22,
            "epoch": EPOCH,
            "positions": {"@a:b": 3},
            "listen": "none",
        }
    ]


def test_the_login_is_complete_when_all_conversations_have_arrived() -> None:
    session = new_session(epoch=EPOCH, positions={"#lobby": 1, "@a:b": 3, "@a:c": 5})
    session.connection_made()
    first = welcome(conversation("#lobby", 1)) | {"following": 2}
    assert receive(session, first, conversation("@a:b", 4)) == []
    assert not session.logged_in
    out = receive(session, conversation("@a:c", 7), entry(4, to="@a:b"), entry(6, to="@a:c"), entry(7, to="@a:c"))
    assert (type(out[0]), out[0].missed) == (LoggedIn, 3)
    assert [each.seq for each in out[1:]] == [4, 6, 7]
    assert [each.conversation for each in session.welcome.conversations] == ["#lobby", "@a:b", "@a:c"]


def test_a_connection_lost_during_a_long_welcome_leaves_no_state() -> None:
    session = new_session(epoch=EPOCH, positions={"@a:b": 3})
    session.connection_made()
    receive(session, welcome() | {"following": 2}, conversation("@a:b", 4))
    session.connection_lost()
    session.connection_made()
    (hello,) = sent(session)[-1:]
    assert hello["positions"] == {"@a:b": 3}
    out = receive(session, welcome(conversation("@a:b", 4), hello=hello["id"]), entry(4, to="@a:b"))
    assert [type(each) for each in out] == [LoggedIn, events.Entry]


def test_an_endless_welcome_does_not_fill_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_BYTES", 2000)
    session = new_session()
    session.connection_made()
    out = receive(session, welcome() | {"following": 10**9}, *(conversation(f"#{n}") for n in range(100)))
    assert [type(each) for each in out] == [Broken]


def test_a_welcome_for_another_name_is_a_protocol_error() -> None:
    for name in ("bob", "ann\x1b[2J", ""):
        session = new_session()
        session.connection_made()
        assert [type(each) for each in receive(session, welcome(name=name))] == [Broken]
        assert not session.logged_in
    session = new_session()
    session.connection_made()
    assert isinstance(receive(session, welcome(name="Ann"))[0], LoggedIn)
    assert session.name == "Ann"


def test_the_text_of_a_refusal_is_cleaned() -> None:
    session = new_session()
    session.connection_made()
    (refused,) = receive(session, error(1, "x\x1b[2J", "No.\x1b[2J\n" + "x" * 100_000))
    assert str(refused.error).startswith("No.^[[2J xxx")
    assert len(str(refused.error)) < 2 * TOLD_CHARACTERS


def test_a_welcome_logs_in_and_reports_missed_entries() -> None:
    session = new_session(epoch=EPOCH, positions={"#lobby": 1})
    session.connection_made()
    session.send("#lobby", "kept")
    out = receive(session, welcome(conversation("#lobby", 3)), entry(2), entry(3))
    assert isinstance(out[0], LoggedIn)
    assert (out[0].missed, out[0].sent) == (2, 1)
    assert [each.seq for each in out[1:]] == [2, 3]
    assert session.logged_in


def test_a_later_hello_has_the_token_and_the_positions() -> None:
    session = logged_in(conversation("#lobby", 5), key=key_of("s"))
    receive(session, entry(6))
    session.connection_lost()
    assert not session.logged_in
    session.connection_made()
    (hello,) = sent(session)
    assert hello == {"type": "hello", "id": 2, "token": "token", "epoch": EPOCH, "positions": {"#lobby": 6}}


def test_an_expired_token_is_followed_by_name_and_key_on_the_same_connection() -> None:
    session = logged_in(conversation("#lobby", 5), key=key_of("s"))
    session.connection_lost()
    session.connection_made()
    (by_token,) = sent(session)
    assert receive(session, error(by_token["id"], "usage")) == []
    (by_name,) = sent(session)
    assert (by_name["name"], by_name["key"], by_name["positions"]) == ("ann", key_of("s").public, {"#lobby": 5})
    (fact,) = receive(session, welcome(conversation("#lobby", 5), hello=by_name["id"]))
    assert isinstance(fact, LoggedIn)


@pytest.mark.parametrize("number", [1, None])
def test_a_refused_login_is_reported_with_its_reason(number) -> None:
    session = new_session()
    session.connection_made()
    (fact,) = receive(session, error(number, "name_taken", "Taken."))
    assert isinstance(fact, LoginRefused)
    assert isinstance(fact.error, NameTaken)
    assert (str(fact.error), fact.retry) == ("Taken.", False)
    (again,) = receive(session, error(None, "name_taken", "Taken."))
    assert isinstance(again, events.Error)


def test_a_retryable_login_keeps_its_token() -> None:
    session = logged_in()
    session.connection_lost()
    session.connection_made()
    (hello,) = sent(session)
    (fact,) = receive(session, error(hello["id"], "storage", retry=True))
    assert fact.retry
    session.connection_made()
    assert sent(session)[0]["token"] == "token"


def test_a_second_welcome_is_a_protocol_error() -> None:
    session = logged_in()
    (fact,) = receive(session, welcome())
    assert isinstance(fact, Broken)


def test_an_eager_session_sends_messages_before_the_welcome() -> None:
    session = new_session()
    session.send("#lobby", "hi")
    session.connection_made(eager=True)
    assert [line["type"] for line in sent(session)] == ["hello", "send"]


# Entries


def test_entries_are_delivered_once_and_gaps_are_reported() -> None:
    session = logged_in(conversation("#lobby", 5))
    out = receive(session, entry(5), entry(6), entry(6), entry(9))
    assert [each if isinstance(each, Gap) else each.seq for each in out] == [6, Gap("#lobby", 7, 8), 9]


def test_another_epoch_is_reported_after_the_login() -> None:
    session = logged_in(conversation("#lobby", 5))
    session.connection_lost()
    session.connection_made()
    out = receive(session, welcome(conversation("#lobby", 2), hello=2, epoch="new"))
    assert [type(each) for each in out] == [LoggedIn, Reset]


def test_facts_and_conversation_changes_are_delivered() -> None:
    session = logged_in()
    told = [
        {"type": "presence", "appeared": [{"user": "u2", "name": "bob", "why": "online"}]},
        conversation("#ops", 3),
        {"type": "left", "conversation": "#lobby"},
    ]
    out = receive(session, *told, error(None, "bad_line"), {"type": "bye", "code": "other", "text": "Bye."})
    kinds = [events.Presence, events.Conversation, events.Left, events.Error, events.Bye]
    assert [type(each) for each in out] == kinds
    assert session.positions.seqs == {"#ops": 3}


def test_unknown_events_of_a_newer_server_are_skipped() -> None:
    session = logged_in(conversation("#lobby"))
    out = receive(session, {"type": "novelty", "x": 1}, entry(1) | {"novelty": 2})
    assert [each.seq for each in out] == [1]


# Requests


def test_an_answer_consists_of_its_data_and_its_ok() -> None:
    session = logged_in()
    first, second = session.request(commands.Users()), session.request(commands.Rooms())
    users = {"type": "users", "users": ["ann"], "id": first}
    rooms = {"type": "rooms", "rooms": [], "id": second}
    assert receive(session, users, users) == []
    out = receive(session, ok(first), rooms, ok(second))
    assert out[0] == Answered(first, Answer([events.Users(users=["ann"], id=first)] * 2, events.Ok(id=first)))
    assert out[1] == Answered(second, Answer([events.Rooms(rooms=[], id=second)], events.Ok(id=second)))


def test_past_entries_do_not_move_positions() -> None:
    session = logged_in(conversation("#lobby", 5))
    number = session.request(commands.History(conversation="#lobby"))
    past = entry(9) | {"type": "past", "id": number}
    (answered,) = receive(session, past, ok(number, more=True))
    assert [each.seq for each in answered.answer.events] == [9]
    assert answered.answer.ok.more
    assert session.positions.seqs == {"#lobby": 5}


def test_a_refused_request_raises_the_error_of_its_code() -> None:
    session = logged_in()
    number = session.request(commands.Join(room="#ops"))
    (failed,) = receive(session, error(number, "no_such_user", "Who?"))
    assert isinstance(failed.error, NoSuchUser)
    assert str(failed.error) == "Who?"


def test_requests_need_a_connection_and_fail_with_it() -> None:
    session = logged_in()
    number = session.request(commands.Users())
    (failed,) = session.connection_lost()
    assert (failed.id, type(failed.error)) == (number, Unreachable)
    with pytest.raises(Unreachable, match="Not connected"):
        session.request(commands.Users())
    assert session.connection_lost() == []


def test_unexpected_answers_are_dropped() -> None:
    session = logged_in()
    stray = {"type": "users", "users": ["ann"], "id": 77}
    assert receive(session, stray, ok(77), error(77, "other"), {"type": "ok"}) == []


def test_an_endless_answer_does_not_fill_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_BYTES", 1000)
    session = logged_in()
    number = session.request(commands.Users())
    out = receive(session, *[{"type": "users", "users": ["x" * 100], "id": number}] * 20)
    assert [type(each) for each in out] == [Broken]


# Messages


def test_a_message_is_sent_under_its_key_and_answered_once_stored() -> None:
    session = logged_in()
    number = session.send("@bob", "hi", "action")
    key = {"outbox": OUTBOX, "n": 1}
    assert sent(session) == [{"type": "send", "id": number, "to": "@bob", "text": "hi", "kind": "action", **key}]
    told = ok(number, conversation="@a:b", seq=4)
    assert receive(session, told) == [
        Answered(number, Answer([], events.Ok(id=number, conversation="@a:b", seq=4)), kept=True)
    ]
    assert len(session.outbox) == 0


def test_messages_wait_for_a_connection_and_are_sent_after_the_login() -> None:
    session = new_session()
    session.send("#lobby", "first")
    session.connection_made()
    session.send("#lobby", "second")
    (hello,) = sent(session)
    receive(session, welcome(hello=hello["id"]))
    assert [line["text"] for line in sent(session)] == ["first", "second"]


def test_unconfirmed_messages_are_sent_again_with_the_same_key_and_id() -> None:
    session = logged_in()
    numbers = [session.send("#lobby", text) for text in ("a", "b", "c")]
    before = sent(session)
    receive(session, ok(numbers[0]))
    session.connection_lost()
    session.connection_made()
    (hello,) = sent(session)
    (fact,) = receive(session, welcome(hello=hello["id"]))
    assert fact.sent == 2
    assert sent(session) == before[1:]
    (answered,) = receive(session, ok(numbers[1], duplicate=True))
    assert answered.answer.ok.duplicate


def test_edits_and_deletes_share_the_order_and_the_keys_of_messages() -> None:
    session = logged_in()
    first = session.send("#lobby", "a")
    session.keep(commands.Edit(conversation="#lobby", text="b", seq=7))
    session.keep(commands.Delete(conversation="#lobby", seq=7))
    before = sent(session)
    assert [(each["type"], each["n"]) for each in before] == [("send", 1), ("edit", 2), ("delete", 3)]
    receive(session, ok(first))
    session.connection_lost()
    session.connection_made()
    (hello,) = sent(session)
    receive(session, welcome(hello=hello["id"]))
    assert sent(session) == before[1:]
    with pytest.raises(BadText):
        session.keep(commands.Edit(conversation="#lobby", text="\ud800", seq=7))


def test_an_edit_names_the_last_line_if_it_is_certain() -> None:
    session = logged_in(conversation("#lobby"))
    edit = commands.Edit(conversation="#lobby", text="b")
    assert session.placed(edit).seq is None
    number = session.send("#lobby", "a")
    receive(session, ok(number, conversation="#lobby", seq=1))
    assert session.placed(edit).seq == 1
    assert session.placed(replace(edit, seq=9)).seq == 9
    delete = commands.Delete(conversation="#lobby")
    assert session.placed(delete).seq == 1
    receive(session, entry(1), entry(2) | {"author": "u1"})  # said in 1970
    assert (session.placed(delete).seq, session.placed(edit).seq) == (None, 2)
    number = session.send("#lobby", "c")
    assert session.placed(edit).seq is None
    receive(session, error(number, "storage", retry=True))
    with pytest.raises(Refused, match="not stored yet"):
        session.placed(edit)
    session.connection_lost()
    assert session.placed(edit).seq is None


def test_messages_that_cannot_be_stored_now_are_kept_in_order() -> None:
    session = logged_in()
    first, second = session.send("#lobby", "a"), session.send("#lobby", "b")
    sent(session)
    (fact,) = receive(session, error(first, "storage", retry=True))
    assert isinstance(fact, RetryLater)
    assert isinstance(fact.error, StorageProblem)
    session.retry()
    assert sent(session) == []
    receive(session, error(second, "storage", retry=True))
    session.retry()
    assert [line["text"] for line in sent(session)] == ["a", "b"]


def test_a_permanently_refused_message_is_returned() -> None:
    session = logged_in()
    number = session.send("@bob", "hi")
    (failed,) = receive(session, error(number, "no_such_user"))
    assert (failed.id, type(failed.error)) == (number, NoSuchUser)
    assert len(session.outbox) == 0


def test_the_lower_limit_of_unconfirmed_messages_counts() -> None:
    for told, most in ((2, 2), (10_000, 64), (0, 1)):
        session = new_session()
        session.connection_made()
        receive(session, welcome() | {"limits": {"unacknowledged": told}})
        sent(session)
        numbers = [session.send("#lobby", "x") for _ in range(most + 1)]
        assert [command["id"] for command in sent(session)] == numbers[:-1]
        receive(session, ok(numbers[0], seq=1))
        assert [command["id"] for command in sent(session)] == numbers[-1:]


@pytest.mark.parametrize(
    ("text", "kind"), [("", BadText), (" \n", BadText), ("\udcff", BadText), ("x" * (TEXT_BYTES + 1), TooLong)]
)
def test_an_invalid_text_is_refused_by_the_client(text: str, kind: type) -> None:
    session = logged_in()
    with pytest.raises(kind):
        session.send("#lobby", text)
    assert sent(session) == []
    assert len(session.outbox) == 0


def test_at_the_end_sent_messages_are_unconfirmed_and_others_not_sent() -> None:
    session = logged_in()
    asked = session.request(commands.Users())
    on_wire = session.send("#lobby", "a")
    session.connection_lost()
    waiting = session.send("#lobby", "b")
    failed = {each.id: each.error for each in session.end(NameTaken("Taken."))}
    assert type(failed[on_wire]) is Unconfirmed
    assert "Taken." in str(failed[on_wire])
    assert type(failed[waiting]) is NameTaken
    assert asked not in failed  # it ended with its link
    assert session.end(NameTaken("Taken.")) == []


# Bytes

STREAM = lines(
    welcome(conversation("#lobby", 1)),
    entry(2),
    {"type": "presence", "appeared": [{"user": "u2", "name": "bob", "why": "online"}]},
    entry(2),
    entry(4, "ü\n" * 40),
)


def heard(chunks: list[bytes]) -> list:
    session = new_session()
    session.connection_made()
    return [each for chunk in chunks for each in session.receive_data(chunk)]


def shown(out: list) -> list[str]:
    return [repr(each) if not isinstance(each, events.Entry) else f"{each.seq} {bytes(each.body)!r}" for each in out]


def test_the_stream_means_the_same_for_any_chunks() -> None:
    whole = shown(heard([STREAM]))
    assert len(whole) == 5
    assert shown(heard([STREAM[n : n + 1] for n in range(len(STREAM))])) == whole
    for cut in range(len(STREAM)):
        assert shown(heard([STREAM[:cut], STREAM[cut:]])) == whole


@pytest.mark.parametrize(
    "junk",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\xff\xfe\n",
        b'{"type":"entry","seq":"x"}\n',
        lines(entry(2**53)),
        lines(entry(-1)),
        lines(conversation("#ops", 10**400)),
        b"[" * 5000 + b"\n",
        b"x" * (LINE_BYTES + 1),
    ],
)
def test_an_invalid_event_breaks_the_connection_after_earlier_events(junk: bytes) -> None:
    session = logged_in(conversation("#lobby", 1))
    out = session.receive_data(lines(entry(2)) + junk + b"\n")
    assert [type(each) for each in out] == [events.Entry, Broken]
    assert isinstance(out[-1].error, ProtocolError)
    assert session.positions.seqs == {"#lobby": 2}


NEAR = {name: st.integers(0, 8) for name in ("id", "seq", "head")} | {
    "conversation": st.sampled_from(["#lobby", "#ops", "@a:b"])
}


@given(st.lists(values(events.ANY), max_size=15), st.data())
def test_any_server_output_is_handled_and_no_entry_is_shown_twice(told: list, data) -> None:
    session = logged_in(conversation("#lobby", 5))
    session.send("#lobby", "hi")
    session.request(commands.Users())
    # Numbers and names that mean something are more telling than any others.
    told = [
        replace(event, **{field: data.draw(near) for field, near in NEAR.items() if hasattr(event, field)})
        for event in told
    ]
    out = session.receive_data(b"".join(map(encode, told)))
    shown = [(each.conversation, each.seq) for each in out if isinstance(each, events.Entry)]
    if not {events.Left, Reset, LoggedIn} & set(map(type, out)):
        assert len(shown) == len(set(shown))
    for _ in range(2):
        session.connection_lost()
        session.connection_made()
        session.receive_data(b"\xff\n")
        for line in session.data_to_send().splitlines():
            decode_command(line)
    session.end(NameTaken("Taken."))


# Against the real hub


class Pair:
    """A client's core and the server's, back to back."""

    def __init__(self, stage: Stage, session: Session) -> None:
        self.stage = stage
        self.session = session
        self.out: list = []
        self.up()

    def up(self) -> None:
        self.peer: Peer = self.stage.connect()
        self.session.connection_made()
        self.turn()

    def down(self) -> None:
        """Break the link before anything that is still under way arrives."""
        self.peer.drop()
        self.session.connection_lost()

    def ask(self) -> None:
        """Pass the output of the client to the server."""
        self.peer.ask(*map(decode_command, self.session.data_to_send().splitlines()))

    def turn(self) -> list:
        """Exchange data until both sides are idle; return the events of the client."""
        out: list = []
        while data := self.session.data_to_send():
            self.peer.ask(*map(decode_command, data.splitlines()))
            self.stage.settle()
            out += self.session.receive_data(self.peer.take())
        self.stage.settle()
        out += self.session.receive_data(self.peer.take())
        self.out += out
        return out

    def texts(self) -> list[str]:
        return [json.loads(bytes(each.body))["text"] for each in self.out if isinstance(each, events.Entry)]


def test_with_connection_losses_every_message_is_shown_once_in_order() -> None:
    stage = Stage()
    bob = stage.native("bob")
    ann = Pair(stage, new_session(key=key_of("a")))
    said = []
    for number in range(6):
        ann.session.send("#lobby", f"ann {number}")
        bob.say(f"bob {number}")
        said += [f"ann {number}", f"bob {number}"]
        if number % 2:
            ann.ask()
            stage.settle()  # stored, but the answer does not arrive
            ann.down()
            bob.say(f"missed {number}")
            said.append(f"missed {number}")
            stage.settle()
            ann.up()
        ann.turn()
    assert sorted(ann.texts()) == sorted(said)
    seqs = [each.seq for each in ann.out if isinstance(each, events.Entry)]
    assert seqs == list(range(1, len(said) + 1))
    assert [type(each) for each in ann.out].count(Gap) == 0
    assert len(ann.session.outbox) == 0


def test_a_lost_answer_is_repeated_as_a_duplicate() -> None:
    stage = Stage()
    ann = Pair(stage, new_session(key=key_of("a")))
    number = ann.session.send("#lobby", "hi")
    ann.ask()
    stage.settle()
    ann.down()
    ann.up()
    (answered,) = [each for each in ann.out if isinstance(each, Answered)]
    assert (answered.id, answered.answer.ok.seq, answered.answer.ok.duplicate) == (number, 1, True)


def test_a_change_with_a_lost_answer_is_made_once() -> None:
    stage = Stage()
    ann = Pair(stage, new_session(key=key_of("a")))
    ann.session.send("#lobby", "teh")
    ann.turn()
    edit = ann.session.placed(commands.Edit(conversation="#lobby", text="the"))
    assert edit.seq == 1
    for change, seq in ((edit, 2), (commands.Delete(conversation="#lobby", seq=1), 3)):
        number = ann.session.keep(change)
        ann.ask()
        stage.settle()
        ann.down()
        ann.up()
        (answered,) = [each for each in ann.out if isinstance(each, Answered) and each.id == number]
        assert (answered.answer.ok.seq, answered.answer.ok.duplicate) == (seq, True)
    assert len(ann.session.outbox) == 0


def test_a_restarted_hub_knows_the_owner_of_a_key() -> None:
    stage = Stage()
    ann = Pair(stage, new_session(key=key_of("a")))
    ann.session.send("#lobby", "before")
    ann.turn()
    ann.session.connection_lost()
    stage.hub = stage.new_hub()
    ann.up()
    assert ann.session.logged_in
    ann.session.send("#lobby", "after")
    ann.turn()
    assert ann.texts() == ["before", "after"]


def test_first_direct_messages_wait_for_an_offline_user() -> None:
    stage = Stage()
    bob = stage.native("bob")
    ann = Pair(stage, new_session(key=key_of("a")))
    ann.down()
    stage.turns.wait(60)
    bob.say("one", to="@ann")
    bob.say("two", to="@ann")
    stage.settle()
    ann.up()
    assert ann.texts() == ["one", "two"]


def test_a_client_with_saved_positions_reads_waiting_messages_once() -> None:
    stage = Stage()
    bob = stage.native("bob")
    first = Pair(stage, new_session(key=key_of("a")))
    bob.say("seen", to="@ann")
    stage.settle()
    first.turn()
    kept = dict(first.session.positions.seqs)
    first.down()
    bob.say("waiting", to="@ann")
    stage.settle()
    second = Pair(stage, new_session(key=key_of("a"), epoch=first.session.positions.epoch, positions=kept))
    assert (first.texts(), second.texts()) == (["seen"], ["waiting"])


def test_requests_are_answered_by_the_real_commands() -> None:
    ann = Pair(Stage(), new_session(key=key_of("a")))
    number = ann.session.request(commands.Join(room="#ops"))
    out = ann.turn()
    assert number in [each.id for each in out if isinstance(each, Answered)]
    assert "#ops" in ann.session.positions.heard
    number = ann.session.request(commands.Leave(room="#nowhere"))
    assert [type(each) for each in ann.turn()] == [Failed]
