"""How fast a session may hand in commands; who is faster is not read for a moment, and loses nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from .limits import (
    COMMAND_BURST,
    COMMANDS_PER_SECOND,
    PAUSE_SECONDS,
    READ_BURST,
    READ_BYTES,
    READ_ENTRIES,
    READS_PER_SECOND,
    STRANGER_COMMANDS,
    STRANGER_COMMANDS_PER_SECOND,
)
from .rate_limiter import RateLimiter

if TYPE_CHECKING:
    from ..delivery.presence import Timer
    from ..sessions import Session
    from ..state.users import User


class Cost(Enum):
    """What a command costs, besides being one command."""

    LITTLE = "nothing more"
    MUCH_READING = "it is small to ask, and large to answer or to look up: a user has an allowance of these"


class Throttle:
    """Keeps the allowance of each session, and that of each user for commands that read much.

    A session's allowance is counted down command by command, and the clock is looked at only where it is used up: on
    the path of a message this costs one comparison. ``proceed`` is called for a session that may go on after a pause.
    """

    def __init__(
        self, timer: Timer, clock: Callable[[], float], proceed: Callable[[Session], None], *, limited: bool = True
    ) -> None:
        self._timer = timer
        self._clock = clock
        self._proceed = proceed
        self._limited = limited
        self._reads = RateLimiter(READ_BURST, 1 / READS_PER_SECOND, clock)

    def begin(self, session: Session) -> None:
        """Give a new session the allowance of a stranger; the greater one it gets when that is used up."""
        session.allowance = STRANGER_COMMANDS if self._limited else math.inf
        session.allowed_at = self._clock()

    def refill(self, session: Session) -> bool:
        """Give a session what it may do since it was last given something; return False if it has to wait."""
        now = self._clock()
        burst, rate = float(STRANGER_COMMANDS), STRANGER_COMMANDS_PER_SECOND
        if session.user is not None:
            burst, rate = float(COMMAND_BURST), COMMANDS_PER_SECOND
            if session.is_stranger:
                session.is_stranger = False
                session.allowance = burst
        session.allowance = min(session.allowance + (now - session.allowed_at) * rate, burst)
        session.allowed_at = now
        if session.allowance >= 1:
            return True
        self._rest(session, (1 - session.allowance) / rate)
        return False

    def affords(self, session: Session, cost: Cost) -> bool:
        """Take the cost of a command from the allowance of the session's user; return False if it has to wait."""
        if cost is Cost.LITTLE or not self._limited or session.user is None:
            return True
        seconds = self._reads.take(session.user.id)
        if seconds:
            self._rest(session, seconds)
        return not seconds

    def has_read(self, user: User, entries: int, size: int = 0) -> None:
        """Charge a user for the entries that were looked at besides the command itself, and the bytes searched."""
        if self._limited:
            self._reads.charge(user.id, entries / READ_ENTRIES + size / READ_BYTES)

    def _rest(self, session: Session, seconds: float) -> None:
        session.stalled = True
        if not session.rests:
            session.rests = True
            self._timer(max(seconds, PAUSE_SECONDS), lambda: self._rested(session))

    def _rested(self, session: Session) -> None:
        session.rests = False
        self._proceed(session)
