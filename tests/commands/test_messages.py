import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socketchat.commands.messages import send_all
from socketchat.hub.delivery.absence import TOLD_SECONDS
from socketchat.hub.logins import RESUME_SECONDS
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text
from socketchat.protocol.limits import TEXT_BYTES
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage
from tests.keys import key_of

OUTBOX = "0123456789abcdef"

TOS = ("#lobby", "#Lobby", "@bob", "@nobody", "#nowhere")
TEXTS = ("hi", "  hi ", "", " ", "a\nb", "a\tb", "grüße", "\x1b[31m", "\x7f", "x" * TEXT_BYTES, "x" * (TEXT_BYTES + 1))


def refusal(peer: Peer) -> events.Error:
    (error,) = peer.told(events.Error)
    return error


def two() -> tuple[Stage, Peer, Peer]:
    stage = Stage()
    alice, bob = stage.native("alice"), stage.native("bob")
    stage.turns.wait(1)
    alice.take(), bob.take()
    return stage, alice, bob


def test_a_message_is_delivered_to_its_room() -> None:
    stage, alice, bob = two()
    number = alice.say("hello", to="Lobby")
    stage.settle()
    (entry,) = bob.told(events.Entry)
    assert (entry.conversation, entry.seq, entry.name, entry.kind) == ("#lobby", 1, "alice", "message")
    assert alice.told(events.Ok) == [events.Ok(id=number, conversation="#lobby", seq=1)]


@given(st.lists(st.tuples(st.sampled_from(TOS), st.sampled_from(TEXTS), st.booleans()), max_size=12))
@settings(max_examples=50)
def test_messages_sent_together_have_the_results_of_messages_sent_one_by_one(sent: list[tuple[str, str, bool]]) -> None:
    def said(*, together: bool) -> tuple[list[events.Ok], list[events.Error], list[tuple[str, int, str]]]:
        stage, alice, bob = two()
        messages = [
            commands.Send(id=n, to=to, text=text, outbox=OUTBOX if keyed else None, n=n if keyed else None)
            for n, (to, text, keyed) in enumerate(sent, 1)
        ]
        if together:
            send_all(stage.hub, alice.session, messages)
        for message in messages if not together else ():
            send_all(stage.hub, alice.session, (message,))
        stage.settle()
        told = alice.events()
        oks = [each for each in told if isinstance(each, events.Ok)]
        errors = [each for each in told if isinstance(each, events.Error)]
        # The refusal of a message with a key waits until the key was looked up.
        return oks, sorted(errors, key=lambda error: error.id or 0), bob.heard()

    assert said(together=True) == said(together=False)


def test_a_user_can_speak_in_a_public_room_without_membership() -> None:
    stage, alice, bob = two()
    alice.do(commands.Join, room="#ops")
    alice.take()
    number = bob.say("hi", to="#ops")
    stage.settle()
    assert alice.heard() == [("#ops", 1, "hi")]
    assert bob.events() == [events.Ok(id=number, conversation="#ops", seq=1)]


def test_later_commands_continue_after_a_message_is_refused_twice() -> None:
    stage, alice, bob = two()
    stage.journal.capacity = 0
    alice.say("one", to="#lobby", outbox=OUTBOX, n=1)
    alice.say("two", to="#lobby", outbox=OUTBOX, n=2)
    stage.settle()
    assert [error.retry for error in alice.told(events.Error)] == [True, True]
    stage.journal.capacity = 1000
    alice.say("two", to="#lobby", outbox=OUTBOX, n=2)  # would overtake
    stage.settle()
    assert refusal(alice).retry
    alice.say("one", to="#gone", outbox=OUTBOX, n=1)
    assert not refusal(alice).retry
    alice.say("two", to="#lobby", outbox=OUTBOX, n=2)
    alice.say("three", to="#lobby", outbox=OUTBOX, n=3)
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "two"), ("#lobby", 2, "three")]


def test_an_action_is_stored_as_an_action() -> None:
    stage, alice, bob = two()
    alice.say("waves", kind="action")
    stage.settle()
    (entry,) = bob.told(events.Entry)
    assert (entry.kind, decode_text(entry).text) == ("action", "waves")


def test_a_message_keeps_its_lines_and_loses_terminal_controls() -> None:
    stage, alice, bob = two()
    alice.say("one\r\ntwo\tthree\x1b[2J")
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "one\ntwo\tthree^[[2J")]


def test_a_direct_message_is_announced_before_its_first_entry() -> None:
    stage, alice, bob = two()
    alice.say("hi", to="@BOB")
    stage.settle()
    first, entry = bob.events()
    assert isinstance(first, events.Conversation)
    assert (first.peer, first.head, first.conversation) == ("alice", 0, entry.conversation)
    assert decode_text(entry) == events.Text("hi", to="bob")
    told = alice.events()
    assert [type(event) for event in told] == [events.Conversation, events.Ok, events.Entry]
    assert told[0].peer == "bob"
    alice.say("again", to="@bob")
    stage.settle()
    assert bob.told(events.Conversation) == []


