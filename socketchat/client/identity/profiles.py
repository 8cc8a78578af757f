"""What a client remembers: the user's key, and for each server, the name and the direct messages shown.

The key is written once, and the small record of a server is replaced as a whole. Processes that start simultaneously
agree on one key, and no reader ever finds half a file. Only the owner may read the files.
"""

# ruff: noqa: PTH118, PTH123, PTH208
# pathlib would cost `send` a twentieth of its start.

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ...exceptions import BadFile
from ...files import check_directory, make_directory, read_private, turn, unusable, write
from ...paths import client_data
from ...protocol.authentication.proofs import KEY_BYTES
from ...protocol.conversations import is_room
from ...protocol.names import name_key
from ..address import Address
from .keys import Key

if TYPE_CHECKING:
    from ..session.login import Signer
    from .trust import Trust

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
"""Characters of a host or a user that stand for themselves in a file's name."""


DEFAULT = "default.json"
"""The file with the default server."""

PIN = ".pin"

PIN_BYTES = 100
"""Bytes read of a pin at most; a pin has 51."""


class _Record(msgspec.Struct, omit_defaults=True):
    """The part of a profile that changes; ``positions`` are those of direct messages, valid in ``epoch``."""

    name: str | None = None
    epoch: str | None = None
    positions: dict[str, int] = {}


class _Server(msgspec.Struct):
    host: str
    port: int


_Kept = TypeVar("_Kept", _Record, _Server)


class Profiles:
    """The profiles of this user, in a directory of their own. All methods raise BadFile."""

    def __init__(self, directory: str | None = None) -> None:
        self._directory = directory or client_data()
        with suppress(OSError):  # its users create the directory, or report why they cannot
            check_directory(self._directory)

    def server(self, host: str, port: int) -> Profile:
        """Return the profile for a server."""
        return Profile(self._directory, Address(host, port))

    def default(self) -> Address | None:
        """Return the default server: the first one joined, or the user's choice."""
        default = _read(os.path.join(self._directory, DEFAULT), _Server)
        return Address(default.host, default.port) if default else None

    def make_default(self, address: Address) -> None:
        """Make a server the default."""
        self.server(*address).be_default(over=True)

    def known(self) -> list[Address]:
        """Return an address of each trusted server; several addresses with one key are one server."""
        try:
            found = sorted(map(_address, os.listdir(self._directory)), key=_by_distance)
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise unusable(self._directory, problem) from None
        servers: dict[str, Address] = {}
        for address in filter(None, found):
            pin = self.server(*address).read_pin() or ""
            # The key of a server is not kept if an authority vouches for it.
            servers.setdefault(pin if ":" in pin else address.host, address)
        return list(servers.values())


