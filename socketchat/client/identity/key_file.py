"""Exports the user's key as a line of text, and imports it again."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from ...exceptions import BadFile, Refused, reason
from ...files import write
from ...protocol.authentication.proofs import KEY_BYTES
from .keys import Key
from .profiles import Profile

HEADER = "socketchat-key-v1"

SALT_BYTES = 16
NONCE_BYTES = 12

MEMORY_KIB = 65_536
"""Nothing else protects a stolen file: 64 MiB and three passes cost the owner a fifth of a second."""

PASSES = 3


def exported(key: Key, passphrase: str) -> str:
    """Return a key as a line, encrypted if the passphrase is not empty."""
    if not passphrase:
        return f"{HEADER} plain {key.seed.hex()}"
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    sealed = ChaCha20Poly1305(_stretched(passphrase, salt)).encrypt(nonce, key.seed, HEADER.encode())
    return f"{HEADER} argon2id {(salt + nonce + sealed).hex()}"


def needs_passphrase(line: str) -> bool:
    """Tell whether an exported key is encrypted; raises BadFile if it is not an exported key."""
    return _parts(line)[0] == "argon2id"


def imported(line: str, passphrase: str) -> Key:
    """Return an exported key; raises BadFile, and Refused for a wrong passphrase."""
    kind, content = _parts(line)
    if kind == "argon2id":
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        salt, nonce = content[:SALT_BYTES], content[SALT_BYTES : SALT_BYTES + NONCE_BYTES]
        try:
            sealed = content[SALT_BYTES + NONCE_BYTES :]
            content = ChaCha20Poly1305(_stretched(passphrase, salt)).decrypt(nonce, sealed, HEADER.encode())
        except (InvalidTag, ValueError):
            raise Refused("The passphrase is wrong, or the file is damaged.") from None
    if len(content) != KEY_BYTES:
        raise BadFile("This exported key is damaged. Use another copy.")
    return Key(content)


def put_in_place(profile: Profile, key: Key, *, replace: bool) -> str | None:
    """Make a key the user's; return the new path of the previous key. Raises Refused if it may not be replaced."""
    path = Path(profile.key_path)
    aside = None
    if path.exists():
        if _is_same(profile, key):
            return None
        if not replace:
            raise Refused(f"{path} already has another key, with other names. Add --replace to move it aside.")
        aside = next(new for number in count(1) if not (new := path.with_name(f"key.old{number}")).exists())
        try:
            write(aside, path.read_bytes(), over=False)
        except OSError as problem:
            raise BadFile(f"Cannot keep {path} as {aside}: {reason(problem)}. Nothing was changed.") from None
    profile.keep_key(key, replace=replace)
    return None if aside is None else str(aside)


def _is_same(profile: Profile, key: Key) -> bool:
    try:
        return profile.key.public == key.public
    except BadFile:
        return False  # a damaged key counts as another key, and is kept too


def _parts(line: str) -> tuple[str, bytes]:
    try:
        header, kind, digits = line.split()
        content = bytes.fromhex(digits)
    except ValueError:
        header, kind, content = "", "", b""
    if header != HEADER or kind not in {"plain", "argon2id"}:
        raise BadFile("This is not an exported key. `socketchat key export` creates one.")
    return kind, content


def _stretched(passphrase: str, salt: bytes) -> bytes:
    from unicodedata import normalize

    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    secret = normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    try:
        kdf = Argon2id(salt=salt, length=KEY_BYTES, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB)
        return kdf.derive(secret)
    except ValueError:  # the salt is too short
        raise BadFile("This exported key is damaged. Use another copy.") from None
