"""The address of a server: how users write it, which one is the default, and why it cannot be reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from socket import AF_INET6, gaierror, inet_pton
from typing import NamedTuple, Protocol

from ..exceptions import Unreachable, UsageProblem, reason
from ..protocol.limits import DEFAULT_PORT

DEFAULT_HOST = "127.0.0.1"

NAME_BYTES = 253
"""Longest name in DNS."""

_LABEL = re.compile("[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?").fullmatch
_ZONE = re.compile("[0-9A-Za-z_.~-]{1,64}").fullmatch


LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine. Other names may lead here too, but DNS decides where a name leads."""


class Address(NamedTuple):
    """A host, without brackets, and a port."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether the host is a name of this machine itself, judged by the name alone."""
        return self.host.lower() in LOCAL_HOSTS

    @property
    def wire_host(self) -> bytes:
        """The host for getaddrinfo, as bytes, to save loading a codec; raises gaierror."""
        try:
            return self.host.encode("ascii" if self.host.isascii() else "idna")
        except UnicodeError:
            raise gaierror from None

    @property
    def tls_host(self) -> str:
        """The host as TLS names it, without the zone of an IPv6 address, which matters only to this machine."""
        return self.wire_host.decode().partition("%")[0]

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host(text: str) -> tuple[str, int | None]:
    """Return host and port of "host", "host:port", "[v6]:port" or a bare IPv6 address; raises UsageProblem."""
    host, port = text, ""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise UsageProblem(f"{text!r} is not an address. Write an IPv6 address with a port as [::1]:5000.")
        port = port[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or (text.endswith(":") and not host.endswith(":")):
        raise UsageProblem(f"{text!r} is not an address. Write HOST or HOST:PORT.")
    if ":" in host and not _is_ipv6(host):
        raise UsageProblem(f"{text!r} is not an address. Write HOST or HOST:PORT, and IPv6 as [::1]:5000.")
    if ":" not in host and not _is_name(host):
        raise UsageProblem(f"{text!r} is not an address: {host!r} is not a host name. Write HOST or HOST:PORT.")
    return host, parse_port(port) if port else None


def _is_ipv6(host: str) -> bool:
    address, percent, zone = host.partition("%")
    try:
        inet_pton(AF_INET6, address)
    except (OSError, ValueError):
        return False
    return not percent or _ZONE(zone) is not None


def _is_name(host: str) -> bool:
    """Tell whether a host may be a name or an IPv4 address."""
    try:
        name = Address(host, 0).wire_host.decode()
    except gaierror:
        return False
    return len(name) <= NAME_BYTES and all(map(_LABEL, name.removesuffix(".").split(".")))


def parse_port(text: str) -> int:
    """Return a port from 1 to 65535; raises UsageProblem."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535:
        return int(text)
    raise UsageProblem(f"{text!r} is not a port. A port is a number from 1 to 65535.")


def is_loopback(peer: str) -> bool:
    """Tell whether the address of a connection is this machine's own."""
    return peer.startswith("127.") or peer == "::1"


class Servers(Protocol):
    """The servers that the user knows."""

    def default(self) -> Address | None:
        """Return the default server."""

    def known(self) -> list[Address]:
        """Return an address of each trusted server, one for each key."""


def find_server(host: str | None, port: int | None, environ: Mapping[str, str], servers: Servers) -> Address:
    """Return the server: from options, SOCKETCHAT_HOST and SOCKETCHAT_PORT, the user's default, or our default.

    If the user knows one server and has no default, that is the one. ``servers`` are asked only if nothing else names
    the host. Raises UsageProblem.
    """
    told_port = environ.get("SOCKETCHAT_PORT")
    if host is not None:
        name, own_port = parse_host(host)
        if port and own_port and port != own_port:
            raise UsageProblem(f"{host} and --port {port} give different ports. Leave one of them out.")
        port = port or own_port
        default = DEFAULT_PORT
    elif told_host := environ.get("SOCKETCHAT_HOST"):
        name, own_port = parse_host(told_host)
        default = own_port or DEFAULT_PORT
    else:
        meant = servers.default()
        if meant is None and not (port or told_port):
            meant = _only_one(servers.known())
        name, default = meant or Address(DEFAULT_HOST, DEFAULT_PORT)
    return Address(name, port or (parse_port(told_port) if told_port else default))


def _only_one(known: list[Address]) -> Address | None:
    """Return the only server that the user knows, or None; raises UsageProblem if the user knows several."""
    if len(known) > 1:
        raise UsageProblem(
            f"Which server? You know {len(known):,} and have no default. Name one with --host, or make it the default: "
            f"socketchat trust --default {known[0]}"
        )
    return known[0] if known else None


def unreachable(address: Address, problem: OSError) -> Unreachable:
    """Return the error that says why a server cannot be reached, and what to check."""
    reason, advice = _reason(problem)
    return Unreachable(f"Cannot connect to {address}: {reason}. {advice}")


def _reason(problem: OSError) -> tuple[str, str]:
    if isinstance(problem, gaierror):
        return "unknown host", "Check the spelling."
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused", "Is `socketchat serve` running there?"
    if isinstance(problem, TimeoutError):
        return "the server did not answer in time", "Check the address and your network."
    return reason(problem), "Check the address and your network."
