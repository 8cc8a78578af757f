"""``socketchat join`` as scripts and users start it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from socketchat import connect, text_of
from socketchat.cli import run
from socketchat.cli.join import is_terminal
from socketchat.client.identity.profiles import Profiles
from socketchat.client.outbox_file import OutboxFile
from socketchat.protocol.commands import History, Send
from socketchat.protocol.events import Entry
from tests.client.serving import serving

PROGRAM = (sys.executable, "-m", "socketchat")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return an environment without settings of this machine."""
    for name in ("SOCKETCHAT_NAME", "SOCKETCHAT_HOST", "SOCKETCHAT_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def port(tmp_path):
    """Return the port of a server."""
    command = [*PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield int(re.search(r":(\d+)$", server.stdout.readline())[1])
        server.terminate()


def join(*arguments, stdin=b"", **options):
    """Run it to its end."""
    return subprocess.run(
        [*PROGRAM, "join", *map(str, arguments)], input=stdin, capture_output=True, check=False, timeout=20, **options
    )


@pytest.mark.usefixtures("home")
def test_a_pipe_gets_plain_lines_without_escapes(port):
    done = join("ann", "--port", port, stdin=b"/users\nhello\n/dm ann note\n")

    assert done.returncode == 0
    assert done.stdout == b"=== Online Users (1) ===\n  - ann\n[DM to ann] note\n"
    assert done.stderr == b""


@pytest.mark.usefixtures("home")
def test_a_refusal_sets_the_exit_code(port):
    done = join("ann", "--port", port, stdin=b"/dm bob hi\n")

    assert done.returncode == 5
    assert done.stderr.startswith(b"socketchat: No such user: bob")


@pytest.mark.usefixtures("home")
def test_the_last_name_is_used_again(port):
    join("ann", "--port", port)

    assert join("--port", port, stdin=b"/users\n").stdout == b"=== Online Users (1) ===\n  - ann\n"


@pytest.mark.usefixtures("home")
def test_a_taken_name_is_an_error_without_a_terminal(port, tmp_path):
    join("ann", "--port", port)
    done = join("Ann", "--port", port, env=os.environ | {"XDG_DATA_HOME": str(tmp_path / "other")})

    assert done.returncode == 4
    assert done.stderr == b"socketchat: The name Ann belongs to another user; choose another name.\n"


@pytest.mark.usefixtures("home")
def test_a_closed_stdout_ends_join_silently(port):
    command = [*PROGRAM, "join", "ann", "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as visit:
        visit.stdin.write(b"/help\n")
        visit.stdin.flush()
        visit.stdout.readline()
        visit.stdout.close()
        visit.stdin.write(b"/help\n")
        visit.stdin.flush()

        assert visit.wait(20) == 141
        assert visit.stderr.read() == b""


@pytest.mark.usefixtures("home")
def test_quit_does_not_wait_for_the_end_of_stdin(port):
    with subprocess.Popen([*PROGRAM, "join", "ann", "--port", str(port)], stdin=subprocess.PIPE) as visit:
        visit.stdin.write(b"/quit\n")
        visit.stdin.flush()

        assert visit.wait(20) == 0


@pytest.mark.usefixtures("home")
def test_a_closed_stdin_prints_no_error(port):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *PROGRAM, "join", "ann", "--port", str(port)],
        capture_output=True,
        check=False,
        timeout=20,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def said(client):
    """Return all messages in the lobby."""
    texts, before = [], None
    while True:
        answer = await client.request(History(conversation="#lobby", limit=200, before=before))
        texts[:0] = map(text_of, answer.events)
        if not answer.ok.more:
            return texts
        before = answer.events[0].seq


def lobby(port):
    """Return the messages of the lobby, as a new user reads them."""

    async def read():
        async with connect("127.0.0.1", port, name="reader", profile=None) as client:
            return await said(client)

    return asyncio.run(read())


def kept(tmp_path):
    """Return the messages in the outboxes of ann, settled or not."""
    content = b"".join(path.read_bytes() for path in tmp_path.glob("home/**/@ann/*.outbox"))
    return [text.decode() for text in re.findall(rb'"text":"(.*?)"', content)]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("server_goes_on", [pytest.param(True, marks=pytest.mark.faults), False])
def test_messages_of_a_killed_join_are_sent_by_the_next_one_and_stored_once(tmp_path, server_goes_on):
    lines = [f"line {number}" for number in range(2000)]

    async def hear(port, visit, last):
        async with connect("127.0.0.1", port, name="bob", profile=None) as client:
            feeding = asyncio.get_running_loop().run_in_executor(None, feed, visit, lines)
            async for event in client:
                if isinstance(event, Entry) and text_of(event) == last:
                    visit.kill()
                    break
            await feeding

    with serving(tmp_path, "--no-limits") as server:
        with subprocess.Popen([*PROGRAM, "join", "ann", "--port", str(server.port)], stdin=subprocess.PIPE) as visit:
            asyncio.run(hear(server.port, visit, lines[300]))
        if not server_goes_on:
            server.end(signal.SIGKILL)
            server.begin()
        left = kept(tmp_path)
        done = join("ann", "--port", server.port)

        assert (done.returncode, done.stderr) == (0, b"")
        stored = lobby(server.port)
        assert stored == lines[: len(stored)]
        assert left
        assert set(left) <= set(stored)
        assert kept(tmp_path) == []


def feed(visit, lines):
    """Write lines to a visit, as far as it reads them."""
    with suppress(BrokenPipeError):
        visit.stdin.write("".join(f"{line}\n" for line in lines).encode())
        visit.stdin.close()


@pytest.mark.usefixtures("home")
def test_two_concurrent_joins_send_left_messages_once(tmp_path):
    with serving(tmp_path) as server:
        join("ann", "--port", server.port)
        leave_behind(tmp_path, server.port, "one", "two", "three")
        command = [*PROGRAM, "join", "ann", "--port", str(server.port)]
        visits = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(3)]
        for number, visit in enumerate(visits):
            visit.stdin.write(f"visit {number}\n".encode())
            visit.stdin.close()

        assert [visit.wait(20) for visit in visits] == [0, 0, 0]
        texts = lobby(server.port)
        assert sorted(texts) == sorted(["one", "two", "three", "visit 0", "visit 1", "visit 2"])
        assert [text for text in texts if "visit" not in text] == ["one", "two", "three"]


@pytest.mark.usefixtures("home")
def test_a_left_message_that_is_refused_is_shown_with_its_text(tmp_path):
    with serving(tmp_path) as server:
        join("ann", "--port", server.port)
        leave_behind(tmp_path, server.port, "secret", to="@nobody")
        done = join("ann", "--port", server.port)

        assert done.returncode == 5
        assert done.stderr.startswith(b"socketchat: No such user: nobody")
        assert b"Your message to @nobody from an earlier visit was not sent: secret" in done.stderr
        assert kept(tmp_path) == []


def leave_behind(tmp_path, port, *texts, to="#lobby"):
    """Leave messages in the outbox, like a visit of ann that ends while disconnected."""
    file = OutboxFile(Profiles(str(tmp_path / "home/socketchat/client")).server("127.0.0.1", port).outbox("ann"))
    for n, text in enumerate(texts, 1):
        file.added(Send(to=to, text=text, outbox="d" * 16, n=n))
    file.close()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["not a name"], 2, "A name cannot contain ' '"),
        ([], 2, "No name. Give one: socketchat join NAME."),
        (["ann", "--port", "0"], 2, "'0' is not a port. A port is a number from 1 to 65535."),
        (["ann", "--port", "1"], 6, "connection refused. Is `socketchat serve` running there?"),
        (["ann", "bob"], 2, "Unexpected argument 'bob'. See `socketchat join --help`."),
    ],
)
@pytest.mark.usefixtures("home")
def test_an_impossible_option_is_one_line_and_an_exit_code(arguments, code, complaint, capfd):
    assert run(["join", *arguments]) == code

    err = capfd.readouterr().err
    assert complaint in err
    assert err.count("\n") == 1


def test_help_has_examples_and_exit_codes(capfd):
    assert run(["join", "--help"]) == 0

    out = capfd.readouterr().out
    assert "socketchat join alice" in out
    assert "Exit codes:" in out


def test_a_closed_stream_is_not_a_terminal():
    assert not is_terminal(None)
