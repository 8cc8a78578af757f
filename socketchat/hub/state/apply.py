"""Applies facts: one table gives the struct of each kind of fact, and the function that applies it.

An ``apply`` function looks at the projection, the entry and its fact, and at nothing else. It returns what changed; the
effects of that on the sessions of this node are another table (hub/effects.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...journal import State
from ...protocol.events import Entry, Text
from . import apply_accounts, apply_rooms, facts
from .changes import Change
from .projection import Projection

Apply = Callable[[Projection, Entry, Any], Sequence[Change]]

APPLY: dict[str, tuple[type[msgspec.Struct], Apply]] = {
    "user": (facts.UserFact, apply_accounts.register),
    "password": (facts.PasswordFact, apply_accounts.set_password),
    "kept password": (facts.KeptPasswordFact, apply_accounts.keep_password),
    "wrong passwords": (facts.WrongPasswordsFact, apply_accounts.count_wrong),
    "device": (facts.DeviceFact, apply_accounts.add_device),
    "revoked device": (facts.RevokedDeviceFact, apply_accounts.revoke_device),
    "kept device": (facts.KeptDeviceFact, apply_accounts.keep_device),
    "reset": (facts.ResetFact, apply_accounts.offer_reset),
    "taken back": (facts.TakenBackFact, apply_accounts.take_back),
    "released": (facts.ReleasedFact, apply_accounts.release),
    "deleted account": (facts.DeletedAccountFact, apply_accounts.delete),
    "ignore": (facts.IgnoreFact, apply_accounts.ignore),
    "bot": (facts.BotFact, apply_accounts.make_bot),
    "revoked bot": (facts.RevokedBotFact, apply_accounts.revoke_bot),
    "invite": (facts.InviteFact, apply_accounts.make_invite),
    "revoked invite": (facts.RevokedInviteFact, apply_accounts.revoke_invite),
    "room": (facts.RoomFact, apply_rooms.make_room),
    "removed room": (facts.RemovedRoomFact, apply_rooms.remove_room),
    "renamed room": (facts.RenamedRoomFact, apply_rooms.rename_room),
    "member": (facts.MemberFact, apply_rooms.set_member),
    "topic": (Text, apply_rooms.set_topic),
    "act": (facts.ActFact, apply_rooms.act),
}


def apply(state: Projection, entry: Entry) -> Sequence[Change]:
    """Change the projection by an entry, and return what changed; kinds that are not in the table change nothing."""
    row = APPLY.get(entry.kind)
    if row is None:
        return ()
    fact_type, change = row
    return change(state, entry, msgspec.json.decode(entry.body, type=fact_type))


def load(state: Projection, known: State) -> None:
    """Apply the facts of a journal that was opened; no session exists yet, so the changes have no effects."""
    for entry in known.facts:
        apply(state, entry)
    for user_id, marks in known.marks.items():
        if user_id in state.users:
            state.users[user_id].read = dict(marks)
    for conversation_id, head in known.heads.items():
        conversation = state.conversations.get(conversation_id) or state.known_pair(conversation_id)
        if conversation is not None:
            conversation.head = head
            conversation.floor = max(conversation.floor, known.floors.get(conversation_id, 1))
    for user in state.users.values():
        state.forget_guests(user)
