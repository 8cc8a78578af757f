"""Logs in under a name that the server accepts, and stays in the chat until the user leaves."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from io import BytesIO
from typing import BinaryIO

from ..client.address import Address
from ..client.asyncio.client import Client
from ..client.asyncio.connect import connect
from ..client.identity.defaults import find_name
from ..client.identity.profiles import Profile
from ..client.outbox_file import count_kept
from ..client.session.credentials import NO_CREDENTIALS, Credentials
from ..client.session.login import NameOwned
from ..exceptions import (
    BadCode,
    BadName,
    CertificateChanged,
    ChatError,
    CodeNeeded,
    Impostor,
    NameTaken,
    TooMany,
    UnknownServer,
    UsageProblem,
    WrongPassword,
)
from ..protocol.authentication.entry_proof import CODE_WORDS, plain_code
from ..protocol.names import check_name
from ..protocol.text.hygiene import clean_line
from ..streams import reader
from .chat import Chat
from .dialogue import say
from .pipe import Pipe
from .screen.prompt.ask import ask, ask_secret
from .screen.theme import Look

SLOW_SECONDS = 0.1
"""Time after which the user is told that the client is still connecting."""

CODE_WANTED = "This server needs a join code (five words). Ask whoever runs it."

NOT_A_CODE = (
    f"This is not a join code. A join code has {CODE_WORDS} words. If you have an invite, press Ctrl+C and run: "
    "socketchat join NAME INVITE"
)

SHORT_SECONDS = 30
"""Longest wait after a wrong guess; if the server wants a longer one, `join` ends instead."""

_WAIT = re.compile(r"try again in ([0-9]{1,2}) seconds?\b").search

SIGNALS = (signal.SIGTERM, signal.SIGHUP) if sys.platform != "win32" else ()
"""Signals that end a visit cleanly, and restore the terminal."""


ASKED = (UnknownServer, CodeNeeded, BadCode, NameOwned, WrongPassword, TooMany, BadName, NameTaken)
"""Login errors after which `join` asks the user again."""


class Visit:
    """The work of ``socketchat join``: at ``address``, as the user of ``profile``, on a terminal with this ``look``."""

    def __init__(
        self,
        address: Address,
        profile: Profile,
        look: Look,
        environ: Mapping[str, str],
        *,
        credentials: Credentials = NO_CREDENTIALS,
        rings: bool = True,
    ) -> None:
        self._address = address
        self._profile = profile
        self._look = look
        self._environ = environ
        self._credentials = credentials
        self._rings = rings
        self._signal = 0
        self._admitted = False
        self._not_before = 0.0

    def run(self, name: str | None) -> int:
        """Stay until the user leaves; return the exit code. At a terminal, ask for a name if none is known yet.

        Raises ChatError, and KeyboardInterrupt if the user gives up.
        """
        if not self._look.edits:
            return self._stay(self._named(name))
        name = name if name is not None else self._environ.get("SOCKETCHAT_NAME")
        suggested = self._profile.name
        while True:
            try:
                name = check_name(self._ask(suggested) if name is None else name)
                return self._stay(name)
            except ASKED as problem:
                if self._admitted:
                    raise
                name = suggested = self._ask_on(problem, name)

    def _ask_on(self, problem: ChatError, name: str | None) -> str | None:
        """Ask for the missing or wrong credential; return the name, or None if the user needs another one."""
        match problem:
            case UnknownServer():
                self._decide(problem)
            case CodeNeeded() | BadCode():
                self._ask_code(problem)
            case NameOwned() | WrongPassword():
                return self._ask_password(problem, name or "")
            case TooMany():
                return self._ask_again(problem, name or "")
            case _:
                say(str(problem))
                return None
        return name

    def _ask(self, suggested: str | None) -> str:
        hint = f" [{clean_line(suggested)}]" if suggested else ""
        try:
            return ask(f"Your name{hint}: ", self._look) or suggested or ""
        except EOFError:
            raise KeyboardInterrupt from None

    def _ask_again(self, problem: TooMany, name: str) -> str | None:
        """Ask again after a guess that came too early; the next attempt waits. Raises ``problem`` if the wait is long.

        The wait runs while the user types. If the program waited first, a secret typed meanwhile would be echoed.
        """
        found = _WAIT(str(problem))
        seconds = int(found[1]) if found else SHORT_SECONDS + 1
        if seconds > SHORT_SECONDS or not (self._credentials.code or self._credentials.password):
            raise problem
        self._not_before = time.monotonic() + seconds
        if self._credentials.password:
            return self._ask_password(problem, name)
        self._ask_code(problem)
        return name

    def _ask_code(self, problem: CodeNeeded | BadCode | TooMany) -> None:
        """Ask for the join code, and use it from the next attempt on."""
        say(CODE_WANTED if isinstance(problem, CodeNeeded) else str(problem))
        while True:
            try:
                code = ask("Join code: ", self._look)
            except EOFError:
                raise KeyboardInterrupt from None
            if _is_code(code):
                break
            say(NOT_A_CODE)
        self._credentials = self._credentials._replace(code=code)

    def _ask_password(self, problem: NameOwned | WrongPassword | TooMany, name: str) -> str | None:
        """Ask for the password of a name; return the name, or None if the user chooses another one."""
        if isinstance(problem, NameOwned):
            say(f"The name {name!r} is taken. If it is yours, type its password.")
        else:
            say(str(problem))
        try:
            password = ask_secret("Password (Enter to choose another name): ", self._look)
        except EOFError:
            raise KeyboardInterrupt from None
        self._credentials = self._credentials._replace(password=password or None)
        return name if password else None

    def _decide(self, problem: UnknownServer) -> None:
        """Have the user decide whether an unknown server is the right one; raises ``problem`` if not.

        The client has told it nothing yet. The user can type the join code instead: the right server proves that it
        knows the code.
        """
        shown = self._profile.trust.shown
        if shown is None:
            raise problem
        say(
            f"The server at {self._address} is not known yet. If you have its join code, type it. "
            "Otherwise, type y if the server shows this fingerprint:",
            exactly=shown.fingerprint,
        )
        while True:
            try:
                answer = ask("Join code, or [y/N]: ", self._look)
            except EOFError:
                raise KeyboardInterrupt from None
            if answer.strip().lower() in {"y", "yes"}:
                self._profile.trust.accept(shown.fingerprint)
                return
            if _is_code(answer):
                self._credentials = self._credentials._replace(code=answer)
                return
            if answer.strip().lower() in {"", "n", "no"}:
                raise problem
            say(NOT_A_CODE)

    def _named(self, name: str | None) -> str:
        found = find_name(name, self._environ, self._profile)
        if found is None:
            raise UsageProblem("No name. Give one: socketchat join NAME.")
        return found

    def _stay(self, name: str) -> int:
        try:
            return asyncio.run(self._visit(name))
        except asyncio.CancelledError:
            return 128 + self._signal
        except (CertificateChanged, Impostor) as problem:
            count = count_kept(self._profile.outbox(name))
            if not count:
                raise
            kept = "A message waits and is" if count == 1 else f"{count} messages wait and are"
            # The name comes first, because the sentence ends with the command to type.
            raise type(problem)(f"{kept} kept on this machine. {problem}") from None

    async def _visit(self, name: str) -> int:
        async with AsyncExitStack() as stack:
            with self._telling_when_slow():
                await asyncio.sleep(self._not_before - time.monotonic())
                client = await stack.enter_async_context(self._connect(name))
            self._admitted = True
            self._introduce()
            self._heed_signals()
            if not self._look.edits:
                return await Pipe(client, stdin=own_stdin(), stdout=sys.stdout, stderr=sys.stderr).run()
            await Chat(client, self._look, rings=self._rings).run()
            return 0

    def _connect(self, name: str) -> Client:
        attended = self._look.edits
        return connect(
            *self._address, name=name, profile=self._profile, credentials=self._credentials, attended=attended
        )

    def _introduce(self) -> None:
        """Show the fingerprint of a new server on this machine, once."""
        trust = self._profile.trust
        if self._look.edits and trust.is_new and trust.shown is not None:
            say("Remembering this server by its fingerprint:", exactly=trust.shown.fingerprint)

    @contextmanager
    def _telling_when_slow(self) -> Iterator[None]:
        """Tell the user at a terminal that the client is connecting, if that takes long."""
        loop = asyncio.get_running_loop()
        telling = loop.call_later(SLOW_SECONDS, partial(print, f"Connecting to {self._address} …", file=sys.stderr))
        if not self._look.edits:
            telling.cancel()
        try:
            yield
        finally:
            telling.cancel()

    def _heed_signals(self) -> None:
        """End cleanly on a signal: log out, and restore the terminal."""
        loop = asyncio.get_running_loop()
        visit = asyncio.current_task()

        def stop(number: int) -> None:
            self._signal = number
            if visit:
                visit.cancel()

        for number in SIGNALS:
            loop.add_signal_handler(number, stop, number)


def own_stdin() -> BinaryIO:
    """Return stdin with its own lock: the interpreter cannot end while a thread reads ``sys.stdin`` itself."""
    return reader(sys.stdin) if sys.stdin else BytesIO()


def _is_code(text: str) -> bool:
    """Tell whether a text has as many words as a join code."""
    return plain_code(text).count("-") == CODE_WORDS - 1