def test_a_direct_message_waits_for_an_offline_user() -> None:
    stage, alice, bob = two()
    bob.do(commands.Quit)
    alice.say("read this later", to="@bob")
    stage.settle()
    stage.hub = stage.new_hub()
    bob = stage.native("bob")
    (welcome,) = bob.told(events.Welcome)
    (pair,) = (each for each in welcome.conversations if each.peer == "alice")
    assert pair.head == 1
    bob.do(commands.History, conversation="@alice")
    (past,) = bob.told(events.Past)
    assert decode_text(past).text == "read this later"


def absent(peer: Peer, to: str = "@bob") -> list[tuple[str, str]]:
    """Return the notice about the addressee of a message, which comes last."""
    peer.take()
    peer.say("hi", to=to)
    peer.stage.settle()
    told = [event for event in peer.events() if not isinstance(event, events.Presence | events.Conversation)]
    assert [type(event) for event in told[:2]] == [events.Ok, events.Entry]
    return [(event.name, event.away) for event in told[2:]]


def test_the_author_of_direct_messages_learns_of_an_absence_once_an_hour() -> None:
    stage, alice, bob = two()
    assert absent(alice) == []
    bob.do(commands.Away, text="lunch")
    assert absent(alice) == [("bob", "lunch")]
    assert absent(alice) == []
    assert absent(stage.native("alice")) == []
    bob.do(commands.Quit)
    stage.turns.wait(TOLD_SECONDS - 1)
    assert absent(alice) == []
    stage.turns.wait(1)
    assert absent(alice) == [("bob", "")]
    assert absent(alice, "@alice") == []
    assert absent(stage.native("carol")) == [("bob", "")]
    bob = stage.native("bob")
    alice.do(commands.Away)
    assert absent(bob, "@alice") == [("alice", "away")]
    assert absent(alice, "#lobby") == []


def test_the_absence_is_not_reported_for_an_unstored_message() -> None:
    stage, alice, bob = two()
    bob.do(commands.Quit)
    stage.journal.capacity = 0
    alice.take()
    alice.say("hi", to="@bob")
    stage.settle()
    assert [type(event) for event in alice.events()][-1] is events.Error


def test_send_learns_of_an_absence_before_the_answer() -> None:
    stage, _, bob = two()
    bob.do(commands.Quit)
    script = stage.login(key_of("script"), name="script", listen="none")
    script.take()
    number = script.say("hi", to="@bob")
    stage.settle()
    told, ok = script.events()
    assert (told, ok.id) == (events.Absent(name="bob"), number)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "bad_text"),
        ({"text": " \n\t "}, "bad_text"),
        ({"text": "x" * (TEXT_BYTES + 1)}, "too_long"),
        ({"text": "hi", "to": "@bobby"}, "no_such_user"),
        ({"text": "hi", "to": "@"}, "no_such_user"),
        ({"text": "hi", "to": "#nowhere"}, "no_such_room"),
        ({"text": "hi", "to": ""}, "no_such_room"),
        ({"text": "hi", "outbox": "short", "n": 1}, "bad_line"),
        ({"text": "hi", "outbox": OUTBOX}, "bad_line"),
        ({"text": "hi", "outbox": OUTBOX, "n": 0}, "bad_line"),
    ],
)
def test_a_refused_message_is_not_stored(fields: dict, code: str) -> None:
    stage, alice, bob = two()
    number = alice.say(**fields)
    stage.settle()
    error = refusal(alice)
    assert (error.code, error.id, error.retry) == (code, number, False)
    assert bob.events() == []
    assert stage.journal._store.logs.keys() == {"*"}


