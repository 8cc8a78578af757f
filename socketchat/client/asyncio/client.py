"""The client under asyncio, for ``join`` and for bots: one stay in a chat, which outlives its connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from ...exceptions import BadFile, CertificateChanged, ChatError, ProtocolError, UnknownServer, Unreachable
from ...protocol import commands, events
from ..address import Address
from ..identity.profiles import Profile
from ..identity.trust import Trust
from ..outbox_file import OutboxFile
from ..session.client_events import (
    Answer,
    Answered,
    Broken,
    Failed,
    Gap,
    LinkBack,
    LinkLost,
    LoggedIn,
    LoginRefused,
    NotSent,
    Reset,
    RetryLater,
    told_error,
)
from ..session.outbox import Keyed, Kind
from ..session.session import Out, Session
from ..timeouts import Patience
from .backlog import Backlog, Happening, Told
from .connection import Link, NotNowError, OtherKeyError, dial
from .reconnect import Comeback
from .retrying import Retrying

__all__ = ["Client", "Happening"]

_log = logging.getLogger(__name__)


class Client:
    """A stay in a chat. Iterating, by one consumer, yields what happens; made by ``connect``.

    When the link breaks, the client comes back by itself, says so, and goes on with what was missed; messages wait
    meanwhile. The iteration ends after :meth:`quit`, and raises a ChatError when the server will not have the client
    any longer.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        *,
        profile: Profile | None,
        store: OutboxFile | None,
        trust: Trust,
        patience: Patience,
        random: Callable[[], float],
        attended: bool = False,
    ) -> None:
        self.address = address
        self._session = session
        self._profile = profile
        self._store = store
        self._trust = trust
        self._patience = patience
        self._attended = attended
        self._comeback = Comeback(patience, random)
        self._retrying = Retrying(patience, random, retry=self._retry, tell=self._put)
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._bye: events.Bye | None = None
        self._entered = False
        self._ended = False
        self._error: BaseException | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()
        self._backlog = Backlog()
        self._news = asyncio.Event()

    @property
    def welcome(self) -> events.Welcome:
        """What the server said at the newest login; there is none before the client is entered."""
        if self._session.welcome is None:
            raise RuntimeError("A client has to be entered with `async with` first.")
        return self._session.welcome

    @property
    def name(self) -> str:
        """The name as it is shown."""
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
        """Whether there is a link at the moment."""
        return self._session.logged_in

    @property
    def next_try(self) -> float:
        """The seconds until the next try to get the link back, 0 where one goes on."""
        return self._comeback.left

    def hurry(self) -> None:
        """Try at once what waits for its time: to get the link back, and to have stored what was refused."""
        if not self.online:
            self._comeback.hurry()
        self._retrying.hurry()

    @property
    def waiting(self) -> int:
        """How many messages are not confirmed yet."""
        return len(self._session.outbox)

    @property
    def lasts(self) -> bool:
        """Whether the messages that are not confirmed outlive the client: the next one sends them."""
        return self._session.outbox.lasts

    @property
    def adopted(self) -> int:
        """How many messages that are not confirmed were left by an earlier process."""
        return self._session.outbox.adopted

    @property
    def conversations(self) -> dict[str, events.Conversation]:
        """The conversations that are heard, as the server last described them; not to be changed."""
        return self._session.positions.heard

    @property
    def positions(self) -> dict[str, int]:
        """The newest seq that was handed out, by conversation."""
        return self._backlog.positions(self._session.positions.seqs)

    async def send(self, to: str, text: str, kind: Kind = "message") -> events.Ok:
        """Send a message to "#room" or "@name"; return when it is on the server's disk.

        Messages keep the order of the calls, and are sent again, stored once, where a link breaks. While as many wait
        as the server allows, the call waits. Raises the server's refusal, or Unconfirmed where the client ended before
        the answer came. A call that is cancelled may have sent its message.
        """
        return await self._keep_and_send(commands.Send(to=to, text=text, kind=kind))

    async def change(self, change: commands.Edit | commands.Delete) -> events.Ok:
        """Edit or delete a message; all that holds for :meth:`send` holds for this, and they keep one order.

        Where it does not say which, and that is not certain, it is asked at once, as by :meth:`request`.
        """
        placed = self._session.placed(change)
        return (await self.request(placed)).ok if placed.seq is None else await self._keep_and_send(placed)

    async def all_stored(self) -> None:
        """Return when no message waits any more, or when the client has ended."""
        while self.waiting and not self._ended:
            self._room.clear()
            await self._room.wait()

    async def request(self, command: commands.Command) -> Answer:
        """Ask anything else; raises the server's refusal, or Unreachable without a link."""
        self._check_open()
        return await self._answer(self._session.request(command))

    async def quit(self) -> None:
        """Tell the server that one leaves, and end; leaving the ``async with`` block does it too."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        keeper.cancel()
        await asyncio.wait({keeper})
        if self._link is not None and not self._link.closed.done():
            if self._session.logged_in:
                self._session.request(commands.Quit())
                self._link.write_soon()
                await asyncio.wait({self._link.closed}, timeout=self._patience.quit)
            await self._link.close(Unreachable("The client was closed."))
        self._finish(None)

    async def __aenter__(self) -> Self:
        self._session.adopt()
        try:
            link = await self._open()
        except BaseException as failed:
            self._close_store()
            if isinstance(failed, NotNowError):
                raise failed.error from None
            raise
        self._keeper = asyncio.create_task(self._keep(link))
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

    async def __anext__(self) -> Happening:
        while not self._backlog:
            self._keep_positions()
            if self._ended:
                raise self._error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        happening = self._backlog.take()
        self._throttle()
        return happening

    async def _open(self) -> Link:
        """Connect and log in; raises NotNowError, or ChatError for a refusal that will not change."""
        try:
            link = await dial(self.address, self._new_link, self._patience.connect, self._trust)
        except Unreachable as error:
            raise NotNowError(error) from None
        except CertificateChanged as error:
            if not self._attended:
                raise
            raise OtherKeyError(error) from None
        self._link = link
        late = Unreachable(f"The server at {self.address} did not answer the login in time.")
        try:
            await link.answered()
        except asyncio.CancelledError:
            await link.close(late)
            raise
        if not link.login.done():
            await link.close(late)
            raise self._why_ended(link)
        outcome = link.login.result()
        if isinstance(outcome, LoginRefused):
            await link.close(outcome.error)
            if isinstance(outcome.error, UnknownServer):
                raise self._trust.unknown()
            raise NotNowError(outcome.error) if outcome.retry else outcome.error
        try:
            self._trust.confirm()
        except ChatError as error:
            await link.close(error)
            raise
        return link

    def _new_link(self) -> Link:
        self._bye = None
        return Link(self._session, self._take, self._patience)

    def _why_ended(self, link: Link) -> ChatError | NotNowError:
        error = link.closed.result()
        return error if self._bye is not None and not self._bye.reconnect else NotNowError(error)

    async def _keep(self, link: Link) -> None:
        """Come back whenever the link is lost; raises ChatError when the server will not have the client any longer."""
        while True:
            await asyncio.wait({link.closed})
            self._settle(self._session.link_lost())
            self._comeback.begin(asyncio.get_running_loop().time() - link.since)
            link = await self._come_back(self._why_ended(link))

    async def _come_back(self, reason: ChatError | NotNowError) -> Link:
        while isinstance(reason, NotNowError):
            delay = self._comeback.delay()
            self._put(LinkLost(str(reason), delay, self._comeback.failures, isinstance(reason, OtherKeyError)))
            await self._comeback.wait(delay)
            try:
                return await self._open()
            except NotNowError as failed:
                reason = failed
        raise reason

    def _keeper_done(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled():
            self._finish(keeper.exception())

    def _finish(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
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

    def _take(self, link: Link, out: list[Out], size: int) -> None:
        """Deal with what a link brought, in order."""
        for fact in out:
            match fact:
                case Answered() | Failed():
                    self._settle([fact])
                case LoggedIn():
                    self._logged_in(link, fact)
                case LoginRefused():
                    link.login.set_result(fact)
                case RetryLater():
                    self._retrying.refused(fact.error)
                case Broken():
                    link.lose(ProtocolError(f"What answers at {self.address} is no socketchat server. {fact.error}"))
                case events.Bye():
                    self._bye = fact
                    link.lose(told_error(fact))
                case Reset() | Gap() | NotSent():
                    self._put(fact)
                case _ if isinstance(fact, Told):
                    self._put(fact, size // len(out))
        self._throttle()

    def _logged_in(self, link: Link, fact: LoggedIn) -> None:
        link.login.set_result(fact)
        if self._entered:
            self._put(LinkBack(fact.missed, fact.sent))
        self._entered = True

    def _put(self, happening: Happening, size: int = 0) -> None:
        self._backlog.put(happening, size)
        self._news.set()

    def _throttle(self) -> None:
        """Read on or not, as far as the consumer lags behind."""
        if self._link is not None:
            if self._backlog.is_full(awaited=(awaited := bool(self._waiting))):
                self._link.pause(awaited=awaited)
            else:
                self._link.resume()

    def _retry(self) -> None:
        self._session.retry()
        self._write_soon()

    def _write_soon(self) -> None:
        if self._link is not None:
            self._link.write_soon()

    async def _keep_and_send(self, message: Keyed) -> events.Ok:
        async with self._turn:
            while not self._session.outbox.has_room(message) and not self._ended:
                self._room.clear()
                await self._room.wait()
            self._check_open()
            request = self._session.keep(message)
        return (await self._answer(request)).ok

    async def _answer(self, request: int) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        self._write_soon()
        self._throttle()
        try:
            return await answer
        finally:
            self._waiting.pop(request, None)

    def _settle(self, facts: Iterable[Answered | Failed]) -> None:
        for fact in facts:
            answer = self._waiting.pop(fact.id, None)
            if answer is not None and not answer.done():
                if isinstance(fact, Answered):
                    answer.set_result(fact.answer)
                else:
                    answer.set_exception(fact.error)
            if (isinstance(fact, Answered) and fact.kept) or not (self.waiting or self._ended):
                self._retrying.stored()
        self._room.set()

    def _check_open(self) -> None:
        if self._ended:
            raise self._error or Unreachable("The client was closed.")

    def _keep_positions(self) -> None:
        """Let the profile know what was handed out, now that nothing more waits."""
        if self._profile is not None and self._session.welcome is not None:
            try:
                self._profile.keep(self.epoch, self.positions)
            except BadFile as problem:
                # Direct messages may show a second time next time, which is better than to stop now.
                _log.warning("%s", problem)
