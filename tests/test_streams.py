"""Standard streams in every state: closed, full, or without a reader."""

import os
import re
import subprocess
import sys

import pytest

from tests.client.serving import serving

PROGRAM = (sys.executable, "-m", "socketchat")
pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def home(directory, monkeypatch):
    """Let nothing of the machine's show."""
    for name in ("SOCKETCHAT_NAME", "SOCKETCHAT_HOST", "SOCKETCHAT_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(directory))


def shell(redirections, *arguments):
    """Run the program as a shell does, with these redirections; return exit code, stdout and stderr."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirections}', "sh", *PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_send_and_join_work_with_closed_streams(server, closed):
    assert shell(closed, "send", "--port", server.port, "--as", "ann", "hi") == (0, "", "")
    assert shell(f"</dev/null {closed}", "join", "--port", server.port, "ann") == (0, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_serve_works_with_closed_streams(tmp_path, closed):
    command = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen([*command, "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, text=True) as process:
        if ">&-" in closed.split():
            while not (tmp_path / "data" / "socketchat.db-wal").exists():
                assert process.poll() is None
        else:
            assert process.stdout.readline().startswith("Server listening on ")
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("arguments", [["--help"], ["send", "--help"], ["--version"]])
def test_a_full_stdout_is_one_line_and_exit_code_1(arguments):
    assert shell(">/dev/full", *arguments) == (
        1,
        "",
        "socketchat: Cannot write to stdout: no space left on device.\n",
    )


def test_the_error_for_a_failed_export_does_not_blame_the_data_directory(tmp_path):
    data = tmp_path / "data"
    with serving(tmp_path) as started:
        assert shell("", "send", "--port", started.port, "--as", "ann", "hi")[0] == 0
    full = "socketchat: Cannot write to stdout: no space left on device.\n"
    assert shell(">/dev/full", "export", "--data", data) == (1, "", full)
    reader, writer = os.pipe()
    os.close(reader)
    command = [*PROGRAM, "export", "--data", data]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=20)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_serve_that_cannot_print_its_address_ends_with_one_line(tmp_path):
    code, _, error = shell(">/dev/full", "serve", "--host", "127.0.0.1", "--port", 0, "--data", tmp_path / "data")

    assert (code, error) == (1, "socketchat: Cannot write to stdout: no space left on device.\n")


def test_a_full_stderr_does_not_change_the_exit_code(server):
    assert shell("2>/dev/full", "send", "--port", server.port, "--as", "not a name", "hi") == (2, "", "")
    assert shell("2>/dev/full >/dev/full", "send", "--port", server.port, "--as", "ann", "hi") == (0, "", "")


@pytest.mark.parametrize(("host", "listens"), [("0.0.0.0", r"0\.0\.0\.0"), ("::", r"\[::\]")])
def test_the_hint_for_all_interfaces_names_only_reachable_addresses(tmp_path, host, listens):
    command = [*PROGRAM, "serve", "--host", host, "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        port = re.fullmatch(rf"Server listening on {listens}:(\d+)\n", process.stdout.readline())[1]
        process.terminate()
        out = process.stdout.read()

    hint = re.search(rf"^To join from elsewhere: socketchat join NAME --host (\S+) --port {port}$", out, re.MULTILINE)
    assert hint[1] not in {"0.0.0.0", "::"}
    assert out.endswith("\nThe server has stopped.\n")


@pytest.fixture
def visit(server):
    """Run a visit without a terminal and with an open stdin; ``environment`` is added to the usual one."""
    started = []

    def start(name, **environment):
        process = subprocess.Popen(
            [*PROGRAM, "join", name, "--host", f"127.0.0.1:{server.port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        started.append(process)
        process.stdin.write(b"/help\n")
        process.stdin.flush()
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "\\u20ac"), ("latin-1", "\\u20ac"), ("utf-8", "€")])
def test_a_character_outside_the_locale_is_made_visible(server, visit, encoding, shown):
    process = visit("reader", PYTHONIOENCODING=encoding)
    assert shell("", "send", "--port", server.port, "--as", "boss", "that is 5 €")[0] == 0
    said = next(line for line in iter(process.stdout.readline, b"") if line.startswith(b"boss: "))
    assert said == f"boss: that is 5 {shown}\n".encode()
    assert process.communicate(b"/quit\n", timeout=20)[1] == b""
    assert process.returncode == 0


def test_export_and_help_work_in_a_limited_locale(tmp_path, monkeypatch):
    with serving(tmp_path) as started:
        assert shell("", "send", "--port", started.port, "--as", "ann", "5 €")[0] == 0
    # If the locale is ASCII, click writes UTF-8.
    for encoding, shown in (("latin-1", "\\u20ac"), ("ascii", "€")):
        monkeypatch.setenv("PYTHONIOENCODING", encoding)
        code, out, error = shell("", "export", "--data", tmp_path / "data")
        assert (code, error) == (0, "")
        assert out.endswith(f"ann: 5 {shown}\n")
        assert shell("", "join", "--help")[::2] == (0, "")


def test_join_ends_as_soon_as_its_reader_is_gone(visit):
    process = visit("gone")
    process.stdout.close()
    assert process.wait(20) == 141
    assert process.stderr.read() == b""


def test_a_non_blocking_stdout_gets_all_output(tmp_path):
    with serving(tmp_path, "--no-limits") as started:
        for number in range(4):
            assert shell("", "send", "--port", started.port, "--as", "ann", f"{number}" * 32_000)[0] == 0
    export = [*PROGRAM, "export", "--data", str(tmp_path / "data")]
    whole = subprocess.run(export, capture_output=True, check=True).stdout
    assert len(whole) > 128_000
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen(export, stdout=writing, stderr=subprocess.PIPE) as process, os.fdopen(reading, "rb") as pipe:
        os.close(writing)
        assert pipe.read() == whole
        assert (process.wait(20), process.stderr.read()) == (0, b"")


def test_a_non_blocking_stdin_is_read_completely(server):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    command = [*PROGRAM, "send", "--port", str(server.port), "--as", "ann"]
    with subprocess.Popen(command, stdin=reading, stderr=subprocess.PIPE) as process:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(b"first and ")
            pipe.flush()
            pipe.write(b"second")
        assert (process.wait(20), process.stderr.read()) == (0, b"")


@pytest.mark.parametrize(
    ("path", "flags", "why"),
    # What nohup makes of a terminal; and what a program in the background of a terminal that is gone meets.
    [("/dev/null", os.O_WRONLY, "bad file descriptor"), ("/proc/self/mem", os.O_RDONLY, "input/output error")],
)
def test_the_error_for_an_unreadable_stdin_is_one_line_about_stdin(server, path, flags, why):
    stdin = os.open(path, flags)
    for arguments in (["send", "--as", "ann"], ["join", "ann"], ["join", "-"], ["key", "import", "-"]):
        to_server = ["--port", str(server.port)] if "ann" in arguments else []
        command = [*PROGRAM, *arguments, *to_server]
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False, timeout=20)
        assert (done.returncode, done.stderr) == (1, f"socketchat: Cannot read stdin: {why}.\n")
    os.close(stdin)
