"""Invites: tokens that let newcomers register, a number of times and until a date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from ...exceptions import BadInvite, NotFound
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.authentication.proofs import from_word
from . import facts


class Invite:
    """One invite: its token registers newcomers, and makes them members of ``room``; ``expires`` is in ms since 1970.

    ``revocations`` counts the revocations that are not stored yet; meanwhile the invite is refused.
    """

    __slots__ = ("expires", "id", "is_revoked", "revocations", "room", "used", "uses")

    def __init__(self, invite_id: str, uses: int, expires: int, room: str | None) -> None:
        self.id = invite_id
        self.uses = uses
        self.expires = expires
        self.room = room
        self.used = 0
        self.is_revoked = False
        self.revocations = 0

    def is_good(self, now: int) -> bool:
        """Tell whether the invite is still valid."""
        return not self.is_revoked and not self.revocations and now < self.expires and self.used < self.uses

    def next_use(self, now: int) -> str:
        """Return the claim of the next use, which the log grants once; raises BadInvite if none is left."""
        if self.is_revoked or self.revocations:
            raise BadInvite("This invite was revoked; ask for a new one.")
        if now >= self.expires:
            raise BadInvite("This invite has expired; ask for a new one.")
        if self.used >= self.uses:
            raise BadInvite("This invite is used up; ask for a new one.")
        return f"invite:{self.id}:{self.used + 1}"

    @contextmanager
    def revoking(self) -> Iterator[None]:
        """Suspend the invite until the log has decided about its revocation."""
        self.revocations += 1
        try:
            yield
        finally:
            self.revocations -= 1

    def snapshot(self) -> list[object]:
        """Return the state from the log, as plain data."""
        return [self.uses, self.expires, self.room, self.used, self.is_revoked]


class Invites:
    """All invites by id, the SHA-256 of the token; the server does not store the token."""

    def __init__(self) -> None:
        self.by_id: dict[str, Invite] = {}

    def made(self, fact: facts.InviteFact) -> None:
        """Enter a new invite."""
        self.by_id[fact.id] = Invite(fact.id, fact.uses, fact.expires, fact.room)

    def used(self, invite_id: str) -> Invite | None:
        """Count one use."""
        invite = self.by_id.get(invite_id)
        if invite is not None:
            invite.used += 1
        return invite

    def revoked(self, invite_id: str) -> None:
        """Revoke an invite."""
        if invite_id in self.by_id:
            self.by_id[invite_id].is_revoked = True

    def forget_room(self, room: str) -> None:
        """Let the invites to a removed room lead to no room: one made again under its name is another room."""
        for invite in self.by_id.values():
            if invite.room == room:
                invite.room = None

    def good(self, now: int) -> list[Invite]:
        """Return the valid invites, oldest first."""
        return [invite for invite in self.by_id.values() if invite.is_good(now)]

    def beginning(self, prefix: str, now: int) -> Invite:
        """Return the only valid invite whose id starts with ``prefix``; raises NotFound."""
        found = [invite for invite in self.good(now) if prefix and invite.id.startswith(prefix.lower())]
        if len(found) != 1:
            raise NotFound("No invite, or more than one, has this ID. `socketchat admin invite list` shows them.")
        return found[0]

    def of_token(self, token: str) -> Invite:
        """Return the invite with this token; raises BadInvite."""
        invite = self.by_id.get(invite_id(token))
        if invite is None:
            raise BadInvite("This server does not know the invite; ask for a new one.")
        return invite


def invite_id(token: str) -> str:
    """Return the id of the invite with this token, which does not reveal the token; raises UsageProblem."""
    return sha256(from_word(token, INVITE_BYTES, "The token of an invite")).hexdigest()
