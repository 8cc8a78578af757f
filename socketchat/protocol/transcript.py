"""The plain text of events: for the plain dialect, and for ``join`` without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..exceptions import ProtocolError
from . import events
from .codec import decode_text
from .conversations import is_room, room_id
from .kinds import DAMAGED, REFERS, REPLY, SAID
from .limits import PRESENCE_NAMES
from .text.hygiene import clean, clean_line
from .text.rows import ROW_COLUMNS, in_rows
from .wording import (
    NOTHING_YET,
    absence_notice,
    change_text,
    damage_notice,
    entry_text,
    referred_place,
    room_marks,
    settings_lines,
    unread_count,
)

_SAMPLE = 3
"""Names in a line about many users who joined or left."""


_OURS = (events.Help, events.Error, events.Bye)
"""Events whose text is always the server's own, and whose lines programs look for."""


def text_lines(event: events.Event, *, me: str | None, columns: int | None = ROW_COLUMNS) -> str:
    """Return the lines of an event, each with its line end; "" for an event that is not shown.

    ``me`` is the reader's user id. A line with more ``columns`` goes on in further lines, which are indented; without
    ``columns`` it stays whole, for programs. No line has a control character except its end and tabs.
    """
    if isinstance(event, events.Entry):
        text = _entry(event, me)
    else:
        lines = _LINES.get(type(event))
        text = lines(event) if lines is not None else ""
    return text if columns is None or isinstance(event, _OURS) else in_rows(text, columns)


def _line(text: str) -> str:
    return clean_line(text) + "\n"


def _entry(entry: events.Entry, me: str | None) -> str:
    if entry.kind == DAMAGED:
        return _line(f"[damaged] {damage_notice(entry)}")
    try:
        body = decode_text(entry)
    except ProtocolError:
        return ""
    name = clean_line(entry.name)
    if entry.kind == "topic":
        return _topic_set(name, entry.conversation, body.text)
    if entry.kind == "notice":
        return _line(f"[notice] {body.text}")
    if entry.kind in REFERS:
        tag = _placed(entry) if isinstance(entry, events.Past) else f"[{entry.kind}]"
        return _line(f"{tag} {name} {change_text(entry, body, me)}")
    if entry.kind not in SAID:
        return ""
    prefix = f"* {name} " if entry.kind == "action" else f"{name}: "
    reply = f" ({_replied(entry, body, me)})" if entry.kind == REPLY else ""
    if not is_room(entry.conversation):
        other = f"DM to {clean_line(body.to or '')}" if entry.author == me else f"DM from {name}"
        prefix = f"[{other}{reply}] " + (prefix if entry.kind == "action" else "")
    elif reply:
        prefix = f"{name}{reply}: "
    if isinstance(entry, events.Past) and entry.place:
        prefix = f"{_placed(entry)} {prefix}"
    text = entry_text(entry, body)
    return prefix + text.replace("\n", f"\n{prefix}") + "\n"


def _replied(entry: events.Entry, body: events.Text, me: str | None) -> str:
    """Return what a reply refers to; no name has a space or a bracket, so that no text looks like it."""
    author = f"{clean_line(body.of_name)} " if body.of_name else ""
    return f"re {author}{referred_place(entry, body, me)}"


def _placed(entry: events.Past) -> str:
    return f"[{clean_line(entry.place)} {_minute(entry.ts)}]"


def _topic_set(name: str, room: str, topic: str) -> str:
    return _line(
        f"[topic] {name} set the topic of {room}: {topic}" if topic else f"[topic] {name} cleared the topic of {room}."
    )


def _presence(event: events.Presence) -> str:
    if event.online is not None:
        names = [person.name for person in event.online]
        return _online(names, event.room, {}, start=event.start, total=event.total)
    place = f"joined {event.room}." if event.room else "joined the chat."
    came, went = ([person.name for person in people] for people in (event.appeared, event.disappeared))
    joined = _crowd("[join]", came, event.appeared_count, place)
    return joined + _crowd("[leave]", went, event.disappeared_count, place.replace("joined", "left", 1))


def _crowd(tag: str, names: Sequence[str], count: int, what: str) -> str:
    count = max(count, len(names))
    if count == len(names) <= PRESENCE_NAMES:
        return "".join(_line(f"{tag} {name} has {what}") for name in names)
    sample = names[:_SAMPLE]
    return _line(f"{tag} {', '.join(sample)} and {count - len(sample)} others have {what}")


