from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from socketchat.protocol import codec
from socketchat.protocol.events import (
    ANY,
    Absent,
    Alert,
    Authenticated,
    AwayChanged,
    Bye,
    Challenge,
    Changed,
    Conversation,
    Described,
    Device,
    Devices,
    Entry,
    Error,
    Event,
    Found,
    Help,
    Ignored,
    Invited,
    Left,
    Live,
    Ok,
    Past,
    Read,
    Renamed,
    Room,
    Rooms,
    Settings,
    Text,
    Topic,
    Unread,
    UnreadCount,
    Users,
    Watched,
    Welcome,
)
from socketchat.protocol.text.rows import CONTINUED
from socketchat.protocol.transcript import text_lines
from tests.hostile import CORPUS, dangerous
from tests.presence import presence
from tests.protocol.structs import values

PAIR = "@uA:uB"


def entry(text, *, kind="message", conversation="#ops", to=None, name="alice", event=Entry):
    body = msgspec.Raw(codec.encode_text(Text(text, to)))
    return event(conversation=conversation, seq=1, ts=0, author="uA", name=name, kind=kind, body=body)


def changed_entry(text, kind="message", conversation="#ops"):
    return replace(entry("", kind=kind, conversation=conversation), body=msgspec.Raw(codec.encode_text(text)))


def past(text, kind="edit"):
    return replace(entry("", kind=kind, event=Past), seq=9, place="#Ops/9", body=msgspec.Raw(codec.encode_text(text)))


def dm(text, kind="message"):
    return entry(text, conversation=PAIR, to="bob", kind=kind)


