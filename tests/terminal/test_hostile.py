"""Text from other users, or from a hostile server, never controls the terminal."""

import re
from functools import partial

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from rich.text import Text

from socketchat.client.session.client_events import LinkLost, NotStored
from socketchat.exceptions import StorageProblem
from socketchat.protocol.events import Absent, Error, Left, Past, Room, UnreadCount
from socketchat.terminal.model.completion import ChatCompleter, Known
from socketchat.terminal.model.places import Places
from socketchat.terminal.screen import rendering
from socketchat.terminal.screen.lines import error, notice
from socketchat.terminal.screen.rendering import Rendering
from socketchat.terminal.screen.theme import Look
from tests.hostile import CORPUS, dangerous
from tests.presence import presence

from .events import DIRECT, NOON, entry
from .screens import Terminal

OURS = re.compile(r"\x1b\[(?:0|1|(?:1;)?38;5;\d{1,3})m")
"""The only escapes that the rendering may write: those of its own styles."""


def changes(text, **options):
    """Return the events of an edit and a delete, with ``text`` in each field."""
    return [
        entry(text, kind="edit", changes=7, **options),
        entry("x", kind="edit", name=text, changes=7, **options),
        entry("x", kind="edit", room=f"#{text}", changes=7, **options),
        entry("x", kind="edit", room=DIRECT, name=text, changes=7, **options),
        entry("x", kind="edit", room=DIRECT, name="alice", to=text, changes=7, **options),
        entry("", kind="delete", name=text, changes=7, **options),
        entry("", kind="delete", room=f"#{text}", changes=7, **options),
        entry("", kind="delete", room=DIRECT, name="alice", to=text, changes=7, **options),
    ]


def drawn(text, width=80):
    """Return every event that can be drawn, with ``text`` in each field from the network."""
    here = Rendering(Look(edits=True, colors="256"), "alice", NOON)
    told = [
        entry(text),
        entry("x", name=text),
        entry(text, kind="action"),
        entry(text, kind="topic"),
        entry(text, room=DIRECT),
        entry("x", name=text, room=DIRECT),
        entry("x", name="alice", room=DIRECT, to=text),
        *changes(text),
        presence(appeared=[text], disappeared=[text], room=text),
        Left(conversation=text),
        Left(conversation="#ops", text=text),
        entry(text, kind="notice"),
        Error(code=text, text=text),
        LinkLost(reason=text, delay=1.0, attempt=1),
        LinkLost(reason=f"{text}: {text}", delay=1.0, attempt=1, other_key=True),
        NotStored(StorageProblem(text)),
        Absent(name=text, away=text),
        entry("", kind="damaged", room=f"#{text}"),
    ]
    lines = [line for event in told for line in here.lines(event, "alice", NOON)]
    lines += [
        *here.past([], text, "alice"),
        here.welcome(text, [text]),
        rendering.topic(text, text),
        rendering.text(text),
    ]
    lines += [notice(text), error(text), rendering.ignored([text]), rendering.unread([UnreadCount(text, 1, text, 1)])]
    lines.append(rendering.waiting(text))
    lines += here.listed(
        [entry(text, of=partial(Past, place=text)), *changes(text, of=partial(Past, place=text))], "alice", text
    )
    lines += here.listed([entry("", kind="damaged", of=partial(Past, place=text))], "alice", "")
    lines.append(rendering.unread([UnreadCount(DIRECT, 1, text)], text))
    tables = [
        here.tables.users([text], {text: text}, [text], me="alice", room=text, width=width),
        here.tables.rooms([Room(name=text, online=1, topic=text)], current="#lobby", unread={}, width=width),
    ]
    return here.paint([*lines, *tables], width)


@pytest.mark.parametrize("name", CORPUS)
def test_every_field_is_drawn_without_dangerous_characters(name):
    assert dangerous(OURS.sub("", drawn(CORPUS[name]))) == set()


@pytest.mark.parametrize("name", CORPUS)
def test_hostile_lines_change_the_screen_like_harmless_ones(name):
    terminal = Terminal()
    terminal.show("before\r\n")
    modes = terminal.modes

    terminal.show(drawn(CORPUS[name]).replace("\n", "\r\n") + "after")

    assert terminal.modes == modes
    assert terminal.answers == b""
    assert terminal.lines[0] == "before"
    assert terminal.lines[-1] == "after"
    assert dangerous(terminal.text) == set()
    terminal.close()


@pytest.mark.parametrize("name", CORPUS)
def test_completion_offers_nothing_dangerous(name):
    text = CORPUS[name]
    lines = Places("alice")
    for told in (
        entry(text),
        entry("x", name=text, room=DIRECT),
        entry("x", name="alice", to=text, room=DIRECT, seq=2),
        entry("x", seq=2, of=partial(Past, place=text)),
    ):
        lines.note(told, f"#{text}")
    known = Known([text], [f"#{text}"], lines.lines)
    asked = CompleteEvent()
    found = [
        each
        for typed in ("/show ", "/edit ", "/dm ", "/join ", "/search from:", "/search in:", "see #", "@")
        for each in ChatCompleter(lambda: known).get_completions(Document(typed), asked)
    ]
    assert len(found) > len(lines.lines)
    assert dangerous("".join(each.text + each.display_text for each in found)) == set()


def test_the_test_notices_a_field_that_is_not_cleaned():
    here = Rendering(Look(edits=True, colors="256"), "alice", NOON)

    assert dangerous(OURS.sub("", here.paint([Text("\x1b[2J")], 80)))
