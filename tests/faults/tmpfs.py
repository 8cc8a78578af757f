"""A real disk of some megabytes, which can be filled completely."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from socketchat.journal.sqlite.upkeep.disk_space import free_bytes


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """Make a directory that is a separate disk; skip the test if that is not permitted."""
    directory.mkdir(mode=0o700)
    options = f"size={megabytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs leave to mount")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


def fill(file: Path, *, leave: int) -> None:
    """Grow a file until its disk has only this many bytes free."""
    with suppress(OSError):  # others write meanwhile
        file.write_bytes(bytes(free_bytes(file.parent) - leave))
