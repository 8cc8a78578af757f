import re
from datetime import UTC, timedelta, timezone

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from socketchat.client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from socketchat.exceptions import StorageProblem
from socketchat.protocol.codec import encode_text
from socketchat.protocol.events import Absent, Alert, Entry, Error, Left, Past, Room, UnreadCount
from socketchat.protocol.events import Text as Body
from socketchat.protocol.slash.help import help_text
from socketchat.terminal.screen.rendering import MOST_CHARACTERS, Rendering, ignored, text, topic, unread, waiting
from socketchat.terminal.screen.tables import MOST_ROWS
from socketchat.terminal.screen.theme import Look
from tests.presence import presence
from tests.protocol.text.test_rows import PADDING, seen

from ..events import DAY, DIRECT, NOON, entry

COLORS = re.compile(r"\x1b\[[0-9;]*m")


def rendering(colors="none", zone=UTC):
    return Rendering(Look(edits=True, colors=colors), "Alice", NOON, zone)


def drawn(*told, me="alice", width=80):
    """Return the drawing of events, without the colors."""
    here = rendering()
    lines = [line for event in told for line in here.lines(event, me, NOON)]
    return COLORS.sub("", here.paint(lines, width))


def reply(text, *, of=1, of_name="alice", **more):
    return replace(entry(text, kind="reply", **more), body=Raw(encode_text(Body(text, of=of, of_name=of_name))))


def test_a_reply_begins_below_a_row_with_the_quote():
    here = Rendering(Look(edits=True, colors="none"), "Eve", NOON, UTC, quote=lambda *place: f"words of {place}")
    assert COLORS.sub("", here.paint(here.lines(reply("yes\nsure"), "eve", NOON), 80)) == (
        "12:00 bob ↪ alice #lobby/1: words of ('#lobby', 1)\n      yes\n      sure\n"
    )


@pytest.mark.parametrize("quote", ["", "\x1b[2Jboo\n12:00 eve: forged"])
def test_neither_a_quote_nor_a_text_without_one_forges_a_line(quote):
    here = Rendering(Look(edits=True, colors="none"), "Eve", NOON, UTC, quote=lambda *_: quote)
    rows = COLORS.sub("", here.paint(here.lines(reply("ok: forged"), "eve", NOON), 80)).splitlines()
    assert rows[0].startswith("12:00 bob ↪ alice #lobby/1")
    assert rows[1:] == ["      ok: forged"]
    assert "\x1b" not in rows[0]


def test_reactions_are_one_row_below_their_line_in_a_page():
    said, reaction = entry("hello", of=Past), entry("👍", kind="react", seq=2, changes=1, of=Past)
    here = rendering()
    pages = here.past([said, reaction], "#lobby", "alice"), here.listed([said, reaction], "alice", "found")
    for page in pages:
        assert COLORS.sub("", here.paint(page, 80)).splitlines()[:2] == ["12:00 bob: hello", "      👍"]


def test_a_new_reaction_is_one_line():
    assert drawn(entry("👍", kind="react", seq=2, changes=1)) == "12:00 bob reacted to #lobby/1: 👍\n"


