"""Users in terminals at a real server, and what they see."""

import asyncio
import itertools
import logging
import os
import re
import signal
from datetime import UTC, datetime

import pytest

from socketchat.client.asyncio.connect import connect
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import Unreachable
from socketchat.protocol.commands import Ping
from socketchat.terminal.chat import Chat
from socketchat.terminal.screen import scroll
from socketchat.terminal.screen.theme import Look
from tests.client.scripted import entry as said_first
from tests.client.scripted import error, ok, scripted

from .events import NOON
from .screens import Terminal

CTRL_C, CTRL_D = "\x03", "\x04"
names = (f"{name}{number}" for number in itertools.count() for name in ("ann", "bob"))


@pytest.fixture
def pair(server, sit):
    """Return the names and seats of two users in the lobby."""
    ann, bob = next(names), next(names)
    seats = sit(server, ann), sit(server, bob)
    for seat in seats:
        seat.shows("Welcome")
    return ann, bob, *seats


def said(seat):
    """Return the lines on a screen without their times."""
    return [re.sub(r"^\d\d:\d\d ", "", line) for line in seat.lines]


def test_the_conversation_of_the_seed_works(pair):
    ann, bob, anns, bobs = pair
    anns.says("hello")
    bobs.shows(f"{ann}: hello")
    bobs.says("hi there", f"/dm {ann} psst")
    anns.shows(f"{bob}: hi there")
    anns.shows(f"[DM from {bob}] psst")
    bobs.shows(f"[DM to {ann}] psst")
    anns.says("/users")
    anns.shows("Online users")
    assert f"│ {bob}" in anns.text
    assert bobs.leaves() == 0
    anns.shows(f"← {bob} has left the chat")
    assert said(anns).count(f"{ann}: hello") == 1


