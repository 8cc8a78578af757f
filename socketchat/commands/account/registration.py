"""Registration: a key gets an account under a new name, if the log grants the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ...exceptions import NameTaken
from ...hub import Hub, Session, User
from ...hub.proposals import why_not
from ...hub.state import facts
from ...journal import Conflict, Stored
from ...protocol import commands
from ...protocol.authentication.passwords import plain_password
from ...protocol.names import name_key
from ...protocol.text.confusables import check_not_reserved
from .devices import free_place, shown_label
from .newcomers import Credential, check_newcomer

USER_ID_BYTES = 8
"""Bytes of a user id: 64 random bits, so two users of one server never share an id."""


def newcomer(hub: Hub, session: Session, asked: commands.Hello, credential: Credential) -> User:
    """Return a user who may register the requested name, and is not registered yet.

    Raises CodeNeeded and TooMany. Raises Muted if the user is muted under another name, since everyone reads names.
    """
    name, key = asked.name or "", asked.key or ""
    check_not_reserved(name)
    check_newcomer(hub, session, key, credential)
    user = User(hub.token(USER_ID_BYTES), name, name_key(name), key)
    hub.permissions.check_speaks(user, hub.directory.lobby)
    return user


async def registered(hub: Hub, session: Session, asked: commands.Hello, user: User, credential: Credential) -> User:
    """Register a new name for a key and return its account; two requests at the same time make one account."""
    name, key, invite = asked.name or "", asked.key or "", credential.invite
    fact = facts.UserFact(user.id, name, key, invite.id if invite is not None else None, shown_label(asked.label))
    while True:
        place = free_place(hub, key)
        use = () if invite is None else (invite.next_use(hub.now()),)
        claims = (*hub.state.name_claims(user), place, *use)
        with _claiming(hub, user):
            outcome = await hub.propose(session, "user", fact, author=user, claims=claims)
        holder = hub.directory.lookalike(name)
        if holder is not None and holder.key == user.key and holder.has_key(key):
            return holder
        if isinstance(outcome, Conflict) and outcome.claim in {place, *use} and holder is None:
            continue  # another name of this key, or another use of this invite, was first
        if isinstance(outcome, Conflict | Stored):
            raise taken(name, holder, key)
        raise why_not(outcome)


async def register_with_password(hub: Hub, session: Session, name: str, password: str) -> User:
    """Register a name for a user without a key, and return the account; raises NameTaken.

    ``session`` is the one that asked: that of a guest of this name, or of the operator.
    """
    hashed = await hub.until(hub.hasher.hash(plain_password(password)))
    user = User(hub.token(USER_ID_BYTES), name, name_key(name), "")
    fact = facts.UserFact(user.id, name, "", phc=hashed)
    with _claiming(hub, user):
        outcome = await hub.propose(session, "user", fact, author=user, claims=hub.state.name_claims(user))
    account = hub.state.users.get(user.id)
    if account is not None:
        return account
    if isinstance(outcome, Conflict | Stored):
        raise taken(name, hub.directory.lookalike(name))
    raise why_not(outcome)


def taken(name: str, holder: User | None, key: str | None = None) -> NameTaken:
    """Return the error for a name that ``holder`` has, or that another user is registering."""
    if holder is not None and holder.has_key(key):
        return NameTaken(f"{name!r} looks like {holder.name!r}, which is your own name; log in as {holder.name}.")
    if holder is not None and holder.key != name_key(name):
        return NameTaken(f"{name!r} looks like {holder.name!r}, which is taken; choose another name.")
    if holder is None or holder.is_guest:
        return NameTaken(f"{name} is in use; choose another name.")
    return NameTaken(f"The name {name} belongs to another user; choose another name.")


@contextmanager
def _claiming(hub: Hub, user: User) -> Iterator[None]:
    """Keep guests from using a name until the log has decided about it."""
    hub.claimed += Counter(user.looks)
    try:
        yield
    finally:
        hub.claimed -= Counter(user.looks)
