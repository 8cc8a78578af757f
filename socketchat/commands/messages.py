"""Sending messages, and quitting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from ..exceptions import BadLine, BadText, ChatError, KeyReused, NotLoggedIn, Refused, TooLong
from ..hub import Action, Hub, Pending, Session, User
from ..hub.delivery.absence import absence
from ..hub.state.conversations import Room
from ..journal.bodies import is_gone
from ..protocol import commands, events
from ..protocol.codec import decode_text
from ..protocol.limits import TEXT_BYTES
from ..protocol.names import check_room
from ..protocol.text.formatting import stripped, to_pictures
from ..protocol.text.hygiene import check_text, clean_line
from .dispatcher import Running
from .handler import ANSWERED, OK, Answer

OUTBOX_DIGITS = 16
"""An outbox is 64 random bits, in hex."""

REASON_CHARACTERS = 200
"""Longest reason for leaving: it is the end of a line."""

TAG_BYTES = 4096
"""Most bytes of the tags of a message (IRCv3 message-tags)."""

_TAG = r"\+[A-Za-z0-9./-]+(?:=[^\s;]*)?"
_are_tags = re.compile(f"{_TAG}(?:;{_TAG})*").fullmatch

N_MOST = 2**63 - 1
"""The largest number that fits into a column of the journal."""

_encode = msgspec.json.Encoder().encode


def send(hub: Hub, session: Session, command: commands.Send) -> None:
    """Submit a message to a room or a user; the answer comes when it is stored."""
    hub.submit(proposal(hub, session, command))


def proposal(hub: Hub, session: Session, command: commands.Send) -> Pending:
    """Return the proposal of a message to a room or a user; raises ChatError if it cannot be sent."""
    user = speaker(session)
    to, text = addressee(hub, user, command)
    key = key_of(hub, session, command) if command.outbox is not None else None
    if user.away and not user.shown.stays_away:
        return_of(hub, user)
    if isinstance(to, Room):
        if to.restrained:
            check_restrained(hub, session, to, key)
        body = _encode(_body(command, text))
        pending = Pending(to.id, user.id, user.name, command.kind, body, key, (), None, session, command)
        pending.text = text if _is_bare(command) else None
        return pending
    pair = hub.directory.known_pair(user, to)
    if pair is None:
        check_begins(hub, session, user, to)
        pair = hub.subscriptions.pair(user, to)
    body = _encode(_body(command, text, to.name))
    pending = Pending(pair.id, user.id, user.name, command.kind, body, key, (), None, session, command)
    if to.away or to.id not in hub.online.present:
        pending.told = absence(hub, pair, user, to)
    return pending


def send_all(hub: Hub, session: Session, messages: Iterable[commands.Send]) -> None:
    """Submit messages in order, or answer with errors.

    Most are a line of ASCII to a room without restrictions: those cost only what differs from one to the next.
    """
    user = session.user
    name, room = "", None
    refused: list[tuple[commands.Send, ChatError]] = []
    for message in messages:
        try:
            text = message.text
            if message.to != name:
                name = message.to
                room = _free_room(hub, user, name)
            if user is None or room is None or not (_is_simple(text) and _is_bare(message)):
                send(hub, session, message)
                continue
            key = key_of(hub, session, message) if message.outbox is not None else None
            if user.away and not user.shown.stays_away:
                return_of(hub, user)
            body = _encode(events.Text(text))
            hub.submit(
                Pending(
                    room.id, user.id, user.name, message.kind, body, key, (), None, session, message, None, None, text
                )
            )
        except ChatError as error:
            if user is None or message.outbox is None:
                session.refuse(error, message)
            else:
                _give_up(hub, session, message)
                refused.append((message, error))
    if refused:
        Running(hub, session, refused[-1][0], _answer_refused(hub, session, refused), lambda _: None).start()


def _is_simple(text: str) -> bool:
    """Tell quickly whether ``check_text`` returns this text as it is; False if this is uncertain."""
    return len(text) <= TEXT_BYTES and text.isascii() and text.isprintable() and text.strip() != ""


def _free_room(hub: Hub, user: User | None, name: str) -> Room | None:
    """Return the room with exactly this name, if any user may speak there."""
    room = hub.directory.rooms.get(name)
    if user is None or room is None or room.restrained or not hub.permissions.is_free(user, room):
        return None
    return room


async def _answer_refused(hub: Hub, session: Session, refused: list[tuple[commands.Send, ChatError]]) -> None:
    """Refuse messages with a key, except those that were stored before: the right to send may have ended since."""
    for message, error in refused:
        try:
            first = await _stored_before(hub, session, message)
        except ChatError as problem:
            session.refuse(problem, message, retry=problem.retry)
            continue
        if first is None:
            session.refuse(error, message)
        elif message.id is not None:
            ok = events.Ok(id=message.id, conversation=first.conversation, seq=first.seq, duplicate=True)
            session.answer(ok, message)


async def _stored_before(hub: Hub, session: Session, message: commands.Send) -> events.Entry | None:
    """Return the entry that was stored under a message's key, or None; raises KeyReused for another message's."""
    try:
        key = key_of(hub, session, message)
        first = await hub.until(hub.journal.find(key))
    except (BadLine, KeyReused):  # the key is invalid, or the outbox is past it: it was not stored
        return None
    if first is None or is_gone(first):
        return first
    text = check_text(stripped(message.styled) if message.styled else message.text)
    if first.kind != message.kind or decode_text(first).text != text:
        raise KeyReused("This key was used for another message; use a new key.")
    return first


def _give_up(hub: Hub, session: Session, message: commands.Send) -> None:
    """Let the next messages pass if a message that a full disk refused before is now refused for another reason."""
    with suppress(BadLine):
        hub.journal.give_up(key_of(hub, session, message))


def check_restrained(hub: Hub, session: Session, room: Room, key: tuple[int, int] | None) -> None:
    """Raise ReadOnly if a user may not write in a room for announcements, TooMany if it is too soon in a slow one."""
    user = speaker(session)
    hub.permissions.check(user, Action.WRITE, room)
    if room.slow and not hub.permissions.has_voice(user, room):
        hub.slow_mode.take(user, session.channel.peer, room, key)


async def ping(_hub: Hub, _session: Session, _command: commands.Ping) -> Answer:
    """Answer with ``ok``; all earlier commands are answered by then."""
    return OK


async def quit_chat(hub: Hub, session: Session, command: commands.Quit) -> Answer:
    """End the session and close its connection."""
    last_words = session.rendering.answer(events.Ok(id=command.id), session, command) if command.id is not None else b""
    session.link.close(last_words)
    hub.logins.exit(session, quits=True, reason=farewell(hub, session, command.reason))
    return ANSWERED


def return_of(hub: Hub, user: User) -> None:
    """Mark a user as no longer away."""
    if user.away:
        user.away = ""
        hub.presence.tell_about(user, events.AwayChanged(user=user.id, name=user.name), own=False)


def farewell(hub: Hub, session: Session, reason: str) -> str:
    """Return the reason of a user who leaves, as others read it; muted users give none."""
    if not reason or session.user is None or not hub.permissions.may(session.user, Action.SPEAK, hub.directory.lobby):
        return ""
    return clean_line(stripped(reason[:REASON_CHARACTERS]))[:REASON_CHARACTERS]


def checked_tags(tags: str) -> str:
    """Return the tags of a message, cleaned; raises TooLong and BadText."""
    if len(tags.encode()) > TAG_BYTES:
        raise TooLong(f"Too long: the limit for tags is {TAG_BYTES:,} bytes.")
    if tags and not _are_tags(tags):
        raise BadText("The name of a tag begins with + and has letters, digits, -, . and /.")
    return clean_line(tags)


def speaker(session: Session) -> User:
    """Return the user of a session; raises NotLoggedIn."""
    if session.user is None:
        raise NotLoggedIn("Log in first.")
    return session.user


def check_reached(hub: Hub, user: User, other: str, name: str) -> None:
    """Raise Refused if a guest writes to a user, given by id, who is not online."""
    if user.is_guest and other not in hub.online.present:
        raise Refused(f"{name} is not online, and guests can only write to users who are.")


def check_begins(hub: Hub, session: Session, user: User, other: User) -> None:
    """Raise TooMany if a user has begun too many new direct messages."""
    if user is not other and user is not hub.operator and hub.directory.known_pair(user, other) is None:
        hub.quotas.check_direct(user, session.channel.peer)


def key_of(hub: Hub, session: Session, command: commands.Send | commands.Edit | commands.Delete) -> tuple[int, int]:
    """Return the journal's key for a command that has one; raises BadLine."""
    outbox, n = command.outbox or "", command.n
    if outbox == session.outbox and n:  # it was checked
        return session.outbox_key, n
    if len(outbox) != OUTBOX_DIGITS or not 0 < (n or 0) <= N_MOST:
        raise BadLine(f"outbox must be {OUTBOX_DIGITS} hex digits, and n a number from 1.")
    return hub.outbox_key(session, outbox), n or 0


