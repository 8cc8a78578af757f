"""Compiles the programs in C that stand beside the benchmarks."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

MISSING = "no gcc to compile it with"


def is_missing() -> bool:
    """Tell whether nothing can be compiled here."""
    return not shutil.which("gcc")


@functools.cache
def compiled(source: str, directory: Path) -> Path:
    """Compile a source that stands beside this file into the directory, once; return the program."""
    program = directory / Path(source).stem
    subprocess.run(["gcc", "-O2", "-pthread", "-o", program, Path(__file__).with_name(source)], check=True)
    return program
