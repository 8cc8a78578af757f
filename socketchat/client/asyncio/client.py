"""The client under asyncio, for ``join`` and for bots: a stay in a chat that outlives its connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from ...exceptions import BadFile, ChatError, ProtocolError, Unreachable
from ...protocol import commands, events
from ..address import Address
from ..identity.profiles import Profile
from ..identity.trust import Trust
from ..outbox_file import OutboxFile
from ..session.client_events import (
    Answer,
    Answered,
    Broken,
    ClientEvent,
    Failed,
    Gap,
    LinkBack,
    LinkLost,
    LoggedIn,
    LoginRefused,
    NotSent,
    Reset,
    RetryLater,
    SessionEvent,
    Unsolicited,
    told_error,
)
from ..session.outbox import Kind
from ..session.session import Session
from ..timeouts import Timeouts
from .backlog import Backlog
from .connection import Connection
from .connector import Connector, OtherKeyError, RetryLaterError
from .reconnect import Reconnect
from .requests import Requests
from .retrying import Retrying

_log = logging.getLogger(__name__)


class Client:
    """A stay in a chat, made by ``connect``. Iterate over it, in one task only, to get what happens.

    When the connection breaks, the client reconnects by itself, says so, and continues with what it missed; messages
    wait meanwhile. The iteration ends after :meth:`quit`, and raises a ChatError if the server refuses the client for
    good.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        *,
        profile: Profile | None,
        store: OutboxFile | None,
        trust: Trust,
        timeouts: Timeouts,
        random: Callable[[], float],
        attended: bool = False,
    ) -> None:
        self.address = address
        self._session = session
        self._profile = profile
        self._store = store
        self._timeouts = timeouts
        self._connector = Connector(address, session, self._take, trust=trust, timeouts=timeouts, attended=attended)
        self._requests = Requests(session, self._wait)
        self._reconnect = Reconnect(timeouts, random)
        self._retrying = Retrying(timeouts, random, retry=self._retry, tell=self._put)
        self._keeper: asyncio.Task[None] | None = None
        self._entered = False
        self._ended = False
        self._error: BaseException | None = None
        self._backlog = Backlog()
        self._news = asyncio.Event()

    @property
    def welcome(self) -> events.Welcome:
        """The server's welcome at the newest login; it does not exist before the client is entered."""
        if self._session.welcome is None:
            raise RuntimeError("Enter the client with `async with` first.")
        return self._session.welcome

    @property
    def name(self) -> str:
        """The user's name in its display form."""
        return self.welcome.name

    @property
    def user(self) -> str:
        """The user id."""
        return self.welcome.user

    @property
    def epoch(self) -> str:
        """The epoch in which ``positions`` are valid."""
        return self.welcome.epoch

    @property
    def online(self) -> bool:
        """Whether the client is connected at the moment."""
        return self._session.logged_in

    @property
    def next_try(self) -> float:
        """The seconds until the next attempt to reconnect, 0 during one."""
        return self._reconnect.left

    def try_now(self) -> None:
        """Reconnect and send refused messages again now, without waiting."""
        if not self.online:
            self._reconnect.try_now()
        self._retrying.try_now()

    @property
    def waiting(self) -> int:
        """The number of messages that are not confirmed yet."""
        return len(self._session.outbox)

    @property
    def lasts(self) -> bool:
        """Whether unconfirmed messages outlive the client, so that the next one sends them."""
        return self._session.outbox.lasts

    @property
    def adopted(self) -> int:
        """The number of unconfirmed messages that an earlier process left."""
        return self._session.outbox.adopted

    @property
    def conversations(self) -> dict[str, events.Conversation]:
        """The conversations that are heard, as the server last described them; not to be changed."""
        return self._session.positions.heard

    @property
    def positions(self) -> dict[str, int]:
        """The newest seq that was handed out, by conversation."""
        return self._backlog.positions(self._session.positions.seqs)

    async def send(self, to: str, text: str, kind: Kind = "message", *, of: int | None = None) -> events.Ok:
        """Send a message to "#room" or "@name"; return when it is on the server's disk.

        With ``of``, it is a reply to the message of that seq there.

        Messages keep the order of the calls. If the connection breaks they are sent again, and stored once. The call
        waits while as many messages are under way as the server allows. Raises the server's refusal, or Unconfirmed if
        the client ends before the answer comes. A call that is cancelled may have sent its message.
        """
        return await self._requests.keep(commands.Send(to=to, text=text, kind=kind, of=of))

    async def change(self, change: commands.Edit | commands.Delete) -> events.Ok:
        """Edit or delete a message, with the guarantees and in the order of :meth:`send`.

        A change without a seq means your last line. If the client cannot tell which that is, it asks the server
        immediately, as :meth:`request` does.
        """
        placed = self._session.placed(change)
        return (await self.request(placed)).ok if placed.seq is None else await self._requests.keep(placed)

    async def all_stored(self) -> None:
        """Return when no message waits any more, or when the client has ended."""
        await self._requests.all_stored()

    async def request(self, command: commands.Command) -> Answer:
        """Send any other command and return its answer; raises the server's refusal, or Unreachable if offline."""
        return await self._requests.ask(command)

    async def quit(self) -> None:
        """Say goodbye to the server, and end; leaving the ``async with`` block does it too."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        keeper.cancel()
        await asyncio.wait({keeper})
        connection = self._connector.connection
        if connection is not None and not connection.closed.done():
            if self._session.logged_in:
                self._session.request(commands.Quit())
                connection.write_soon()
                await asyncio.wait({connection.closed}, timeout=self._timeouts.quit)
            await connection.close(Unreachable("The client was closed."))
        self._finish(None)

    async def __aenter__(self) -> Self:
        self._session.adopt()
        try:
            connection = await self._connector.open()
        except BaseException as failed:
            self._close_store()
            if isinstance(failed, RetryLaterError):
                raise failed.error from None
            raise
        self._keeper = asyncio.create_task(self._keep(connection))
        self._keeper.add_done_callback(self._keeper_done)
        if self._profile is not None:
            try:
                self._profile.joined(self.name)
            except ChatError:
                await self.quit()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.quit()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ClientEvent:
        while not self._backlog:
            self._keep_positions()
            if self._ended:
                raise self._error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        event = self._backlog.take()
        self._throttle()
        return event

    async def _keep(self, connection: Connection) -> None:
        """Reconnect whenever the connection is lost; raises ChatError if the server refuses permanently."""
        while True:
            await asyncio.wait({connection.closed})
            self._settle(self._session.connection_lost())
            self._reconnect.begin(asyncio.get_running_loop().time() - connection.since)
            connection = await self._come_back(self._connector.why_ended(connection))

    async def _come_back(self, reason: ChatError | RetryLaterError) -> Connection:
        while isinstance(reason, RetryLaterError):
            delay = self._reconnect.delay()
            self._put(LinkLost(str(reason), delay, self._reconnect.failures, isinstance(reason, OtherKeyError)))
            await self._reconnect.wait(delay)
            try:
                return await self._connector.open()
            except RetryLaterError as failed:
                reason = failed
        raise reason

    def _keeper_done(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled():
            self._finish(keeper.exception())

    def _finish(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
        self._requests.end(error)
        self._retrying.close()
        self._settle(
            self._session.end(error if isinstance(error, ChatError) else Unreachable("The client was closed."))
        )
        self._close_store()
        self._keep_positions()
        self._news.set()

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()

    def _take(self, connection: Connection, happened: list[SessionEvent], size: int) -> None:
        """Handle the events from a connection, in order."""
        for event in happened:
            match event:
                case Answered() | Failed():
                    self._settle([event])
                case LoggedIn():
                    self._logged_in(connection, event)
                case LoginRefused():
                    connection.login.set_result(event)
                case RetryLater():
                    self._retrying.refused(event.error)
                case Broken():
                    problem = f"The program that answers at {self.address} is not a socketchat server. {event.error}"
                    connection.lose(ProtocolError(problem))
                case events.Bye():
                    self._connector.dismissed(event)
                    connection.lose(told_error(event))
                case Reset() | Gap() | NotSent():
                    self._put(event)
                case _ if isinstance(event, Unsolicited):
                    self._put(event, size // len(happened))
        self._throttle()

    def _logged_in(self, connection: Connection, event: LoggedIn) -> None:
        connection.login.set_result(event)
        if self._entered:
            self._put(LinkBack(event.missed, event.sent, event.skipped))
        self._entered = True

    def _put(self, event: ClientEvent, size: int = 0) -> None:
        self._backlog.put(event, size)
        self._news.set()

    def _throttle(self) -> None:
        """Pause or resume reading, depending on how far the consumer lags behind."""
        connection = self._connector.connection
        if connection is not None:
            if self._backlog.is_full(awaited=(awaited := bool(self._requests))):
                connection.pause(awaited=awaited)
            else:
                connection.resume()

    def _wait(self) -> None:
        self._write_soon()
        self._throttle()

    def _retry(self) -> None:
        self._session.retry()
        self._write_soon()

    def _write_soon(self) -> None:
        if self._connector.connection is not None:
            self._connector.connection.write_soon()

    def _settle(self, results: Iterable[Answered | Failed]) -> None:
        for result in results:
            self._requests.settle(result)
            if (isinstance(result, Answered) and result.kept) or not (self.waiting or self._ended):
                self._retrying.stored()
        self._requests.look_again()

    def _keep_positions(self) -> None:
        """Tell the profile which entries were handed out, if none waits any more."""
        if self._profile is not None and self._session.welcome is not None:
            try:
                self._profile.keep(self.epoch, self.positions)
            except BadFile as problem:
                # The next visit may show direct messages a second time, which is better than to stop now.
                _log.warning("%s", problem)
