"""Reads the local secret of a server on this machine; only the account that runs the server can read it."""

# ruff: noqa: PTH117, PTH118, PTH119
# pathlib would cost `send` a twentieth of its start.

from __future__ import annotations

import os
from contextlib import suppress

from ...exceptions import BadFile
from ...files import read_private
from ...paths import server_data
from ...protocol.authentication.entry_proof import LOCAL_SECRET, LOCAL_SECRET_BYTES
from ..session.login import SecretReader, no_secret


def secret_reader(*, is_local: bool) -> SecretReader:
    """Return the reader of a server's local secret; a server on another machine has none."""
    return read_local_secret if is_local else no_secret


def read_local_secret(told: str | None) -> bytes | None:
    """Return the secret in the file that the server named, or in the default place; None if it is not for us.

    Call this only when connected to this machine itself. Even then, any account may run the server. So the file must
    have the expected name, belong to this user, and be private.
    """
    try:
        path = told if told is not None else os.path.join(server_data(), LOCAL_SECRET)
    except BadFile:
        return None
    if os.name != "posix" or not os.path.isabs(path) or os.path.basename(path) != LOCAL_SECRET:
        return None
    with suppress(BadFile, ValueError):
        content = (
            read_private(
                path, "which lets anyone who can read it log in", most=2 * LOCAL_SECRET_BYTES + 2, follow=False
            )
            or b""
        )
        secret = bytes.fromhex(content.decode("ascii").strip())
        return secret if len(secret) == LOCAL_SECRET_BYTES else None
    return None
