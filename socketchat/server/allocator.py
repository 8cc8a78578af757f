"""Tunes the C library's allocator: large freed blocks return to the system immediately, small ones when idle."""

from __future__ import annotations

import ctypes
import gc

MMAP_THRESHOLD = 65_536
"""Blocks of this size or more are mapped separately, so that freeing one returns it to the system. By default glibc
raises this threshold to 32 MiB when such blocks are freed, and then keeps them."""

TRIM_THRESHOLD = 131_072
"""Free bytes to keep at the top of the heap; the default of glibc is twice the number above."""

ARENAS = 2
"""Heaps: one for the event loop and one for all other threads. By default each core gets eight, which keep memory."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc

_libc = ctypes.CDLL(None)


def configure() -> None:
    """Make glibc return memory to the system; other C libraries have no such settings."""
    set_option = getattr(_libc, "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        set_option(_M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        set_option(_M_ARENA_MAX, ARENAS)


def freeze() -> None:
    """Exclude all loaded objects from garbage collection: they live as long as the server."""
    gc.collect()
    gc.freeze()


def trim() -> None:
    """Return free pages between used blocks to the system; takes milliseconds, so call it in a thread."""
    give_back = getattr(_libc, "malloc_trim", None)
    if give_back is not None:
        give_back(0)