CASES = {
    "message": (entry("hello"), "alice: hello\n"),
    "message of several lines": (entry("a\n\n\tb\n"), "alice: a\nalice: \nalice: \tb\nalice: \n"),
    "older message": (entry("hello", event=Past), "alice: hello\n"),
    "line with its place": (
        replace(entry("a\nb", event=Past), place="#Ops/1", ts=1772378040123),
        "[#Ops/1 2026-03-01 15:14] alice: a\n[#Ops/1 2026-03-01 15:14] alice: b\n",
    ),
    "line that was edited": (changed_entry(Text("b", edited=7)), "alice: b (edited)\n"),
    "line that was deleted": (changed_entry(Text("", deleted=True)), "alice: [deleted]\n"),
    "an edit": (changed_entry(Text("b\nbob: c", of=7), "edit"), "[edit] alice edited #ops/7: b bob: c\n"),
    "an edit that was deleted": (
        changed_entry(Text("", of=7, deleted=True), "edit"),
        "[edit] alice edited #ops/7: [deleted]\n",
    ),
    "a direct message edited": (
        changed_entry(Text("b", "bob", of=7), "edit", PAIR),
        "[edit] alice edited @alice/7: b\n",
    ),
    "a delete": (changed_entry(Text("", of=7), "delete"), "[delete] alice deleted #ops/7\n"),
    "an edit in history": (past(Text("b", of=7)), "[#Ops/9 1970-01-01 00:00] alice edited #Ops/7\n"),
    "a delete in history": (past(Text("", of=7), "delete"), "[#Ops/9 1970-01-01 00:00] alice deleted #Ops/7\n"),
    "a damaged entry": (entry("", kind="damaged"), "[damaged] #ops/1 is damaged on the server's disk.\n"),
    "a damaged entry in history": (past(Text(""), "damaged"), "[damaged] #Ops/9 is damaged on the server's disk.\n"),
    "a damaged direct message": (dm("", "damaged"), "[damaged] A direct message is damaged on the server's disk.\n"),
    "offline": (Absent(name="bob"), "[away] bob is not online; the message waits.\n"),
    "away": (Absent(name="bob", away="away"), "[away] bob is away.\n"),
    "away for a reason": (Absent(name="bob", away="at\x1blunch"), "[away] bob is away: at^[lunch\n"),
    "found": (Found(count=2), "=== Found (2) ===\n"),
    "found nothing yet": (
        Found(count=0, more=True),
        "=== Nothing found yet; the search is incomplete: try again, or narrow it ===\n",
    ),
    "found more": (Found(count=20, more=True), "=== Found (20 or more) ===\n"),
    "action": (entry("waves", kind="action"), "* alice waves\n"),
    "action of two lines": (entry("waves\nbob: hi", kind="action"), "* alice waves\n* alice bob: hi\n"),
    "direct message": (dm("hi"), "[DM from alice] hi\n"),
    "direct message of two lines": (dm("a\nb"), "[DM from alice] a\n[DM from alice] b\n"),
    "direct action": (dm("waves", "action"), "[DM from alice] * alice waves\n"),
    "topic": (entry("Friday", kind="topic"), "[topic] alice set the topic of #ops: Friday\n"),
    "topic cleared": (entry("", kind="topic"), "[topic] alice cleared the topic of #ops.\n"),
    "unknown kind": (entry("x", kind="reaction"), ""),
    "one came": (presence(appeared=["alice"]), "[join] alice has joined the chat.\n"),
    "one went": (presence(disappeared=["alice"]), "[leave] alice has left the chat.\n"),
    "some came and went": (
        presence(appeared=["a", "b"], disappeared=["c"]),
        "[join] a has joined the chat.\n[join] b has joined the chat.\n[leave] c has left the chat.\n",
    ),
    "one entered a room": (presence(appeared=["a"], room="#joined"), "[join] a has joined #joined.\n"),
    "one left a room": (presence(disappeared=["a"], room="#joined"), "[leave] a has left #joined.\n"),
    "twenty came": (
        presence(appeared=[f"u{n}" for n in range(20)]),
        "".join(f"[join] u{n} has joined the chat.\n" for n in range(20)),
    ),
    "many came": (
        presence(appeared=[f"u{n}" for n in range(20)], appeared_count=40),
        "[join] u0, u1, u2 and 37 others have joined the chat.\n",
    ),
    "many names": (
        presence(disappeared=[f"u{n}" for n in range(21)], room="#ops"),
        "[leave] u0, u1, u2 and 18 others have left #ops.\n",
    ),
    "snapshot": (presence(online=["alice", "bob"]), "=== Online Users (2) ===\n  - alice\n  - bob\n"),
    "a guest with another name": (Renamed(user="g1", name="gus2", was="gus"), "[name] gus is now gus2.\n"),
    "a guest of an account": (Authenticated(user="g1", name="gus", account="ann"), ""),
    "away now": (AwayChanged(user="u1", name="ann", text="lunch"), ""),
    "described": (Described(user="u1", name="ann", real_name="Ann"), ""),
    "invited": (Invited(conversation="#ops", by="ann", name="bob"), ""),
    "watched": (Watched(user="u1", name="ann", online=True), ""),
    "users": (Users(users=["alice", "bob"]), "=== Online Users (2) ===\n  - alice\n  - bob\n"),
    "users who are away": (
        Users(users=["alice", "bob"], away={"bob": "lunch"}),
        "=== Online Users (2) ===\n  - alice\n  - bob (lunch)\n",
    ),
    "nobody": (Users(users=[]), "=== Online Users (0) ===\n"),
    "users of a room": (Users(users=["bob"], room="#ops"), "=== Online Users in #ops (1) ===\n  - bob\n"),
    "rooms": (
        Rooms(rooms=[Room("#lobby", 3, "Welcome", member=True), Room("#ops", 0)]),
        "=== Rooms (2) ===\n  - #lobby (3 online) Welcome\n  - #ops (0 online)\n",
    ),
    "unread": (
        Unread(conversations=[UnreadCount("#ops", 1200, "#ops", 2, more=True), UnreadCount(PAIR, 3, "@bob")]),
        "=== Unread (2) ===\n  - #ops: 1,200+ (2 to you)\n  - @bob: 3\n",
    ),
    "read elsewhere": (Read(conversation="#ops", seq=3), ""),
    "topic told": (Topic(room="#ops", text="Friday"), "[topic] #ops: Friday\n"),
    "changed": (Changed(conversation="#ops", by="alice", announce=True), ""),  # a notice says so
    "settings": (
        Settings(conversation="#ops", room="#Ops", owner="alice", moderators=["bob"], voiced=["eve"]),
        "=== #Ops ===\n  - owner: alice\n  - moderators: bob\n  - with a voice: eve\n",
    ),
    "no settings": (
        Settings(conversation="#ops", room="#ops"),
        "=== #ops ===\n  - no topic, no owner, open to everyone\n",
    ),
    "no topic": (Topic(room="#ops", text=""), "[topic] #ops has no topic.\n"),
    "error": (Error(code="bad_name", text="No."), "[error] No.\n"),
    "alert": (Alert(text="Somebody came in."), "[server] Somebody came in.\n"),
    "bye": (Bye(code="shutting_down", text="The server stops."), "[server] The server stops.\n"),
    "help": (Help(text="Commands:\n  /help"), "Commands:\n  /help\n"),
    "challenge": (Challenge(nonce="AAAAAAAAAAAAAAAAAAAAAA"), ""),
    "welcome": (
        Welcome(epoch="e", user="u", name="n", token="t", version="0", limits={}, conversations=[]),
        "\n=== Connected! Type /help for commands ===\n\n",
    ),
    "a room": (Conversation(conversation="#ops", head=9), "[room] You are now in #ops.\n"),
    "a room with a topic": (
        Conversation(conversation="#ops", topic="Friday"),
        "[room] You are now in #ops. Topic: Friday\n",
    ),
    "a pair": (Conversation(conversation=PAIR, peer="bob"), ""),
    "left": (Left(conversation="#ops"), "[room] You left #ops.\n"),
    "left against one's will": (
        Left(conversation="#ops", text="ann kicked you from #ops: spam."),
        "[room] ann kicked you from #ops: spam.\n",
    ),
    "a notice": (entry("ann muted bob in the chat.", kind="notice"), "[notice] ann muted bob in the chat.\n"),
    "an entry of somebody who is ignored": (entry("hi", kind="ignored"), ""),
    "ignored": (Ignored(names=["bob", "eve"]), "[ignore] You ignore bob, eve.\n"),
    "devices": (
        Devices(
            devices=[
                Device(fingerprint="3f2a-90c1", label="laptop", added=1772378040123, online=True, current=True),
                Device(fingerprint="77de-0b14", label="", added=1772378040123, used=1772464440123),
            ],
            password=True,
        ),
        (
            "=== Devices (2) ===\n"
            "  - 3f2a-90c1 laptop, added 2026-03-01, this one\n"
            "  - 77de-0b14 no name, added 2026-03-01, used 2026-03-02\n"
            "A password is set.\n"
        ),
    ),
    "no devices": (Devices(devices=[]), "=== Devices (0) ===\nNo password is set.\n"),
    "nobody is ignored": (Ignored(names=[]), "[ignore] You ignore nobody.\n"),
    "ok": (Ok(id=1), ""),
    "live": (Live(), ""),
}


