"""A visit without a terminal: plain lines in and out, without a single escape sequence."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import BinaryIO, TextIO

from ..client.asyncio.client import Client
from ..client.session.client_events import Gap, LinkBack, LinkLost, NotSent, NotStored, StoredAgain
from ..exceptions import BadText, ChatError, TooLong, Unconfirmed, UsageProblem
from ..protocol import commands, events
from ..protocol.conversations import LOBBY, is_room
from ..protocol.kinds import ECHOED
from ..protocol.limits import TEXT_BYTES, UNACKNOWLEDGED_ENTRIES
from ..protocol.slash.help import help_text
from ..protocol.text.hygiene import clean_line
from ..protocol.text.rows import ROW_COLUMNS, in_rows
from ..protocol.transcript import text_lines
from ..protocol.wording import absence_notice
from ..streams import UnwritableError, watched
from .exit_summary import what_is_left
from .loop import Loop, Sending
from .screen.view import View

LINE_BYTES = 2 * TEXT_BYTES
"""Longest line that is kept: a longer text is refused with its length, and an endless one is not stored."""

LINES = 64
"""Lines that are read ahead of sending."""

GIVE_UP_SECONDS = 60.0
"""Seconds without a message stored after which the visit ends, once stdin has ended: a server restarts in less."""

LEAST_COLUMNS = 20
"""Columns assumed if a terminal reports fewer, or none."""

CHECKS = 20
"""How often the visit checks in that time whether a message was stored."""


class Pipe:
    """One visit: sends each line of ``stdin`` as a message, and writes what happens to ``stdout``.

    After the end of ``stdin``, the visit waits until all messages are stored. It gives up after ``give_up_after``
    seconds in which no message was stored.
    """

    def __init__(
        self, client: Client, *, stdin: BinaryIO, stdout: TextIO, stderr: TextIO, give_up_after: float = GIVE_UP_SECONDS
    ) -> None:
        self._client = client
        self._give_up_after = give_up_after
        self._stdin = stdin
        self._stdout = stdout
        self._stderr = stderr
        self._view = View(client.user, client.name, lambda: client.conversations)
        self._lines: asyncio.Queue[str | ChatError | None] = asyncio.Queue()
        self._room = threading.Semaphore(LINES)
        self._loop = Loop(client, self._view, self, most=UNACKNOWLEDGED_ENTRIES)
        self._read_all = asyncio.Event()
        self._in_hand = 0
        self._exit_code = 0

    async def run(self) -> int:
        """Run until the end of stdin, and until all is stored; return the exit code of the first refusal, or 0.

        Raises the error that ended the client, Unconfirmed if nothing is stored for too long, and UnwritableError if
        ``stdout`` has no reader any more.
        """
        if self._stdout.isatty():
            self._write(text_lines(self._client.welcome, me=self._client.user))
        loop = asyncio.get_running_loop()
        reading = threading.Thread(target=self._read, args=(loop,), name="stdin", daemon=True)
        reading.start()
        await self._loop.run(self._obey(), self._wait_in_vain(), self._watch_reader())
        return self._exit_code

    async def _watch_reader(self) -> None:
        """Raise UnwritableError when ``stdout`` has no reader any more, even while nothing is written."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        with watched(self._stdout, loop, gone.set):
            await gone.wait()
        raise UnwritableError(BrokenPipeError())

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read lines in a thread, because an event loop cannot wait for every kind of stdin."""
        for line in chain(read_lines(self._stdin), (None,)):
            self._room.acquire()
            try:
                loop.call_soon_threadsafe(self._take, line)
            except RuntimeError:
                return  # the loop is closed: the visit ended before stdin did

    def _take(self, line: str | ChatError | None) -> None:
        self._lines.put_nowait(line)
        if line is None:
            self._read_all.set()

    async def _next(self) -> str | ChatError | None:
        line = await self._lines.get()
        self._room.release()
        return line

    async def _obey(self) -> None:
        """Execute the lines, and wait until everything is stored."""
        await self._do_lines()
        self._read_all.set()  # even if the user leaves before that
        await self._loop.settled()
        await self._client.all_stored()

    async def _do_lines(self) -> None:
        while (line := await self._next()) is not None:
            if isinstance(line, ChatError):
                self._complain(line)
                continue
            self._in_hand = 1
            leaves = await self._loop.obey(line, _check)
            self._in_hand = 0
            if leaves:
                return

    async def _wait_in_vain(self) -> None:
        """Never return; raises Unconfirmed if stdin has ended and nothing is stored for too long."""
        await self._read_all.wait()
        time = asyncio.get_running_loop().time
        left, since = self._left(), time()
        while time() - since < self._give_up_after:
            await asyncio.sleep(self._give_up_after / CHECKS)
            if (now := self._left()) != left or not now[0]:
                left, since = now, time()
        raise Unconfirmed(what_is_left(self._client, *left))

    def _left(self) -> tuple[int, int]:
        """Return how many messages are not confirmed, and how many lines were not sent."""
        return self._client.waiting, self._in_hand + max(0, self._lines.qsize() - 1)  # the last item marks the end

    async def answer(self, command: commands.ANY) -> None:
        """Execute a command, once the messages before it are stored."""
        await self._loop.settled()
        match command:
            case commands.Help():
                self._write(help_text(command.topic) + "\n")
            case commands.Join():
                await self._enter(command, command.room)
            case commands.Leave():
                await self._enter(command, LOBBY)
            case _:
                await self._ask(command)

    def began(self, task: asyncio.Task[None], sending: Sending) -> None:
        """Do nothing: a pipe shows no progress."""

    def complain(self, error: ChatError, line: str) -> None:  # noqa: ARG002  the program that wrote the line has it
        """Say why a line was not done."""
        self._complain(error)

    def refused(self, sending: Sending, error: ChatError) -> None:  # noqa: ARG002
        """Say why the server refused a message."""
        self._complain(error)

    async def _enter(self, command: commands.Join | commands.Leave, room: str) -> None:
        """Go to a room. A refusal ends the visit, because the next lines are not meant for the previous room."""
        await self._client.request(command)
        self._view.enter()
        for event in self._view.entered(room, []):
            self.show(event)
        if conversation := self._client.conversations.get(self._view.id_of(room)):
            self._write(text_lines(conversation, me=self._client.user, columns=self._columns()))

    async def _ask(self, command: commands.ANY) -> None:
        try:
            answer = await self._client.request(command)
        except ChatError as error:
            self._complain(error)
        else:
            columns = self._columns()
            self._write("".join(text_lines(event, me=self._client.user, columns=columns) for event in answer.events))

    async def shown(self, event: object) -> None:
        """Do nothing more."""

    def show(self, event: object) -> None:
        """Write chat events to stdout, and connection events to stderr."""
        match event:
            case LinkLost():
                self._tell(f"Connection lost; reconnecting. {event.reason}")
            case LinkBack() | Gap() | NotStored() | StoredAgain():
                self._tell(event.sentence)
            case NotSent():
                self._complain(event.error, f" {event.sentence}")
            case events.Entry() if (
                event.author == self._client.user and is_room(event.conversation) and event.kind not in ECHOED
            ):
                pass  # as in the plain dialect, no echo: a program must not answer itself
            case events.Absent():
                self._tell(absence_notice(event), quotes=True)
            case events.Alert():
                self._tell(event.text, quotes=True)
            case events.Event():
                self._write(text_lines(event, me=self._client.user, columns=self._columns()))

    def _columns(self) -> int | None:
        """Return the columns after which a line is wrapped; programs get each line of a message whole."""
        if not self._stdout.isatty():
            return None
        with suppress(OSError):  # the terminal is gone, or reports no size
            return max(LEAST_COLUMNS, os.get_terminal_size(self._stdout.fileno()).columns - 1)
        return ROW_COLUMNS

    def _write(self, text: str) -> None:
        self._stdout.write(text)
        self._stdout.flush()

    def _complain(self, error: ChatError, more: str = "") -> None:
        self._exit_code = self._exit_code or error.exit_code
        self._tell(f"{error}{more}")

    def _tell(self, text: str, *, quotes: bool = False) -> None:
        """Write a notice of the program; if it ``quotes`` others, their words never begin a row of a terminal."""
        line = clean_line(f"socketchat: {text}") + "\n"
        print(in_rows(line) if quotes and self._stderr.isatty() else line, end="", file=self._stderr, flush=True)


def _check(command: commands.ANY) -> None:
    if isinstance(command, commands.Login | commands.Password):
        raise UsageProblem("Type passwords at a terminal.")


def read_lines(stdin: BinaryIO) -> Iterator[str | ChatError]:
    """Yield the lines that are not blank, without their ends, and an error for each invalid line.

    If stdin becomes unreadable, the last item is that error.
    """
    try:
        yield from _lines(stdin)
    except ChatError as error:
        yield error


def _lines(stdin: BinaryIO) -> Iterator[str | ChatError]:
    while data := stdin.readline(LINE_BYTES):
        if len(data) == LINE_BYTES and data[-1:] != b"\n":
            while (rest := stdin.readline(LINE_BYTES)) and rest[-1:] != b"\n":
                pass
            yield TooLong(
                f"Too long: a line has more than {LINE_BYTES:,} bytes; the limit is {TEXT_BYTES:,}. Split it."
            )
            continue
        try:
            line = data.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            yield BadText("A line of stdin is not valid UTF-8. Convert it first, for example with iconv.")
            continue
        if line.strip():
            yield line
