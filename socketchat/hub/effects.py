"""The effects of applied facts: one table says what each kind of change does to the sessions of this node.

They follow every applied fact, no matter which node submitted it. ``by`` is the session that asked for the change, if
it is on this node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..exceptions import NameTaken, NotLoggedIn, Refused
from ..protocol import events
from ..protocol.authentication.proofs import fingerprint
from .delivery.subscriptions import Subscriptions
from .directory import Directory
from .logins import PENDING_NOTICE, Logins, revocation_notice
from .online import Online
from .sessions import Session
from .state import changes
from .state.users import User


class Effects:
    """Applies the changes of the projection to the live sessions."""

    def __init__(self, logins: Logins, subscriptions: Subscriptions, directory: Directory, online: Online) -> None:
        self._logins = logins
        self._subscriptions = subscriptions
        self._directory = directory
        self._online = online

    def follow(self, some: Sequence[changes.Change], by: Session | None) -> None:
        """Apply these changes, in order."""
        for change in some:
            EFFECTS[type(change)](self, change, by)

    def registered(self, change: changes.Registered, by: Session | None) -> None:
        """Expel the guests whose names look like that of the new account."""
        for guest in self._directory.guests_like(change.user.name):
            if by is not None and by.user is guest:
                continue  # it has registered its own name
            bye = events.Bye(code=NameTaken.code, text=f"The name {guest.name} now belongs to a registered user.")
            self._logins.expel(guest, bye)

    def password_changed(self, change: changes.PasswordChanged, by: Session | None) -> None:
        """End the sessions that logged in with the old password, except the one that changed it."""
        text = f"The password of {change.user.name} was changed; log in with the new one."
        bye = events.Bye(code=Refused.code, text=text)
        self._logins.expel_device(change.user, "", bye, spared=by)
        self._alert(change.user, "Your password was changed. Not you? Check /devices, and set another password.", by)

    def password_pending(self, change: changes.PasswordPending, by: Session | None) -> None:
        """Tell the user's sessions about a password that is valid later, so that the user can refuse it."""
        self._alert(change.user, PENDING_NOTICE, by)

    def password_kept(self, change: changes.PasswordKept, by: Session | None) -> None:
        """Tell the user's sessions that a new password was refused."""
        self._alert(change.user, "The new password was refused; nothing else has changed.", by)

    def device_added(self, change: changes.DeviceAdded, by: Session | None) -> None:
        """Tell the user's sessions about the new device, so that the user can revoke an intruder's."""
        device = change.user.devices.get(change.key)
        label = f'"{device.label}" ' if device is not None and device.label else ""
        text = (
            f"New device {label}({fingerprint(change.key)}) logged in with your password. Not you? /devices revokes it."
        )
        self._alert(change.user, text, by)

    def device_revoked(self, change: changes.DeviceRevoked, by: Session | None) -> None:
        """End the sessions of the device, and tell the user's other sessions."""
        text = f"This device of {change.user.name} was revoked. Not you? See `socketchat help names`."
        bye = events.Bye(code=Refused.code, text=text)
        self._logins.expel_device(change.user, change.key, bye)
        text = f"Your device {fingerprint(change.key)} was revoked. Not you? Check /devices, and set another password."
        self._alert(change.user, text, by)

    def revocation_pending(self, change: changes.RevocationPending, by: Session | None) -> None:
        """Tell the user's sessions about a device that is revoked later, so that the user can refuse it."""
        self._alert(change.user, revocation_notice(change.user, change.key), by)

    def device_kept(self, change: changes.DeviceKept, by: Session | None) -> None:
        """Tell the user's sessions that a revocation was refused."""
        self._alert(change.user, f"Your device {fingerprint(change.key)} stays; its revocation was refused.", by)

    def name_taken_back(self, change: changes.NameTakenBack, _by: Session | None) -> None:
        """End all sessions of the account."""
        bye = events.Bye(code=Refused.code, text=f"{change.user.name} was taken back with another key.")
        self._logins.expel(change.user, bye)

    def name_released(self, change: changes.NameReleased, _by: Session | None) -> None:
        """End all sessions of the account."""
        bye = events.Bye(code=Refused.code, text=f"The name {change.user.name} was released; it is free now.")
        self._logins.expel(change.user, bye)

    def account_deleted(self, change: changes.AccountDeleted, _by: Session | None) -> None:
        """End all sessions of the account."""
        bye = events.Bye(code=Refused.code, text=f"The operator of the server deleted the account {change.user.name}.")
        self._logins.expel(change.user, bye)

    def bot_revoked(self, change: changes.BotRevoked, _by: Session | None) -> None:
        """End all sessions of the bot."""
        bye = events.Bye(code=NotLoggedIn.code, text=f"The token of {change.user.name} was revoked.")
        self._logins.expel(change.user, bye)

    def admitted(self, change: changes.Admitted, by: Session | None) -> None:
        """Add the user's sessions to the room."""
        self._subscriptions.admit(change.user, change.room, by)

    def dismissed(self, change: changes.Dismissed, _by: Session | None) -> None:
        """Remove the user's sessions from the room."""
        self._subscriptions.dismiss(change.user, change.room, change.why, change.reason, change.by)

    def shut_out(self, change: changes.ShutOut, _by: Session | None) -> None:
        """Remove all users whom a kick or a ban covers: accounts, guests, and users at a banned address."""
        named = [guest for guest in self._directory.guests.values() if f"user:{guest.id}" in change.subjects]
        there = self._online.at_addresses(change.subjects)
        if change.room.is_lobby:
            for user in dict.fromkeys([*change.users, *named, *there]):
                self._logins.expel(user, events.Bye(code=change.code, text=change.why))
        else:  # ``dismissed`` tells the accounts that were members
            for guest in dict.fromkeys([*named, *(user for user in there if user.is_guest)]):
                self._subscriptions.dismiss(guest, change.room, change.why, change.reason, change.by)

    def made_private(self, change: changes.MadePrivate, _by: Session | None) -> None:
        """Remove the guests."""
        for guest in list(change.room.guests.values()):
            self._subscriptions.dismiss(guest, change.room, change.why)

    def room_removed(self, change: changes.RoomRemoved, _by: Session | None) -> None:
        """Remove the guests."""
        for guest in list(change.room.guests.values()):
            self._subscriptions.dismiss(guest, change.room, change.why)

    def room_changed(self, change: changes.RoomChanged, _by: Session | None) -> None:
        """Tell the sessions that hear the room; the event is encoded once per rendering."""
        self._subscriptions.tell(change.room, change.told)

    def _alert(self, user: User, text: str, by: Session | None) -> None:
        """Alert a user's sessions, except the one that made the change."""
        for session in self._online.of(user):
            if session is not by and session.listens:
                session.tell(events.Alert(text=text))


EFFECTS: dict[type[changes.Change], Callable[[Effects, Any, Session | None], None]] = {
    changes.Registered: Effects.registered,
    changes.PasswordChanged: Effects.password_changed,
    changes.PasswordPending: Effects.password_pending,
    changes.PasswordKept: Effects.password_kept,
    changes.BotRevoked: Effects.bot_revoked,
    changes.DeviceAdded: Effects.device_added,
    changes.DeviceRevoked: Effects.device_revoked,
    changes.RevocationPending: Effects.revocation_pending,
    changes.DeviceKept: Effects.device_kept,
    changes.NameTakenBack: Effects.name_taken_back,
    changes.NameReleased: Effects.name_released,
    changes.AccountDeleted: Effects.account_deleted,
    changes.Admitted: Effects.admitted,
    changes.Dismissed: Effects.dismissed,
    changes.ShutOut: Effects.shut_out,
    changes.MadePrivate: Effects.made_private,
    changes.RoomRemoved: Effects.room_removed,
    changes.RoomChanged: Effects.room_changed,
}