def addressee(hub: Hub, user: User, command: commands.Send) -> tuple[Room | User, str]:
    """Return the room or user that a message is for, and its text; raises ChatError if it cannot be sent."""
    text = "" if command.kind == "tags" else check_text(stripped(command.styled) if command.styled else command.text)
    if command.to.startswith("@"):
        other = hub.directory.user(command.to[1:])
        check_reached(hub, user, other.id, other.name)
        hub.permissions.check_speaks(user, hub.directory.lobby)
        return other, text
    room = hub.directory.rooms.get(command.to)
    if room is None or room.is_private or room.closings:
        room = hub.permissions.room(user, command.to)
    hub.permissions.check_speaks(user, room)
    return room, text


def _is_bare(command: commands.Send) -> bool:
    """Tell whether a message is nothing but its text."""
    return not (command.styled or command.notice or command.tags or command.via)


def _body(command: commands.Send, text: str, to: str | None = None) -> events.Text:
    """Return the body of a message."""
    if _is_bare(command):
        return events.Text(text, to)
    via = command.via[:1] + check_room(command.via[1:]) if command.via[:1] in {"@", "+"} else ""
    styled, tags = to_pictures(command.styled), checked_tags(command.tags)
    return events.Text(text, to, styled=styled, notice=command.notice, tags=tags, via=via)
