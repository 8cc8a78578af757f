"""Passwords: setting one, and logging in with name and password."""

from __future__ import annotations

from ...exceptions import ChatError, NotFound, Refused, TooMany, UsageProblem, WrongPassword
from ...hub import Hub, Session, User
from ...hub.policy.admission import UNSAFE_PAGE
from ...hub.policy.limits import MOST_IN_A_ROW
from ...hub.state import facts, restrictions
from ...journal import Outcome, Stored
from ...protocol import commands, events
from ...protocol.authentication.passwords import check_password, plain_password
from ...protocol.names import check_name, name_key
from ..handler import ANSWERED, OK, Answer
from ..messages import speaker

PENDING_SECONDS = 86_400
"""A day: long enough for the owner to see the alert and refuse what a thief of a key has asked for."""

PENDING = (
    "Your new password becomes valid in 24 hours, because you did not give the old one. Until then, each of your "
    "sessions can refuse it: /password keep."
)

FIRST_PENDING = (
    "Your password becomes valid in 24 hours: it could be that of someone who has stolen your key. Until then, each of "
    "your sessions can refuse it: /password keep."
)


async def password(hub: Hub, session: Session, command: commands.Password) -> Answer:
    """Set the password of an account; the other sessions that used the old one end."""
    user = speaker(session)
    if user.is_guest:
        raise Refused("Guests have no password. Register the name first: `socketchat join NAME`.")
    check_private(session)
    chosen = check_password(command.password, user.name)
    old = user.password_at(hub.now())
    if old and command.old:
        await check_password_of(hub, session, user, command.old)
    else:
        hub.quotas.check_password(user)
    hashed = await hub.until(hub.hasher.hash(chosen))
    if session.gone:
        return ANSWERED
    if not command.old if old else not _is_new(hub, user):
        since = hub.now() + PENDING_SECONDS * 1000
        await hub.record(session, "password", facts.PasswordFact(hashed, since=since))
        session.answer(events.Help(text=PENDING if old else FIRST_PENDING, id=command.id), command)
        return OK
    with user.changing_password():
        await hub.record(session, "password", facts.PasswordFact(hashed))
    session.proved = hashed
    ended = " All other sessions that used the old password are logged out; keys stay (/devices)." if old else ""
    asks = f"On another device: `socketchat join {user.name}`, or /login {user.name} in nc and telnet."
    session.answer(events.Help(text=f"Your password is set. {asks}{ended}", id=command.id), command)
    return OK


async def keep_password(hub: Hub, session: Session, _command: commands.KeepPassword) -> Answer:
    """Cancel a new password that is not valid yet."""
    user = speaker(session)
    if not user.pends(hub.now()):
        raise NotFound("No new password is pending.")
    await hub.record(session, "kept password", facts.KeptPasswordFact())
    return OK


async def login(hub: Hub, session: Session, command: commands.Login) -> Answer:
    """Log a user in by name and password, or switch a guest to that user."""
    if session.user is not None and not session.user.is_guest:
        raise Refused(f"You are logged in as {session.user.name}; /quit first.")
    hub.permissions.check_entry([restrictions.of_address(session.channel.peer)])
    name = check_name(command.name)
    user = await by_password(hub, session, name, command.password)
    hub.permissions.check_entry(restrictions.of_user(user))
    hub.logins.leave(session)
    session.device = ""
    hub.logins.enter(session, user, commands.Hello(id=command.id, name=name))
    return ANSWERED


async def by_password(hub: Hub, session: Session, name: str, typed: str) -> User:
    """Return the user of that name if the password is right; raises WrongPassword, Refused, TooMany, Busy."""
    check_private(session)
    if not typed:
        raise UsageProblem("The password is missing.")
    peer = session.channel.peer
    user = hub.directory.holder(name_key(name))
    if user is not None:
        _check_not_locked(user)
    _count_guess(hub, peer, name, user)
    stored = await _verified(hub, peer, name, user, typed)
    if user is None or stored is None:
        raise WrongPassword("The name or the password is wrong.")
    session.proved = stored
    if hub.hasher.is_outdated(stored):
        hub.spawn(_rehash(hub, user, stored, plain_password(typed)))
    return user


