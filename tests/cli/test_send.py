import asyncio
import io
import os
import pty
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from socketchat import connect, decode_text
from socketchat.cli import run
from socketchat.client.identity.profiles import Profiles
from socketchat.protocol.commands import History
from tests.client.scripted import Listener, error, ok, welcome
from tests.client.serving import serving

NEVER_LOADED = {
    "asyncio",
    "uvloop",
    "rich",
    "prompt_toolkit",
    "cryptography.hazmat.primitives.kdf.argon2",
    "pathlib",
    "cryptography.x509",
    "importlib.metadata",
    "platformdirs",
    "socketchat.server",
    "socketchat.hub",
    "socketchat.wire",
    "socketchat.journal",
    "socketchat.terminal",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A separate home for each test, without names."""
    for name in ("SOCKETCHAT_NAME", "SOCKETCHAT_HOST", "SOCKETCHAT_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOGNAME", "login")
    monkeypatch.setattr(sys, "stdin", None)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


class Outcome:
    """A run of ``send`` against a script."""

    def __init__(self, listener: Listener, code) -> None:
        self.listener = listener
        self._code = code

    @property
    def code(self) -> int:
        return self._code.result(20)


class Sending:
    """Runs ``send`` in another thread, while the test is the server."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments

    def __enter__(self) -> Outcome:
        self._pool = ThreadPoolExecutor(1)
        self._listener = Listener().__enter__()
        arguments = ["send", "--port", str(self._listener.port), *self._arguments]
        return Outcome(self._listener, self._pool.submit(run, arguments))

    def __exit__(self, *_: object) -> None:
        self._listener.__exit__()
        self._pool.shutdown()


def sent(*arguments: str) -> tuple[dict, dict]:
    """Return the hello and the message of a run that succeeds."""
    with Sending(*arguments) as outcome, outcome.listener.accept() as peer:
        hello, send = peer.challenge()
        peer.write(welcome(hello=hello["id"], name=hello["name"]), ok(send["id"], seq=1))
        assert outcome.code == 0
        return hello, send


def refused(arguments: list[str], code: int, words: str, capsys) -> None:
    assert run(["send", *arguments]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("socketchat: ")
    assert words in err


def stdin_of(data: bytes):
    return io.TextIOWrapper(io.BytesIO(data))


# The text


def test_the_arguments_are_the_text_and_success_is_silent(capsys) -> None:
    _, send = sent("several", "words", "  kept ")
    assert (send["to"], send["text"]) == ("#lobby", "several words   kept ")
    assert capsys.readouterr() == ("", "")


class TypedAt(io.StringIO):
    """A stderr at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stderr", "words"),
    [(TypedAt, "socketchat: bob is away: at^[lunch\n"), (io.StringIO, "")],
    ids=["at a terminal", "in a script"],
)
def test_send_at_a_terminal_reports_an_absent_addressee(stderr: type[io.StringIO], words: str, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", stderr())
    with Sending("--dm", "bob", "hi") as outcome, outcome.listener.accept() as peer:
        hello, send = peer.challenge()
        absent = {"type": "absent", "name": "bob", "away": "at\x1blunch"}
        peer.write(welcome(hello=hello["id"], name=hello["name"]), absent, ok(send["id"], seq=1))
        assert outcome.code == 0
    assert sys.stderr.getvalue() == words


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_stdin_is_one_message_without_its_final_newline(arguments: list[str], monkeypatch) -> None:
    for data, text in ((b"one\ntwo\n\n", "one\ntwo\n"), (b"x\r\n", "x"), (b"x", "x"), ("ü\n".encode(), "ü")):
        monkeypatch.setattr(sys, "stdin", stdin_of(data))
        assert sent(*arguments)[1]["text"] == text


def test_stdin_is_not_read_if_arguments_are_given(monkeypatch) -> None:
    stdin = stdin_of(b"not this")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert sent("this")[1]["text"] == "this"
    assert stdin.buffer.read() == b"not this"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", 2, "message is empty"),
        (b"\n", 2, "message is empty"),
        (b"\xff\n", 2, "not valid UTF-8"),
        (b"x" * 32_769, 4, "the limit is 32,768"),
        (b"x" * 1_000_000, 4, "more than 32,768 bytes"),
    ],
)
def test_an_invalid_message_on_stdin_is_refused(data: bytes, code: int, words: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdin", stdin_of(data))
    refused([], code, words, capsys)


def test_the_longest_text_is_sent(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin_of(b"x" * 32_768 + b"\r\n"))
    assert len(sent()[1]["text"]) == 32_768


def test_send_without_a_text_at_a_terminal_prints_a_hint(capsys) -> None:
    refused([], 2, "Give it as an argument or pipe it in", capsys)  # no stdin at all, as under cron
    main, other = pty.openpty()
    result = subprocess.run(
        [sys.executable, "-m", "socketchat", "send"],
        stdin=other,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    os.close(main)
    os.close(other)
    assert result.returncode == 2
    assert "Give it as an argument or pipe it in" in result.stderr


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_argument_is_refused(text: str, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin_of(b"not this"))
    refused([text], 2, "message is empty", capsys)


# Name, server, addressee


@pytest.mark.parametrize(
    ("arguments", "to"),
    [
        (["--room", "#ops"], "#ops"),
        (["--room", "ops"], "#ops"),
        (["--dm", "bob"], "@bob"),
        (["--dm", "@bob"], "@bob"),
    ],
)
def test_a_message_goes_to_a_room_or_one_user(arguments: list[str], to: str) -> None:
    assert sent(*arguments, "hi")[1]["to"] == to


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--room", "#ops", "--dm", "bob", "hi"], "Give either --room or --dm"),
        (["--room", "", "hi"], "'--room': It is empty"),  # an unset variable must not become the lobby
        (["--host", "", "hi"], "'--host': It is empty"),
        (["--host", "a b", "hi"], "is not an address"),
        (["--as", "two words", "hi"], "A name"),
        (["--host", "h:x", "hi"], "is not a port"),
        (["--host", "h:1", "--port", "2", "hi"], "Leave one of them out"),
    ],
)
def test_an_impossible_option_is_refused_before_anything_is_sent(arguments: list[str], words: str, capsys) -> None:
    refused(arguments, 2, words, capsys)


def test_the_name_comes_from_option_environment_last_join_or_login(monkeypatch, home) -> None:
    assert sent("hi")[0]["name"] == "login"
    with Listener() as listener:
        Profiles(str(home / "socketchat" / "client")).server("127.0.0.1", listener.port).joined("joined")
        port = str(listener.port)
        for expected, arguments, environ in (
            ("joined", [], {}),
            ("env", [], {"SOCKETCHAT_NAME": "env"}),
            ("option", ["--as", "option"], {"SOCKETCHAT_NAME": "env"}),
        ):
            for name, value in environ.items():
                monkeypatch.setenv(name, value)
            with ThreadPoolExecutor(1) as pool:
                code = pool.submit(run, ["send", "--port", port, *arguments, "hi"])
                with listener.accept() as peer:
                    hello, send = peer.challenge()
                    peer.write(welcome(hello=hello["id"], name=hello["name"]), ok(send["id"]))
                    assert (code.result(20), hello["name"]) == (0, expected)


def test_an_invalid_login_name_is_an_error(monkeypatch, capsys) -> None:
    monkeypatch.setenv("LOGNAME", "two words")
    refused(["--port", "1", "hi"], 2, "Your login name is not a valid name here", capsys)


def test_the_server_first_joined_is_the_default_with_the_name_used_there(home) -> None:
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        profiles = Profiles(str(home / "socketchat" / "client"))
        profiles.server("127.0.0.1", listener.port).joined("ann")
        profiles.server("127.0.0.1", 1).joined("eve")  # in another terminal
        code = pool.submit(run, ["send", "--dm", "bob", "hi"])
        with listener.accept() as peer:
            hello, send = peer.challenge()
            peer.write(welcome(hello=hello["id"], name=hello["name"]), ok(send["id"]))
            assert (code.result(20), hello["name"], send["to"]) == (0, "ann", "@bob")


def test_without_a_default_the_user_must_name_one_of_several_servers(home, capsys) -> None:
    profiles = Profiles(str(home / "socketchat" / "client"))
    for letter, host in zip("AAB", ("chat.lan", "192.0.2.1", "other.lan"), strict=True):
        profiles.server(host, 5000).keep_pin(f"SHA256:{letter * 43}")
    refused(["hi"], 2, "socketchat trust --default 192.0.2.1:5000", capsys)
    assert run(["trust", "--default", "127.0.0.1:1"]) == 0
    assert capsys.readouterr().out == "The default server is now 127.0.0.1:1.\n"
    refused(["hi"], 6, "Cannot connect to 127.0.0.1:1", capsys)


def test_the_environment_sets_host_and_port(monkeypatch) -> None:
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        monkeypatch.setenv("SOCKETCHAT_HOST", "127.0.0.1")
        monkeypatch.setenv("SOCKETCHAT_PORT", str(listener.port))
        code = pool.submit(run, ["send", "hi"])
        with listener.accept() as peer:
            hello, send = peer.challenge()
            peer.write(welcome(hello=hello["id"], name=hello["name"]), ok(send["id"]))
            assert code.result(20) == 0


def test_send_uses_the_same_key_each_time() -> None:
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        keys = set()
        for _ in range(2):
            code = pool.submit(run, ["send", "--port", str(listener.port), "hi"])
            with listener.accept() as peer:
                hello, send = peer.challenge()
                keys.add(hello["key"])
                peer.write(welcome(hello=hello["id"], name=hello["name"]), ok(send["id"]))
                assert code.result(20) == 0
    assert len(keys) == 1


# Exit codes


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("name_taken", 4), ("key_reused", 4), ("no_such_user", 5), ("no_such_room", 5), ("other", 1), ("bad_name", 2)],
)
def test_a_refusal_prints_its_sentence_and_sets_the_exit_code(code: str, exit_code: int, capsys) -> None:
    with Sending("hi") as outcome, outcome.listener.accept() as peer:
        hello, send = peer.challenge()
        peer.write(welcome(hello=hello["id"], name=hello["name"]), error(send["id"], code, "It is so."))
        assert outcome.code == exit_code
    assert capsys.readouterr() == ("", "socketchat: It is so.\n")


def test_a_connection_lost_after_sending_is_unconfirmed_and_says_how_to_repeat(capsys) -> None:
    with Sending("--key", "k 1", "hi") as outcome:
        with outcome.listener.accept() as peer:
            peer.challenge()
        assert outcome.code == 3
    assert capsys.readouterr().err.endswith("To repeat it safely, add: --key 'k 1'\n")


def test_silence_until_the_timeout_is_unconfirmed(capsys) -> None:
    with Sending("--timeout", "0.5", "hi") as outcome, outcome.listener.accept() as peer:
        peer.challenge()
        assert outcome.code == 3
    assert "did not answer in time" in capsys.readouterr().err


def test_an_unreachable_server_exits_with_6(capsys) -> None:
    with Listener() as listener:
        port = listener.port
    refused(["--port", str(port), "hi"], 6, "Is `socketchat serve` running there?", capsys)


def test_a_key_readable_by_others_exits_with_8(capsys, home) -> None:
    sent("hi")
    path = home / "socketchat" / "client" / "key"
    path.chmod(0o644)
    refused(["hi"], 8, f"chmod 600 {path}", capsys)


def test_an_interrupt_exits_with_130_without_a_traceback() -> None:
    with Listener() as listener:
        command = [sys.executable, "-m", "socketchat", "send", "--port", str(listener.port), "--as", "ann", "hi"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with listener.accept() as peer:
            peer.challenge()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_process_that_sends_has_written_everything_when_it_ends() -> None:
    def ended(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "socketchat", "send", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    code, out, err = ended("--help")
    assert (code, out.splitlines()[0], err) == (0, "Usage: socketchat send [OPTIONS] [TEXT]...", "")
    assert "-h, --help" in out.splitlines()[-1]
    code, out, err = ended("--port", "1", "--as", "ann", "hi")
    assert (code, out, err.count("\n")) == (6, "", 1)
    assert ended("--wrong")[0] == 2


# The server as it is


def stored(server) -> list[str]:
    """Return the texts in the lobby."""

    async def texts() -> list[str]:
        async with connect("127.0.0.1", server.port, name="reader", profile=None, listen="none") as client:
            past = (await client.request(History(conversation="#lobby", limit=200))).events
            return [decode_text(each).text for each in past]

    return asyncio.run(texts())


def test_a_message_is_stored_once_under_its_key_and_another_text_is_refused(server, capsys) -> None:
    to_server = ["send", "--port", str(server.port), "--as", "ann"]
    for _ in range(2):
        assert run([*to_server, "--key", "k", "once\nand for all"]) == 0
    assert stored(server).count("once\nand for all") == 1
    assert run([*to_server, "--key", "k", "something else"]) == 4
    assert run([*to_server, "--dm", "nobody", "hi"]) == 5
    assert run([*to_server, "--room", "#nowhere", "hi"]) == 5
    assert capsys.readouterr().out == ""


def test_a_taken_name_is_refused(server, monkeypatch, tmp_path, capsys) -> None:
    to_server = ["send", "--port", str(server.port), "--as", "owner", "hi"]
    assert run(to_server) == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another"))
    assert run(to_server) == 4
    assert "owner" in capsys.readouterr().err


def test_a_stopped_server_exits_with_6(server, capsys) -> None:
    server.stop()
    try:
        assert run(["send", "--port", str(server.port), "--as", "ann", "--timeout", "0.5", "hi"]) == 6
    finally:
        server.go_on()
    assert "the server did not answer in time" in capsys.readouterr().err


def test_without_a_server_send_creates_no_files(home, capsys) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        assert run(["send", "--port", str(bound.getsockname()[1]), "--as", "ann", "hi"]) == 6
    assert "Cannot connect" in capsys.readouterr().err
    assert not home.exists()


def test_send_imports_only_what_it_needs(server) -> None:
    code = "import sys\nfrom socketchat.cli import run\ncode = run(sys.argv[1:])\nprint(code, *sys.modules)"
    command = [sys.executable, "-c", code, "send", "--port", str(server.port), "--as", "light", "hi"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    code, *loaded = result.stdout.split()
    assert code == "0"
    assert NEVER_LOADED & set(loaded) == set()


def test_twenty_concurrent_first_sends_succeed_under_one_name(server) -> None:
    command = [sys.executable, "-m", "socketchat", "send", "--port", str(server.port), "--as", "swarm", "hi"]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(20)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [(b"", 0)] * 20


def test_a_default_server_that_was_never_joined_is_mentioned(home, capsys) -> None:
    Profiles(str(home / "socketchat" / "client")).server("chat.lan", 5000).keep_pin(f"SHA256:{43 * 'A'}")
    assert run(["trust", "--default", "chat.lan"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["trust", "--default", "nope:1"]) == 0
    assert capsys.readouterr().err == "You have not joined nope:1 yet, so check the address.\n"
