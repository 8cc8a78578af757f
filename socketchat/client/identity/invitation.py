"""Invitations: a URL with the server's address and, in its fragment, the fingerprint of its key and a token."""

from __future__ import annotations

from typing import NamedTuple

from ...exceptions import UsageProblem
from ...protocol.authentication.certificates import FINGERPRINT_BYTES, to_fingerprint
from ...protocol.authentication.entry_proof import INVITE_BYTES
from ...protocol.authentication.proofs import from_word, to_word
from ...protocol.limits import DEFAULT_PORT
from ...protocol.names import check_name
from ..address import Address, parse_host
from ..session.credentials import Credentials

SCHEME = "socketchat://"
WEB_SCHEME = "https://"
WEB_PORT = 443
WEB_SIGN = "invite="
"""How the fragment of a URL for browsers begins: the page looks for it, and the browser sends no fragment."""

URL_CHARACTERS = 1000
"""Characters of the longest URL: the longest host name, and all the rest."""


class Invitation(NamedTuple):
    """The address of a server, the SHA-256 of its public ``key``, and the ``token`` that lets a newcomer in.

    With a ``name``, the token gives that name back to its owner, who lost the keys.
    """

    address: Address
    key: bytes
    token: str
    name: str | None = None

    @property
    def url(self) -> str:
        """The URL; anyone who reads it can log in."""
        return f"{SCHEME}{self.address}/#{self._fragment}"

    @property
    def web_url(self) -> str:
        """The URL for browsers, which ``socketchat join`` takes too."""
        address = str(self.address).removesuffix(f":{WEB_PORT}")
        return f"{WEB_SCHEME}{address}/#{WEB_SIGN}{self._fragment}"

    @property
    def _fragment(self) -> str:
        whose = "" if self.name is None else f".{_quoted(self.name)}"
        return f"{to_word(self.key)}.{self.token}{whose}"

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the server's key, as users see it."""
        return to_fingerprint(self.key)

    @property
    def credentials(self) -> Credentials:
        """The credentials for the server."""
        return Credentials(invite=self.token) if self.name is None else Credentials(reset=self.token)

    def __repr__(self) -> str:
        """Return what may be logged: no secrets."""
        return f"Invitation({self.address})"


def is_url(text: str) -> bool:
    """Tell whether a word looks like an invitation; a name never does."""
    return text.lstrip().lower().startswith((SCHEME, WEB_SCHEME))


def parse_invitation(text: str) -> Invitation:
    """Return the invitation in a URL; raises UsageProblem, which does not repeat the token."""
    url = text[:URL_CHARACTERS].strip()
    is_web = url.lower().startswith(WEB_SCHEME)
    where, sign, fragment = url[len(WEB_SCHEME if is_web else SCHEME) :].partition("#")
    if is_web:
        sign, fragment = WEB_SIGN * fragment.startswith(WEB_SIGN), fragment.removeprefix(WEB_SIGN)
    key, dot, rest = fragment.partition(".")
    token, _, whose = rest.partition(".")
    if not is_url(url) or not sign or not dot:
        raise UsageProblem(
            "This is not an invite. It looks like socketchat://HOST:PORT/#… or https://HOST:PORT/#invite=…; ask "
            "whoever runs the server for one."
        )
    try:
        name = check_name(_unquoted(whose)) if whose else None
        host, port = parse_host(where.rstrip("/"))
        from_word(token, INVITE_BYTES, "A token")
        pin = from_word(key, FINGERPRINT_BYTES, "A fingerprint")
    except UsageProblem:
        raise UsageProblem("This invite is damaged. Copy all of it, up to the last character.") from None
    return Invitation(Address(host, port or (WEB_PORT if is_web else DEFAULT_PORT)), pin, token, name)


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _unquoted(word: str) -> str:
    from urllib.parse import unquote

    return unquote(word)
