import msgspec
from msgspec.structs import replace

from socketchat.client.session.client_events import Reset
from socketchat.protocol.events import Conversation, Past
from socketchat.terminal.model.places import LINES, WORDS, Line, Places
from socketchat.terminal.screen.view import View

from ..events import DIRECT, entry


def change(kind, of, text="", seq=9):
    """Return an edit or a delete."""
    body = msgspec.json.encode({"text": text, "of": of})
    return replace(entry("", name="alice", kind=kind, seq=seq), body=msgspec.Raw(body))


def test_shown_lines_can_be_completed_newest_first():
    places = Places("alice")
    for each in (
        entry("hi", seq=1),
        entry("waves", kind="action", name="alice", seq=2),
        entry("x", kind="topic", seq=3),
    ):
        places.note(each, "#Lobby")
    places.note(entry("psst", room=DIRECT, seq=1), DIRECT)
    places.note(entry("psst yourself", name="alice", to="Bob", room=DIRECT, seq=2), DIRECT)
    places.note(replace(entry("long ago", of=Past, room="#ops", seq=7), place="#Ops/7"), "#ops")

    assert places.lines == [
        Line("#Ops/7", "long ago", is_own=False),
        Line("@Bob/2", "psst yourself", is_own=True),
        Line("@bob/1", "psst", is_own=False),
        Line("#Lobby/2", "waves", is_own=True),
        Line("#Lobby/1", "hi", is_own=False),
    ]


def test_edited_lines_are_completed_as_they_are_and_deleted_ones_are_not():
    places = Places("alice")
    for seq in (1, 2):
        places.note(entry("x" * WORDS, name="alice", seq=seq), "#lobby")
    places.note(change("edit", 1, "y" * WORDS + "\x1bz"), "#lobby")
    places.note(change("edit", 7, "unknown"), "#lobby")
    places.note(change("delete", 2), "#lobby")
    places.note(change("delete", 2), "#lobby")
    places.note(replace(entry(""), body=msgspec.Raw(b'{"text":"","deleted":true}')), "#lobby")
    places.note(replace(entry(""), body=msgspec.Raw(b"{}")), "#lobby")

    assert places.lines == [Line("#lobby/1", "y" * WORDS + "…", is_own=True)]


def test_only_the_newest_places_are_kept():
    places = Places("alice")
    for seq in range(1, LINES + 3):
        places.note(entry("x", seq=seq), "#lobby")
    places.note(entry("x", seq=3), "#lobby")

    assert [line.place for line in places.lines[:2]] == ["#lobby/3", f"#lobby/{LINES + 2}"]
    assert len(places.lines) == LINES


def test_the_view_remembers_the_shown_places():
    here = View("alice", "Alice")
    here.take(Conversation(conversation="#ops", name="#Ops"))
    here.enter()
    here.entered("#Ops", [replace(entry("past", of=Past, room="#ops", seq=1), place="#Ops/1")])
    here.take(entry("live", room="#ops", seq=2))
    here.take(entry("elsewhere", seq=1))
    here.listed([replace(entry("found", of=Past, seq=1), place="#lobby/1")])

    assert [line.place for line in here.known.lines] == ["#lobby/1", "#Ops/2", "#Ops/1"]
    here.take(Reset("other"))
    assert here.known.lines == []
