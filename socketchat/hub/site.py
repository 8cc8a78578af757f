"""The server as a web site: under which origins it is reached, and the pages that it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .sessions import Channel

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The names by which a browser reaches a server on its own machine."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""Ports that browsers leave out of an origin (RFC 6454, 6.2)."""


class Page(NamedTuple):
    """A static file: its media type, its content, and its ETag with the quotes."""

    media_type: str
    content: bytes
    etag: str


class Gauge(NamedTuple):
    """A number for monitoring, or several of them by a label."""

    name: str
    meaning: str
    value: float | Mapping[str, int]
    label: str = ""


def _no_gauges() -> Sequence[Gauge]:
    return ()


class Site:
    """What a server knows of itself as a web site.

    ``names`` are those of its certificate, which ``is_certified`` unless it is self-signed. ``origins`` are those that
    the operator added, such as ``https://chat.example.org``. ``pages`` are the static files by path. ``trouble``
    returns why nothing can be stored, or "", and ``gauges`` the numbers for monitoring.
    """

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.is_certified = False
        self.origins: frozenset[str] = frozenset()
        self.pages: Mapping[str, Page] = {}
        self.hsts = False
        self.trouble: Callable[[], str] = str
        self.gauges: Callable[[], Sequence[Gauge]] = _no_gauges

    def origin(self, channel: Channel, host: str) -> str | None:
        """Return the origin of a request with this Host header, or None if the host is not one of the server's.

        A page of another site can name this server's address as its own host (DNS rebinding), or relay a connection;
        it cannot do so under a host of this list.
        """
        host = host.lower()
        for origin in self.origins:
            scheme, _, rest = origin.partition("://")
            if host in {rest, f"{rest}:{DEFAULT_PORTS.get(scheme, 0)}"}:
                return origin
        scheme = "https" if channel.is_tls else "http"
        address, own_port = channel.reached
        name, port = _split(host, DEFAULT_PORTS[scheme])
        if port != own_port or not (self._has(name) or name == _bracketed(address) or _is_here(name, channel)):
            return None
        return f"{scheme}://{name}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{name}:{port}"

    def _has(self, name: str) -> bool:
        """Tell whether the certificate is for a name; a wildcard stands for one label (RFC 9525, 6.3)."""
        return name in self.names or f"*.{name.partition('.')[2]}" in self.names


def _is_here(name: str, channel: Channel) -> bool:
    return channel.is_loopback and name in LOOPBACK_NAMES


def _split(host: str, port: int) -> tuple[str, int]:
    """Return the name and the port of a Host header; port 0 if it is invalid."""
    name, colon, digits = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        return host, port
    return name, int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 5 else 0


def _bracketed(address: str) -> str:
    return f"[{address.lower()}]" if ":" in address else address
