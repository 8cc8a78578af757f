"""Limits on password guesses: each address and each account gets a few, then has to wait.

The loopback address may be a tunnel that many users share. There each wait is for the next guess only, so that one
guesser does not lock out the others for minutes.

The join code has 55 random bits, and invites and links have 128, so guessing them is hopeless at any connection rate.
Wrong ones cost only the connection that sends them, and an attacker cannot lock out others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil

from ...exceptions import TooMany
from ...protocol.names import name_key
from ...protocol.text.durations import in_words
from ..networks import is_loopback, network
from .limits import (
    ACCOUNT_GUESSES,
    ACCOUNT_SECONDS,
    FREE_GUESSES,
    GUESS_SECONDS,
    LOOPBACK_TIMES,
    MOST_GUESSES,
)
from .lru import LRU
from .rate_limiter import RateLimiter

REMEMBERED = 65_536
"""Most addresses and accounts counted, at worst 20 MiB; the least recently active one is dropped."""


class GuessLimits:
    """Counts guesses; ``clock`` returns seconds.

    Call ``check`` before a password is compared, then ``succeeded`` if it was right, or ``undo`` if it was not
    compared. A guess counts from ``check`` on: neither a hundred in parallel nor hanging up early evades the limit.
    Proofs by key are not guesses, so this never delays the owner's own devices.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = REMEMBERED) -> None:
        self._clock = clock
        self._shared = RateLimiter(
            FREE_GUESSES * LOOPBACK_TIMES, GUESS_SECONDS / (MOST_GUESSES * LOOPBACK_TIMES), clock, most=most
        )
        self._by_network: LRU[deque[float]] = LRU(most)
        self._by_account: LRU[deque[float]] = LRU(most)
        self._known: LRU[bool] = LRU(most)

    def check(self, peer: str, name: str = "") -> None:
        """Count one guess from an address at the password of a name; raises TooMany."""
        now = self._clock()
        place = network(peer)
        if is_loopback(peer):
            seconds = self._shared.take(place)
        else:
            made = self._made(place, now)
            seconds = _wait(made) - (now - made[-1]) if made else 0.0
            if seconds <= 0:
                made.append(now)
        if seconds > 0:
            raise TooMany(f"Too many wrong passwords from your address; try again in {_shown(seconds)}.")
        if name:
            try:
                self._check_account(place, name_key(name), now)
            except TooMany:
                self._undo_network(peer)
                raise

    def undo(self, peer: str, name: str = "") -> None:
        """Uncount a guess."""
        place = network(peer)
        self._undo_network(peer)
        if name and not self._knows(place, name_key(name)) and (wrong := self._against(name_key(name))):
            wrong.pop()

    def succeeded(self, peer: str, name: str = "") -> None:
        """Note that a guess was right: uncount it, and remember the address as one of the account's."""
        self.undo(peer, name)
        place = network(peer)
        if name and not is_loopback(peer):  # behind a tunnel all users come from loopback
            self._known.set(f"{name_key(name)} {place}", True)  # noqa: FBT003 - a set that forgets

    def recall(self, name: str, seconds: float) -> None:
        """Count a wrong password from this many seconds ago, before the server was restarted."""
        if seconds < ACCOUNT_SECONDS:
            self._against(name_key(name)).append(self._clock() - max(0.0, seconds))

    def _check_account(self, place: str, key: str, now: float) -> None:
        """Count one guess at an account, unless the owner has logged in from there; raises TooMany."""
        if self._knows(place, key):
            return
        wrong = self._against(key)
        while wrong and now - wrong[0] >= ACCOUNT_SECONDS:
            wrong.popleft()
        if len(wrong) >= ACCOUNT_GUESSES:
            seconds = _shown(ACCOUNT_SECONDS - (now - wrong[0]))
            raise TooMany(f"Too many wrong passwords for this name; try again in {seconds}, or log in with its key.")
        wrong.append(now)

    def _undo_network(self, peer: str) -> None:
        place = network(peer)
        if is_loopback(peer):
            self._shared.give_back(place)
        elif made := self._by_network.get(place):
            made.pop()

    def _made(self, place: str, now: float) -> deque[float]:
        """Return the times of a network's guesses that still count; after too many it is refused for the whole time."""
        made = self._by_network.get(place)
        if made is None:
            made = deque(maxlen=MOST_GUESSES)
            self._by_network.set(place, made)
        if made and now - made[-1] >= GUESS_SECONDS:
            made.clear()
        while made and len(made) < MOST_GUESSES and now - made[0] >= GUESS_SECONDS:
            made.popleft()
        return made

    def _against(self, key: str) -> deque[float]:
        """Return the times of wrong passwords for an account."""
        wrong = self._by_account.get(key)
        if wrong is None:
            wrong = deque(maxlen=ACCOUNT_GUESSES)
            self._by_account.set(key, wrong)
        return wrong

    def _knows(self, place: str, key: str) -> bool:
        return self._known.get(f"{key} {place}") is not None


def _wait(made: deque[float]) -> float:
    """Return the wait in seconds after the last of these guesses."""
    over = len(made) - FREE_GUESSES
    if over < 0:
        return 0.0
    return GUESS_SECONDS if len(made) >= MOST_GUESSES else 2.0**over


def _shown(seconds: float) -> str:
    return in_words(max(1, ceil(seconds)))
