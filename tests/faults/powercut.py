"""A disk that loses unsynced data at a power cut, for a process that runs on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("powercut.c")


def build(directory: Path) -> Path:
    """Compile the library and return its path."""
    library = directory / "powercut.so"
    command = ["gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    return library


class Power:
    """Gives a process a disk below ``files``; ``fail`` reduces it to the data that survives a power cut."""

    def __init__(self, library: Path, files: Path, *, early: int = 0, lies: bool = False) -> None:
        self._library = library
        self._files = files.resolve()
        self._disk = self._files.with_name(f"{files.name}.disk")
        self._early = early
        self._lies = lies
        self._files.mkdir(mode=0o700, exist_ok=True)
        self.settle()

    def environment(self, after: int = 0) -> dict[str, str]:
        """Return the environment for a process; the power fails at this call, or never if it is 0."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "POWERCUT_FILES": str(self._files),
            "POWERCUT_DISK": str(self._disk),
            "POWERCUT_AFTER": str(after),
            "POWERCUT_EARLY": str(self._early),
            "POWERCUT_LIE": str(int(self._lies)),
        }

    def fail(self) -> None:
        """Keep only the synced data; call this after the process was killed."""
        left = self._files.with_name(f"{self._files.name}.left")
        self._restore(left, "")
        shutil.rmtree(self._files)
        left.rename(self._files)
        self.settle()

    def _restore(self, left: Path, place: str) -> None:
        left.mkdir(mode=0o700)
        names = self._disk / f"names{place}"
        for line in names.read_text().splitlines() if names.exists() else ():
            kind, inode, name = line.split(" ", 2)
            if kind == "d":
                self._restore(left / name, f"{place}%{name}")
                continue
            copy = self._disk / inode
            (left / name).write_bytes(copy.read_bytes() if copy.exists() else b"")
            (left / name).chmod(0o600)

    def settle(self) -> None:
        """Treat all present data as synced."""
        shutil.rmtree(self._disk, ignore_errors=True)
        self._disk.mkdir()
        for directory in [self._files, *filter(Path.is_dir, self._files.rglob("*"))]:
            names = []
            for file in directory.iterdir():
                inode = file.stat().st_ino
                names.append(f"{'d' if file.is_dir() else 'f'} {inode} {file.name}\n")
                if not file.is_dir():
                    shutil.copyfile(file, self._disk / str(inode))
            place = str(directory)[len(str(self._files)) :].replace("/", "%")
            (self._disk / f"names{place}").write_text("".join(names))
