"""Passwords over real sockets with real hashes: they log in, and leave no trace in files or logs."""

from pathlib import Path

import pytest

from socketchat.protocol import commands, events
from tests.server.house import House, run

SECRET = "correct horse"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["nc", "telnet"])
def test_a_password_logs_a_plain_client_in_and_is_in_no_file(end: bytes, tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        alice = await house.native("alice")
        await alice.say(commands.Password(id=7, password=SECRET))
        await alice.hears(events.Ok)
        plain = await house.call()
        await plain.write(b"/login alice" + end)
        asked = b"Password: " + (b"\xff\xfb\x01" if end == b"\r\n" else b"")
        assert await plain.reader.readexactly(len(asked)) == asked
        await plain.write(b"wrong horse" + end)
        shown = b"\xff\xfc\x01\n" if end == b"\r\n" else b""
        assert await plain.reader.readexactly(len(shown)) == shown
        assert await plain.line() == "[error] The name or the password is wrong."
        await plain.write(b"/login alice" + end)
        await plain.reader.readexactly(len(asked))
        await plain.write(SECRET.encode() + end)
        await plain.reader.readexactly(len(shown))
        await plain.reads("=== Connected! Type /help for commands ===", "")
        await plain.write(b"it is me" + end)
        assert (await alice.hears(events.Entry)).name == "alice"

    run("uvloop", scene, journal=f"sqlite:{tmp_path}", limited=True)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in content
    assert SECRET.encode() not in content
    assert b"wrong horse" not in content
