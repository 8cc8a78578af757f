"""Logging in: a resume token, a name with its owner's secret, or a guest's name."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from ..exceptions import NameTaken, Refused, Unsupported, UsageProblem
from ..hub import Hub, Pending, Session, User, facts
from ..journal import SERVER_LOG, Conflict, Outcome
from ..protocol import commands
from ..protocol.limits import VERSION
from ..protocol.names import check_name, name_key

USER_ID_BYTES = 8
"""64 random bits: two users of one server never share an id."""

SECRET_CHARACTERS = 256
"""Longest secret; ours have 32."""


def hello(hub: Hub, session: Session, command: commands.Hello) -> None:
    """Let a session in, or say why not; an account is made where the name is new and comes with a secret."""
    if session.user is not None:
        raise Refused("You are logged in already.")
    if command.version != VERSION:
        raise Unsupported(f"This server speaks version {VERSION} of the protocol, not {command.version}.")
    user = hub.resume(command.token) if command.token else None
    if user is None:
        if command.name is None:
            raise UsageProblem("hello needs a name, or the token of a session that can be resumed.")
        user = _user_named(hub, session, command, check_name(command.name))
    if user is not None:
        hub.enter(session, user, command)


def _user_named(hub: Hub, session: Session, command: commands.Hello, name: str) -> User | None:
    """Return the user who may use the name; None while the log decides who was first."""
    key = name_key(name)
    holder = hub.directory.holder(key)
    secret = _digest(command.secret)
    if holder is not None:
        if not _owns(holder, secret):
            raise _taken(name, for_good=not holder.is_guest)
        return holder
    user = User(hub.token(USER_ID_BYTES), name, key, secret)
    if not user.is_guest:
        _make_account(hub, session, command, user)
        return None
    if hub.claimed[key]:
        raise _taken(name, for_good=False)
    hub.directory.add_user(user)
    return user


def _make_account(hub: Hub, session: Session, command: commands.Hello, user: User) -> None:
    """Ask the log for the name; the same person may do so twice at once, and is let in twice."""

    def decided(outcome: Outcome) -> None:
        hub.claimed -= Counter((user.key,))
        holder = hub.directory.holder(user.key)
        if session.gone:
            return
        if holder is not None and _owns(holder, user.secret):
            hub.enter(session, holder, command)
        elif isinstance(outcome, Conflict):
            session.refuse(_taken(user.name, for_good=True), command.id)
        else:
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    hub.claimed[user.key] += 1
    hub.submit(
        Pending(
            SERVER_LOG,
            user,
            "user",
            facts.encode(facts.UserFact(user.id, user.name, user.secret)),
            session=session,
            claims=(f"name:{user.key}",),
            fact=True,
            then=decided,
        )
    )


def _owns(holder: User, secret: str) -> bool:
    return bool(secret and holder.secret) and hmac.compare_digest(secret, holder.secret)


def _taken(name: str, *, for_good: bool) -> NameTaken:
    whose = f"The name {name} belongs to" if for_good else f"{name} is in use by"
    return NameTaken(f"{whose} somebody else; choose another name.")


def _digest(secret: str | None) -> str:
    """Return what is kept of a secret: it has 128 random bits, so that no slow hash is needed."""
    if not secret:
        return ""
    if len(secret) > SECRET_CHARACTERS:
        raise UsageProblem(f"A secret has at most {SECRET_CHARACTERS} characters.")
    return hashlib.sha256(secret.encode()).hexdigest()