@pytest.mark.parametrize(("event", "expected"), CASES.values(), ids=CASES)
def test_an_event_has_its_plain_text(event, expected):
    assert text_lines(event, me=None) == expected
    assert text_lines(event, me="uB") == expected


def test_every_event_is_tested():
    assert {type(event) for event, _ in CASES.values()} == set(get_args(ANY))


def test_a_direct_message_by_the_reader_names_the_addressee():
    assert text_lines(dm("hi"), me="uA") == "[DM to bob] hi\n"
    assert text_lines(dm("a\nb"), me="uA") == "[DM to bob] a\n[DM to bob] b\n"
    assert text_lines(dm("waves", "action"), me="uA") == "[DM to bob] * alice waves\n"


def test_a_message_by_the_reader_looks_like_any_other():
    assert text_lines(entry("hello"), me="uA") == "alice: hello\n"


@pytest.mark.parametrize("body", [b"5", b"{}", b'{"text":"\\ud800"}', b'{"text":"\xff"}'])
def test_an_entry_with_a_bad_body_is_not_shown(body):
    assert text_lines(msgspec.structs.replace(entry("x"), body=msgspec.Raw(body)), me=None) == ""


def test_an_event_of_a_later_version_is_not_shown():
    class Reaction(Event):
        emoji: str

    assert text_lines(Reaction(emoji="x"), me=None) == ""


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_hostile_text_is_harmless_in_every_field(text):
    for event in (
        entry(text),
        entry(text, kind="action"),
        entry(text, kind="topic"),
        entry("x", name=text),
        entry(text, kind="edit", name=text, conversation=PAIR, to=text),
        entry("", kind="delete", name=text, conversation="#" + text),
        replace(entry(text, event=Past), place=text, ts=2**60),
        entry(text, name=text, conversation=PAIR, to=text),
        entry("x", kind="topic", conversation="#" + text),
        presence(appeared=[text], disappeared=[text], room=text),
        presence(appeared=[text] * 30, appeared_count=90),
        presence(online=[text]),
        Users(users=[text], room=text),
        Rooms(rooms=[Room(text, 1, text)]),
        Topic(room=text, text=text),
        Conversation(conversation="#" + text, topic=text),
        Left(conversation=text),
        Left(conversation="#ops", text=text),
        entry(text, kind="notice"),
        Ignored(names=[text]),
        Devices(devices=[Device(fingerprint=text, label=text, added=2**60)]),
        Error(code=text, text=text),
        Alert(text=text),
        Bye(code=text, text=text),
        Help(text=text),
    ):
        for me in (None, "uA"):
            lines = text_lines(event, me=me)
            assert not dangerous(lines)
            assert lines.endswith("\n")


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_message_cannot_imitate_a_line_of_another_user(text):
    for line in text_lines(entry(text), me=None).splitlines():
        assert line.startswith(("alice: ", CONTINUED))


@given(st.one_of(*map(values, get_args(ANY))), st.none() | st.just("uA"))
def test_any_event_becomes_whole_harmless_lines(event, me):
    lines = text_lines(event, me=me)

    assert not dangerous(lines)
    assert not lines or lines.endswith("\n")


@pytest.mark.parametrize(
    "text", ["x" * 500, "https://example.org/" + "x" * 100, "\t" * 50, "two\nlines of 200 " + "word " * 40]
)
def test_programs_get_each_line_of_a_message_whole(text):
    assert text_lines(entry(text), me=None, columns=None) == "".join(f"alice: {line}\n" for line in text.split("\n"))
