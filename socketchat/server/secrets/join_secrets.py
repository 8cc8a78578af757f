"""Keeps the join code and the local secret in files that only the server's own account may read."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from ...exceptions import BadFile
from ...files import read_private, unusable, write
from ...hub import Admission
from ...protocol.authentication.entry_proof import CODE_WORDS, LOCAL_SECRET, LOCAL_SECRET_BYTES, code_key, plain_code

CODE = "join-code"
"""The only file that contains the join code."""


class JoinSecrets:
    """Gives an admission the secrets in ``directory``, whose lock the server holds."""

    def __init__(self, directory: Path, admission: Admission) -> None:
        self._directory = directory
        self._admission = admission
        self._host_key = b""
        self.code = ""

    async def begin(self, host_key: bytes) -> None:
        """Read the secrets for the server with this key, or create them; raises BadFile."""
        self._host_key = host_key
        self._admission.local_secret = await asyncio.to_thread(self._read_secret)
        self._admission.secret_file = _as_told(self._directory / LOCAL_SECRET)
        self._admission.join_code = self
        await self._use(await asyncio.to_thread(self._read_code))

    async def change_code(self) -> None:
        """Create a new code, which invalidates the old one; raises BadFile."""
        await self._use(await asyncio.to_thread(self._make_code))

    async def _use(self, code: str) -> None:
        key = await asyncio.to_thread(code_key, code, self._host_key)
        self.code, self._admission.code_key = code, key

    def _read_secret(self) -> bytes:
        path = self._directory / LOCAL_SECRET
        content = read_private(path, "which lets anyone who can read it log in")
        if content is None:
            secret = secrets.token_bytes(LOCAL_SECRET_BYTES)
            _write(path, secret.hex())
            return secret
        try:
            secret = bytes.fromhex(content.decode("ascii"))
        except ValueError:
            secret = b""
        if len(secret) != LOCAL_SECRET_BYTES:
            raise BadFile(f"{path} is damaged. Remove it; the server creates a new one.")
        return secret

    def _read_code(self) -> str:
        path = self._directory / CODE
        content = read_private(path, "which lets anyone who can read it log in")
        if content is None:
            return self._make_code()
        code = plain_code(content.decode("ascii", "replace"))
        if code.count("-") != CODE_WORDS - 1:
            raise BadFile(f"{path} is damaged. Remove it; the server creates a new code.")
        return code

    def _make_code(self) -> str:
        code = "-".join(secrets.choice(code_words()) for _ in range(CODE_WORDS))
        _write(self._directory / CODE, code)
        return code


def code_words() -> list[str]:
    """Return the 2,048 words for codes; each has a unique prefix of four letters."""
    return Path(__file__).with_name("code_words.txt").read_text("ascii").split()


def _write(path: Path, content: str) -> None:
    try:
        write(path, f"{content}\n".encode("ascii"))
    except OSError as problem:
        raise unusable(path, problem) from None


def _as_told(path: Path) -> str | None:
    """Return a path as text for clients, or None if it is not valid Unicode."""
    text = str(path.absolute())
    return text if text.isprintable() else None