def painted(renderable, width=80):
    return "\n".join(row.rstrip() for row in COLORS.sub("", rendering().paint([renderable], width)).split("\n"))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (entry("hello"), "12:00 bob: hello\n"),
        (entry("waves", kind="action"), "12:00 * bob waves\n"),
        (entry("news", kind="topic"), "12:00 bob set the topic: news\n"),
        (entry("", kind="topic"), "12:00 bob cleared the topic\n"),
        (entry("psst", room=DIRECT, to="alice"), "12:00 [DM from bob] psst\n"),
        (entry("yes?", name="alice", room=DIRECT, to="bob"), "12:00 [DM to bob] yes?\n"),
        (entry("nods", kind="action", room=DIRECT, to="alice"), "12:00 [DM from bob] * bob nods\n"),
        (entry("hello", kind="reaction"), ""),
        (presence(appeared=["bob"]), "12:00 → bob has joined the chat\n"),
        (presence(disappeared=["bob"]), "12:00 ← bob has left the chat\n"),
        (presence(appeared=["bob"], room="#ops"), "12:00 → bob has joined #ops\n"),
        (presence(appeared=["bob", "carol", "dave"]), "12:00 → bob, carol and dave have joined the chat\n"),
        (
            presence(disappeared=["bob", "carol"], disappeared_count=30),
            "12:00 ← bob, carol and 28 more have left the chat\n",
        ),
        (Left(conversation="#ops"), "12:00 -- You left #ops.\n"),
        (Alert(text="A new device of yours came in."), "12:00 -- A new device of yours came in.\n"),
        (Left(conversation="#ops", text="You are no longer in #ops."), "12:00 -- You are no longer in #ops.\n"),
        (Left(conversation="#ops", text="ann kicked you."), "12:00 -- ann kicked you.\n"),
        (entry("ann muted bob in #ops.", kind="notice"), "12:00 -- ann muted bob in #ops.\n"),
        (entry("not to be read", kind="ignored"), ""),
        (Error(code="storage", text="The disk is full."), "!! The disk is full.\n"),
        (
            LinkLost(reason="The server does not answer.", delay=1.0, attempt=1),
            "12:00 -- Connection lost; what you type waits until it is back. The server \n      does not answer.\n",
        ),
        (
            LinkLost("It was A, and is B. Accept it: socketchat trust h B", 1.0, 2, other_key=True),
            (
                "!! The server showed another key. You stay disconnected, and what you type \n"
                "      waits. It was A, and is B. Accept it: \n   socketchat trust h B\n"
            ),
        ),
        (LinkBack(missed=12, sent=2), "12:00 -- Reconnected: 12 missed, 2 sent.\n"),
        (
            NotStored(StorageProblem("The disk is full; try again later.")),
            "!! The disk is full; what you send waits until the server stores it.\n",
        ),
        (StoredAgain(), "12:00 -- The server stores messages again; those that waited are sent now.\n"),
        (Reset(epoch="other"), "12:00 -- The server has a new history, which may not contain what is above.\n"),
        (Gap("#lobby", 3, 5), "12:00 -- Lines 3 to 5 of #lobby did not arrive.\n"),
        (Gap("#lobby", 3, 5, "shortened"), "12:00 -- Lines 3 to 5 of #lobby are no longer kept.\n"),
        (Gap("#ops", 1, 1234, "skipped"), "12:00 -- … 1,234 earlier lines of #ops; /history shows them.\n"),
        (Gap(DIRECT, 1, 1, "skipped"), "12:00 -- … 1 earlier line of your direct messages; /history shows them.\n"),
    ],
)
def test_an_event_has_its_rendering(event, line):
    assert drawn(event) == line


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (entry("alice: look", room="#ops"), "12:00 » bob: alice: look\n"),
        (entry("waves at @ALICE", kind="action"), "12:00 » * bob waves at @ALICE\n"),
        (entry("I am alice", name="alice"), "12:00 alice: I am alice\n"),
        (entry("alice!", room=DIRECT, to="alice"), "12:00 [DM from bob] alice!\n"),
        (entry("malice"), "12:00 bob: malice\n"),
    ],
)
def test_a_mention_has_a_mark(told, line):
    assert drawn(told) == line


def test_a_mention_is_highlighted():
    here = rendering("256")

    plain, named = (here.paint(here.lines(entry(said), "alice", NOON), 80) for said in ("hello", "alice"))
    assert plain.endswith(": hello\n")
    assert named.endswith("alice\x1b[0m\n")
    past = [replace(entry("alice", room="#ops", of=Past), place="#ops/1")]
    assert "#ops/1 » bob: alice" in COLORS.sub("", here.paint(here.listed(past, "alice", ""), 80))


@pytest.mark.parametrize(
    ("line", "shown"),
    [("hello", "hello"), ("two\nlines\x1b[2J", "two lines^[[2J"), ("x" * 60, "x" * 60), ("x" * 61, "x" * 60 + "…")],
)
def test_a_waiting_message_is_shown_on_one_row(line, shown):
    assert painted(waiting(line)) == f"      waiting: {shown}\n"


LONG = "\n".join(map(str, range(500)))


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (entry(LONG, room="#ops", seq=4), "#ops/4"),
        (entry(LONG, room=DIRECT, seq=4, to="alice"), "@bob/4"),
        (entry(LONG, room=DIRECT, seq=4, to="bob", name="alice"), "@bob/4"),
        (entry(LONG, room="#ops", seq=9, kind="edit", changes=4), "#ops/4"),
    ],
)
def test_a_long_text_is_truncated(event, place):
    lines = drawn(event).splitlines()

    assert lines[19:] == ["      19", f"      … 480 more lines: /show {place}"]


def test_show_displays_only_the_requested_line_in_full():
    past = [replace(entry(LONG, seq=seq, of=Past), place=f"#ops/{seq}") for seq in (3, 4)]
    here = rendering()

    lines = COLORS.sub("", here.paint(here.listed(past, "alice", "around #ops/4", 4), 80)).splitlines()

    assert lines[20] == "      … 480 more lines: /show #ops/3"
    assert lines[21] == "12:00 #ops/4 bob: 0"
    assert len(lines) == 21 + 500 + 1


