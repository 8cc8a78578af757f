"""Devices: the keys of an account, added by password, listed and revoked."""

from __future__ import annotations

from ...exceptions import NotFound, Refused, TooMany, WrongPassword
from ...hub import Hub, Session, User
from ...hub.logins import SHOWN_CHARACTERS
from ...hub.proposals import why_not
from ...hub.state import facts
from ...hub.state.users import Device
from ...journal import Conflict, Stored
from ...protocol import commands, events
from ...protocol.authentication.proofs import fingerprint
from ...protocol.text.hygiene import clean_line
from ..handler import ANSWERED, OK, Answer
from ..messages import speaker
from .passwords import PENDING_SECONDS, check_password_of, has_proved

NAMES_PER_KEY = 5
"""Names of one key: enough for a person and a few bots, too few to hoard names."""

DEVICES_PER_USER = 10
"""Devices of one account: computers, phones and servers. In a longer list, an intruder's would go unnoticed."""

LABEL_CHARACTERS = 40
"""Longest label: the first part of most host names, short enough for a line."""

WAITS = (
    "{key} is revoked in 24 hours, because you did not give a password that is older than a day. Until then, each of "
    "your sessions can refuse it: /devices keep {start}. In a hurry? Ask whoever runs the server for a link."
)

COMES_BACK = "The device can log in again with the password; /password changes it."


async def devices(hub: Hub, session: Session, command: commands.Devices) -> Answer:
    """List the keys of an account."""
    return _listed(hub, session, _owner(session), command)


async def revoke(hub: Hub, session: Session, command: commands.Revoke) -> Answer:
    """Revoke a key; its sessions end when that is stored."""
    user = _owner(session)
    key = _beginning(user, command.device)
    if not user.password_at(hub.now()) and not any(user.has_key(other) for other in user.devices if other != key):
        raise Refused("This is the only key of an account without a password; set one with /password first.")
    if command.password:
        await check_password_of(hub, session, user, command.password)
        if session.gone:
            return ANSWERED
    if key != session.device and not has_proved(hub, session, user):
        if (user.id, key) not in hub.state.revocations:
            since = hub.now() + PENDING_SECONDS * 1000
            await hub.record(session, "revoked device", facts.RevokedDeviceFact(key, since))
        shown = fingerprint(key)
        waits = WAITS.format(key=shown, start=shown[:SHOWN_CHARACTERS])
        session.answer(events.Help(text=waits, id=command.id), command)
        return _listed(hub, session, user, command)
    with user.revoking_key(key):
        await hub.record(session, "revoked device", facts.RevokedDeviceFact(key))
    if user.password_at(hub.now()):
        session.answer(events.Help(text=COMES_BACK, id=command.id), command)
    return _listed(hub, session, user, command)


async def keep_device(hub: Hub, session: Session, command: commands.KeepDevice) -> Answer:
    """Cancel the revocation of a key that is still valid."""
    user = _owner(session)
    key = _beginning(user, command.device)
    if (user.id, key) not in hub.state.revocations:
        raise NotFound(f"{fingerprint(key)} is not going to be revoked.")
    await hub.record(session, "kept device", facts.KeptDeviceFact(key))
    return _listed(hub, session, user, command)


async def add_device(hub: Hub, session: Session, user: User, asked: commands.Hello) -> None:
    """Add a proven key as a device of a user; raises TooMany."""
    key, shown = asked.key or "", user.password_at(hub.now())
    fact = facts.DeviceFact(key, shown_label(asked.label))
    while not user.has_key(key):
        if len(user.devices) >= DEVICES_PER_USER:
            raise TooMany(f"Limit reached: {user.name} has {DEVICES_PER_USER} devices. /devices revokes one.")
        claims = (free_place(hub, key), f"device:{user.id}:{user.additions + 1}")
        outcome = await hub.propose(session, "device", fact, author=user, claims=claims)
        if isinstance(outcome, Stored):
            return
        if not isinstance(outcome, Conflict):
            raise why_not(outcome)
        if not user.has_password(shown, hub.now()):  # checked again: the password may have changed meanwhile
            raise WrongPassword("The name or the password is wrong.")


def free_place(hub: Hub, key: str) -> str:
    """Return the claim for the next name of a key; raises TooMany if the key has too many names."""
    owned = hub.state.owned(key)
    if len(owned) >= NAMES_PER_KEY:
        names = ", ".join(each.name for each in owned)
        raise TooMany(f"Limit reached: your key owns {NAMES_PER_KEY} names ({names}).")
    return f"key:{key}:{hub.state.additions[key] + 1}"


def shown_label(label: str) -> str:
    """Return the label of a device, cleaned for display."""
    return clean_line(label[:LABEL_CHARACTERS])[:LABEL_CHARACTERS]


def _owner(session: Session) -> User:
    user = speaker(session)
    if user.is_guest:
        raise Refused("Guests have no devices. To register a name: `socketchat join NAME`.")
    return user


def _beginning(user: User, prefix: str) -> str:
    """Return the only key whose fingerprint starts with ``prefix``; raises NotFound."""
    wanted = prefix.lower().replace("-", "")
    found = [key for key in user.devices if wanted and fingerprint(key).replace("-", "").startswith(wanted)]
    if len(found) != 1:
        raise NotFound(f"No key of yours, or more than one, starts with {prefix}; /devices lists them.")
    return found[0]


def _listed(hub: Hub, session: Session, user: User, command: commands.Command) -> Answer:
    online = {each.device for each in hub.online.of(user)}
    until = hub.state.revocations
    listed = [
        _described(key, device, online, session, until.get((user.id, key), 0)) for key, device in user.devices.items()
    ]
    session.answer(events.Devices(devices=listed, password=bool(user.password_at(hub.now())), id=command.id), command)
    return OK


def _described(key: str, device: Device, online: set[str], session: Session, until: int) -> events.Device:
    return events.Device(
        fingerprint=fingerprint(key),
        label=device.label,
        added=device.added,
        used=device.used,
        online=key in online,
        current=key == session.device,
        until=until,
    )
