"""Applies facts to accounts: names, passwords, devices and invites."""

from __future__ import annotations

from collections.abc import Sequence

from ...protocol.events import Entry
from ...protocol.names import name_key
from . import facts
from .changes import (
    AccountDeleted,
    Admitted,
    BotRevoked,
    Change,
    DeviceAdded,
    DeviceKept,
    DeviceRevoked,
    NameReleased,
    NameTakenBack,
    PasswordChanged,
    PasswordKept,
    PasswordPending,
    Registered,
    RevocationPending,
)
from .projection import Projection, ResetLink
from .users import Device, User


def register(state: Projection, entry: Entry, fact: facts.UserFact) -> Sequence[Change]:
    """Add an account, count the use of its invite, and make it a member of the invite's room."""
    user = User(fact.id, fact.name, name_key(fact.name), fact.key)
    user.devices = {fact.key: Device(fact.label, entry.ts)} if fact.key else {}
    user.began, user.password = entry.ts, fact.phc
    user.password_since = entry.ts if fact.phc else 0
    state.add_user(user)
    state.follow(user, entry.ts)
    invite = state.invites.used(fact.invite) if fact.invite is not None else None
    room = state.rooms.get(invite.room) if invite is not None and invite.room is not None else None
    if room is None:
        return [Registered(user)]
    state.set_member(user, room, member=True)
    return [Registered(user), Admitted(user, room)]


def set_password(state: Projection, entry: Entry, fact: facts.PasswordFact) -> Sequence[Change]:
    """Replace the password, or the hash of the same one, unless another password was set meanwhile."""
    user = state.users.get(entry.author)
    if user is None or fact.replaces not in {"", user.password_at(entry.ts)}:
        return ()
    if fact.since > entry.ts:
        user.password = user.password_at(entry.ts)
        user.next_password = fact.phc, fact.since
        user.wrong = 0  # the owner may have set it because the old one was locked
        return [PasswordPending(user)]
    if fact.replaces and user.pends(entry.ts):
        user.password = fact.phc
        return ()
    if not user.password_at(entry.ts):
        user.password_since = entry.ts
    user.password, user.next_password = fact.phc, None
    user.wrong = 0
    return () if fact.replaces else [PasswordChanged(user)]


def keep_password(state: Projection, entry: Entry, _fact: facts.KeptPasswordFact) -> Sequence[Change]:
    """Cancel a new password that is not valid yet."""
    user = state.users.get(entry.author)
    if user is None or not user.pends(entry.ts):
        return ()
    user.next_password = None
    return [PasswordKept(user)]


def count_wrong(state: Projection, entry: Entry, fact: facts.WrongPasswordsFact) -> Sequence[Change]:
    """Count one more wrong password, or forget them all after a right one."""
    user = state.users.get(entry.author)
    if user is not None:
        user.wrong = user.wrong + 1 if fact.count else 0
    return ()


def add_device(state: Projection, entry: Entry, fact: facts.DeviceFact) -> Sequence[Change]:
    """Add a key to an account."""
    user = state.users.get(entry.author)
    if user is None:  # the name was released meanwhile, and the key's claim is taken
        state.additions[fact.key] += 1
        return ()
    _add(state, user, fact.key, Device(fact.label, entry.ts))
    state.follow(user, entry.ts)
    return [DeviceAdded(user, fact.key)]


def revoke_device(state: Projection, entry: Entry, fact: facts.RevokedDeviceFact) -> Sequence[Change]:
    """Revoke a key, or note that it is revoked later."""
    user = state.users.get(entry.author)
    if user is None or fact.key not in user.devices:
        return ()
    pending = state.revocations.get((user.id, fact.key))
    if fact.since > entry.ts:
        if pending is None:
            state.revocations[user.id, fact.key] = fact.since
        return [RevocationPending(user, fact.key)]
    if fact.due and (pending is None or pending > entry.ts):
        return ()
    _remove(state, user, fact.key)
    return [DeviceRevoked(user, fact.key)]


def keep_device(state: Projection, entry: Entry, fact: facts.KeptDeviceFact) -> Sequence[Change]:
    """Cancel the revocation of a key that is still valid."""
    user = state.users.get(entry.author)
    if user is None or state.revocations.pop((user.id, fact.key), None) is None:
        return ()
    return [DeviceKept(user, fact.key)]


