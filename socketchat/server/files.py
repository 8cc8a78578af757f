"""Files in the data directory that only the server's own account may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from shlex import quote

from ..exceptions import BadFile

PRIVATE_BYTES = 4096
"""Most of such a file that is read; all of them are a line."""


def read_private(path: Path, what: str) -> bytes | None:
    """Return what stands in a file, None where there is none; raises BadFile where others may read it or write it."""
    try:
        # A pipe in its place must not keep us waiting for somebody to write into it.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 - a descriptor
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(PRIVATE_BYTES) if stat.S_ISREG(mode) else b""
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise unusable(path, problem) from None
    if mode & 0o077:
        raise BadFile(f"Others may read {path}, {what}. Mend it with: chmod 600 {quote(str(path))}")
    return content


def write_private(path: Path, content: bytes) -> None:
    """Make or replace a file, which is there as a whole or not at all; whoever calls holds the directory's lock."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, content)
        os.fsync(file)  # others remember what belongs to it, so it must outlast a power cut
    finally:
        os.close(file)
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def unusable(path: Path, problem: OSError) -> BadFile:
    """Return the error for a file that the system does not let us use."""
    words = problem.strerror or str(problem)
    return BadFile(f"Cannot use {path}: {words[:1].lower()}{words[1:]}.")
