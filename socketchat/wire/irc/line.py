"""A line of IRC that is answered by a handler: the table of commands, and what they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from ...commands import perform
from ...commands.handler import Answer
from ...commands.procedures import Procedure
from ...commands.rooms import room_named
from ...exceptions import ChatError, Refused
from ...hub import Cost, Hub, Session, User
from ...hub.state.conversations import Room
from ...protocol.commands import Command
from . import numerics as n
from .client import Client
from .message import Message, line_of
from .network import Network, network_of
from .numerics import Numeric
from .rendering import IrcRendering, rendering_of

Handler = Callable[["Call"], Awaitable[None]]


class Verb(NamedTuple):
    """A command of IRC: its handler, the parameters that it needs, whether it works before login, and its cost."""

    handler: Handler
    least: int = 0
    before_login: bool = False
    cost: Cost = Cost.LITTLE


class Call:
    """One line that is being answered: its sender, and the lines of the answer."""

    def __init__(self, hub: Hub, session: Session, message: Message) -> None:
        self.hub = hub
        self.session = session
        self.message = message
        self.client: Client = session.dialect.client
        self.answers_later = False  # the label is that of a later answer
        self.network: Network = network_of(hub)

    @property
    def params(self) -> list[str]:
        """The parameters of the line."""
        return self.message.params

    @property
    def user(self) -> User:
        """The user; the table lets only lines of users through to handlers that need one."""
        if self.session.user is None:
            raise Refused("Log in first.")
        return self.session.user

    @property
    def rendering(self) -> IrcRendering:
        """The rendering of the session."""
        rendering: Any = self.session.rendering
        return rendering  # type: ignore[no-any-return]

    @property
    def source(self) -> str:
        """The source of lines of this client."""
        return self.network.source(self.user.id, self.user.name)

    def room(self, name: str) -> Room | None:
        """Return the room with this name, if the user may see it."""
        return room_named(self.hub, self.user, name)

    def may_see(self, user: User) -> bool:
        """Tell whether the client may find a user who has not been named: unless invisible, or in a common room."""
        if not user.shown.is_invisible or user is self.user:
            return True
        return not set(user.rooms).isdisjoint(self.user.rooms)

    def param(self, place: int) -> str:
        """Return a parameter, "" if it is missing."""
        return self.params[place] if len(self.params) > place else ""

    def numeric(self, numeric: Numeric, *params: str) -> None:
        """Add a numeric to the answer."""
        words = (*params, numeric.text) if numeric.text else params
        self.line(numeric.code, self.client.target, *words)

    def line(self, verb: str, *params: str, source: str | None = None) -> None:
        """Add a line to the answer."""
        self.add([line_of(verb, *params, source=self.network.name if source is None else source)])

    def fail(self, code: str, *params: str, kind: str = "FAIL") -> None:
        """Add a standard reply about the command."""
        self.line(kind, self.message.verb, code, *params)

    def fail_as(self, verb: str, code: str, *params: str) -> None:
        """Add a standard reply about another command."""
        self.line("FAIL", verb, code, *params)

    def note(self, text: str) -> None:
        """Add a notice of the server."""
        self.line("NOTICE", self.client.target, text)

    def add(self, lines: list[str]) -> None:
        """Add lines to the answer."""
        if self.client.reply is not None:
            self.client.reply += lines

    def flush(self) -> None:
        """Send what the answer has so far, before something is awaited; a labelled answer is sent as a whole."""
        reply = self.client.reply
        if reply and not self.message.tags.get("label"):
            data = "".join(reply).encode()
            reply.clear()
            self.session.write(data)

    async def say(self, target: str, text: str, message: Message | None = None, *, via: str = "") -> None:
        """Send a message, as the line says it; its label is that of the message."""
        command = self.session.dialect.send(target, text, message or self.message, via)
        if command is None:
            return
        self.answers_later = True
        self.flush()
        row_command: Command = command
        try:
            await perform(self.hub, self.session, row_command)
        except ChatError as error:
            self.session.refuse(error, row_command)

    async def perform(self, command: Command) -> Answer:
        """Run a command; raises ChatError."""
        self.flush()
        return await perform(self.hub, self.session, command)


class Line(Procedure, frozen=True):
    """A line that a handler answers."""

    message: Message
    verb: Verb | None

    @property
    def cost(self) -> Cost:
        """The cost of the command."""
        return self.verb.cost if self.verb is not None else Cost.LITTLE

    def run(self, hub: Hub, session: Session) -> Coroutine[Any, Any, Answer]:
        """Answer the line."""
        return _answered(Call(hub, session, self.message), self.verb)


async def _answered(call: Call, verb: Verb | None) -> Answer:
    """Run the handler of a line, and return its answer, labelled as the line was."""
    client = call.client
    _begin(call)
    client.reply = []
    try:
        await _handled(call, verb)
    except ChatError as error:
        call.numeric(n.ERR_UNKNOWNERROR, call.message.verb, str(error))
    finally:
        lines, client.reply = client.reply or [], None
    label = call.message.tags.get("label") if client.has("labeled-response") and not call.answers_later else None
    return Answer(lines="".join(_labelled(call, lines, label) if label else lines).encode())


def _begin(call: Call) -> None:
    """Give a new session the rendering of its capabilities."""
    if call.client.network is None:
        call.client.network = call.network
        call.session.rendering = rendering_of(call.network, call.client.caps)


async def _handled(call: Call, verb: Verb | None) -> None:
    message = call.message
    if verb is None:
        if call.session.user is None:
            call.numeric(n.ERR_NOTREGISTERED)
        else:
            call.numeric(n.ERR_UNKNOWNCOMMAND, message.verb)
    elif call.session.user is None and not verb.before_login:
        call.numeric(n.ERR_NOTREGISTERED)
    elif sum(bool(param) for param in message.params[: verb.least]) < verb.least:
        call.numeric(n.ERR_NEEDMOREPARAMS, message.verb)
    else:
        await verb.handler(call)


def _labelled(call: Call, lines: list[str], label: str) -> list[str]:
    """Return the lines of an answer with its label: alone, as a batch, or if there are none, as an acknowledgement."""
    if not lines:
        return [line_of("ACK", source=call.network.name, tags={"label": label})]
    if len(lines) == 1:
        return [tagged(lines[0], "label", label)]
    batch = call.network.batch()
    opening = line_of("BATCH", f"+{batch}", "labeled-response", source=call.network.name, tags={"label": label})
    inside = [line if "batch=" in line.partition(" ")[0] else tagged(line, "batch", batch) for line in lines]
    return [opening, *inside, line_of("BATCH", f"-{batch}", source=call.network.name)]


def tagged(line: str, key: str, value: str) -> str:
    """Return a line with one more tag."""
    word = line_of("", tags={key: value}).partition(" ")[0]
    return f"{word};{line[1:]}" if line.startswith("@") else f"{word} {line}"
