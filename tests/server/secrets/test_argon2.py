import asyncio
import logging
import os
import sys
from contextlib import closing

import pytest

from socketchat.exceptions import Busy
from socketchat.server.secrets.argon2 import NICE, THREADS, WAITING, Argon2Hasher


def test_only_the_hashed_password_verifies() -> None:
    async def scene() -> None:
        with closing(Argon2Hasher()) as hasher:
            stored = await hasher.hash("correct horse")
            assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
            assert await hasher.verify(stored, "correct horse")
            assert not await hasher.verify(stored, "wrong horse")
            assert not await hasher.verify("", "correct horse")
            assert not await hasher.verify("damaged", "correct horse")
            assert not hasher.is_outdated(stored)
            assert len(stored.rpartition("$")[2]) == 43

    asyncio.run(scene())


# As argon2-cffi stored them.
STORED = [
    (
        "correct horse",
        "$argon2id$v=19$m=19456,t=2,p=1$YSA3OO76L4R/xTQizswEfQ$sK1zl6w9L2Gquocru/2OgC4TTpYUyZAis0x2UlHVc4M",
    ),
    (
        "grüße \0 日本",
        "$argon2id$v=19$m=19456,t=2,p=1$0QuXT8XWRkB6OjPiHQOtfA$DV7QLW35eZ6C7wpCXN+D47QZ17G1dxHN0THqhh/Po2E",
    ),
]
OTHERWISE = [
    ("x", "$argon2id$v=19$m=8,t=1,p=1$675ga5iV19o7tFRa8fTD/Q$1EWOcf99AkePC9EkquG9sV7Uk4CpkJGnyPhs+1mZVlE"),
    (
        "older parameters",
        "$argon2id$v=19$m=65536,t=3,p=4$4XLFPn+ktEd3cqVVwZBGFA$nhCuxUTsE6B4NcNdEBQSmsG1x9SsDeATm+S5udtKbCc",
    ),
]


def test_hashes_stored_by_another_library_verify() -> None:
    async def scene() -> None:
        with closing(Argon2Hasher()) as hasher:
            for password, stored in STORED + OTHERWISE:
                assert await hasher.verify(stored, password)
                assert not await hasher.verify(stored, f"{password}.")
            assert [hasher.is_outdated(stored) for _, stored in STORED + OTHERWISE] == [False, False, True, True]

    asyncio.run(scene())


@pytest.mark.parametrize(
    "stored",
    [
        "damaged",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=1,t=0,p=0$YSA3OO76L4R/xTQizswEfQ$sK1zl6w9L2Gquocru/2OgC4TTpYUyZAis0x2UlHVc4M",
        "$argon2i$v=19$m=19456,t=2,p=1$YSA3OO76L4R/xTQizswEfQ$sK1zl6w9L2Gquocru/2OgC4TTpYUyZAis0x2UlHVc4M",
        "$argon2id$v=19$m=99999999999,t=2,p=1$YSA3OO76L4R/xTQizswEfQ$sK1zl6w9L2Gquocru/2OgC4TTpYUyZAis0x2UlHVc4M",
    ],
)
def test_a_damaged_hash_verifies_no_password(stored: str) -> None:
    async def scene() -> None:
        with closing(Argon2Hasher()) as hasher:
            assert not await hasher.verify(stored, "correct horse")
            assert hasher.is_outdated(stored) or stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    asyncio.run(scene())


def test_of_many_passwords_some_wait_and_the_rest_are_refused_immediately() -> None:
    async def scene() -> None:
        with closing(Argon2Hasher()) as hasher:
            asked = [asyncio.ensure_future(hasher.verify("", "x")) for _ in range(200)]
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(each) for each in outcomes].count(Busy) == 200 - THREADS - WAITING
            assert [each for each in outcomes if not isinstance(each, Busy)] == [False] * (THREADS + WAITING)
            assert not await hasher.verify("", "x")

    asyncio.run(scene())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux only")
def test_hashing_runs_at_a_lower_priority_than_the_server() -> None:
    async def scene() -> None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        with closing(Argon2Hasher()) as hasher:
            theirs = await hasher._run(lambda: os.getpriority(os.PRIO_PROCESS, 0))
        assert theirs == max(NICE, before)
        assert os.getpriority(os.PRIO_PROCESS, 0) == before

    asyncio.run(scene())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is kept to some cores")
def test_with_one_core_one_password_is_hashed_at_a_time() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        with closing(Argon2Hasher()) as hasher:
            assert hasher._threads._max_workers == 1
    finally:
        os.sched_setaffinity(0, before)
    with closing(Argon2Hasher()) as hasher:
        assert hasher._threads._max_workers == min(THREADS, len(before))


def test_no_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        with closing(Argon2Hasher()) as hasher:
            await hasher.verify(await hasher.hash("correct horse"), "wrong horse")

    caplog.set_level(logging.DEBUG)
    asyncio.run(scene())
    assert "horse" not in caplog.text