def test_the_longest_text_is_stored() -> None:
    stage, alice, bob = two()
    text = "ä" * (TEXT_BYTES // 2)
    alice.say(text)
    stage.settle()
    assert bob.heard() == [("#lobby", 1, text)]


def test_the_error_for_an_unknown_user_suggests_the_nearest() -> None:
    _, alice, _ = two()
    alice.say("hi", to="@bop")
    assert refusal(alice).text == "No such user: bop. Did you mean bob?"


def test_a_repeated_message_is_stored_once_and_answered_the_same() -> None:
    stage, alice, bob = two()
    for _ in range(3):
        alice.say("hello", outbox=OUTBOX, n=1)
        stage.settle()
    assert bob.heard() == [("#lobby", 1, "hello")]
    assert [(ok.seq, ok.duplicate) for ok in alice.told(events.Ok)] == [(1, False), (1, True), (1, True)]


def test_a_message_repeated_in_one_batch_is_stored_once() -> None:
    stage, alice, bob = two()
    for _ in range(2):
        alice.say("hello", outbox=OUTBOX, n=1)
    stage.settle()
    assert bob.heard() == [("#lobby", 1, "hello")]


def test_a_message_repeated_after_a_restart_is_stored_once() -> None:
    stage, alice, _ = two()
    alice.say("hello", outbox=OUTBOX, n=1)
    stage.settle()
    stage.hub = stage.new_hub()
    alice = stage.native("alice")
    alice.take()
    alice.say("hello", outbox=OUTBOX, n=1)
    stage.settle()
    assert [(ok.seq, ok.duplicate) for ok in alice.told(events.Ok)] == [(1, True)]


@pytest.mark.parametrize("changed", [{"text": "other"}, {"to": "#ops"}, {"to": "@bob"}])
def test_a_key_is_for_one_message(changed: dict) -> None:
    stage, alice, bob = two()
    bob.do(commands.Join, room="#ops")
    alice.say("hello", outbox=OUTBOX, n=1)
    stage.settle()
    alice.take()
    alice.say(**({"text": "hello", "outbox": OUTBOX, "n": 1} | changed))
    stage.settle()
    assert refusal(alice).code == "key_reused"


def test_a_number_below_the_last_was_never_used() -> None:
    stage, alice, _ = two()
    alice.say("five", outbox=OUTBOX, n=5)
    alice.say("three", outbox=OUTBOX, n=3)
    stage.settle()
    assert refusal(alice).code == "key_reused"


def test_the_same_outbox_of_another_user_is_separate() -> None:
    stage, alice, bob = two()
    alice.say("hers", outbox=OUTBOX, n=1)
    bob.say("his", outbox=OUTBOX, n=1)
    stage.settle()
    assert [text for _, _, text in alice.heard()] == ["hers", "his"]


def test_a_reconnected_guest_can_repeat_a_stored_message() -> None:
    stage, _, bob = two()
    for _ in range(2):
        guest = stage.guest("visitor")
        guest.say("hello", outbox=OUTBOX, n=1)
        stage.settle()
        assert [ok.seq for ok in guest.told(events.Ok)] == [1]
        guest.drop()
        stage.turns.wait(RESUME_SECONDS)
    assert [text for _, _, text in bob.heard()] == ["hello"]


def test_a_message_that_cannot_be_stored_can_be_sent_again() -> None:
    stage, alice, bob = two()
    stage.journal.capacity = 0
    number = alice.say("hello", outbox=OUTBOX, n=1)
    stage.settle()
    error = refusal(alice)
    assert (error.code, error.id, error.retry) == ("storage", number, True)
    assert bob.events() == []
    stage.journal.capacity = 10
    alice.say("later", outbox=OUTBOX, n=2)
    stage.settle()
    assert refusal(alice).retry
    alice.say("hello", outbox=OUTBOX, n=1)
    alice.say("later", outbox=OUTBOX, n=2)
    stage.settle()
    assert [text for _, _, text in bob.heard()] == ["hello", "later"]


def test_without_an_id_only_errors_are_answered() -> None:
    stage, alice, _ = two()
    alice.ask(commands.Send(to="#lobby", text="hi"), commands.Send(to="#lobby", text=""))
    stage.settle()
    answers = [event for event in alice.events() if not isinstance(event, events.Entry)]
    assert [(event.code, event.id) for event in answers] == [("bad_text", None)]


def test_ping_is_answered_after_all_earlier_commands() -> None:
    stage, alice, _ = two()
    sent = [alice.say(f"text {n}") for n in range(5)]
    number = alice.next_id()
    alice.ask(commands.Ping(id=number))
    assert alice.events() == []
    stage.settle()
    assert [ok.id for ok in alice.told(events.Ok)] == [*sent, number]


def test_ping_works_before_the_login() -> None:
    peer = Stage().connect()
    peer.do(commands.Ping)
    assert peer.events() == [events.Ok(id=1)]


def test_quit_ends_the_session_after_all_earlier_commands() -> None:
    stage, alice, bob = two()
    alice.say("last words")
    alice.ask(commands.Quit(id=9))
    assert alice.last_words is None
    stage.settle()
    assert alice.last_words == b'{"type":"ok","id":9}\n'
    assert bob.heard() == [("#lobby", 1, "last words")]
    assert stage.hub.online.names() == ["bob"]


def test_quit_works_before_the_login() -> None:
    peer = Stage().connect(PLAIN)
    peer.do(commands.Quit)
    assert peer.last_words == b""


def test_a_message_is_delivered_although_its_author_quits() -> None:
    stage = Stage()
    bob, dave = stage.native("bob"), stage.plain("dave")
    stage.turns.wait(1)
    bob.take()
    dave.say("to all")
    dave.say("to bob", to="@bob")
    dave.drop()
    stage.settle()
    assert {text for _, _, text in bob.heard()} == {"to all", "to bob"}


def test_guests_can_send_direct_messages_only_to_online_users() -> None:
    stage = Stage()
    alice = stage.native("alice")
    gus = stage.guest("gus")
    gus.say("hi", "@alice")
    stage.settle()
    alice.do(commands.Quit)
    gus.take()
    gus.say("hi", "@alice")
    (error,) = gus.told(events.Error)
    assert (error.code, error.text) == ("refused", "alice is not online, and guests can only write to users who are.")
    stage.native("bob").say("hi", "@alice")
    stage.settle()
    assert [text for _, _, text in stage.native("alice", epoch=stage.hub.logins.epoch).heard()] == ["hi", "hi"]
