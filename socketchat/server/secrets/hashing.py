"""Passwords are hashed in two threads of low priority, so that those who talk do not notice."""

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
"""With two passes and one lane what OWASP asks of argon2id at the least: 30 ms of a core, and 19 MiB, per guess."""

PASSES = 2

SALT_BYTES = 16
HASH_BYTES = 32

THREADS = 2
"""As many as may hash at once: 38 MiB, and at low priority. With one core only one: two would keep each other from it,
and with it the interpreter, which one of them holds at its ends, from those who talk."""

NICE = 15
"""How far hashing stands back: far behind everything else, before what is only done when idle."""

WAITING = 32
"""Passwords that wait for a thread, half a second in all; who comes then is told to try again."""

_PARAMETERS = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$"
"""What every hash made today begins with."""

# Of a random password that nobody kept: to compare with it is the same work as with anybody's.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$Q61LL6tfhswQOmF60t/NEA$fPpNLT1HJYlZDClyY8shqg+A0GIkhqGHp0XEtW8izQU"

Result = TypeVar("Result")


class ArgonHasher:
    """Hashes with argon2id."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(min(THREADS, _cores()), "passwords", initializer=_stand_back)
        self._asked = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of a password; raises Busy."""
        return await self._run(lambda: _hash(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether a password is the one stored; raises Busy."""
        return await self._run(lambda: _verify(stored or _NOBODYS, password)) and bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Tell whether what is stored was made with other parameters than those of today."""
        return not stored.startswith(_PARAMETERS)

    def close(self) -> None:
        """Hash no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._asked >= THREADS + WAITING:
            raise Busy("Too many passwords are being checked; try again in a few seconds.")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._asked -= 1


def _hash(password: str) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = os.urandom(SALT_BYTES)
    kdf = Argon2id(salt=salt, length=HASH_BYTES, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def _verify(stored: str, password: str) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(password.encode(), stored)
    except (InvalidKey, ValueError):  # the second for parameters that nothing can be hashed with
        return False
    return True


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _stand_back() -> None:
    """Lower the priority of this thread; where threads have none of their own, it is that of the process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
