"""Events for one IRC client: the welcome, joining and leaving rooms, and errors as numerics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...hub import Session
from ...protocol import commands, events
from ...protocol.conversations import is_room
from ...protocol.names import name_key
from . import numerics as n
from .burst import joined, welcome
from .client import Client
from .message import line_of
from .numerics import Numeric
from .rendering import IrcRendering


class EventLines:
    """One event for one client."""

    def __init__(
        self, rendering: IrcRendering, session: Session, client: Client, command: commands.Command | None
    ) -> None:
        self.rendering = rendering
        self.network = rendering.network
        self.session = session
        self.client = client
        self.command = command

    def numeric(self, numeric: Numeric, *params: str) -> str:
        """Return a numeric for the client."""
        return numeric_line(self.network.name, self.client.target, numeric, *params)

    def welcome(self, event: events.Welcome) -> list[str]:
        """Return the burst after login, and the rooms that the user is in."""
        self.client.nick = event.name
        if self.client.is_in:
            return []  # a guest goes on as an account
        self.client.is_in = True
        rooms = [each.conversation for each in event.conversations if is_room(each.conversation)]
        lines = welcome(self.network, self.session, self.client)
        for room in rooms:
            lines += joined(self.rendering, self.session, self.client, self.network.hub.directory.rooms[room])
        return lines

    def conversation(self, event: events.Conversation) -> list[str]:
        """Return the lines of a room that the session is in from now on."""
        room = self.network.hub.directory.rooms.get(event.conversation)
        return joined(self.rendering, self.session, self.client, room) if room is not None else []

    def left(self, event: events.Left) -> list[str]:
        """Return the line of a room that the session is no longer in."""
        user = self.session.user
        if user is None or not is_room(event.conversation):
            return []
        room = self.network.room_name(event.conversation)
        if event.by:
            source = self.network.source_named(event.by)
            return [line_of("KICK", room, user.name, event.reason or event.by, source=source)]
        source = self.network.source(user.id, user.name)
        reason = event.text or event.reason
        return [line_of("PART", room, *([reason] if reason else []), source=source)]

    def absent(self, event: events.Absent) -> list[str]:
        """Return the reason why the addressee of a message does not answer."""
        away = event.away or "not online; the message waits"
        return [self.numeric(n.RPL_AWAY, event.name, away)]

    def error(self, event: events.Error) -> list[str]:
        """Return an error as a numeric."""
        if isinstance(self.command, commands.Send):
            label = self.client.labels.pop(self.command.id or 0, "")
            line = self._not_sent(event, self.command)
            if not line:
                return [line_of("ACK", source=self.network.name, tags={"label": label})] if label else []
            return [f"@label={label} {line}" if label else line]
        if event.code == "too_long" and self.command is None:
            return [self.numeric(n.ERR_INPUTTOOLONG)]
        if event.code == "bad_text" and self.command is None:
            return [line_of("FAIL", "*", "INVALID_UTF8", event.text, source=self.network.name)]
        return [self.numeric(n.ERR_UNKNOWNERROR, "*", event.text)]

    def _not_sent(self, event: events.Error, command: commands.Send) -> str:
        target = command.to.removeprefix("@")
        if command.notice:  # RFC 1459: a notice is never answered
            return ""
        if event.code == "no_such_user":
            return self.numeric(n.ERR_NOSUCHNICK, target)
        if event.code == "no_such_room" or (event.code == "bad_name" and is_room(command.to)):
            return self.numeric(n.ERR_NOSUCHCHANNEL, target)
        if event.code == "bad_text":
            return self.numeric(n.ERR_NOTEXTTOSEND)
        return self.numeric(Numeric(n.ERR_CANNOTSENDTOCHAN.code), target, event.text)

    def invited(self, event: events.Invited) -> list[str]:
        """Return an invitation."""
        tags = {}
        by = self.network.hub.directory.holder(name_key(event.by))
        if self.client.has("account-tag") and (account := self.network.account(by)):
            tags = {"account": account}
        room = self.network.room_name(event.conversation)
        return [line_of("INVITE", event.name, room, source=self.network.source_named(event.by), tags=tags)]

    def watched(self, event: events.Watched) -> list[str]:
        """Return that a user whom the client monitors came or went."""
        if event.online:
            return [self.numeric(n.RPL_MONONLINE, self.network.source(event.user, event.name))]
        return [self.numeric(n.RPL_MONOFFLINE, event.name)]

    def help(self, event: events.Help) -> list[str]:
        """Return a text of the server as notices."""
        return [
            line_of("NOTICE", self.client.target, line or " ", source=self.network.name)
            for line in event.text.split("\n")
        ]

    def silence(self, _event: events.Event) -> list[str]:
        """Return nothing."""
        return []


def numeric_line(server: str, target: str, numeric: Numeric, *params: str) -> str:
    """Return a numeric as a line."""
    words = (*params, numeric.text) if numeric.text else params
    return line_of(numeric.code, target, *words, source=server)


_TOLD: dict[type[events.Event], Callable[[EventLines, Any], list[str]]] = {
    events.Welcome: EventLines.welcome,
    events.Conversation: EventLines.conversation,
    events.Left: EventLines.left,
    events.Absent: EventLines.absent,
    events.Error: EventLines.error,
    events.Invited: EventLines.invited,
    events.Watched: EventLines.watched,
    events.Help: EventLines.help,
    events.Ok: EventLines.silence,
}


def event_lines(
    rendering: IrcRendering,
    event: events.Event,
    session: Session,
    client: Client,
    command: commands.Command | None,
) -> list[str]:
    """Return the lines of an event for one client."""
    shape = _TOLD.get(type(event))
    if shape is not None:
        return shape(EventLines(rendering, session, client, command), event)
    data = rendering.event(event).decode()
    return [data] if data else []
