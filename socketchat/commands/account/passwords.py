"""Passwords: setting one, and coming in by name and password, from a new device or without a key."""

from __future__ import annotations

from collections.abc import Callable

from ...exceptions import Busy, ChatError, Refused, TooMany, UsageProblem, WrongPassword
from ...hub import Hub, Pending, Session, User
from ...hub.policy.guess_limits import MOST_IN_A_ROW
from ...hub.state import facts, restrictions
from ...journal import SERVER_LOG, Outcome, Stored
from ...protocol import commands, events
from ...protocol.authentication.passwords import check_password, plain_password
from ...protocol.names import check_name, name_key
from ..chat import speaker


def password(hub: Hub, session: Session, command: commands.Password) -> None:
    """Set the password of an account; who came in by another one is out at once, but for whoever sets it."""
    user = speaker(session)
    if user.is_guest:
        raise Refused("Guests have no password; `socketchat join` makes a name yours, and then you can set one.")
    check_private(session)
    chosen = check_password(command.password, user.name)
    hub.caps.check_password(user)
    session.blocked = True
    hub.spawn(_set(hub, session, user, chosen, command.id))


def login(hub: Hub, session: Session, command: commands.Login) -> None:
    """Let in whoever knows a name and its password, or let a guest become that user."""
    if session.user is not None and not session.user.is_guest:
        raise Refused(f"You are {session.user.name} already; /quit first.")
    hub.permissions.check_entry([restrictions.of_address(session.channel.peer)])
    name = check_name(command.name)

    def enter(user: User) -> None:
        hub.permissions.check_entry(restrictions.of_user(user))
        hub.attendance.leave(session)
        session.device = ""
        hub.attendance.enter(session, user, commands.Hello(id=command.id, name=name))

    by_password(hub, session, name, command.password, enter=enter, command_id=command.id)


def by_password(
    hub: Hub, session: Session, name: str, typed: str, *, enter: Callable[[User], None], command_id: int | None
) -> None:
    """Call ``enter`` with the user of that name if the password is right, once that is known; else answer an error."""
    check_private(session)
    if not typed:
        raise UsageProblem("A password is missing.")
    user = hub.directory.holder(name_key(name))
    if user is not None and user.wrong >= MOST_IN_A_ROW:
        raise Refused(
            f"There were {MOST_IN_A_ROW} wrong passwords in a row for {user.name}, and none is taken any more: come by "
            "its key and set another one with /password, or ask whoever hosts the server for a link."
        )
    hub.guesses.check(session.channel.peer, name)  # first, or others could use up what the owner may try
    if user is not None:
        try:
            hub.caps.check_password(user)
        except TooMany:
            hub.guesses.undo(session.channel.peer, name)
            raise
        user.wrong += 1  # until it turns out to be right
    session.blocked = True
    hub.spawn(_checked(hub, session, name, plain_password(typed), enter=enter, command_id=command_id))


def check_private(session: Session) -> None:
    """Raise Refused where others could read a password on its way."""
    if not session.channel.is_private:
        raise Refused("A password does not go over an unencrypted connection; use `socketchat join`, or TLS.")


async def _checked(
    hub: Hub, session: Session, name: str, typed: str, *, enter: Callable[[User], None], command_id: int | None
) -> None:
    peer = session.channel.peer
    user = hub.directory.holder(name_key(name))
    stored = user.password if user is not None else ""
    try:
        # Who has no password, or does not exist, costs the same work and is answered the same.
        right = await hub.hasher.verify(stored, typed)
    except ChatError as error:
        hub.guesses.undo(peer, name)  # nothing was learned
        if user is not None:
            user.wrong = max(0, user.wrong - 1)
        session.refuse(error, command_id, retry=isinstance(error, Busy))
        hub.unblock(session)
        return
    session.blocked = False
    if right and user is not None and user.has_password(stored):
        hub.guesses.succeeded(peer, name)
        if user.wrong > 1:
            _note_wrong(hub, session, user, 0)
        user.wrong = 0
        _let_in(session, user, enter, command_id)
        if hub.hasher.is_outdated(stored):
            await _rehash(hub, session, user, typed)
    else:
        if user is not None and not user.is_guest:
            _note_wrong(hub, session, user, user.wrong)
        session.refuse(WrongPassword("The name or the password is wrong."), command_id)
    if not session.blocked:
        hub.unblock(session)


def _note_wrong(hub: Hub, session: Session, user: User, count: int) -> None:
    """Store how many wrong passwords came in a row; nobody waits for it, or the time would tell whose name it is."""
    nobody = Session(session.rendering, session.link, lambda _: None)
    body = facts.encode(facts.WrongPasswordsFact(count))
    hub.submit(Pending(SERVER_LOG, user, "wrong passwords", body, session=nobody))


def _let_in(session: Session, user: User, enter: Callable[[User], None], command_id: int | None) -> None:
    if session.gone:
        return
    try:
        enter(user)
    except ChatError as error:
        session.refuse(error, command_id)


async def _set(hub: Hub, session: Session, user: User, chosen: str, command_id: int | None) -> None:
    try:
        hashed = await hub.hasher.hash(chosen)
    except ChatError as error:
        session.refuse(error, command_id, retry=isinstance(error, Busy))
        hub.unblock(session)
        return

    is_first = not user.password

    def decided(outcome: Outcome) -> None:
        user.changes -= 1
        if not isinstance(outcome, Stored):
            session.refuse(hub.why_not(outcome), command_id, retry=True)
            return
        _expel_others(hub, session, user)  # who came by one that was stored in between
        ended = "" if is_first else " Who came in by the old one is out; keys stay, and /devices lists them."
        asks = f"`socketchat join {user.name}` asks for it on another device, /login {user.name} in nc and telnet."
        text = f"Your password is set: {asks}{ended}"
        session.tell(events.Help(text=text, id=command_id))
        if command_id is not None:
            session.tell(events.Ok(id=command_id))

    if session.gone:
        return
    user.changes += 1
    hub.submit(_stored(session, user, hashed, decided))
    _expel_others(hub, session, user)


def _expel_others(hub: Hub, session: Session, user: User) -> None:
    """End the sessions that came in by a password, but for the one that sets another."""
    bye = events.Bye(code=Refused.code, text=f"The password of {user.name} was changed; log in by the new one.")
    hub.attendance.expel_device(user, "", bye, spared=session)


async def _rehash(hub: Hub, session: Session, user: User, typed: str) -> None:
    """Store a password under the parameters of today, unless there is too much to do."""
    before = user.password
    try:
        hashed = await hub.hasher.hash(typed)
    except ChatError:
        return
    if user.has_password(before) and not session.gone:
        hub.submit(_stored(session, user, hashed, None))


def _stored(session: Session, user: User, hashed: str, then: Callable[[Outcome], None] | None) -> Pending:
    body = facts.encode(facts.PasswordFact(hashed))
    return Pending(SERVER_LOG, user, "password", body, session=session, then=then)