def test_a_date_line_precedes_only_lines_of_another_day():
    assert drawn(entry("a"), entry("b", ts=NOON - DAY), entry("c", ts=NOON - DAY + 1000), entry("d")) == (
        "12:00 bob: a\n"
        "── Sunday 2 November 2025 ──\n"
        "12:00 bob: b\n"
        "12:00 bob: c\n"
        "── Monday 3 November 2025 ──\n"
        "12:00 bob: d\n"
    )


def test_times_are_in_the_local_time_zone():
    here = rendering(zone=timezone(timedelta(hours=13)))

    text = here.paint(here.lines(entry("hello", ts=NOON), "alice", NOON), 80)

    assert COLORS.sub("", text) == "01:00 bob: hello\n"


@pytest.mark.parametrize("ts", [-(2**53), 2**53])
def test_a_time_beyond_the_calendar_is_drawn(ts):
    assert drawn(entry("hello", ts=ts)).endswith(" bob: hello\n")


def test_continuation_lines_of_a_text_never_look_like_a_message():
    assert drawn(entry("one\n12:00 carol: two\n\tthree")) == ("12:00 bob: one\n      12:00 carol: two\n        three\n")


def test_an_entry_with_a_bad_body_is_not_drawn():
    broken = Entry(conversation="#lobby", seq=1, ts=0, author="b", name="b", kind="message", body=msgspec.Raw(b"[1]"))

    assert drawn(broken) == ""


def test_text_of_users_is_never_markup():
    text = "[bold]x[/bold] [/] [link=file:///etc/passwd]y[/link] :smile: 12 'str' https://example.org"

    assert drawn(entry(text), width=200) == f"12:00 bob: {text}\n"


def test_a_long_line_continues_indented():
    assert drawn(entry("see " + "x" * 40 + " now"), width=30) == (
        "12:00 bob: see \n      " + "x" * 23 + "\n      " + "x" * 17 + " now\n"
    )


