"""How an event reads as plain text: for the plain dialect, and for ``join`` where there is no terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ..exceptions import ProtocolError
from . import events
from .codec import decode_text
from .conversations import is_room
from .limits import PRESENCE_NAMES
from .text import clean, clean_line

_SAMPLE = 3
"""Names in a line that stands for many who came or went at once."""


def text_lines(event: events.ANY, *, me: str | None) -> str:
    """Return the lines, each with its end, in which an event reads; "" for one that does not show.

    ``me`` is the reader's user id. No line has a control character but its end and tabs.
    """
    match event:
        case events.Entry():
            return _entry(event, me)
        case events.Presence():
            return _presence(event)
        case events.Users():
            return _online(event.users, event.room)
        case events.Rooms():
            return _rooms(event.rooms)
        case events.Topic():
            return _line(f"[topic] {event.room}: {event.text}" if event.text else f"[topic] {event.room} has no topic.")
        case events.Conversation():
            return _conversation(event)
        case events.Left():
            return _line(f"[room] You left {event.conversation}.")
        case events.Welcome():
            return "\n=== Connected! Type /help for commands ===\n\n"
        case events.Error():
            return _line(f"[error] {event.text}")
        case events.Bye():
            return _line(f"[server] {event.text}")
        case events.Help():
            return clean(event.text) + "\n"
        case events.Ok():
            return ""
        case _:
            assert_never(event)


def _line(text: str) -> str:
    return clean_line(text) + "\n"


def _entry(entry: events.Entry, me: str | None) -> str:
    try:
        body = decode_text(entry)
    except ProtocolError:
        return ""
    name = clean_line(entry.name)
    if entry.kind == "topic":
        return _topic_set(name, entry.conversation, body.text)
    if entry.kind not in {"message", "action"}:
        return ""
    prefix = f"* {name} " if entry.kind == "action" else f"{name}: "
    if not is_room(entry.conversation):
        other = f"[DM to {clean_line(body.to or '')}] " if entry.author == me else f"[DM from {name}] "
        prefix = other + prefix if entry.kind == "action" else other
    text = clean(body.text)
    if "\n" not in text:
        return f"{prefix}{text}\n"
    return "".join(f"{prefix}{line}\n" for line in text.split("\n"))


def _topic_set(name: str, room: str, topic: str) -> str:
    return _line(
        f"[topic] {name} set the topic of {room}: {topic}" if topic else f"[topic] {name} cleared the topic of {room}."
    )


def _presence(event: events.Presence) -> str:
    if event.online is not None:
        return _online(event.online, event.room)
    place = f"joined {event.room}." if event.room else "joined the chat."
    joined = _crowd("[join]", event.joined, event.joined_count, place)
    return joined + _crowd("[leave]", event.left, event.left_count, place.replace("joined", "left", 1))


def _crowd(tag: str, names: Sequence[str], count: int, what: str) -> str:
    count = max(count, len(names))
    if count == len(names) <= PRESENCE_NAMES:
        return "".join(_line(f"{tag} {name} has {what}") for name in names)
    sample = names[:_SAMPLE]
    return _line(f"{tag} {', '.join(sample)} and {count - len(sample)} others have {what}")


def _online(users: Sequence[str], room: str | None) -> str:
    place = f" in {room}" if room else ""
    return _line(f"=== Online Users{place} ({len(users)}) ===") + "".join(_line(f"  - {user}") for user in users)


def _rooms(rooms: Sequence[events.Room]) -> str:
    lines = [_line(f"  - {room.name} ({room.online} online) {room.topic}".rstrip()) for room in rooms]
    return _line(f"=== Rooms ({len(rooms)}) ===") + "".join(lines)


def _conversation(event: events.Conversation) -> str:
    if not is_room(event.conversation):
        return ""
    topic = f" Topic: {event.topic}" if event.topic else ""
    return _line(f"[room] You are now in {event.conversation}.{topic}")