def has_proved(hub: Hub, session: Session, user: User) -> bool:
    """Tell whether a session has proved the current password, and it is old enough that no thief has just set it."""
    is_old = hub.now() >= user.password_since + PENDING_SECONDS * 1000
    return session.proved != "" and user.has_password(session.proved, hub.now()) and is_old


def _is_new(hub: Hub, user: User) -> bool:
    """Tell whether an account is less than a day old, or was just taken back with a link: its key is not stolen yet."""
    return hub.now() < user.began + PENDING_SECONDS * 1000


async def check_password_of(hub: Hub, session: Session, user: User, typed: str) -> None:
    """Raise WrongPassword unless the user knows the current password; a wrong one counts as a guess."""
    check_private(session)
    if not session.device:  # with the key, the owner may replace a locked password
        _check_not_locked(user)
    peer = session.channel.peer
    _count_guess(hub, peer, user.name, user)
    stored = await _verified(hub, peer, user.name, user, typed)
    if stored is None:
        raise WrongPassword("The password is wrong. If you forgot it, press Enter instead.")
    session.proved = stored


async def _verified(hub: Hub, peer: str, name: str, user: User | None, typed: str) -> str | None:
    """Return the stored hash if the password is right, else None; the caller has counted the guess."""
    stored = user.password_at(hub.now()) if user is not None else ""
    try:
        # A name without a password, or an unknown one, costs the same work and gets the same answer.
        right = await hub.until(hub.hasher.verify(stored, plain_password(typed)))
    except ChatError:
        hub.guess_limits.undo(peer, name)  # the password was not compared
        if user is not None:
            user.guesses = max(0, user.guesses - 1)
        raise
    there = user is not None and hub.directory.users.get(user.id) is user
    if user is None or not there or not right or not user.has_password(stored, hub.now()):
        _note_wrong(hub, user)
        return None
    hub.guess_limits.succeeded(peer, name)
    if user.wrong + user.guesses > 1:
        hub.note(user, "wrong passwords", facts.WrongPasswordsFact(0))
    user.guesses = 0
    return stored


def _check_not_locked(user: User) -> None:
    if user.wrong + user.guesses >= MOST_IN_A_ROW:
        raise Refused(
            f"{MOST_IN_A_ROW} wrong passwords in a row for {user.name}: the password is locked. Log in with your key "
            "and set another one with /password, or ask whoever runs the server for a link."
        )


def check_private(session: Session) -> None:
    """Raise Refused if others could read a password on the connection."""
    if not session.channel.is_private:
        raise Refused("Passwords are not accepted over an unencrypted connection; use `socketchat join`, or TLS.")
    if not session.channel.takes_secrets:
        raise Refused(f"Do not type a password here. {UNSAFE_PAGE}")


def _count_guess(hub: Hub, peer: str, name: str, user: User | None) -> None:
    """Count a guess before the password is compared; raises TooMany."""
    hub.guess_limits.check(peer, name)  # first, or others could use up the owner's attempts
    if user is not None:
        try:
            hub.quotas.check_password(user)
        except TooMany:
            hub.guess_limits.undo(peer, name)
            raise
        user.guesses += 1  # until the failure is stored, or the password proves right


def _note_wrong(hub: Hub, user: User | None) -> None:
    """Store the failed guess without waiting, or the response time would reveal which names exist."""
    if user is None or user.is_guest:
        return

    def stored(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            user.guesses = max(0, user.guesses - 1)

    hub.note(user, "wrong passwords", facts.WrongPasswordsFact(user.wrong + 1), stored)


async def _rehash(hub: Hub, user: User, stored: str, plain: str) -> None:
    """Store a password under the current parameters, unless the hasher is busy."""
    try:
        hashed = await hub.hasher.hash(plain)
    except ChatError:
        return
    if user.has_password(stored, hub.now()):
        hub.note(user, "password", facts.PasswordFact(hashed, replaces=stored))
