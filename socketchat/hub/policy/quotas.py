"""Quotas: how many rooms, memberships, direct messages and so on a user may create, and accounts an address."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from ...exceptions import TooMany
from ...protocol.text.durations import in_words
from ..directory import Directory
from ..networks import is_loopback, network
from ..state.conversations import Room
from ..state.restrictions import Restrictions
from ..state.users import User
from .limits import (
    ACCOUNTS_BURST,
    ACCOUNTS_SECONDS,
    ADDRESS_ROOMS_BURST,
    ADDRESS_ROOMS_SECONDS,
    BANS_PER_ROOM,
    DIRECT_BURST,
    DIRECT_SECONDS,
    INVITED_PER_ROOM,
    LOOPBACK_GUESTS,
    NAMES_PER_ROOM,
    PASSWORDS_BURST,
    PASSWORDS_SECONDS,
    ROOMS,
    ROOMS_BURST,
    ROOMS_JOINED,
    ROOMS_MADE,
    ROOMS_SECONDS,
    VOICED_PER_ROOM,
)
from .rate_limiter import PerAddress, RateLimiter


class Quotas:
    """Raises TooMany if something would exceed a limit, which the error names."""

    def __init__(self, directory: Directory, clock: Callable[[], float], *, limited: bool = True) -> None:
        self._directory = directory
        self._limited = limited
        self._rooms = RateLimiter(ROOMS_BURST, ROOMS_SECONDS, clock)
        self._rooms_at = PerAddress(ADDRESS_ROOMS_BURST, ADDRESS_ROOMS_SECONDS, clock)
        self._accounts = PerAddress(ACCOUNTS_BURST, ACCOUNTS_SECONDS, clock)
        self._directs = RateLimiter(DIRECT_BURST, DIRECT_SECONDS, clock)
        self._guests_directs = PerAddress(DIRECT_BURST, DIRECT_SECONDS, clock)
        self._passwords = RateLimiter(PASSWORDS_BURST, PASSWORDS_SECONDS, clock)

    def check_room(self, user: User, peer: str) -> None:
        """Check whether a user may create another room."""
        if not self._limited:
            return
        rooms = self._directory.rooms.values()
        if len(rooms) >= ROOMS:
            raise TooMany(f"Limit reached: {ROOMS:,} rooms on this server. Join one of them: /rooms lists them.")
        if sum(room.owner == user.id for room in rooms) >= ROOMS_MADE:
            raise TooMany(
                f"Limit reached: {ROOMS_MADE} rooms per user. Use one of yours, or ask another user to make the room."
            )
        # A guest's rooms outlive the guest, so guests are counted by address.
        _wait(self._rooms.take(network(peer) if user.is_guest else user.id), "Too many new rooms at once")
        _wait(self._rooms_at.take(peer), "Too many new rooms from your address")

    def check_direct(self, user: User, peer: str) -> None:
        """Check whether a user may begin direct messages with another one."""
        if self._limited:
            seconds = self._guests_directs.take(peer) if user.is_guest else self._directs.take(user.id)
            _wait(seconds, "Too many new direct messages at once")

    def check_membership(self, user: User) -> None:
        """Check whether a user may become a member of another room."""
        if self._limited and len(user.rooms) >= ROOMS_JOINED:
            raise TooMany(f"Limit reached: you are in {ROOMS_JOINED} rooms. /leave one of them first.")

    def check_invitation(self, room: Room) -> None:
        """Check whether a room may have another user invited."""
        if len(room.invited) >= INVITED_PER_ROOM:
            raise TooMany(
                f"Limit reached: {INVITED_PER_ROOM} users are invited to {room.name}. "
                "/kick NAME withdraws an invitation."
            )

    def check_rename(self, room: Room, user: User) -> None:
        """Check whether a room may have another name; it counts as a new room, since the old name stays reserved."""
        if len(room.former) >= NAMES_PER_ROOM:
            raise TooMany(
                f"Limit reached: {room.name} had {NAMES_PER_ROOM} other names. Use one of them: /room shows them."
            )
        if self._limited:
            _wait(self._rooms.take(user.id), "Too many new room names at once")

    def check_voice(self, room: Room) -> None:
        """Check whether another user of a room may have a voice."""
        if len(room.voiced) >= VOICED_PER_ROOM:
            raise TooMany(
                f"Limit reached: {VOICED_PER_ROOM} users have a voice in {room.name}. /unvoice NAME takes one away."
            )

    def check_restriction(self, room: Room, some: Restrictions, now: int) -> None:
        """Check whether a room may have another ban, or another mute."""
        if len(some.current(now)) >= BANS_PER_ROOM:
            kind, undo = ("bans", "/unban") if some is room.bans else ("mutes", "/unmute")
            raise TooMany(f"Limit reached: {room.name} has {BANS_PER_ROOM:,} {kind}. Lift some first: {undo} NAME.")

    def check_guest(self, peer: str) -> None:
        """Check whether an address may have another guest; other addresses have a limit on their connections."""
        if self._limited and is_loopback(peer) and len(self._directory.local_guests) >= LOOPBACK_GUESTS:
            raise TooMany(f"Limit reached: {LOOPBACK_GUESTS:,} guests from the server's own machine; try again later.")

    def check_account(self, peer: str) -> None:
        """Check whether an address may create another account without an invite."""
        if self._limited:
            _wait(self._accounts.take(peer), "Too many new accounts from your address", ", or ask for an invite")

    def check_password(self, user: User) -> None:
        """Check whether another password of a user may be set or checked."""
        if self._limited:
            _wait(self._passwords.take(user.id), f"Too many passwords for {user.name}")


def _wait(seconds: float, what: str, way_out: str = "") -> None:
    if seconds:
        raise TooMany(f"{what}; try again in {in_words(ceil(seconds))}{way_out}.")
