"""A real file system that loses its power: what was not synced is gone, as the kernel itself sees it."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: from now on, every access to the disk fails."""

NO_FLUSH = struct.pack("I", 2)  # the file system's own journal is not written either


class PowerDisk:
    """An ext4 file system in an image, mounted at ``directory``."""

    def __init__(self, image: Path, directory: Path) -> None:
        self._image = image
        self.directory = directory

    def mount(self) -> None:
        command = ["mount", "-o", "loop", str(self._image), str(self.directory)]
        if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
            pytest.skip("needs leave to mount, and loop devices")

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.directory)], check=True, timeout=60)

    def cut(self) -> None:
        """Drop everything that is not on disk yet, and refuse all writes."""
        directory = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, SHUTDOWN, NO_FLUSH)
        finally:
            os.close(directory)

    def discard(self) -> None:
        """Unmount, even if a test that failed still uses the disk."""
        subprocess.run(["umount", "--lazy", str(self.directory)], check=True, timeout=60)

    def restore(self) -> None:
        """Bring the power back; call this when no process uses the disk."""
        self.unmount()
        self.mount()


@contextmanager
def power_disk(directory: Path, megabytes: int) -> Iterator[PowerDisk]:
    """Make a disk whose power can be cut; skip the test if that is not permitted."""
    image = directory.with_suffix(".image")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    command = ["mkfs.ext4", "-q", str(image)]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs mkfs.ext4")
    directory.mkdir(mode=0o700)
    disk = PowerDisk(image, directory)
    disk.mount()
    try:
        yield disk
    finally:
        disk.discard()
        image.unlink()
