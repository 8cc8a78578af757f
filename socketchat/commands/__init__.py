"""Handlers of commands: one module per feature, one row of registration per command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..exceptions import NotLoggedIn
from ..hub import Action, Cost, Hub, Session
from ..hub.policy.limits import PAUSE_SECONDS
from ..hub.state.conversations import Room
from ..protocol import commands, events
from .account.devices import devices, keep_device, revoke
from .account.login import hello, prove
from .account.passwords import keep_password, login, password
from .account.renaming import rename
from .away import away, back
from .dispatcher import Running
from .handler import ANSWERED, Answer
from .help import help_on
from .history import history
from .ignoring import ignore, unignore
from .messages import addressee, ping, quit_chat, send, send_all
from .moderation import access, ban, invite, kick, mod, mute, unban, unmod, unmute
from .procedures import Procedure
from .read_markers import read, unread
from .replies import react, reply
from .revisions import delete, done_before, edit
from .room_modes import mask, mode
from .room_settings import settings, unvoice, voice
from .rooms import join, leave, rooms, topic
from .search import search
from .users import users

Handler = Callable[[Hub, Session, Any], Coroutine[Any, Any, Answer] | None]
"""A coroutine function, except for ``send``: most commands are messages, so they have a direct path."""

Repeated = Callable[[Hub, Session, Any], Coroutine[Any, Any, Answer | None]]
"""Returns the first answer to a command that is repeated under its key, or None if the key is new."""


class Row(NamedTuple):
    """A command: its handler, whether it is allowed before login, its cost, and the right it needs in its conversation.

    ``repeated`` comes before the check of the right: the right may have ended since the command was stored.
    """

    command: type[commands.Command]
    handler: Handler
    before_login: bool = False
    cost: Cost = Cost.LITTLE
    right: Action | None = None
    repeated: Repeated | None = None


ROWS = (
    Row(commands.Hello, hello, before_login=True),
    Row(commands.Prove, prove, before_login=True),
    Row(commands.Login, login, before_login=True),
    Row(commands.Password, password),
    Row(commands.KeepPassword, keep_password),
    Row(commands.Devices, devices),
    Row(commands.Revoke, revoke, cost=Cost.A_FACT),
    Row(commands.KeepDevice, keep_device, cost=Cost.A_FACT),
    Row(commands.Send, send),
    Row(commands.Join, join, cost=Cost.A_FACT),
    Row(commands.Leave, leave, cost=Cost.A_FACT, right=Action.SEE),
    Row(commands.Rooms, rooms, cost=Cost.MUCH_READING),
    Row(commands.Users, users, cost=Cost.MUCH_READING, right=Action.READ),
    Row(commands.Rename, rename),
    Row(commands.Away, away),
    Row(commands.Back, back),
    Row(commands.Topic, topic, cost=Cost.A_FACT, right=Action.READ),
    Row(commands.Mod, mod, cost=Cost.A_FACT, right=Action.GOVERN),
    Row(commands.Unmod, unmod, cost=Cost.A_FACT, right=Action.GOVERN),
    Row(commands.Kick, kick, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Ban, ban, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Unban, unban, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Mute, mute, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Unmute, unmute, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Access, access, cost=Cost.A_FACT, right=Action.SEE),
    Row(commands.Settings, settings, cost=Cost.A_FACT, right=Action.READ),
    Row(commands.Mode, mode, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Mask, mask, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Voice, voice, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Unvoice, unvoice, cost=Cost.A_FACT, right=Action.MODERATE),
    Row(commands.Invite, invite, cost=Cost.A_FACT, right=Action.INVITE),
    Row(commands.Ignore, ignore, cost=Cost.A_FACT),
    Row(commands.Unignore, unignore, cost=Cost.A_FACT),
    Row(commands.History, history, cost=Cost.MUCH_READING, right=Action.READ),
    Row(commands.Search, search, cost=Cost.MUCH_READING, right=Action.READ),
    Row(commands.Edit, edit, cost=Cost.MUCH_READING, right=Action.WRITE, repeated=done_before),
    Row(commands.Delete, delete, cost=Cost.MUCH_READING, right=Action.READ, repeated=done_before),
    Row(commands.React, react, cost=Cost.MUCH_READING, right=Action.WRITE),
    Row(commands.Read, read, cost=Cost.MUCH_READING, right=Action.READ),
    Row(commands.Unread, unread, cost=Cost.MUCH_READING),
    Row(commands.Help, help_on),
    Row(commands.Ping, ping, before_login=True),
    Row(commands.Quit, quit_chat, before_login=True),
)
COMMANDS = {row.command: row for row in ROWS}

REPLY = Row(commands.Send, reply, cost=Cost.MUCH_READING, repeated=done_before)
"""A message that refers to another one, which has to be read first."""


def handle(hub: Hub, session: Session, command: commands.Command) -> bool:
    """Run a command, or answer with an error; return False if the link must hand it in again later.

    Several messages may be in flight. Any other command waits until they are answered, and later commands wait for it,
    so that answers keep the order of commands.
    """
    if type(command) is commands.Send and command.of is None:
        session.allowance.left -= 1
        if session.register is None:
            send_all(hub, session, (command,))
        else:
            first = _first_send(hub, session, command)
            Running(hub, session, command, first, lambda answer: _ok(session, command, answer)).start()
        return True
    if session.under_way:
        session.stalled = True
        return False
    if isinstance(command, Procedure):
        cost, work = command.cost, command.run
    else:
        row = _row(command)
        cost, work = Cost.LITTLE if _costs_little(command) else row.cost, partial(_checked, row, command)
    if not hub.throttle.affords(session, cost):
        return False
    session.allowance.left -= 1
    Running(hub, session, command, work(hub, session), lambda answer: _ok(session, command, answer)).start()
    return True


async def perform(hub: Hub, session: Session, command: commands.Command) -> Answer:
    """Run a command as a part of a procedure, after its cost was paid; raises ChatError."""
    row = _row(command)
    if not _costs_little(command):
        while not hub.throttle.affords(session, row.cost):
            await hub.pause_for(PAUSE_SECONDS)
    return await _checked(row, command, hub, session)


def _row(command: commands.Command) -> Row:
    return REPLY if isinstance(command, commands.Send) and command.of is not None else COMMANDS[type(command)]


def handle_messages(hub: Hub, session: Session, messages: Sequence[commands.Send]) -> None:
    """Handle messages that ``Hub.takes`` allows together; none of them is a reply."""
    if session.register is None:
        session.allowance.left -= len(messages)
        send_all(hub, session, messages)
    else:
        handle(hub, session, messages[0])


def _costs_little(command: commands.Command) -> bool:
    """Tell whether a command only reads what others of its type change, or is about one conversation."""
    match command:
        case (
            commands.Topic(text=None)
            | commands.Access(private=None)
            | commands.Ignore(name=None)
            | commands.Read(conversation=str())
        ):
            return True
        case commands.Settings(announce=None, slow=None, name=None):
            return True
    return False


async def _checked(row: Row, command: commands.Command, hub: Hub, session: Session) -> Answer:
    """Run a handler for a user who may call it."""
    if not row.before_login and session.user is None:
        raise NotLoggedIn("Log in first.")
    if row.repeated is not None and (first := await row.repeated(hub, session, command)) is not None:
        return first
    if row.right is not None and session.user is not None:
        name = getattr(command, "room", None) or getattr(command, "conversation", None)
        where = hub.permissions.conversation(session.user, name) if name else None
        if where is not None:
            hub.permissions.check(session.user, row.right, where)
    work = row.handler(hub, session, command)
    return await work if work is not None else ANSWERED


def _ok(session: Session, command: commands.Command, answer: Answer) -> None:
    if answer is ANSWERED:
        return
    lines = answer.lines
    if command.id is not None:
        ok = events.Ok(
            id=command.id,
            conversation=answer.conversation,
            seq=answer.seq,
            duplicate=answer.duplicate,
            more=answer.more,
        )
        lines += session.rendering.answer(ok, session, command)
    if lines:
        session.write(lines)


async def _first_send(hub: Hub, session: Session, command: commands.Send) -> Answer:
    """Register a new name with the first message under it; a message that cannot be sent claims no name."""
    if session.register is not None and session.user is not None:
        to, _ = addressee(hub, session.user, command)
        if isinstance(to, Room):
            hub.permissions.check(session.user, Action.WRITE, to)
        await session.register()
    send_all(hub, session, (command,))
    return ANSWERED