def _online(names: Sequence[str], room: str | None, away: Mapping[str, str], *, start: int = 0, total: int = 0) -> str:
    """Return a list of names, or from ``start`` on the rest of one that has ``total``."""
    place = f" in {room}" if room else ""
    title = "" if start else _line(f"=== Online Users{place} ({max(total, len(names))}) ===")
    return title + "".join(_line(f"  - {name} ({away[name]})" if name in away else f"  - {name}") for name in names)


def _renamed(event: events.Renamed) -> str:
    return _line(f"[name] {event.was} is now {event.name}.")


def _absent(event: events.Absent) -> str:
    return _line(f"[away] {absence_notice(event)}")


def _users(event: events.Users) -> str:
    return _online(event.users, event.room, event.away, start=event.start, total=event.total)


def _rooms(event: events.Rooms) -> str:
    lines = [_room(room) for room in event.rooms]
    which = f"from {event.start + 1:,}" if event.start else f"{len(lines)}"
    return _line(f"=== Rooms ({which}) ===") + "".join(lines)


def _room(room: events.Room) -> str:
    marks = ", ".join([f"{room.online} online", *room_marks(room.announce, room.slow)])
    return _line(f"  - {room.name} ({marks}) {room.topic}".rstrip())


def _settings(event: events.Settings) -> str:
    return _line(f"=== {event.room} ===") + "".join(_line(f"  - {line}") for line in settings_lines(event))


def _unread(event: events.Unread) -> str:
    lines = [_line(f"  - {count.name}: {unread_count(count)}") for count in event.conversations]
    return _line(f"=== Unread ({len(lines)}) ===") + "".join(lines)


def _found(event: events.Found) -> str:
    if event.more and not event.count:
        return _line(f"=== {NOTHING_YET} ===")
    return _line(f"=== Found ({event.count}{' or more' if event.more else ''}) ===")


def _devices(event: events.Devices) -> str:
    lines = [_line(f"  - {_device(device)}") for device in event.devices]
    password = "A password is set." if event.password else "No password is set."
    return _line(f"=== Devices ({len(lines)}) ===") + "".join(lines) + _line(password)


def _device(device: events.Device) -> str:
    label = device.label or "no name"
    state = "this one" if device.current else "online" if device.online else ""
    ends = f", revoked at {_minute(device.until)} UTC unless you keep it" if device.until else ""
    used = f", used {_day(device.used)}" if device.used and not state else ""
    return f"{device.fingerprint} {label}, added {_day(device.added)}{used}{', ' + state if state else ''}{ends}"


def _minute(milliseconds: int) -> str:
    return _day(milliseconds, "%Y-%m-%d %H:%M")


def _day(milliseconds: int, form: str = "%Y-%m-%d") -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return "some day"  # the client does not trust the server's number


def _topic(event: events.Topic) -> str:
    return _line(f"[topic] {event.room}: {event.text}" if event.text else f"[topic] {event.room} has no topic.")


def _conversation(event: events.Conversation) -> str:
    if not is_room(event.conversation):
        return ""
    topic = f" Topic: {event.topic}" if event.topic else ""
    is_renamed = event.name and room_id(event.name) != event.conversation
    return _line(f"[room] You are now in {event.name if is_renamed else event.conversation}.{topic}")


def _left(event: events.Left) -> str:
    if event.conversation.startswith("@") and not event.text:
        return ""  # direct messages of a guest who has left
    return _line(f"[room] {event.text}" if event.text else f"[room] You left {event.conversation}.")


def _ignored(event: events.Ignored) -> str:
    return _line(f"[ignore] You ignore {', '.join(event.names) or 'nobody'}.")


def _welcome(_event: events.Welcome) -> str:
    return "\n=== Connected! Type /help for commands ===\n\n"


def _error(event: events.Error) -> str:
    return _line(f"[error] {event.text}")


def _alert(event: events.Alert) -> str:
    return _line(f"[server] {event.text}")


def _bye(event: events.Bye) -> str:
    return _line(f"[server] {event.text}")


def _help(event: events.Help) -> str:
    return clean(event.text) + "\n"


# Entries are not here, as their lines depend on the reader. Other events, such as ``ok``, are not shown.
_LINES: dict[type[events.Event], Callable[[Any], str]] = {
    events.Presence: _presence,
    events.Renamed: _renamed,
    events.Absent: _absent,
    events.Users: _users,
    events.Rooms: _rooms,
    events.Unread: _unread,
    events.Found: _found,
    events.Topic: _topic,
    events.Settings: _settings,
    events.Devices: _devices,
    events.Conversation: _conversation,
    events.Left: _left,
    events.Welcome: _welcome,
    events.Error: _error,
    events.Alert: _alert,
    events.Bye: _bye,
    events.Ignored: _ignored,
    events.Help: _help,
}
