"""Renames a guest, whose name is bound only to the connection."""

from __future__ import annotations

from ...exceptions import Refused
from ...hub import Hub, Session
from ...protocol import commands, events
from ...protocol.names import check_name, name_key
from ...protocol.text.confusables import check_not_reserved, looks
from ..handler import OK, Answer
from ..messages import speaker
from .registration import taken


async def rename(hub: Hub, session: Session, command: commands.Rename) -> Answer:
    """Give a guest another name, and tell the users who see the guest."""
    user = speaker(session)
    name = check_name(command.name)
    if name == user.name:
        return OK
    if not user.is_guest:
        raise Refused(f"Your name {user.name} is that of your account; log in as another user instead.")
    check_not_reserved(name)
    holder = hub.directory.lookalike(name)
    if (holder is not None and holder is not user) or any(hub.claimed[look] for look in looks(name)):
        raise taken(name, holder)
    hub.permissions.check_speaks(user, hub.directory.lobby)  # everyone reads names
    was = user.name
    hub.former.went(user)
    hub.directory.rename_guest(user, name, name_key(name))
    hub.presence.tell_about(user, events.Renamed(user=user.id, name=name, was=was))
    if name_key(was) != name_key(name):
        hub.presence.watching.tell(user, was, online=False)
        hub.presence.watching.tell(user, name, online=True)
    return OK
