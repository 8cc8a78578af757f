"""``socketchat join`` as scripts and people start it."""

import os
import re
import subprocess
import sys

import pytest

from socketchat.cli import run
from socketchat.cli.join import is_terminal

PROGRAM = (sys.executable, "-m", "socketchat")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return an environment in which nothing of the machine's shows."""
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
def test_through_pipes_there_are_plain_lines_and_no_escape_at_all(port):
    done = join("ann", "--port", port, stdin=b"/users\nhello\n/dm ann note\n")

    assert done.returncode == 0
    assert done.stdout == b"=== Online Users (1) ===\n  - ann\n[DM to ann] note\n"
    assert done.stderr == b""


@pytest.mark.usefixtures("home")
def test_a_refusal_shows_in_the_exit_code(port):
    done = join("ann", "--port", port, stdin=b"/dm bob hi\n")

    assert done.returncode == 5
    assert done.stderr.startswith(b"socketchat: There is no user bob")


@pytest.mark.usefixtures("home")
def test_the_name_of_the_last_visit_serves_again(port):
    join("ann", "--port", port)

    assert join("--port", port, stdin=b"/users\n").stdout == b"=== Online Users (1) ===\n  - ann\n"


@pytest.mark.usefixtures("home")
def test_a_taken_name_is_refused_without_a_terminal(port, tmp_path):
    join("ann", "--port", port)
    done = join("Ann", "--port", port, env=os.environ | {"XDG_DATA_HOME": str(tmp_path / "other")})

    assert done.returncode == 4
    assert done.stderr == b"socketchat: The name Ann belongs to somebody else; choose another name.\n"


@pytest.mark.usefixtures("home")
def test_a_reader_that_is_gone_ends_the_visit_without_a_word(port):
    command = [*PROGRAM, "join", "ann", "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as visit:
        visit.stdin.write(b"/help\n")
        visit.stdin.flush()
        visit.stdout.readline()
        visit.stdout.close()
        visit.stdin.write(b"/help\n")
        visit.stdin.flush()

        assert visit.wait(20) == 1
        assert visit.stderr.read() == b""


@pytest.mark.usefixtures("home")
def test_quit_does_not_wait_for_the_end_of_stdin(port):
    with subprocess.Popen([*PROGRAM, "join", "ann", "--port", str(port)], stdin=subprocess.PIPE) as visit:
        visit.stdin.write(b"/quit\n")
        visit.stdin.flush()

        assert visit.wait(20) == 0


@pytest.mark.usefixtures("home")
def test_a_closed_stdin_says_nothing(port):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *PROGRAM, "join", "ann", "--port", str(port)],
        capture_output=True,
        check=False,
        timeout=20,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["not a name"], 2, "A name cannot contain ' '"),
        ([], 2, "Who are you? Give a name: socketchat join NAME."),
        (["ann", "--port", "0"], 2, "'0' is no port; a port is a number from 1 to 65535."),
        (["ann", "--port", "1"], 6, "connection refused. Is `socketchat serve` running there?"),
        (["ann", "bob"], 2, "Got unexpected extra argument (bob). See `socketchat join --help`."),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_is_one_line_and_an_exit_code(arguments, code, complaint, capfd):
    assert run(["join", *arguments]) == code

    err = capfd.readouterr().err
    assert complaint in err
    assert err.count("\n") == 1


def test_help_has_examples_and_exit_codes(capfd):
    assert run(["join", "--help"]) == 0

    out = capfd.readouterr().out
    assert "socketchat join alice" in out
    assert "Exit codes:" in out


def test_a_closed_stream_is_no_terminal():
    assert not is_terminal(None)
