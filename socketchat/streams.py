"""Makes the standard streams safe: they may be closed, full, non-blocking, or without a reader."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO

from .exceptions import ChatError, reason

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from typing_extensions import Buffer

READ_BYTES = 65_536
"""Most bytes read or written at a time."""

_WAYS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class UnwritableError(OSError):
    """Standard output takes nothing more; ``problem`` says why. It has no errno, because click would act on that."""

    def __init__(self, problem: OSError) -> None:
        super().__init__(str(problem))
        self.problem = problem

    @property
    def is_gone(self) -> bool:
        """Whether the reader is gone, as in ``socketchat --help | head -1``; that needs no error message."""
        return isinstance(self.problem, BrokenPipeError)


def prepare() -> None:
    """Make the standard streams safe to use; call this once, before anything else is opened."""
    _open_closed()
    if os.name != "posix":
        return
    # Escape characters that the locale lacks, instead of ending the program.
    out_errors = "backslashreplace" if sys.stdout.errors == "strict" else sys.stdout.errors
    sys.stdin = io.TextIOWrapper(reader(sys.stdin), sys.stdin.encoding, sys.stdin.errors)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(sys.stdout.fileno())),
        sys.stdout.encoding,
        out_errors,
        newline="\n",
        line_buffering=sys.stdout.isatty(),
    )


def reader(stdin: TextIO) -> BinaryIO:
    """Return a reader for the bytes of a stream, with its own lock; raises ChatError if they cannot be read."""
    return io.BufferedReader(_Input(stdin.fileno()), READ_BYTES)


def unbuffered(stdin: TextIO) -> io.RawIOBase:
    """Return an unbuffered reader for the bytes of a stream; raises ChatError if they cannot be read."""
    return _Input(stdin.fileno())


def let_go(stream: TextIO) -> None:
    """Flush a stream, or discard its content: otherwise the interpreter complains at its end."""
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


@contextmanager
def watched(stream: TextIO, loop: AbstractEventLoop, gone: Callable[[], object]) -> Iterator[None]:
    """Call ``gone`` as soon as a pipe has no reader any more, even if nothing is written."""
    descriptor = _write_end(stream)
    if descriptor is None:
        yield
        return

    def look() -> None:
        # The write end of a pipe is readable only if the reader is gone.
        loop.remove_reader(descriptor)
        gone()

    loop.add_reader(descriptor, look)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


def _write_end(stream: TextIO) -> int | None:
    """Return the descriptor of a stream if it is the write end of a pipe, otherwise None."""
    if sys.platform == "win32":
        return None
    from fcntl import F_GETFL, fcntl

    try:
        descriptor = stream.fileno()
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        is_for_writing = fcntl(descriptor, F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except (OSError, ValueError):
        return None
    return descriptor if is_pipe and is_for_writing else None


class _Input(io.RawIOBase):
    """Reads a descriptor, and waits even if another program made it non-blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        while True:
            try:
                data = os.read(self._descriptor, min(len(view), READ_BYTES))
            except BlockingIOError:
                _wait(self._descriptor, to_write=False)
            except OSError as problem:
                raise ChatError(f"Cannot read stdin: {reason(problem)}.") from None
            else:
                view[: len(data)] = data
                return len(data)


class _Output(io.RawIOBase):
    """Writes to a descriptor, and waits even if another program made it non-blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Buffer) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                _wait(self._descriptor, to_write=True)
            except OSError as problem:
                raise UnwritableError(problem) from None


def _wait(descriptor: int, *, to_write: bool) -> None:
    """Return when a descriptor can be read or written, or has failed."""
    from select import POLLIN, POLLOUT, poll

    waiting = poll()
    waiting.register(descriptor, POLLOUT if to_write else POLLIN)
    waiting.poll()


def _open_closed() -> None:
    """Open the null device for each closed standard stream, before a socket gets its descriptor."""
    for descriptor, (name, way) in enumerate(_WAYS):
        try:
            os.fstat(descriptor)
        except OSError as problem:
            if problem.errno != errno.EBADF:
                raise
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, way, encoding="utf-8", closefd=False))
