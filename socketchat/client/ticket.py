"""What somebody who is new on a server can show beside the key: a join code, or the token of an invite."""

from __future__ import annotations

from typing import NamedTuple


class Ticket(NamedTuple):
    """A join ``code`` as it was typed, or the token of an ``invite``; neither is ever written down."""

    code: str | None = None
    invite: str | None = None

    def __repr__(self) -> str:
        """Return what may be logged."""
        return "Ticket()"


NO_TICKET = Ticket()
