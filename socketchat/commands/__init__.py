"""What each command does to the hub: one module per feature, one line of registration per command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..exceptions import BadLine, ChatError, NotLoggedIn
from ..hub import Hub, Session
from ..protocol import commands
from .account.devices import devices, revoke
from .account.login import hello, prove
from .account.passwords import login, password
from .chat import key_of, ping, quit_chat, send
from .history import history
from .ignoring import ignore, unignore
from .moderation import access, ban, invite, kick, mod, mute, unban, unmod, unmute
from .read_markers import read, unread
from .revisions import delete, edit
from .rooms import join, leave, rooms, topic
from .search import search
from .users import away, help_on, users

HANDLERS: dict[type[commands.Command], Callable[[Hub, Session, Any], None]] = {
    commands.Hello: hello,
    commands.Prove: prove,
    commands.Login: login,
    commands.Password: password,
    commands.Devices: devices,
    commands.Revoke: revoke,
    commands.Send: send,
    commands.Join: join,
    commands.Leave: leave,
    commands.Rooms: rooms,
    commands.Users: users,
    commands.Away: away,
    commands.Topic: topic,
    commands.Mod: mod,
    commands.Unmod: unmod,
    commands.Kick: kick,
    commands.Ban: ban,
    commands.Unban: unban,
    commands.Mute: mute,
    commands.Unmute: unmute,
    commands.Access: access,
    commands.Invite: invite,
    commands.Ignore: ignore,
    commands.Unignore: unignore,
    commands.History: history,
    commands.Search: search,
    commands.Edit: edit,
    commands.Delete: delete,
    commands.Read: read,
    commands.Unread: unread,
    commands.Help: help_on,
    commands.Ping: ping,
    commands.Quit: quit_chat,
}

BEFORE_LOGIN = {commands.Hello, commands.Prove, commands.Login, commands.Ping, commands.Quit}

READ_MUCH = {
    commands.Rooms,
    commands.Users,
    commands.History,
    commands.Search,
    commands.Edit,
    commands.Delete,
    commands.Unread,
}
"""Small to ask and large to answer, or to look up: these have an allowance of their own."""


def handle(hub: Hub, session: Session, command: commands.Command) -> bool:
    """Do what a command says, or answer why not; return False if it has to be handed in again later.

    Only sends may be under way together. Any other command waits until they are answered, and holds back what comes
    after it, so that answers keep the order of questions.
    """
    kind = type(command)
    if kind is not commands.Send:
        if session.under_way:
            session.stalled = True
            return False
        if kind in READ_MUCH and not hub.pace.may_read(session):
            return False
    session.allowance -= 1
    try:
        if session.user is None and kind not in BEFORE_LOGIN:
            raise NotLoggedIn("Say who you are first.")
        HANDLERS[kind](hub, session, command)
    except ChatError as error:
        session.refuse(error, command.id)
        if isinstance(command, commands.Send) and session.user is not None and command.outbox is not None:
            _give_up(hub, session, command)
    return True


def _give_up(hub: Hub, session: Session, command: commands.Send) -> None:
    """Let the next messages pass where one is refused by us that was refused by a full disk before."""
    with suppress(BadLine):
        hub.journal.give_up(key_of(hub, session, command))
