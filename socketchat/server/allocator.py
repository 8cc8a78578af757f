"""The C library's allocator: large blocks go back to the system at once, and small ones when the server is idle."""

from __future__ import annotations

import ctypes
import gc

MMAP_THRESHOLD = 65_536
"""Blocks from this size are mapped alone, so that freeing one gives it back. By default glibc raises this number to 32
MiB as it sees such blocks freed, and then keeps them."""

TRIM_THRESHOLD = 131_072
"""Free bytes at the top of the heap that are kept; by default glibc doubles the number above."""

ARENAS = 2
"""Heaps, one for the event loop and one for all other threads: each of eight per core would keep what it once held."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc

_libc = ctypes.CDLL(None)


def configure() -> None:
    """Make glibc give memory back; other C libraries have no such settings."""
    set_option = getattr(_libc, "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        set_option(_M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        set_option(_M_ARENA_MAX, ARENAS)


def freeze() -> None:
    """Let the garbage collector pass over all that is loaded: it lives as long as the server does."""
    gc.collect()
    gc.freeze()


def trim() -> None:
    """Give the pages between blocks in use back to the system: milliseconds, for a thread of its own."""
    give_back = getattr(_libc, "malloc_trim", None)
    if give_back is not None:
        give_back(0)
