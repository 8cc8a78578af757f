"""The admission: who may come in, decided in one place, which says no to all that it does not know."""

from __future__ import annotations

from typing import Literal, Protocol

from ..sessions import Channel

Who = Literal["owner", "known", "newcomer", "guest"]
"""Somebody whose key or password proves the name, somebody who wants a new one with a key that owns another name or
with one that owns none, or somebody without a key."""

Shown = Literal["local", "code", "invite"]
"""What a newcomer has shown, and what was found to be right."""


class JoinCode(Protocol):
    """Keeps the join code, and shows it to the operator."""

    code: str

    async def change_code(self) -> None:
        """Draw a new code; the old one is worth nothing from now on. Raises BadFile."""


class Admission:
    """What lets newcomers in: everybody where it ``is_open``, else what they show.

    ``code_key`` is what the join code stands for, ``local_secret`` what ``secret_file`` holds; neither is ever told.
    """

    __slots__ = ("addresses", "code_key", "is_open", "join_code", "local_secret", "secret_file")

    def __init__(
        self,
        *,
        is_open: bool = False,
        code_key: bytes = b"",
        local_secret: bytes = b"",
        secret_file: str | None = None,
    ) -> None:
        self.is_open = is_open
        self.code_key = code_key
        self.local_secret = local_secret
        self.secret_file = secret_file
        self.join_code: JoinCode | None = None
        self.addresses: list[str] = []  # where newcomers knock, once the server listens; ADDR:PORT

    def admits(self, who: Who, channel: Channel, shown: Shown | None = None) -> bool:
        """Tell whether somebody may come in over this channel.

        A code is worth nothing without a certificate that its proof covers, and a token none where others may read it.
        Behind a tunnel no channel is a loopback's.
        """
        match who, shown:
            case (("owner" | "known"), _):
                return True
            case (("newcomer" | "guest"), _) if self.is_open:
                return True
            case "newcomer", "local":
                return True
            case "newcomer", "code":
                return channel.is_tls
            case "newcomer", "invite":
                return channel.is_private
            case "guest", None:
                return channel.is_loopback
        return False
