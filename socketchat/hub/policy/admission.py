"""Admission: the one place that decides which users may log in; unknown cases are denied."""

from __future__ import annotations

from hmac import compare_digest
from typing import Literal, Protocol

from ..sessions import Channel

Who = Literal["owner", "known", "newcomer", "guest"]
"""A user whose key or password proves the name, a user with a known key who wants a new name, a newcomer with an
unknown key, or a guest without a key."""

Shown = Literal["local", "code", "invite", "password"]
"""The kind of credential that a newcomer or a guest has proved; "password" is the server's."""

UNSAFE_PAGE = (
    "The server's certificate is self-signed, so your browser cannot tell who made this page. Use an invite here, or "
    "`socketchat join` in a terminal."
)


class JoinCode(Protocol):
    """Keeps the join code, and shows it to the operator."""

    code: str

    async def change_code(self) -> None:
        """Create a new code, which invalidates the old one; raises BadFile."""


class Admission:
    """Decides about newcomers: if it ``is_open``, everyone is admitted, otherwise a credential is needed.

    ``code_key`` derives from the join code, and ``local_secret`` is in ``secret_file``; neither is ever sent. If the
    server has a ``password``, it replaces the join code for IRC clients, and guests need it everywhere.
    """

    __slots__ = ("addresses", "code_key", "is_open", "join_code", "local_secret", "password", "secret_file")

    def __init__(
        self,
        *,
        is_open: bool = False,
        code_key: bytes = b"",
        local_secret: bytes = b"",
        secret_file: str | None = None,
        password: str = "",
    ) -> None:
        self.is_open = is_open
        self.code_key = code_key
        self.local_secret = local_secret
        self.secret_file = secret_file
        self.password = password
        self.join_code: JoinCode | None = None
        self.addresses: list[str] = []  # ADDR:PORT, when the server listens

    def accepts(self, password: str) -> bool:
        """Tell whether this is the server's password."""
        return bool(self.password) and compare_digest(password.encode(), self.password.encode())

    def admits(self, who: Who, channel: Channel, shown: Shown | None = None) -> bool:
        """Tell whether a user may log in over this channel.

        A code needs a certificate that its proof covers; a token needs a channel that others cannot read. Behind a
        tunnel, no channel is treated as loopback.
        """
        match who, shown:
            case (("owner" | "known"), _):
                return True
            case (("newcomer" | "guest"), "password"):
                return bool(self.password)
            case "guest", None if self.password:
                return False
            case (("newcomer" | "guest"), _) if self.is_open and not self.password:
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
