"""Standard streams as a program may find them: closed, full, or read by nobody any more."""

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
    assert (done.returncode, done.stderr) == (1, "")


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