@pytest.mark.parametrize("colors", ["none", "256"])
@pytest.mark.parametrize("columns", [20, 80])
@pytest.mark.parametrize("padding", PADDING.values(), ids=PADDING)
def test_a_padded_text_never_begins_a_row_of_the_screen(padding, columns, colors):
    here = rendering(colors)
    for length in range(columns // 4, 2 * columns, columns // 10):
        text = padding * length + "12:00 carol: I quit"
        told = [entry(text, kind=kind) for kind in ("message", "action", "topic", "notice")]
        told += [entry(text, room=DIRECT, to="alice"), Absent(name="bob", away=text), Alert(text=text)]
        told += [Error(code="x", text=text), Left(conversation="#ops", text=text)]
        lines = [line for event in told for line in here.lines(event, "alice", NOON)]
        rows = seen(COLORS.sub("", here.paint(lines, columns)), columns)
        begins = [row for row in rows if row and not row.startswith(" ")]
        assert len(begins) == len(told)
        assert not [row for row in begins if row.startswith("12:00 carol")]


def test_history_is_shown_above_a_separator():
    here = rendering()
    past = [entry(said, of=Past) for said in ("one", "two")]
    lines = [*here.past(past, "#ops", "alice"), *here.past(past[:1], "#ops", "alice"), *here.past([], "#ops", "alice")]

    assert COLORS.sub("", here.paint(lines, 80)) == (
        "12:00 bob: one\n"
        "12:00 bob: two\n"
        "── above: the last 2 messages in #ops ──\n"
        "12:00 bob: one\n"
        "── above: the last message in #ops ──\n"
        "── no messages in #ops yet ──\n"
    )


def test_a_damaged_entry_keeps_its_line():
    damaged = replace(entry("", kind="damaged", of=Past), place="#Ops/1", ts=0)

    assert drawn(damaged) == "-- #Ops/1 is damaged on the server's disk.\n"
    assert drawn(entry("", kind="damaged", ts=0)) == "-- #lobby/1 is damaged on the server's disk.\n"


def test_the_welcome_names_some_of_the_users_online():
    here = rendering()

    assert painted(here.welcome("alice", ["alice", "bob"])) == "-- Welcome, alice. 2 online: alice and bob.\n"
    assert painted(here.welcome("alice", [f"u{n}" for n in range(99)])) == (
        "-- Welcome, alice. 99 online: u0, u1, u2, u3, u4 and 94 more.\n"
    )


def test_the_topic_of_a_room():
    assert painted(topic("#ops", "all things\nops")) == "-- Topic of #ops: all things ops\n"
    assert painted(topic("#ops", "")) == "-- #ops has no topic; /topic TEXT sets one.\n"


def test_help_comes_from_the_table_of_commands():
    assert painted(text(help_text())) == help_text() + "\n"


def test_ignored_users_are_listed_in_one_line():
    assert painted(ignored(["bob", "eve"])) == "-- You ignore bob, eve.\n"
    assert painted(ignored([])) == "-- You ignore nobody.\n"


def test_users_are_a_table():
    table = rendering().tables.users(["alice", "bob", "日本"], {}, {"bob"}, me="alice", room=None, width=80)

    assert painted(table) == (
        "Online users (3)\n"
        "╭───────────────╮\n"
        "│ alice (you)   │\n"
        "│ bob (guest)   │\n"
        "│ 日本          │\n"
        "╰───────────────╯\n"
    )


@pytest.mark.parametrize("width", [30, 80])
def test_many_users_are_listed_in_as_many_columns_as_fit(width):
    names = [f"user{number:02}" for number in range(99)]

    rows = painted(rendering().tables.users(names, {}, (), me="user07", room="#ops", width=width), width).split("\n")

    assert rows[0] == "Online users in #ops (99)"
    assert max(map(len, rows)) < width
    assert len(rows) == {30: 54, 80: 17}[width]
    assert set(re.findall(r"user\d\d", "\n".join(rows))) == set(names)


ROOMS = [
    Room(name="#lobby", online=3, member=True),
    Room(name="#ops", online=12, topic="pumps and pipes", member=True),
    Room(name="#random", online=0),
]


def test_rooms_are_a_table_with_unread_counts():
    assert painted(rendering().tables.rooms(ROOMS, current="#lobby", unread={"#ops": 3}, width=80)) == (
        "Rooms (3)\n"
        "╭───────────┬────────┬─────┬─────────────────╮\n"
        "│ room      │ online │ new │ topic           │\n"
        "├───────────┼────────┼─────┼─────────────────┤\n"
        "│ » #lobby  │      3 │     │                 │\n"
        "│   #ops    │     12 │   3 │ pumps and pipes │\n"
        "│   #random │      0 │     │                 │\n"
        "╰───────────┴────────┴─────┴─────────────────╯\n"
    )


def test_a_narrow_terminal_shows_rooms_without_topics():
    assert painted(rendering().tables.rooms(ROOMS, current="#ops", unread={}, width=30), 30) == (
        "Rooms (3)\n"
        "╭───────────┬────────┬─────╮\n"
        "│ room      │ online │ new │\n"
        "├───────────┼────────┼─────┤\n"
        "│   #lobby  │      3 │     │\n"
        "│ » #ops    │     12 │     │\n"
        "│   #random │      0 │     │\n"
        "╰───────────┴────────┴─────╯\n"
    )


def test_joins_leaves_direct_messages_and_authors_have_colors():
    told = [
        presence(appeared=["bob"]),
        presence(disappeared=["bob"]),
        entry("x", room=DIRECT, to="alice"),
        entry("x"),
        entry("x", name="carol"),
    ]
    here = rendering("256")

    styles = [tuple(COLORS.findall(here.paint(here.lines(event, "alice", NOON), 80))) for event in told]

    assert len(set(styles)) == len(told)


@pytest.mark.parametrize(("colors", "escapes"), [("none", r"\x1b\[[01]m"), ("standard", r"\x1b\[(1;)?[0-9]{1,2}m")])
def test_the_rendering_uses_no_more_colors_than_the_terminal_has(colors, escapes):
    here = rendering(colors)
    told = [entry("x"), presence(appeared=["bob"]), Error(code="x", text="x"), entry("x", room=DIRECT, to="alice")]

    painted = here.paint([line for event in told for line in here.lines(event, "alice", NOON)], 80)

    assert COLORS.findall(painted) == [found[0] for found in re.finditer(escapes, painted)]


def test_an_endless_answer_is_drawn_up_to_a_limit():
    here = rendering()
    many = [f"n{number}" for number in range(200_000)]
    assert painted(here.tables.users(many, {}, [], me="alice", room=None, width=80)).count("\n") < MOST_ROWS
    assert (
        painted(here.tables.rooms([Room(name="#r", online=1)] * 20_000, current="", unread={}, width=80)).count("#r")
        == MOST_ROWS
    )
    assert "· 900 more" in unread([UnreadCount("#r", 1, "#r")] * 1000).plain
    assert len(text("x" * 1_000_000).plain) == MOST_CHARACTERS
    assert drawn(presence(appeared=many)).endswith("n19 and 199,980 more have joined the chat\n")


def test_an_empty_list_of_users_is_drawn():
    assert rendering().welcome("alice", []).plain == "-- Welcome, alice. 0 online: nobody."
