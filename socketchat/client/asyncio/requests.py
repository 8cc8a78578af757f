"""The calls that wait for an answer from the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...exceptions import Unreachable
from ...protocol import commands, events
from ..session.client_events import Answer, Answered, Failed
from ..session.outbox import Keyed
from ..session.session import Session


class Requests:
    """The calls that wait for a session; ``wait`` is called when a call begins to wait, to write its request."""

    def __init__(self, session: Session, wait: Callable[[], None]) -> None:
        self._session = session
        self._wait = wait
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def ask(self, command: commands.Command) -> Answer:
        """Return the answer to a command; raises the server's refusal, or Unreachable without a connection."""
        self._check_open()
        return await self._answer(self._session.request(command))

    async def keep(self, message: Keyed) -> events.Ok:
        """Return when a message is stored; waits for room first. Raises the server's refusal, or Unconfirmed."""
        async with self._turn:
            while not self._session.outbox.has_room(message) and not self._ended:
                self._room.clear()
                await self._room.wait()
            self._check_open()
            request = self._session.keep(message)
        return (await self._answer(request)).ok

    async def all_stored(self) -> None:
        """Return when no message waits any more, or when the client has ended."""
        while len(self._session.outbox) and not self._ended:
            self._room.clear()
            await self._room.wait()

    def settle(self, result: Answered | Failed) -> None:
        """Hand a result to the call that waits for it."""
        answer = self._waiting.pop(result.id, None)
        if answer is not None and not answer.done():
            if isinstance(result, Answered):
                answer.set_result(result.answer)
            else:
                answer.set_exception(result.error)

    def look_again(self) -> None:
        """Wake the calls that wait for room, or for everything to be stored."""
        self._room.set()

    def end(self, error: BaseException | None) -> None:
        """Take no more requests; ``error`` ended the client, unless the caller did."""
        self._ended = True
        self._error = error

    async def _answer(self, request: int) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        self._wait()
        try:
            return await answer
        finally:
            self._waiting.pop(request, None)

    def _check_open(self) -> None:
        if self._ended:
            raise self._error or Unreachable("The client was closed.")
