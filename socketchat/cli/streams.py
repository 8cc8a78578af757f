"""The standard streams as a program may find them: closed, full, or read by nobody any more."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

_UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_WAYS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed() -> None:
    """Open the null device for each standard stream that is closed, before a socket gets its descriptor."""
    for descriptor, (name, way) in enumerate(_WAYS):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, way, encoding="utf-8", closefd=False))


def is_of_output(problem: OSError) -> bool:
    """Tell whether a problem is one of writing to a stream, as nothing else of ours raises it without a file's name."""
    return problem.errno in _UNWRITABLE and problem.filename is None


def flush(stream: TextIO) -> None:
    """Write what a stream holds, or let it go nowhere: the interpreter would complain when it ends."""
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
