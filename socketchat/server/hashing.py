"""Passwords are hashed in two threads of low priority, so that those who talk do not notice."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ..exceptions import Busy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 19_456
"""With two passes and one lane what OWASP asks of argon2id at the least: 30 ms of a core, and 19 MiB, per guess."""

PASSES = 2

THREADS = 2
"""As many as may hash at once: 38 MiB, and at low priority. With one core only one: two would keep each other from it,
and with it the interpreter, which one of them holds at its ends, from those who talk."""

NICE = 15
"""How far hashing stands back: far behind everything else, before what is only done when idle."""

WAITING = 32
"""Passwords that wait for a thread, half a second in all; who comes then is told to try again."""

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
        return await self._run(lambda: self._argon.hash(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether a password is the one stored; raises Busy."""
        return await self._run(lambda: self._verify(stored or _NOBODYS, password)) and bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Tell whether what is stored was made with other parameters than those of today."""
        return self._argon.check_needs_rehash(stored)

    def close(self) -> None:
        """Hash no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _argon(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)

    def _verify(self, stored: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._argon.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._asked >= THREADS + WAITING:
            raise Busy("Too many passwords are being checked; try again in a few seconds.")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._asked -= 1


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _stand_back() -> None:
    """Lower the priority of this thread; where threads have none of their own, it is that of the process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
