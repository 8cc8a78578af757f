"""Hashes passwords in two threads of low priority, so that messages are not delayed."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from ...exceptions import Busy

MEMORY_KIB = 19_456
"""With two passes and one lane, OWASP's minimum for argon2id: 30 ms of a core and 19 MiB per guess."""

PASSES = 2

SALT_BYTES = 16
HASH_BYTES = 32

THREADS = 2
"""Most hashes at the same time: 38 MiB, at low priority. One core gets only one: two would compete for the core, and
delay messages, since a hash holds the interpreter at its start and end."""

NICE = 15
"""Niceness of the hashing threads: far below everything else, but above idle priority."""

WAITING = 32
"""Passwords that may wait for a thread, half a second in all; later ones get the error to try again."""

CHEAP_KIB = 64
"""Memory of a hash where no password is worth guessing, in tests of conformance: they set hundreds."""

# The hash of a discarded random password: comparing with it takes as long as with a real one.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$Q61LL6tfhswQOmF60t/NEA$fPpNLT1HJYlZDClyY8shqg+A0GIkhqGHp0XEtW8izQU"

Result = TypeVar("Result")


class Argon2Hasher:
    """Hashes with argon2id; a ``cheap`` one takes almost no work, for servers without limits."""

    def __init__(self, *, cheap: bool = False) -> None:
        self._memory, self._passes = (CHEAP_KIB, 1) if cheap else (MEMORY_KIB, PASSES)
        self._threads = ThreadPoolExecutor(min(THREADS, _cores()), "passwords", initializer=_stand_back)
        self._asked = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a password; raises Busy."""
        return await self._run(lambda: _hash(password, self._memory, self._passes))

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether a password matches the stored hash; raises Busy."""
        return await self._run(lambda: _verify(stored or _NOBODYS, password)) and bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a stored hash has other parameters than the current ones."""
        return not stored.startswith(f"$argon2id$v=19$m={self._memory},t={self._passes},p=1$")

    def close(self) -> None:
        """Stop hashing."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._asked >= THREADS + WAITING:
            raise Busy("Too many passwords are being checked; try again in a few seconds.")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._asked -= 1


def _hash(password: str, memory: int, passes: int) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = os.urandom(SALT_BYTES)
    kdf = Argon2id(salt=salt, length=HASH_BYTES, iterations=passes, lanes=1, memory_cost=memory)
    return kdf.derive_phc_encoded(password.encode())


def _verify(stored: str, password: str) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(password.encode(), stored)
    except (InvalidKey, ValueError):  # ValueError for invalid parameters
        return False
    return True


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _stand_back() -> None:
    """Lower the priority of this thread, or of the process if threads have no priority of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
