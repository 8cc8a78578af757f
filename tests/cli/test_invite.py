"""``socketchat invite`` against a server in a separate process."""

import os
import sqlite3
import ssl
from pathlib import Path

import pytest

from socketchat.cli import run
from socketchat.cli.invite import leads_to
from socketchat.client.address import Address
from socketchat.client.identity.invitation import parse_invitation
from tests.client.serving import serving


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path) as served:
        yield served


@pytest.fixture
def invite(tmp_path, capsys):
    """Return a function that runs the subcommand, and returns exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["invite", "--data", str(tmp_path / "data"), *arguments])
        return code, *capsys.readouterr()

    return call


def test_invite_prints_only_the_url(server, invite) -> None:
    code, out, err = invite("--host", "chat.example")
    assert (code, out.count("\n"), err) == (0, 1, "")
    assert parse_invitation(out).address == Address("chat.example", server.port)
    code, out, _ = invite("--host", "chat.example:7", "--uses", "2", "--expires", "2h", "--room", "#lobby")
    assert parse_invitation(out).address == Address("chat.example", 7)


def test_a_url_for_browsers_is_printed_on_request_with_a_warning(server, invite) -> None:
    code, out, err = invite("--host", "chat.example", "--web")
    assert (code, out.count("\n")) == (0, 1)
    assert out.startswith(f"https://chat.example:{server.port}/#invite=")
    assert "Browsers will warn" in err


def test_a_certificate_that_browsers_trust_gives_a_url_for_browsers(server, invite, monkeypatch) -> None:
    certificate = ssl.get_server_certificate(("127.0.0.1", server.port))
    original = ssl.create_default_context

    def trusting() -> ssl.SSLContext:
        context = original(cadata=certificate)
        context.check_hostname = False  # the generated certificate has no name
        return context

    monkeypatch.setattr(ssl, "create_default_context", trusting)
    code, out, err = invite("--host", "chat.example")
    assert (code, err) == (0, "")
    assert out.startswith("https://chat.example:")


def test_without_a_host_the_url_has_the_address_of_the_server(server, invite) -> None:
    code, out, err = invite()
    assert (code, parse_invitation(out).address) == (0, Address("127.0.0.1", server.port))
    assert "only works on this machine" in err
    assert "--host" in err


@pytest.mark.parametrize(
    ("told", "listening", "expected"),
    [
        (None, "127.0.0.1:7 192.0.2.7:7", "192.0.2.7:7"),
        (None, "0.0.0.0:7 192.0.2.7:7", "192.0.2.7:7"),
        (None, "[2001:db8::7]:7", "[2001:db8::7]:7"),
        (None, "[::1]:7", "[::1]:7"),
        (("chat.example", None), "0.0.0.0:7 [::]:7", "chat.example:7"),
        (("chat.example", 9), "127.0.0.1:7", "chat.example:9"),
    ],
)
def test_an_externally_reachable_address_is_preferred(told, listening: str, expected: str) -> None:
    assert str(leads_to(told, listening)) == expected


@pytest.mark.usefixtures("server")
def test_the_operator_can_list_and_revoke_invites(invite, tmp_path, capsys) -> None:
    invite()
    admin = ["admin", "--data", str(tmp_path / "data"), "invite"]
    assert run([*admin, "list"]) == 0
    line = capsys.readouterr().out
    assert line.endswith((" used 0 of 1, for 7 days\n", " used 0 of 1, for 1 week\n"))
    assert run([*admin, "revoke", line.split()[0]]) == 0
    assert run([*admin, "list"]) == 0
    assert capsys.readouterr().out == ""


def test_the_token_is_in_no_database_log_or_command_line(server, invite, tmp_path) -> None:
    token = parse_invitation(invite()[1]).token
    process = Path("/proc") / str(server.process.pid)
    for shown in ("cmdline", "environ"):
        if process.exists():
            assert token.encode() not in (process / shown).read_bytes()
    server.end()
    for directory, _, names in os.walk(tmp_path):
        for name in names:
            assert token.encode() not in (Path(directory) / name).read_bytes(), name
    with sqlite3.connect(tmp_path / "data" / "socketchat.db") as database:
        assert database.execute("SELECT count(*) FROM entry WHERE kind = 'invite'").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--uses", "0"], 2, "--uses"),
        (["--expires", "soon"], 2, "'soon' is not a duration. Give a number and s, m, h, d or w"),
        (["--expires", "0d"], 2, "is not a duration"),
        (["--room", "#no where"], 2, "A room name"),
        (["--host", ":5"], 2, "is not an address"),
        (["--host", "bad:host:1"], 2, "is not an address"),
        (["extra"], 2, "Unexpected argument 'extra'"),
    ],
)
@pytest.mark.usefixtures("server")
def test_an_impossible_option_is_one_line_and_an_exit_code(invite, arguments, code, complaint) -> None:
    got, out, err = invite(*arguments)
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert complaint in err


def test_without_a_server_invite_exits_with_6(invite) -> None:
    assert invite()[0] == 6


def test_invite_list_points_to_the_right_command(invite) -> None:
    code, out, err = invite("list")
    assert (code, out) == (2, "")
    assert "`socketchat admin invite list`" in err
