"""The credentials of a newcomer beside the key: a join code, an invite's token, or a password."""

from __future__ import annotations

from typing import NamedTuple


class Credentials(NamedTuple):
    """A join ``code`` as typed, the token of an ``invite`` or of a ``reset``, or the ``password`` of the name.

    The client never stores them.
    """

    code: str | None = None
    invite: str | None = None
    password: str | None = None
    reset: str | None = None

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return "Credentials()"


NO_CREDENTIALS = Credentials()
