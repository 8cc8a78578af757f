"""Decides which server is the right one: the first login pins its key, or the fact that an authority vouches for it.

As with ssh's known_hosts, a server is known by host and port. Later, if the server shows another key, or a certificate
that no authority vouches for any more, the attempt ends before the client sends a byte.
"""

from __future__ import annotations

import ssl
from typing import Protocol

from ...exceptions import BadFile, CertificateChanged, UnknownServer, Unreachable, UsageProblem
from ...protocol.authentication.certificates import Certificate, from_fingerprint, read_certificate, to_fingerprint
from ...protocol.limits import ALPN
from ..address import Address, is_loopback
from ..session.login import Host
from .local_secret import secret_reader

_AUTHORITY = "authority"
"""The pin of a server for which an authority of the system vouches; its certificate may be renewed."""


class Store(Protocol):
    """Keeps a pin."""

    def read_pin(self) -> str | None:
        """Return the pin."""

    def keep_pin(self, pin: str, *, replace: bool = False) -> None:
        """Keep a pin; an earlier one stays, unless it is to be replaced."""


class Trust:
    """The known key of the server at an address, and what a login finds out about it.

    ``store`` keeps the result; without a store, nothing is remembered. If ``fingerprint`` is given, the server's key
    must have it, whatever the store says. All methods may raise BadFile.
    """

    def __init__(self, address: Address, store: Store | None, fingerprint: str | None = None) -> None:
        self._address = address
        self._store = store
        self._given = from_fingerprint(fingerprint) if fingerprint is not None else None
        self._invited = False  # whether only an invite tells the key
        self._vouched: bool | None = None  # whether an authority vouches for the certificate; None before the check
        self._pin: str | None = None  # the pin to store once the login has succeeded
        self.shown: Certificate | None = None
        """The certificate that the server showed last."""
        self.is_new = False
        """Whether the server was pinned just now, for the first time, without asking the user."""

    def context(self, peer: str) -> ssl.SSLContext:
        """Return the TLS context for the handshake, with or without a check by the authorities."""
        known = self._known()
        if known == _AUTHORITY or (known is None and self._vouched is not False and not self._is_local(peer)):
            context = ssl.create_default_context()
            self._vouched = True
        else:
            # Made by hand: loading the authorities, which do not matter here, would cost `send` half of its start.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self._vouched = False
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([ALPN])
        return context

    def not_vouched_for(self, problem: ssl.SSLCertVerificationError) -> None:
        """Note that no authority vouches for the server; raises CertificateChanged if an authority did before."""
        if self._known() == _AUTHORITY:
            raise CertificateChanged(
                f"The certificate of {self._address} is no longer valid ({problem.verify_message}). "
                "Someone may be intercepting the connection. Nothing was sent. If the server is right, accept the "
                f"fingerprint that it shows when it starts: socketchat trust {self._address} FINGERPRINT"
            )
        self._vouched = False

    def check(self, der: bytes | None, peer: str) -> Host:
        """Return the host for the server at an address, which shows this certificate (DER).

        A server on this machine is trusted at first sight, but only if the user named this machine: DNS could lead any
        other name here, to a port of any account of this machine.

        Raises CertificateChanged if the certificate is not the known one.
        """
        self.shown = shown = read_certificate(der or b"")
        known = self._known()
        if known is None:
            self._pin = _AUTHORITY if self._vouched else shown.fingerprint
        elif known != (_AUTHORITY if self._vouched else shown.fingerprint):
            if self._invited:
                raise CertificateChanged(
                    f"The invite is for a server with the fingerprint {known}, but the server at {self._address} has "
                    f"{shown.fingerprint}. Nothing was sent. Ask for a new invite."
                )
            raise CertificateChanged(
                f"The key of {self._address} changed: its fingerprint was {known}, and now is {shown.fingerprint}. "
                "Someone may be intercepting the connection. Nothing was sent. Ask whoever runs the server. If the new "
                f"key is right, accept it: socketchat trust {self._address} {shown.fingerprint}"
            )
        is_local = self._is_local(peer)
        is_known = known is not None or bool(self._vouched) or is_local
        return Host(shown.binding, shown.key, is_known, secret_reader(is_local=is_local), str(self._address))

    def unknown(self) -> UnknownServer:
        """Return the error for a server for which nothing vouches."""
        shown = self.shown.fingerprint if self.shown is not None else "not known"
        return UnknownServer(
            f"The server at {self._address} is not known yet; its fingerprint is {shown}. Use an invite "
            "(--invite-file), or ask whoever runs the server. If the fingerprint is right, accept it: "
            f"socketchat trust {self._address} {shown}"
        )

    def accept(self, fingerprint: str) -> None:
        """Accept a server with this fingerprint from now on; ``confirm`` pins it."""
        self._given = from_fingerprint(fingerprint)
        self._pin = fingerprint

    def expect(self, fingerprint: str) -> None:
        """Accept only the server with the fingerprint in an invite; raises CertificateChanged."""
        known = self._known()
        if known is None:
            self.accept(fingerprint)
            self._invited = True
        elif known not in {fingerprint, _AUTHORITY}:
            raise CertificateChanged(
                f"You know {self._address} by the fingerprint {known}, but the invite has {fingerprint}. Nothing was "
                "sent. Ask whoever runs the server. If the invite is right, accept its key: "
                f"socketchat trust {self._address} {fingerprint}"
            )

    def confirm(self) -> None:
        """Pin the accepted key, after the login has succeeded."""
        pin, self._pin = self._pin, None
        if pin is None or self._store is None:
            return
        self.is_new = self._given is None and pin != _AUTHORITY
        self._store.keep_pin(pin)
        if (kept := self._store.read_pin()) != pin:
            raise CertificateChanged(
                f"Another process just remembered {self._address} as {kept}, not as {pin}. Check the fingerprint."
            )
        # From now on, the stored pin counts: `socketchat trust` may change it during a visit.
        self._given, self._invited = None, False

    def replace(self, fingerprint: str) -> None:
        """Pin this fingerprint instead of any earlier one."""
        if self._store is not None:
            self._store.keep_pin(to_fingerprint(from_fingerprint(fingerprint)), replace=True)

    def _is_local(self, peer: str) -> bool:
        """Tell whether the user named this machine, and the name led to it."""
        return self._address.is_local and is_loopback(peer)

    def _known(self) -> str | None:
        if self._given is not None:
            return to_fingerprint(self._given)
        kept = self._store.read_pin() if self._store is not None else None
        if kept is not None and kept != _AUTHORITY:
            try:
                from_fingerprint(kept)
            except UsageProblem:
                raise BadFile(
                    f"The stored key of {self._address} is damaged. Accept the fingerprint that the server "
                    f"shows when it starts: socketchat trust {self._address} FINGERPRINT"
                ) from None
        return kept


def handshake_failed(address: Address, problem: ssl.SSLError) -> Unreachable:
    """Return the error for a server with which the TLS handshake failed."""
    if problem.reason in {"WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        return Unreachable(
            f"Cannot connect to {address}: the server there does not use TLS. Is it a socketchat server?"
        )
    why = (problem.reason or "cut").replace("_", " ").lower()
    return Unreachable(f"Cannot connect to {address}: the TLS handshake failed ({why}). Is it a socketchat server?")
