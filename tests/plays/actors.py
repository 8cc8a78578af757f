"""Actors: clients on real sockets that see the same lines in every dialect."""

from __future__ import annotations

import os
from collections import deque

from msgspec.structs import replace

from socketchat.client.identity.keys import Key
from socketchat.exceptions import ChatError
from socketchat.protocol import commands, events
from socketchat.protocol.conversations import LOBBY, is_room, room_id
from socketchat.protocol.kinds import ECHOED
from socketchat.protocol.slash.parsing import parse
from socketchat.protocol.transcript import text_lines
from tests.keys import hello_of, proof_of, shown_of
from tests.server.house import Caller

PRESENCE = ("[join] ", "[leave] ")
ENDS = events.Ok | events.Error | events.Welcome | events.Challenge
"""The end of the answer to a command."""


class Actor:
    """An actor. Joins and leaves have an order of their own, because they are announced a moment later."""

    def __init__(self, name: str, caller: Caller) -> None:
        self.name = name
        self.caller = caller
        self.sights: deque[str] = deque()
        self.presence: deque[str] = deque()
        self._barriers = 0

    def notice(self, lines: str) -> None:
        """Remember lines that were seen."""
        for line in lines.splitlines():
            (self.presence if line.startswith(PRESENCE) else self.sights).append(line)

    async def look(self) -> None:
        """Read the next output of the server."""
        raise NotImplementedError

    async def next_sight(self, queue: deque[str]) -> str:
        while not queue:
            await self.look()
        return queue.popleft()

    async def ask_for_name(self, name: str) -> bool:
        """Log in, and return whether it succeeded."""
        raise NotImplementedError

    async def type(self, line: str) -> None:
        """Type a line, and wait for the answer."""
        raise NotImplementedError

    async def barrier(self) -> None:
        """Wait until every command is answered, and read the output before that."""
        raise NotImplementedError


class PlainActor(Actor):
    """A user with nc."""

    async def look(self) -> None:
        self.notice(await self._line() + "\n")

    async def _line(self) -> str:
        data = await self.caller.reader.readline()
        assert data, f"the server closed the connection of {self.name}"
        return data.decode().removesuffix("\n")

    async def ask_for_name(self, name: str) -> bool:
        await self.caller.write(name.encode() + b"\n")
        line = await self._line()
        if line.startswith("[error]"):
            self.notice(line)
            return False
        self.name = name
        assert line == f"[join] {name} has joined the chat."
        assert [await self._line() for _ in range(3)] == ["", "=== Connected! Type /help for commands ===", ""]
        return True

    async def type(self, line: str) -> None:
        await self.caller.write(line.encode() + b"\n")
        await self.barrier()

    async def barrier(self) -> None:
        """Ask for the topic, which waits for pending commands, then for an unknown command."""
        self._barriers += 1
        nonsense = f"/nonsense-{self._barriers}"
        await self.caller.write(f"/topic\n{nonsense}\n".encode())
        while not (line := await self._line()).startswith(f"[error] No such command: {nonsense}"):
            self.notice(line)
        assert self.sights.pop().startswith("[topic] #")


class NativeActor(Actor):
    """A user with a client, who sees what ``join`` would show: the current room and direct messages."""

    def __init__(self, name: str, caller: Caller, *, key: Key | None, listen: str = "all", secret: bytes = b"") -> None:
        super().__init__(name, caller)
        self.key = key
        self.listen = listen
        self.secret = secret
        self.room = LOBBY
        self.user: str | None = None
        self.token: str | None = None
        self.epoch: str | None = None
        self.positions: dict[str, int] = {}
        self._ids = 0
        self._outbox = os.urandom(8).hex()
        self._said = 0
        self._ended: dict[int, events.Event] = {}

    async def look(self) -> None:
        event = await self.caller.event()
        match event:
            case events.Welcome():
                self._enter(event)
            case events.Past():
                self.notice(text_lines(event, me=self.user))
            case events.Entry():
                self._hear(event)
            case events.Left() if event.conversation == self.room:
                self.room = LOBBY
                self.notice(
                    text_lines(event, me=self.user) + text_lines(events.Conversation(conversation=LOBBY), me=None)
                )
            case _:
                self.notice(text_lines(event, me=self.user))
        if isinstance(event, ENDS) and event.id is not None:
            self._ended[event.id] = event

    def _enter(self, welcome: events.Welcome) -> None:
        for told in welcome.conversations:
            began_meanwhile = self.user is not None and not is_room(told.conversation)
            self.positions.setdefault(told.conversation, 0 if began_meanwhile else told.head)
        self.user, self.token, self.epoch = welcome.user, welcome.token, welcome.epoch

    def _hear(self, entry: events.Entry) -> None:
        last = self.positions.get(entry.conversation)
        assert last in (None, entry.seq - 1), f"{self.name} heard {entry.conversation}/{entry.seq} after {last}"
        self.positions[entry.conversation] = entry.seq
        is_own = entry.author == self.user and entry.kind not in ECHOED
        if is_room(entry.conversation) and (is_own or entry.conversation != self.room):
            return
        self.notice(text_lines(entry, me=self.user))

    async def _do(self, command: commands.Command) -> events.Event:
        """Send a command, and return the end of the answer."""
        self._ids += 1
        await self.caller.say(replace(command, id=self._ids))
        while self._ids not in self._ended:
            await self.look()
        return self._ended.pop(self._ids)

    async def _do_twice(self, command: commands.Send | commands.Edit | commands.Delete) -> None:
        """Send a command under a key, and again as after a lost answer, which must have no effect."""
        self._said += 1
        command = replace(command, outbox=self._outbox, n=self._said)
        answer = await self._do(command)
        if isinstance(answer, events.Ok):
            again = await self._do(command)
            assert again == replace(answer, id=self._ids, duplicate=True)

    async def ask_for_name(self, name: str) -> bool:
        self.name = name
        hello = commands.Hello(name=name, listen=self.listen)
        answer = await self._do(hello if self.key is None else hello_of(self.key, name=name, listen=self.listen))
        if self.key is not None and isinstance(answer, events.Challenge):
            shown = {"local": shown_of(self.secret, self.key, answer, name)} if self.secret else {}
            answer = await self._do(proof_of(self.key, answer, name, **shown))
        return isinstance(answer, events.Welcome)

    async def resume(self, caller: Caller) -> None:
        """Reconnect with the positions of this client."""
        self.caller = caller
        answer = await self._do(commands.Hello(token=self.token, epoch=self.epoch, positions=self.positions))
        assert isinstance(answer, events.Welcome)

    async def type(self, line: str) -> None:
        try:
            command = parse(line, self.room)
        except ChatError as error:
            self.notice(text_lines(events.Error(code=error.code, text=str(error)), me=None))
            return
        if isinstance(command, commands.Send | commands.Edit | commands.Delete):
            await self._do_twice(command)
            return
        answer = await self._do(command)
        if isinstance(command, commands.Join) and isinstance(answer, events.Ok):
            self.room = room_id(command.room)

    async def read_history(self, conversation: str, limit: int) -> None:
        await self._do(commands.History(conversation=conversation, limit=limit))

    async def barrier(self) -> None:
        await self._do(commands.Ping())