def offer_reset(state: Projection, _entry: Entry, fact: facts.ResetFact) -> Sequence[Change]:
    """Add a link to take a name back, and invalidate the older links of that name."""
    state.forget_resets(fact.user)
    state.resets[fact.id] = ResetLink(fact.user, fact.expires)
    return ()


def take_back(state: Projection, entry: Entry, fact: facts.TakenBackFact) -> Sequence[Change]:
    """Replace all keys of an account by one, and remove its password."""
    user = state.users.get(entry.author)
    if user is None:  # as above
        state.additions[fact.key] += 1
        return ()
    for key in user.devices:
        _remove(state, user, key)
    user.password, user.next_password = "", None
    user.wrong = 0
    user.began, user.password_since = entry.ts, 0
    _add(state, user, fact.key, Device(fact.label, entry.ts))
    state.follow(user, entry.ts)
    state.forget_resets(user.id)
    return [NameTakenBack(user)]


def release(state: Projection, entry: Entry, fact: facts.ReleasedFact) -> Sequence[Change]:
    """Remove an account; its name is free."""
    user = _forgotten(state, entry, fact.user)
    return () if user is None else [NameReleased(user)]


def delete(state: Projection, entry: Entry, fact: facts.DeletedAccountFact) -> Sequence[Change]:
    """Remove an account that the operator deleted; its name is free."""
    user = _forgotten(state, entry, fact.user)
    return () if user is None else [AccountDeleted(user)]


def ignore(state: Projection, entry: Entry, fact: facts.IgnoreFact) -> Sequence[Change]:
    """Note that an account ignores a user, or no longer does."""
    user = state.users.get(entry.author)
    if user is not None:
        state.set_ignored(user, fact.user, ignored=fact.ignored)
    return ()


def make_bot(state: Projection, entry: Entry, fact: facts.BotFact) -> Sequence[Change]:
    """Add a bot with its account, which becomes a member of its rooms; an existing one gets another token and scope."""
    user = state.users.get(fact.user)
    changes: list[Change] = []
    if user is None:
        if fact.user in state.former:  # its account was removed meanwhile
            return ()
        user = User(fact.user, fact.name, name_key(fact.name), "")
        user.devices = {}
        state.add_user(user)
        state.follow(user, entry.ts)
        changes.append(Registered(user))
    else:
        changes.append(BotRevoked(user))
    rooms = [room for room_id in fact.rooms if (room := state.rooms.get(room_id)) is not None]
    state.bots.add(fact, [room.id for room in rooms])
    joined = [each for each in rooms if each is not state.lobby and state.set_member(user, each, member=True)]
    return [*changes, *(Admitted(user, each) for each in joined)]


def revoke_bot(state: Projection, _entry: Entry, fact: facts.RevokedBotFact) -> Sequence[Change]:
    """Revoke the token of a bot, and end its sessions."""
    user = state.users.get(fact.user)
    state.bots.revoke(fact.user)
    return () if user is None else [BotRevoked(user)]


def make_invite(state: Projection, _entry: Entry, fact: facts.InviteFact) -> Sequence[Change]:
    """Add an invite."""
    state.invites.made(fact)
    return ()


def revoke_invite(state: Projection, _entry: Entry, fact: facts.RevokedInviteFact) -> Sequence[Change]:
    """Revoke an invite."""
    state.invites.revoked(fact.id)
    return ()


def _forgotten(state: Projection, entry: Entry, user_id: str) -> User | None:
    """Remove an account, and return it if it existed."""
    user = state.users.get(user_id)
    if user is None:
        return None
    rooms = [state.rooms[room_id] for room_id in user.rooms]
    state.forget_resets(user.id)
    state.release(user)
    for room in rooms:
        room.since = entry.ts
    return user


def _add(state: Projection, user: User, key: str, device: Device) -> None:
    user.add_device(key, device)
    user.additions += 1
    state.add_owner(key, user)


def _remove(state: Projection, user: User, key: str) -> None:
    if user.remove_device(key):
        state.remove_owner(key, user)
