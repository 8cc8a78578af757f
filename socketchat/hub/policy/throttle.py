"""Limits the rate of commands; the server stops reading a session that is too fast for a moment. Nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING

from ...exceptions import TooMany
from ...protocol.text.durations import in_words
from ..networks import is_loopback, network
from .limits import (
    COMMAND_BURST,
    COMMANDS_PER_SECOND,
    DEPARTURES_BURST,
    DEPARTURES_SECONDS,
    FACTS_BURST,
    FACTS_SECONDS,
    LOGIN_CONVERSATIONS,
    LOGIN_CONVERSATIONS_PER_SECOND,
    LOOPBACK_TIMES,
    PAUSE_SECONDS,
    READ_BURST,
    READ_BYTES,
    READ_ENTRIES,
    READS_PER_SECOND,
    REPLAY_BURST,
    REPLAY_PER_SECOND,
    SESSIONS_PER_USER,
    STRANGER_COMMANDS,
    STRANGER_COMMANDS_PER_SECOND,
)
from .lru import LRU
from .rate_limiter import REMEMBERED, PerAddress, RateLimiter
from .token_bucket import TokenBucket

if TYPE_CHECKING:
    from ..delivery.presence import Timer
    from ..sessions import Session
    from ..state.users import User


_LOOPBACK = "loopback"


class Cost(Enum):
    """The cost of a command, besides counting as one command."""

    LITTLE = "no further cost"
    MUCH_READING = "short to ask, expensive to answer: each user has a separate allowance for these"
    A_FACT = "a change of state, which is stored and read at each start: each user has a separate allowance for these"


class Throttle:
    """Keeps the allowance of each user, and others for commands that read much or change state.

    All sessions of a user share one allowance, however often they log in; so do the guests of an address. The guests of
    loopback, which may be a tunnel, have one each, and share only the burst for new guests. Each command decrements an
    allowance, and the clock is read only when it is used up: a message costs one comparison. ``proceed`` is called for
    a session that may continue after a pause.
    """

    def __init__(
        self, timer: Timer, clock: Callable[[], float], proceed: Callable[[Session], None], *, limited: bool = True
    ) -> None:
        self._timer = timer
        self._clock = clock
        self._proceed = proceed
        self._limited = limited
        self._allowances: LRU[TokenBucket] = LRU(REMEMBERED)
        self._loopback = TokenBucket(COMMAND_BURST * LOOPBACK_TIMES, COMMANDS_PER_SECOND * LOOPBACK_TIMES, clock())
        self._replays = RateLimiter(REPLAY_BURST, 1 / REPLAY_PER_SECOND, clock)
        self._departures = RateLimiter(DEPARTURES_BURST, DEPARTURES_SECONDS, clock)
        self._guests_departures = PerAddress(DEPARTURES_BURST, DEPARTURES_SECONDS, clock)
        self._logins = RateLimiter(LOGIN_CONVERSATIONS, 1 / LOGIN_CONVERSATIONS_PER_SECOND, clock)
        self._rates = {
            Cost.MUCH_READING: RateLimiter(READ_BURST, 1 / READS_PER_SECOND, clock),
            Cost.A_FACT: RateLimiter(FACTS_BURST, FACTS_SECONDS, clock),
        }

    def begin(self, session: Session) -> None:
        """Give a new session the allowance of a stranger."""
        if self._limited:
            session.allowance = TokenBucket(STRANGER_COMMANDS, STRANGER_COMMANDS_PER_SECOND, self._clock())

    def log_in(self, session: Session) -> None:
        """Give a session the allowance of its user."""
        if not self._limited:
            return
        now, key = self._clock(), _payer(session)
        if key == _LOOPBACK:
            session.allowance = TokenBucket(COMMAND_BURST, COMMANDS_PER_SECOND, now)
            session.allowance.left = self._loopback.take(1 / LOOPBACK_TIMES, now)
            return
        allowance = self._allowances.get(key)
        if allowance is None:
            allowance = TokenBucket(COMMAND_BURST, COMMANDS_PER_SECOND, now)
            self._allowances.set(key, allowance)
        session.allowance = allowance

    def check_login(self, user: User, sessions: int, conversations: int) -> None:
        """Charge a user for the conversations that a login lists.

        Raises TooMany if the user has too many sessions, or if earlier logins listed too many conversations.
        """
        if not self._limited:
            return
        if sessions >= SESSIONS_PER_USER:
            raise TooMany(f"Limit reached: {SESSIONS_PER_USER} sessions of {user.name}. Close one of them first.")
        if seconds := self._logins.charge(user.id, 0):
            raise TooMany(f"Too many logins of {user.name}; try again in {in_words(ceil(seconds))}.")
        self._logins.charge(user.id, conversations)

    def may_leave(self, session: Session) -> bool:
        """Tell whether a user's quit is reported immediately; quits that are too frequent are delayed."""
        if not self._limited:
            return True
        if session.user is not None and session.user.is_guest:
            return not self._guests_departures.take(session.channel.peer)
        return not self._departures.take(_payer(session))

    def refill(self, session: Session) -> bool:
        """Refill the allowance of a session; return False if it has to wait."""
        seconds = session.allowance.refill(self._clock())
        if seconds:
            self._rest(session, seconds)
        return not seconds

    def affords(self, session: Session, cost: Cost) -> bool:
        """Take the cost of a command from the allowance of the session's user; return False if it has to wait."""
        if cost is Cost.LITTLE or not self._limited or session.user is None:
            return True
        seconds = self._rates[cost].take(_payer(session))
        if seconds:
            self._rest(session, seconds)
        return not seconds

    def has_read(self, session: Session, entries: int, size: int = 0) -> None:
        """Charge a user for the entries read and the bytes searched, besides the command itself."""
        if self._limited:
            cost = entries / READ_ENTRIES + size / READ_BYTES
            self._rates[Cost.MUCH_READING].charge(_payer(session), cost)

    def charge_replay(self, session: Session, size: int) -> float:
        """Charge a user for bytes of a replay, and return the seconds to wait before the next ones."""
        return self._replays.charge(_payer(session), size) if self._limited else 0.0

    def _rest(self, session: Session, seconds: float) -> None:
        session.stalled = True
        if not session.rests:
            session.rests = True
            self._timer(max(seconds, PAUSE_SECONDS), lambda: self._rested(session))

    def _rested(self, session: Session) -> None:
        session.rests = False
        self._proceed(session)


def _payer(session: Session) -> str:
    """Return the owner of a session's allowance: its user, or the address if the user has no account."""
    if session.user is not None and not session.user.is_guest and session.register is None:
        return session.user.id
    peer = session.channel.peer
    return _LOOPBACK if is_loopback(peer) else network(peer)