def test_the_last_lines_are_shown_on_arrival_above_a_separator(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("no messages in #lobby yet")
    ann.says(*(f"line {number}" for number in range(60)))
    ann.shows("line 59")

    bob = sit(own_server, "bob")
    bob.shows("Welcome, bob. 2 online: ann and bob.")
    past = [f"ann: line {number}" for number in range(10, 60)]

    assert [line for line in said(bob) if line.startswith(("ann: ", "──"))] == [
        *past,
        "── above: the last 50 messages in #lobby ──",
    ]


def test_history_can_be_paged_searched_and_changed(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    ann.says(*(f"line {number}" for number in range(70)))
    ann.shows("line 69")
    bob = sit(own_server, "bob")
    bob.shows("Welcome, bob")
    bob.says("/history 5")
    bob.shows("── #lobby/66 to #lobby/70; /history shows what came before ──")
    assert "#lobby/70 ann: line 69" in said(bob)
    bob.says("/history")
    bob.shows("── #lobby/16 to #lobby/65; /history shows what came before ──")
    bob.says("/history #lobby/11 4")
    bob.shows("── #lobby/7 to #lobby/10; /history shows what came before ──")
    bob.says("/history")
    bob.shows("── #lobby/1 to #lobby/6; this is the beginning of #lobby ──")
    ann.says("/edit line sixty-nine")
    bob.shows("ann edited #lobby/70: line sixty-nine")
    bob.says("/search sixty from:ann")
    bob.shows("── 1 found: sixty ──")
    assert "#lobby/70 ann: line sixty-nine (edited)" in said(bob)
    ann.says("/delete #lobby/70")
    bob.shows("ann deleted #lobby/70")
    bob.says("/show #lobby/70")
    bob.shows("── around #lobby/70 ──")
    assert [line for line in said(bob) if line.startswith("#lobby/7")][-3:] == [
        "#lobby/70 ann: [deleted]",
        "#lobby/71 ann edited #lobby/70",
        "#lobby/72 ann deleted #lobby/70",
    ]


def test_a_half_typed_line_survives_messages_of_others(pair):
    _, _, anns, bobs = pair
    bobs.type("half ty")
    anns.says(*(f"line {number}" for number in range(30)))
    bobs.shows("line 29")
    bobs.type("ped\r")
    anns.shows("half typed")


def test_rooms_can_be_entered_and_left_and_count_unread_messages(pair):
    ann, bob, anns, bobs = pair
    room = f"#Room-{ann}"
    anns.says(f"/join {room}", "first", "/topic pumps")
    anns.shows(f"{ann} set the topic: pumps")
    bobs.says(f"/join {room.upper()}")
    bobs.shows(f"── above: the last 2 messages in {room} ──")
    bobs.shows(f"-- Topic of {room}: pumps")
    anns.shows(f"→ {bob} has joined {room}")
    bobs.says("/join #lobby")
    bobs.shows(f"#lobby {bob}>")
    anns.says("second", "/me waves")
    bobs.shows(f"{room} 2 · ")
    assert "second" not in bobs.text
    bobs.says("/rooms")
    bobs.shows("» #lobby")
    bobs.says(f"/join {room}")
    bobs.shows(f"* {ann} waves")
    bobs.lacks(f"{room} 2 · ")
    bobs.says("/leave", "in the lobby")
    bobs.shows(f"You left {room}")
    bobs.shows(f"{bob}: in the lobby")
    anns.says("/join #lobby")
    anns.shows(f"{bob}: in the lobby")


def test_a_text_after_join_is_sent_to_the_new_room(pair):
    ann, _, anns, bobs = pair
    anns.says(f"/join #quick-{ann}", "secret", "/join #lobby", "public")
    bobs.shows(f"{ann}: public")

    assert "secret" not in bobs.text


def test_a_message_is_sent_before_a_later_command(pair):
    ann, _, anns, _ = pair
    anns.says(f"/join #order-{ann}", "one", "/topic two", "three")
    anns.shows("three")
    lines = said(anns)

    assert [lines.index(line) for line in (f"{ann}: one", f"{ann} set the topic: two", f"{ann}: three")] == sorted(
        lines.index(line) for line in (f"{ann}: one", f"{ann} set the topic: two", f"{ann}: three")
    )


def test_a_mistyped_command_is_not_sent_as_text(pair):
    ann, _, anns, bobs = pair
    anns.says("/joni #ops", "//slashes are fine", "/quit now")
    anns.shows("!! No such command: /joni. Did you mean /join?")
    anns.shows("!! Usage: /quit")
    bobs.shows(f"{ann}: /slashes are fine")

    assert "joni" not in bobs.text


def test_a_refused_text_returns_for_editing(pair):
    _, bob, anns, bobs = pair
    anns.says(f"/dm {bob}x precious words")
    anns.shows(f"!! No such user: {bob}x. Did you mean {bob}?")
    anns.shows(f"> /dm {bob}x precious words")
    anns.type("\x01" + "\x1b[C" * len(f"/dm {bob}") + "\x04\r")
    bobs.shows("precious words")


def test_a_refused_text_does_not_disturb_typing(server, pair):
    _, bob, anns, _ = pair
    server.freeze()
    anns.type(f"/dm {bob}x precious words")
    anns.until(lambda: anns.row.endswith("words"))
    anns.type("\r")
    anns.until(lambda: anns.row.endswith(">"))  # or what follows could come with it, as in a paste
    anns.type("half")
    anns.shows("1 being sent")
    server.thaw()
    anns.shows("(Press Up to get your text back.)")

    assert anns.row.endswith("> half")


def test_blind_typing_is_not_appended_to_a_refused_text(pair):
    ann, bob, anns, bobs = pair
    anns.says(f"/dm {bob}x precious words")
    anns.shows(f"> /dm {bob}x precious words")
    anns.says("something else")
    bobs.shows(f"{ann}: something else")
    assert "precious" not in bobs.text


def test_a_text_over_the_limit_is_refused_and_returns(pair):
    _, _, anns, _ = pair
    anns.type(f"\x1b[200~{'x' * 40_000}\x1b[201~\r")
    anns.shows("!! Too long: 40,000 bytes; the limit is 32,768. Send it as a file or split it.")
    anns.shows("xxxxxxxx")
    anns.shows("typing replaces it")


def test_a_room_owner_can_kick_and_both_users_see_the_reason(pair):
    ann, bob, anns, bobs = pair
    room = f"#kick-{ann}"
    anns.says(f"/join {room}")
    anns.shows(f"{room} {ann}>")
    bobs.says(f"/join {room}", f"/ignore {ann}")
    bobs.shows(f"-- You ignore {ann}.")
    anns.says("you do not read this", f"/kick {bob} spam")
    anns.shows(f"-- {ann} kicked {bob} from {room}: spam.")
    bobs.shows(f"-- {ann} kicked you from {room}: spam.")
    bobs.says(f"/unignore {ann}")
    bobs.shows("-- You ignore nobody.")
    assert bobs.row.startswith("#lobby")
    assert "you do not read this" not in bobs.text


def test_a_long_text_is_truncated_and_show_displays_all_of_it(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    ann.type("\x1b[200~" + "".join(f"row {number}\n" for number in range(60)) + "\x1b[201~\r")
    ann.shows("      row 19\n      … 40 more lines: /show #lobby/1\n")
    ann.says("/history 1")
    ann.shows("── #lobby/1 to #lobby/1; this is")
    assert ann.text.count("… 40 more lines") == 2
    ann.says("/show #lobby/1")
    ann.shows("      row 59\n── around #lobby/1 ──")


def test_a_paste_is_sent_as_one_message(pair):
    ann, _, anns, bobs = pair
    anns.type("\x1b[200~def f():\n\treturn 1\n\x1b[201~f()\r")
    bobs.shows("      f()")

    lines = said(bobs)
    assert lines[lines.index(f"{ann}: def f():") :][:3] == [f"{ann}: def f():", "        return 1", "      f()"]


def test_tab_completes_names_and_rooms(pair):
    ann, bob, anns, bobs = pair
    anns.says(f"/join #tab-{ann}")
    anns.shows(f"#tab-{ann} {ann}>")
    bobs.says("/rooms")
    bobs.shows(f"#tab-{ann}")
    bobs.type(f"/jo\t#TAB-{ann}\t\r")
    bobs.shows(f"#tab-{ann} {bob}>")
    anns.type(f"{bob.upper()}\tlook\r")
    bobs.shows(f"{ann}: {bob}: look")


def test_help_comes_from_the_table_of_commands(pair):
    *_, anns, _ = pair
    anns.says("/help", "/help dm")
    anns.shows("/topic [TEXT]     Show or set the topic")
    anns.shows("/dm NAME TEXT\nSend a direct message")


def test_direct_messages_wait_for_an_offline_user_and_are_shown_once(own_server, sit):
    bob = sit(own_server, "bob", home="bob")
    bob.shows("Welcome")
    bob.leaves()
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    ann.says("/dm bob while you were away")
    ann.shows("-- bob is not online; the message waits.")
    ann.shows("[DM to bob]")

    bob = sit(own_server, home="bob")
    bob.shows("Your name [bob]:")
    bob.says("")
    bob.shows("[DM from ann] while you were away")
    bob.shows("Welcome")
    bob.leaves()
    again = sit(own_server, "bob", home="bob")
    again.shows("Welcome")
    again.says("/dm ann here")
    again.shows("[DM to ann] here")

    assert "away" not in again.text
    again.leaves()
    sit(own_server, "bobsbot", home="bob").shows("Welcome, bobsbot.")
    bob = sit(own_server, "bob", home="bob")
    bob.shows("Welcome")
    bob.says("/dm ann back")
    bob.shows("[DM to ann] back")

    assert "away" not in bob.text


def test_unread_messages_are_reported_on_arrival_and_read_on_all_devices(own_server, sit):
    ann, bob = sit(own_server, "ann", home="ann"), sit(own_server, "bob")
    for each in (ann, bob):
        each.shows("Welcome")
        each.says("/join #ops")
        each.shows("no messages in #ops")
    bob.says("zero")
    ann.shows("bob: zero")
    ann.leaves()
    bob.says("one", "ann: two")
    bob.shows("bob: ann: two")

    first, second = sit(own_server, "ann", home="ann"), sit(own_server, "ann", home="ann")
    for each in (first, second):
        each.shows("-- Unread: #ops 2 (1 to you: #ops/3)")
        each.shows("#ops 2, 1 to you · ")
    first.says("/join #ops")
    first.shows("bob: ann: two")
    second.lacks("to you · ")
    second.says("/unread")
    second.shows("-- Nothing is unread.")


def test_lines_on_the_screen_are_not_unread(pair):
    ann, bob, anns, bobs = pair
    for number in range(3):
        bobs.says(f"line {number}", f"/dm {ann} psst {number}")
    anns.shows(f"[DM from {bob}] psst 2")
    anns.says("/unread")
    anns.shows("-- Nothing is unread.")


def test_missed_direct_messages_are_sorted_by_time(own_server, sit):
    ann, bob = sit(own_server, "ann", home="ann"), sit(own_server, "bob")
    for each in (ann, bob):
        each.shows("Welcome")
    ann.leaves()
    for line, shown in (("before", "bob: before"), ("/dm ann psst", "[DM to ann] psst"), ("after", "bob: after")):
        bob.says(line)  # each at a time of its own
        bob.shows(shown)

    ann = sit(own_server, "ann", home="ann")
    ann.shows("Welcome")
    ann.shows("[DM from bob] psst")
    assert [line for line in said(ann) if "bob" in line][:3] == ["bob: before", "[DM from bob] psst", "bob: after"]
    ann.shows("── above: the last 2 messages in #lobby, with direct messages ──")


def test_history_shows_direct_messages_from_before_the_first_join(own_server, sit, tmp_path):
    ann, bob = sit(own_server, "ann", home="ann"), sit(own_server, "bob")
    ann.shows("Welcome")
    bob.shows("Welcome")
    ann.leaves()
    bob.shows("ann has left")
    bob.says("/dm ann psst", "/dm ann hush", "/edit @ann/2 hush!")
    bob.shows("bob edited @ann/2: hush!")

    for seen in (tmp_path / "ann").rglob("*.json"):
        seen.unlink()  # as on another device
    ann = sit(own_server, "ann", home="ann")
    ann.shows("-- Unread: @bob 2 from @bob/1 (/history @bob shows them)")
    ann.says("/history @bob")
    ann.shows("── @bob/1 to @bob/3; this is the beginning of @bob ──")
    assert [line for line in said(ann) if line.startswith("@bob/")] == [
        "@bob/1 [DM from bob] psst",
        "@bob/2 [DM from bob] hush! (edited)",
        "@bob/3 bob edited @bob/2",
    ]
    ann.says("/unread")
    ann.shows("-- Nothing is unread.")


def test_a_lost_connection_is_reported_and_nothing_is_lost(own_server, sit):
    ann, bob = sit(own_server, "ann"), sit(own_server, "bob")
    for seat in (ann, bob):
        seat.shows("Welcome")
    ann.says("before")
    bob.shows("ann: before")
    own_server.kill()
    for seat in (ann, bob):
        seat.shows("-- Connection lost")
        seat.shows("not connected")
    ann.says("/edit before that", "typed meanwhile")
    ann.shows("2 waiting")
    ann.shows("      waiting: /edit before that\n      waiting: typed meanwhile\n")
    bob.type("half ")
    own_server.start()
    ann.type("\r")  # tries immediately
    ann.shows("-- Reconnected")
    ann.shows("ann: typed meanwhile")
    bob.says("typed")
    bob.shows("-- Reconnected")

    for seat in (ann, bob):
        seat.shows("ann: typed meanwhile")
        seat.shows("bob: half typed")
        assert [line for line in said(seat) if line.startswith(("ann: ", "bob: ", "ann edited "))] == [
            "ann: before",
            "ann edited #lobby/1: before that",
            "ann: typed meanwhile",
            "bob: half typed",
        ]


def test_a_text_for_a_room_that_cannot_be_entered_is_not_sent(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    own_server.freeze()
    ann.says("/join #secrets", "words", "/help rooms", "/nope", "password")
    ann.type("x")
    ann.shows("#lobby ann> x")
    ann.type("\x7f")
    ann.lacks("#lobby ann> x")
    own_server.kill()
    ann.shows("!! Not sent: you are still in #lobby. (Press Up to get your text back.)")
    ann.shows("!! Not sent: you are still in #lobby.\n")
    ann.shows("List the rooms.")
    ann.shows("!! No such command: /nope")
    ann.shows("#lobby ann> password")


def test_a_slow_server_is_shown_in_the_status_line(server, pair):
    ann, _, anns, _ = pair
    server.freeze()
    anns.says("hello")
    anns.shows("1 being sent · ")
    assert f"{ann}: hello" not in anns.text
    server.thaw()
    anns.shows(f"{ann}: hello")
    anns.lacks("being sent")


def test_messages_unconfirmed_at_a_lost_connection_are_shown_as_waiting(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    own_server.freeze()
    ann.says("hello", "/help away")
    ann.shows("Say that you are away")
    own_server.kill()
    ann.shows("-- Connection lost")
    ann.shows("      waiting: hello\n")
    own_server.start()
    ann.shows("ann: hello")
    assert ann.text.count("waiting: hello") == 1


def test_leaving_with_an_unconfirmed_message_is_reported(own_server, sit):
    ann = sit(own_server, "ann", home="ann")
    ann.shows("Welcome")
    own_server.kill()
    ann.shows("not connected")
    ann.says("hello")
    ann.shows("1 waiting")

    assert ann.leaves() == 3
    assert "socketchat: A message is not confirmed yet; the next `join` as ann sends" in ann.text

    own_server.start()
    again = sit(own_server, "ann", home="ann")
    again.shows("ann: hello")
    assert again.leaves() == 0


@pytest.mark.faults
def test_leaving_with_unsent_lines_is_reported(own_server, sit):
    ann = sit(own_server, "ann")
    ann.shows("Welcome")
    own_server.freeze()
    ann.says("/join #far", "one", "two")

    assert ann.leaves() == 3
    assert "socketchat: 2 lines were not sent." in ann.text


def test_lines_typed_during_the_login_are_sent_before_leaving(server, sit, pair):
    *_, bobs = pair
    name = next(names)
    quick = sit(server, name)
    quick.shows(f"#lobby {name}>")
    quick.says("typed ahead")

    assert quick.leaves() == 0
    bobs.shows(f"{name}: typed ahead")


def test_quit_leaves_immediately(pair):
    _, bob, anns, bobs = pair
    bobs.says("/quit")

    assert bobs.ends() == 0
    anns.shows(f"← {bob} has left the chat")


def test_ctrl_c_clears_a_line_and_on_an_empty_one_asks_before_it_leaves(pair):
    _, bob, anns, bobs = pair
    bobs.type("never said" + CTRL_C + CTRL_C)
    bobs.shows("Press Ctrl+C again to leave.")
    bobs.type(CTRL_C)

    assert bobs.ends() == 0
    anns.shows(f"← {bob} has left the chat")
    assert "never said" not in anns.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_the_chat_cleanly(pair, number):
    _, bob, anns, bobs = pair
    bobs.type("half")
    bobs.shows("half")
    bobs.signal(number)

    assert bobs.ends() == 128 + number
    anns.shows(f"← {bob} has left the chat")


def test_no_color_is_respected(server, sit):
    ann = sit(server, next(names), NO_COLOR="1")
    ann.shows("Welcome")
    ann.says("hello", "/users", "/nonsense")
    ann.shows("!! No such command: /nonsense")
    ann.leaves()

    assert set(re.findall(rb"\x1b\[([0-9;]*)m", bytes(ann.written))) <= {b"", b"0", b"1", b"0;1", b"7", b"0;7"}


def test_thirty_columns_are_enough(server, sit):
    ann = next(names)
    seat = sit(server, ann, columns=30, rows=12)
    seat.shows("#lobby>")
    seat.says("https://example.org/a/long/link/that/is/broken/into/rows")
    seat.shows("rows\n#lobby>")

    assert "https://example.org/a/long/link/that/is/broken/into/rows" in "".join(line.strip() for line in seat.lines)


def test_a_flood_does_not_freeze_the_typing(pair):
    ann, bob, anns, bobs = pair
    bobs.says(f"/join #flood-{ann}")
    bobs.shows(f"#flood-{ann} {bob}>")
    anns.says(f"/join #flood-{ann}", *(f"flood {number}" for number in range(300)))
    for typed in itertools.accumulate("still here"):
        bobs.type(typed[-1])
        bobs.until(lambda typed=typed: bobs.row.endswith(f"> {typed}".rstrip()))
    bobs.type("\r")
    bobs.shows(f"{bob}: still here")
    bobs.shows("flood 299")

    assert [line for line in said(bobs) if line.startswith(f"{ann}: ")] == [f"{ann}: flood {n}" for n in range(300)]


def chat_here(server, name, play, **options):
    """Chat in this process, at noon of a day in 2025, while ``play`` runs; return the terminal."""
    terminal = Terminal()

    async def run(stdin, stdout):
        async with connect("127.0.0.1", server.port, name=name, profile=None, **options) as client:
            look = Look(edits=True, colors="256")
            chat = Chat(client, look, stdin=stdin, stdout=stdout, zone=UTC, clock=lambda: NOON / 1000)
            running = asyncio.create_task(chat.run())
            await terminal.until_async(lambda: "Welcome" in terminal.text)
            await play(terminal, chat)
            terminal.type(CTRL_D)
            await running

    with os.fdopen(os.dup(terminal.slave)) as stdin, os.fdopen(os.dup(terminal.slave), "w") as stdout:
        asyncio.run(run(stdin, stdout))
    return terminal


def test_log_messages_are_shown_above_the_prompt(server):
    before = list(logging.getLogger().handlers)

    async def play(terminal, _chat):
        terminal.type("half")
        await terminal.until_async(lambda: terminal.row.endswith("> half"))
        logging.getLogger("socketchat.client").warning("The disk is %s", "full\x1b[2J.")
        await terminal.until_async(lambda: "-- The disk is full^[[2J." in terminal.text)
        assert terminal.row.endswith("> half")
        terminal.type(CTRL_C)

    chat_here(server, next(names), play).close()
    assert logging.getLogger().handlers == before


@pytest.mark.parametrize("line", ["", "hello"])
def test_the_next_reconnect_is_shown_and_enter_tries_immediately(server, line):
    async def play(terminal, chat):
        down = re.compile(r"not connected, next try in (\d{3}) s · Enter tries now")
        chat._client._connector.connection.lose(Unreachable("The cable was cut."))
        await terminal.until_async(lambda: down.match(terminal.lines[-1]))
        before = down.match(terminal.lines[-1])[1]
        await terminal.until_async(lambda: down.match(terminal.lines[-1])[1] < before)
        terminal.type(f"{line}\r")
        await terminal.until_async(lambda: "-- Reconnected" in terminal.text)
        await terminal.until_async(lambda: re.search(r"^\d+ online", terminal.lines[-1]))

    slow = Timeouts(first_delay=900, longest_delay=900, steady=0)
    chat_here(server, next(names), play, timeouts=slow, random=lambda: 1.0).close()


def test_output_waiting_to_be_drawn_is_bounded(server, monkeypatch):
    name, other = next(names), next(names)

    async def play(_terminal, chat):
        monkeypatch.setattr(scroll, "WAITING", 10)
        monkeypatch.setattr(scroll, "REPAINT_SECONDS", 60)
        async with connect("127.0.0.1", server.port, name=other, profile=None, listen="none") as client:
            await asyncio.gather(*(client.send("#lobby", f"flood {number}") for number in range(60)))
            await chat._client.request(Ping())
            assert len(chat._screen._scroll._waiting) <= 11

    terminal = chat_here(server, name, play)
    terminal.close()


def test_dates_follow_the_clock_and_the_messages(server):
    name, other = next(names), next(names)
    today = datetime.now(UTC)

    async def play(terminal, _chat):
        async with connect("127.0.0.1", server.port, name=other, profile=None):
            await terminal.until_async(lambda: f"12:00 → {other} has joined the chat" in terminal.text)
            terminal.type("hello\r")
            await terminal.until_async(lambda: f"{name}: hello" in terminal.text)

    terminal = chat_here(server, name, play)

    above = terminal.lines[[line.endswith(f" {name}: hello") for line in terminal.lines].index(True) - 1]
    assert above in {f"── {day:%A} {day.day} {day:%B %Y} ──" for day in (today, datetime.now(UTC))}
    terminal.close()


@pytest.mark.parametrize("refused", ["unread", "history"])
def test_lines_are_shown_even_if_the_login_fails(refused):
    """A server with arbitrary output neither ends the chat nor fills the memory."""

    async def serve(peer):
        await peer.log_in()
        peer.write(said_first(1, "hello"), *[{"type": "left", "conversation": "#lobby"}] * 3)
        while (asked := await peer.read()) and asked["type"] != "quit":
            answer = error(asked["id"], "other", "Not today.") if asked["type"] == refused else ok(asked["id"])
            peer.write(answer)
        peer.close()

    async def run(stdin, stdout):
        async with scripted() as script:
            entering = connect("127.0.0.1", script.port, name="ann", profile=None)
            serving = asyncio.create_task(serve_next(script))
            async with entering as client:
                chat = Chat(client, Look(edits=True, colors="256"), stdin=stdin, stdout=stdout)
                running = asyncio.create_task(chat.run())
                await terminal.until_async(lambda: "bob: hello" in terminal.text and "!! Not today." in terminal.text)
                terminal.type(CTRL_D)
                await running
            await serving

    async def serve_next(script):
        await serve(await script.accept())

    terminal = Terminal()
    with os.fdopen(os.dup(terminal.slave)) as stdin, os.fdopen(os.dup(terminal.slave), "w") as stdout:
        asyncio.run(run(stdin, stdout))
    terminal.close()
