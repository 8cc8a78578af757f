"""The admin socket: its access rights, its answers, and its end."""

import asyncio
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from socketchat.exceptions import BadLine, Refused, Unreachable
from socketchat.journal.memory import MemoryJournal
from socketchat.protocol import operator
from socketchat.protocol.codec import encode
from socketchat.server.admin import NAME, PATH_BYTES, ask
from tests.server.house import LOOPS, run

both = pytest.mark.parametrize("loop", LOOPS)


async def asked(directory, order=operator.ListRooms(id=1)) -> list[str]:  # noqa: B008 - it is frozen
    return await asyncio.to_thread(lambda: list(ask(directory, order)))


@both
def test_an_order_is_answered_with_lines(loop, tmp_path) -> None:
    async def scene(house) -> None:
        await house.native("ann")
        await house.guest("gus")
        assert await asked(tmp_path) == ["#lobby"]
        assert await asked(tmp_path, operator.ListUsers(id=1)) == ["ann online", "gus guest online"]

    run(loop, scene, directory=tmp_path)


@both
def test_the_admin_socket_replaces_a_stale_one_and_is_removed_at_the_end(loop, tmp_path) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / NAME))
    with pytest.raises(Unreachable, match="No server runs in"):
        list(ask(tmp_path, operator.ListRooms(id=1)))

    async def scene(_house) -> None:
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
        assert await asked(tmp_path) == ["#lobby"]

    run(loop, scene, directory=tmp_path)
    assert not (tmp_path / NAME).exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
@both
def test_a_long_path_goes_through_the_descriptor_of_the_directory(loop, tmp_path) -> None:
    deep = tmp_path / ("x" * PATH_BYTES)
    deep.mkdir()

    async def scene(_house) -> None:
        assert await asked(deep) == ["#lobby"]

    run(loop, scene, directory=deep)
    assert not (deep / NAME).exists()


@both
def test_an_invalid_order_is_answered_with_an_error(loop, tmp_path) -> None:
    async def scene(_house) -> None:
        for line in (b"{}\n", b'{"type":"hello","name":"ann"}\n', b"\xff\n", b"[" * 5000 + b"\n"):
            reader, writer = await asyncio.open_unix_connection(tmp_path / NAME)
            writer.write(line)
            assert b'"code":"bad_line"' in await reader.readline()
            writer.close()

    run(loop, scene, directory=tmp_path)


@both
def test_a_connection_carries_one_order(loop, tmp_path) -> None:
    async def scene(_house) -> None:
        reader, writer = await asyncio.open_unix_connection(tmp_path / NAME)
        writer.write(encode(operator.ListRooms(id=1)) * 2)
        writer.write_eof()
        assert (await reader.read()).count(b'"type":"ok"') == 1
        writer.close()

    run(loop, scene, directory=tmp_path)


def test_the_error_without_a_server_says_what_to_do(tmp_path) -> None:
    for directory in (tmp_path, tmp_path / "none"):
        with pytest.raises(Unreachable, match="Start it with `socketchat serve`, or give its directory with --data"):
            list(ask(directory, operator.ListRooms(id=1)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every directory")
def test_the_directory_of_another_account_is_refused(tmp_path) -> None:
    (tmp_path / "theirs").mkdir(0o000)
    with pytest.raises(Refused, match="belongs to another account"):
        list(ask(tmp_path / "theirs", operator.ListRooms(id=1)))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", Unreachable),
        (b"what?\n", Unreachable),
        (b'{"type":"error","code":"bad_line","text":"No."}\n', BadLine),
    ],
)
def test_an_invalid_answer_is_an_error(answer, error, tmp_path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / NAME))
        listening.listen()

        def serve() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(error):
            list(ask(tmp_path, operator.ListRooms(id=1)))
        thread.join()


@both
def test_a_long_order_reports_its_progress(loop, tmp_path) -> None:
    class Slow(MemoryJournal):
        async def erase(self, author, progress=None) -> int:
            for done in (1, 2):
                progress(done, 3)
            return await super().erase(author, progress)

    async def scene(house) -> None:
        await house.native("ann")
        told = []
        order = operator.EraseUser(id=1, name="ann")
        lines = await asyncio.to_thread(lambda: list(ask(tmp_path, order, lambda *far: told.append(far))))
        assert told == [(1, 3), (2, 3)]
        assert len(lines) == 1

    run(loop, scene, directory=tmp_path, journal=Slow)
