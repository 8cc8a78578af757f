"""Restrictions: the bans and mutes of a room, each with its subjects (users, keys, names, addresses) and its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ...protocol.text.confusables import looks
from ..networks import network
from .users import User

_NAME = "name:"

SPARED_USERS = 10_000
"""Most users remembered as not covered, because each of their messages is checked."""


class Restriction(NamedTuple):
    """One ban or mute; ``until`` is in milliseconds since 1970, or 0 if it does not end."""

    subjects: tuple[str, ...]
    name: str
    until: int
    reason: str


def of_user(user: User) -> list[str]:
    """Return the subjects that stand for a user: the id, the keys, and the looks of the name."""
    return [*of_account(user), *of_name(user.name)]


def of_account(user: User) -> list[str]:
    """Return the subjects of an account without its name: the id and the keys."""
    return [f"user:{user.id}", *sorted(map(of_device, user.devices))]


def of_device(key: str) -> str:
    """Return the subject of a key."""
    return f"key:{key}"


def of_name(name: str) -> list[str]:
    """Return the subjects of a name and of names that look like it."""
    return [f"{_NAME}{look}" for look in sorted(looks(name))]


def as_stored(subjects: Iterable[str], name: str) -> list[str]:
    """Return the subjects of a stored act, with the looks of its names computed again.

    An earlier version may have stored other looks of the same names.
    """
    kept = [subject for subject in subjects if not subject.startswith(_NAME)]
    names = [subject.removeprefix(_NAME) for subject in subjects if subject.startswith(_NAME)]
    return list(dict.fromkeys([*kept, *(look for each in ([name, *names] if names else []) for look in of_name(each))]))


def of_address(peer: str) -> str:
    """Return the subject of an address."""
    return f"address:{network(peer)}"


class Restrictions:
    """The bans, or the mutes, of one room; those ``coming`` are not stored yet, but already in force.

    ``are_any`` is a plain attribute, because every message checks it.
    """

    __slots__ = ("_by_subject", "_spared", "are_any", "coming")

    def __init__(self) -> None:
        self.are_any = False
        self._spared: dict[str, int] = {}  # users not covered, by id, with the number of their devices then
        self._by_subject: dict[str, Restriction] = {}
        self.coming: list[Restriction] = []

    @contextmanager
    def pending(self, restriction: Restriction) -> Iterator[None]:
        """Enforce a restriction until the log has decided about it."""
        self.coming.append(restriction)
        self._spared.clear()
        self.are_any = True
        try:
            yield
        finally:
            self.coming = [each for each in self.coming if each is not restriction]
            self.are_any = bool(self._by_subject or self.coming)

    def add(self, restriction: Restriction) -> None:
        """Add a restriction."""
        self._spared.clear()
        self._by_subject.update(dict.fromkeys(restriction.subjects, restriction))
        self.are_any = True

    def follow(self, user: User, ts: int) -> None:
        """Extend what covers an account at ``ts`` to its id and all its keys, so that another key does not evade it."""
        subjects = of_account(user)
        for each in {found for subject in subjects if (found := self._by_subject.get(subject)) is not None}:
            if each.until and each.until <= ts:
                continue
            wider = each._replace(subjects=tuple(dict.fromkeys([*each.subjects, *subjects])))
            for subject in wider.subjects:
                other = self._by_subject.get(subject)
                if other is None or other is each or not _outlasts(other, wider):
                    self._by_subject[subject] = wider
        self._spared.clear()

    def lift(self, subjects: Iterable[str]) -> None:
        """Lift all restrictions that cover any of these subjects, for all their subjects."""
        lifted = [found for subject in subjects if (found := self._by_subject.get(subject)) is not None]
        self._by_subject = {subject: each for subject, each in self._by_subject.items() if each not in lifted}
        self.are_any = bool(self._by_subject or self.coming)

    def covers(self, user: User, now: int) -> Restriction | None:
        """Return a restriction that covers a user ``now``, or None."""
        if self._spared.get(user.id) == user.additions:
            return None
        subjects = [*of_user(user)]
        found = self.find(subjects, now)
        # An ended restriction is in force again if the clock is set back.
        if found is None and self._by_subject.keys().isdisjoint(subjects):
            if len(self._spared) >= SPARED_USERS:
                self._spared.clear()
            self._spared[user.id] = user.additions
        return found

    def find(self, subjects: Iterable[str], now: int) -> Restriction | None:
        """Return a restriction that covers any of these subjects ``now``, or None."""
        for subject in subjects:
            found = self._by_subject.get(subject)
            if found is not None and (not found.until or now < found.until):
                return found
            for coming in self.coming:
                if subject in coming.subjects:
                    return coming
        return None

    def current(self, now: int) -> list[Restriction]:
        """Return the restrictions in force ``now``, oldest first."""
        return [each for each in dict.fromkeys(self._by_subject.values()) if not each.until or now < each.until]

    def snapshot(self) -> list[object]:
        """Return the state from the log, as plain data."""
        return [[subject, *self._by_subject[subject]] for subject in sorted(self._by_subject)]


def _outlasts(one: Restriction, other: Restriction) -> bool:
    return not one.until or bool(other.until and one.until >= other.until)
