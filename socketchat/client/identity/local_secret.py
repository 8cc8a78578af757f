"""The local secret of a server on this machine, which only whoever hosts the server can read."""

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
    """Return what reads the local secret of a server, which only one on this machine has."""
    return read_local_secret if is_local else no_secret


def read_local_secret(told: str | None) -> bytes | None:
    """Return the secret in the file that a server told, or in the default place; None where that is not for us.

    To be called only when connected to this machine itself. Even there who answers may be anybody, so the path is taken
    for no more than it should be: a file of this name, which is this user's and nobody else can read.
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
