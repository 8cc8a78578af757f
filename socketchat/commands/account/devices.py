"""Devices: the keys that prove to be an account's owner, added by password, listed and revoked."""

from __future__ import annotations

from collections.abc import Callable

from ...exceptions import ChatError, NotFound, Refused, TooMany, WrongPassword
from ...hub import Hub, Pending, Session, User
from ...hub.state import facts
from ...hub.state.users import Device
from ...journal import SERVER_LOG, Conflict, Outcome, Stored
from ...protocol import commands, events
from ...protocol.authentication.proofs import fingerprint
from ...protocol.text.hygiene import clean_line
from ..chat import speaker

NAMES_PER_KEY = 5
"""A person and a few bots; nobody collects the names that others would want."""

DEVICES_PER_USER = 10
"""Computers, phones and servers of one person; more would hide one that is not the person's."""

LABEL_CHARACTERS = 40
"""The first part of most host names, and what fits on a line."""


COMES_BACK = "The device can come back by the password; /password sets another one."


def devices(_hub: Hub, session: Session, command: commands.Devices) -> None:
    """List the keys of an account."""
    _list(session, _owner(session), command.id)


def revoke(hub: Hub, session: Session, command: commands.Revoke) -> None:
    """Let a key in no longer; its sessions end at once, and it is a device again where that cannot be stored."""
    user = _owner(session)
    key = _beginning(user, command.device)
    if len(user.devices) == 1 and not user.password:
        raise Refused("This is the only key of an account without a password; set one with /password first.")
    device = user.devices.pop(key)

    def decided(outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            if user.password:
                session.tell(events.Help(text=COMES_BACK, id=command.id))
            _list(session, user, command.id)
        else:
            user.devices[key] = device
            session.refuse(hub.why_not(outcome), command.id, retry=True)

    body = facts.encode(facts.RevokedDeviceFact(key))
    hub.submit(Pending(SERVER_LOG, user, "revoked device", body, session=session, then=decided))
    bye = events.Bye(code=Refused.code, text=f"This device of {user.name} was revoked.")
    hub.attendance.expel_device(user, key, bye)


def add_device(hub: Hub, session: Session, user: User, asked: commands.Hello, enter: Callable[[User], None]) -> None:
    """Make a key that was proved that of another device of a user, then let the user in; raises TooMany."""
    key = asked.key or ""
    if key in user.devices:
        enter(user)
        return
    if len(user.devices) >= DEVICES_PER_USER:
        raise TooMany(f"{user.name} has {DEVICES_PER_USER} devices, and no more are added; /devices revokes one.")
    claims = (free_place(hub, key), f"device:{user.id}:{user.additions + 1}")
    shown = user.password

    def decided(outcome: Outcome) -> None:
        if session.gone:
            return
        try:
            if isinstance(outcome, Conflict) and not user.has_password(shown):
                raise WrongPassword("The name or the password is wrong.")  # by now
            if isinstance(outcome, Conflict):
                add_device(hub, session, user, asked, enter)  # another device came first
            elif isinstance(outcome, Stored):
                _alert(session, user, key)
                enter(user)
            else:
                session.refuse(hub.why_not(outcome), asked.id, retry=True)
        except ChatError as error:
            session.refuse(error, asked.id)

    body = facts.encode(facts.DeviceFact(key, shown_label(asked.label)))
    hub.submit(Pending(SERVER_LOG, user, "device", body, session=session, claims=claims, then=decided))


def _alert(session: Session, user: User, key: str) -> None:
    """Tell the user's other sessions that there is a new device: if it is not the user's, it can still be shut out."""
    label = f"{user.devices[key].label}, " if key in user.devices and user.devices[key].label else ""
    text = f"A new device of yours came in by the password: {label}{fingerprint(key)}. If that was not you: /devices."
    for other in user.sessions:
        if other is not session and other.listens:
            other.tell(events.Alert(text=text))


def free_place(hub: Hub, key: str) -> str:
    """Return the claim of the next name that a key may prove; raises TooMany where it proves enough."""
    owned = hub.directory.owned(key)
    if len(owned) >= NAMES_PER_KEY:
        names = ", ".join(each.name for each in owned)
        raise TooMany(f"Your key owns {NAMES_PER_KEY} names, and no more are given to one: {names}.")
    return f"key:{key}:{hub.directory.additions[key] + 1}"


def shown_label(label: str) -> str:
    """Return what a device is called, fit to be shown."""
    return clean_line(label)[:LABEL_CHARACTERS]


def note_use(hub: Hub, session: Session, user: User, key: str) -> None:
    """Remember which key a session is of, and when it was used."""
    session.device = key
    if key in user.devices:
        user.devices[key].used = hub.now()


def _owner(session: Session) -> User:
    user = speaker(session)
    if user.is_guest:
        raise Refused("Guests have no devices; `socketchat join` makes a name yours.")
    return user


def _beginning(user: User, prefix: str) -> str:
    """Return the one key whose fingerprint begins so; raises NotFound."""
    wanted = prefix.lower().replace("-", "")
    found = [key for key in user.devices if wanted and fingerprint(key).replace("-", "").startswith(wanted)]
    if len(found) != 1:
        raise NotFound(f"You have no device {prefix}, or more than one that begins so; /devices lists them.")
    return found[0]


def _list(session: Session, user: User, command_id: int | None) -> None:
    online = {each.device for each in user.sessions}
    listed = [_described(key, device, online, session) for key, device in user.devices.items()]
    session.tell(events.Devices(devices=listed, password=bool(user.password), id=command_id))
    if command_id is not None:
        session.tell(events.Ok(id=command_id))


def _described(key: str, device: Device, online: set[str], session: Session) -> events.Device:
    return events.Device(
        fingerprint=fingerprint(key),
        label=device.label,
        added=device.added,
        used=device.used,
        online=key in online,
        current=key == session.device,
    )