class Profile:
    """The client's record of one server; files are read and created when they are needed. All methods raise BadFile."""

    def __init__(self, directory: str, address: Address) -> None:
        self.address = address
        self._directory = directory
        self._path = os.path.join(directory, _file_name(address))
        self._key: Key | None = None
        self._known: _Record | None = None

    @property
    def key(self) -> Key:
        """The key that proves the user's identity on every server; created on first use."""
        if self._key is None:
            path = self.key_path
            self._key = _read_key(path) or self._make_key(path, Key(os.urandom(KEY_BYTES)))
        return self._key

    @property
    def signer(self) -> Signer:
        """The key; if it does not exist, it is created only before a server is told of it."""
        return self.key if os.path.lexists(self.key_path) else _LateKey(self)

    @property
    def key_path(self) -> str:
        """The path of the key, which may not exist yet."""
        return os.path.join(self._directory, "key")

    def keep_key(self, key: Key, *, replace: bool = False) -> None:
        """Use this key from now on, if no key exists yet, or instead of the existing one."""
        self._key = self._make_key(self.key_path, key, replace=replace)
        if self._key.public != key.public:
            raise BadFile(f"Another program just created {self.key_path}. Try again.")

    @cached_property
    def trust(self) -> Trust:
        """The trust in the server."""
        from .trust import Trust

        return Trust(self.address, self)

    @property
    def name(self) -> str | None:
        """The name last used on this server."""
        return self._record().name

    @property
    def epoch(self) -> str | None:
        """The epoch of the positions."""
        return self._record().epoch

    @property
    def positions(self) -> dict[str, int]:
        """The newest seq shown in each conversation of direct messages."""
        return dict(self._record().positions)

    def outbox(self, name: str) -> str:
        """Return the directory of the unconfirmed messages of a name; it may not exist."""
        return os.path.join(f"{self._path}.outbox", "@" + _plain(name_key(name)))

    def joined(self, name: str) -> None:
        """Remember the name, and the server as the default if it is the first one joined."""
        if self._record().name != name:
            with self._changed() as record:
                record.name = name
        self.be_default()

    def be_default(self, *, over: bool = False) -> None:
        """Become the default server, unless another one is the default already; with ``over``, even then."""
        path = os.path.join(self._directory, DEFAULT)
        if over or not os.path.lexists(path):
            self._write(path, msgspec.json.encode(_Server(*self.address)), over=over)

    def read_pin(self) -> str | None:
        """Return the pin of the server."""
        return _read_pin(f"{self._path}{PIN}")

    def keep_pin(self, pin: str, *, replace: bool = False) -> None:
        """Pin the server; an earlier pin stays, unless it is to be replaced."""
        self._write(f"{self._path}{PIN}", f"{pin}\n".encode(), over=replace)

    def keep(self, epoch: str, positions: Mapping[str, int]) -> None:
        """Remember positions, except those of rooms: the last lines of a room are shown on every arrival."""
        shown = {conversation: seq for conversation, seq in positions.items() if not is_room(conversation)}
        known = self._record()
        if known.epoch == epoch and shown.items() <= known.positions.items():
            return
        with self._changed() as record:
            if record.epoch == epoch:
                # Another process of this user may have shown more, and other names have other conversations.
                shown = {each: max(seq, record.positions.get(each, 0)) for each, seq in shown.items()}
                shown = record.positions | shown
            record.epoch, record.positions = epoch, shown

    @contextmanager
    def _changed(self) -> Iterator[_Record]:
        """Change the record and write it; other processes of this user may change it too."""
        try:
            make_directory(self._directory)
            with turn(self._directory):
                record = self._reread()
                yield record
                write(f"{self._path}.json", msgspec.json.encode(record))
        except OSError as problem:
            raise unusable(f"{self._path}.json", problem) from None

    def _record(self) -> _Record:
        return self._known or self._reread()

    def _reread(self) -> _Record:
        self._known = _read(f"{self._path}.json", _Record) or _Record()
        return self._known

    def _make_key(self, path: str, fresh: Key, *, replace: bool = False) -> Key:
        """Create a key, unless another process was first; return the valid one."""
        # Servers bind names to the key, so it must outlast a power cut.
        self._write(path, fresh.seed.hex().encode() + b"\n", over=replace)
        key = _read_key(path)
        if key is None:
            raise BadFile(f"Another program just removed {path}. Try again.")
        return key

    def _write(self, path: str, content: bytes, *, over: bool = True) -> None:
        try:
            make_directory(self._directory)
            write(path, content, over=over)
        except OSError as problem:
            raise unusable(path, problem) from None


class _LateKey:
    """The key of a profile, created when it is first needed."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @property
    def public(self) -> str:
        """The public key, in base64url without padding."""
        return self._profile.key.public

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._profile.key.sign(message)


def _file_name(address: Address) -> str:
    host = "localhost" if address.is_local else address.host.lower()  # the names of this machine are one server
    return f"{_plain(host)}_{address.port}"


def _address(file_name: str) -> Address | None:
    """Return the server to which a pin belongs; None if it belongs to no server."""
    host, _, port = file_name.removesuffix(PIN).rpartition("_")
    if not file_name.endswith(PIN) or not host or not port.isdecimal():
        return None
    parts = host.split("%")
    try:
        parts[1::2] = [chr(int(digits, 16)) for digits in parts[1::2]]  # every second one is an escaped character
    except ValueError:
        return None
    return Address("".join(parts), int(port))


def _by_distance(address: Address | None) -> tuple[bool, Address]:
    """Sort addresses of this machine before others."""
    address = address or Address("", 0)
    return not address.is_local, address


def _plain(words: str) -> str:
    return "".join(each if each in _PLAIN else f"%{ord(each):x}%" for each in words)


def _read_key(path: str) -> Key | None:
    content = read_private(path, "which proves who you are", most=2 * KEY_BYTES + 3)
    if content is None:
        return None
    try:
        seed = bytes.fromhex(content.decode())
    except ValueError:
        seed = b""
    if len(seed) != KEY_BYTES:
        raise BadFile(f"{path} is damaged. Restore it from a copy; or, to give up its names, run: rm {_quoted(path)}")
    return Key(seed)


def _read_pin(path: str) -> str | None:
    # An account that can write here, or to the target of a link, decides which server is the right one.
    content = read_private(path, "which says who the server is", most=PIN_BYTES, follow=False)
    return None if content is None else content.decode("ascii", "replace").strip()


def _read(path: str, kind: type[_Kept]) -> _Kept | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
        # After a power cut, a file that was not synced may be empty.
        return msgspec.json.decode(content, type=kind) if content else None
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadFile(f"{path} is damaged. Remove it: rm {_quoted(path)}") from None
    except OSError as problem:
        raise unusable(path, problem) from None


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)
