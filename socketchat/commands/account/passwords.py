"""Passwords: setting one, and logging in with name and password."""

from __future__ import annotations

from ...exceptions import ChatError, Refused, TooMany, UsageProblem, WrongPassword
from ...hub import Hub, Session, User
from ...hub.policy.guess_limits import MOST_IN_A_ROW
from ...hub.state import facts, restrictions
from ...journal import Outcome, Stored
from ...protocol import commands, events
from ...protocol.authentication.passwords import check_password, plain_password
from ...protocol.names import check_name, name_key
from ..answers import ANSWERED, OK, Answer
from ..chat import speaker


async def password(hub: Hub, session: Session, command: commands.Password) -> Answer:
    """Set the password of an account; the other sessions that used the old one end."""
    user = speaker(session)
    if user.is_guest:
        raise Refused("Guests have no password. Register the name first: `socketchat join NAME`.")
    check_private(session)
    chosen = check_password(command.password, user.name)
    hub.quotas.check_password(user)
    hashed = await hub.until(hub.hasher.hash(chosen))
    if session.gone:
        return ANSWERED
    is_first = not user.password
    with user.changing_password():
        await hub.record(session, "password", facts.PasswordFact(hashed))
    ended = "" if is_first else " All other sessions that used the old password are logged out; keys stay (/devices)."
    asks = f"On another device: `socketchat join {user.name}`, or /login {user.name} in nc and telnet."
    session.answer(events.Help(text=f"Your password is set. {asks}{ended}", id=command.id), command)
    return OK


async def login(hub: Hub, session: Session, command: commands.Login) -> Answer:
    """Let a user in by name and password, or let a guest become that user."""
    if session.user is not None and not session.user.is_guest:
        raise Refused(f"You are logged in as {session.user.name}; /quit first.")
    hub.permissions.check_entry([restrictions.of_address(session.channel.peer)])
    name = check_name(command.name)
    user = await by_password(hub, session, name, command.password)
    hub.permissions.check_entry(restrictions.of_user(user))
    hub.attendance.leave(session)
    session.device = ""
    hub.attendance.enter(session, user, commands.Hello(id=command.id, name=name))
    return ANSWERED


async def by_password(hub: Hub, session: Session, name: str, typed: str) -> User:
    """Return the user of that name if the password is right; raises WrongPassword, Refused, TooMany, Busy."""
    check_private(session)
    if not typed:
        raise UsageProblem("The password is missing.")
    peer = session.channel.peer
    user = hub.directory.holder(name_key(name))
    if user is not None and user.wrong + user.guesses >= MOST_IN_A_ROW:
        raise Refused(
            f"{MOST_IN_A_ROW} wrong passwords in a row for {user.name}: the password is locked. Log in with your key "
            "and set another one with /password, or ask whoever runs the server for a link."
        )
    _count_guess(hub, peer, name, user)
    stored = user.password if user is not None else ""
    plain = plain_password(typed)
    try:
        # A name without a password, or one that does not exist, costs the same work and gets the same answer.
        right = await hub.until(hub.hasher.verify(stored, plain))
    except ChatError:
        hub.guess_limits.undo(peer, name)  # nothing was learned
        if user is not None:
            user.guesses = max(0, user.guesses - 1)
        raise
    if user is None or not right or not user.has_password(stored) or hub.directory.users.get(user.id) is not user:
        _note_wrong(hub, user)
        raise WrongPassword("The name or the password is wrong.")
    hub.guess_limits.succeeded(peer, name)
    if user.wrong + user.guesses > 1:
        hub.note(user, "wrong passwords", facts.WrongPasswordsFact(0))
    user.guesses = 0
    if hub.hasher.is_outdated(stored):
        hub.spawn(_rehash(hub, user, stored, plain))
    return user


def check_private(session: Session) -> None:
    """Raise Refused if others could read a password on its way."""
    if not session.channel.is_private:
        raise Refused("Passwords are not accepted over an unencrypted connection; use `socketchat join`, or TLS.")


def _count_guess(hub: Hub, peer: str, name: str, user: User | None) -> None:
    """Count a password before it is looked at; raises TooMany."""
    hub.guess_limits.check(peer, name)  # first, or others could use up what the owner may try
    if user is not None:
        try:
            hub.quotas.check_password(user)
        except TooMany:
            hub.guess_limits.undo(peer, name)
            raise
        user.guesses += 1  # until it is stored, or turns out to be right


def _note_wrong(hub: Hub, user: User | None) -> None:
    """Store that a wrong password came; nobody waits for it, or the time would tell whose name it is."""
    if user is None or user.is_guest:
        return

    def stored(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            user.guesses = max(0, user.guesses - 1)

    hub.note(user, "wrong passwords", facts.WrongPasswordsFact(user.wrong + 1), stored)


async def _rehash(hub: Hub, user: User, stored: str, plain: str) -> None:
    """Store a password under the parameters of today, unless there is too much to do."""
    try:
        hashed = await hub.hasher.hash(plain)
    except ChatError:
        return
    if user.has_password(stored):
        hub.note(user, "password", facts.PasswordFact(hashed, replaces=stored))
