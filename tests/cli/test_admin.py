"""``socketchat admin`` against a server in a separate process."""

import io
import sys

import pytest

from socketchat.cli import run
from tests.client.serving import serving


@pytest.fixture
def admin(tmp_path, capsys):
    """Return a function that runs the subcommand, and returns exit code, stdout lines and stderr."""

    def call(*arguments: str) -> tuple[int, list[str], str]:
        code = run(["admin", "--data", str(tmp_path / "data"), *arguments])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    with serving(tmp_path) as server:
        call.port = server.port
        yield call


def test_the_operator_can_list_rooms_and_users(admin) -> None:
    assert admin("rooms") == (0, ["#lobby"], "")
    assert admin("users") == (0, [], "")


def test_the_operator_can_set_an_owner_and_ban(admin, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    for name in ("alice", "eve"):
        assert run(["send", "--port", str(admin.port), "--as", name, "hi"]) == 0
    assert admin("owner", "alice") == (0, [], "")
    assert admin("owner", "alcie") == (5, [], "socketchat: No such user: alcie. Did you mean alice?\n")
    assert admin("users") == (0, ["alice owner", "eve"], "")
    assert admin("ban", "eve", "--for", "7d", "--reason", "spam") == (0, [], "")
    assert admin("bans") == (0, ["eve for another 1 week: spam"], "")
    assert admin("ban", "eve", "--address")[0] == 4
    assert admin("ban", "203.0.113.9")[0] == 2
    assert run(["send", "--port", str(admin.port), "--as", "eve", "hi"]) == 4
    assert capsys.readouterr().err == "socketchat: You are banned from the chat for another 1 week: spam.\n"
    assert admin("unban", "eve") == (0, ["Lifted the ban of eve from the chat."], "")
    assert admin("unban", "eve") == (4, [], "socketchat: eve is not banned from the chat.\n")
    code, lines, _ = admin("log")
    acts = [line.partition("Z operator ")[2] for line in lines]
    assert (code, acts) == (0, ["owner alice in #lobby", "ban eve in #lobby for 1 week: spam", "unban eve in #lobby"])


def test_the_operator_can_remove_rooms_and_delete_accounts(admin, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    for name in ("alice", "eve"):
        assert run(["send", "--port", str(admin.port), "--as", name, "hi"]) == 0
    assert admin("invite", "list")[0] == 0
    assert run(["invite", "--data", str(tmp_path / "data"), "--room", "#old"]) == 0
    assert admin("rooms")[1][-2:] == ["#lobby", "#old"]
    assert admin("rooms", "remove", "#old", "--yes") == (0, ["Removed #old."], "")
    assert admin("rooms") == (0, ["#lobby"], "")
    assert admin("rooms", "remove", "#old", "--yes")[0] == 5
    code, lines, _ = admin("users", "delete", "eve", "--erase", "--yes")
    assert (code, lines) == (0, ["Erased 1 message from eve.", "Deleted the account eve."])
    assert admin("users") == (0, ["alice"], "")
    assert admin("users", "delete", "eve", "--yes")[0] == 5
    _, lines, _ = admin("log")
    acts = [line.partition("Z operator ")[2] for line in lines]
    assert acts[-3:] == ["remove room #old", "erase eve in #lobby", "delete eve"]


@pytest.mark.parametrize("arguments", [("rooms", "remove", "#old"), ("users", "delete", "eve")])
def test_removals_need_a_confirmation(arguments, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("eve\n"))
    assert run(["admin", "--data", str(tmp_path), *arguments]) == 2
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize("time", ["soon", "0h", "-1d"])
def test_an_invalid_duration_is_a_usage_error(time, tmp_path, capsys) -> None:
    assert run(["admin", "--data", str(tmp_path), "ban", "eve", "--for", time]) == 2
    assert "Give a number and s, m, h, d or w" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["erase", "release"])
def test_irreversible_orders_need_a_confirmation(what, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("eve\n"))
    assert run(["admin", "--data", str(tmp_path), "users", what, "eve"]) == 2
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "code"), [("eve", 6), ("Eve", 130), ("y", 130), ("", 130)])
def test_erase_asks_for_the_name_at_a_terminal(typed, code, tmp_path, capsys, monkeypatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))
    assert run(["admin", "--data", str(tmp_path), "users", "erase", "eve"]) == code
    assert "Type the name" in capsys.readouterr().err


def test_without_a_server_admin_prints_one_line_and_exits_with_6(tmp_path, capsys) -> None:
    assert run(["admin", "--data", str(tmp_path), "users"]) == 6
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"socketchat: No server runs in {tmp_path}. Start it with `socketchat serve`")


def test_the_operator_can_show_and_change_the_join_code(admin, tmp_path) -> None:
    kept = tmp_path / "data" / "join-code"
    old = kept.read_text().strip()
    assert admin("code") == (0, [old], "")
    code, (new,), _ = admin("code", "--new")
    assert (code, kept.read_text().strip()) == (0, new)
    assert old != new
    assert admin("code") == (0, [new], "")


def test_a_new_code_that_cannot_be_saved_is_an_error_and_the_old_one_stays(admin, tmp_path) -> None:
    old = admin("code")[1]
    (tmp_path / "data" / "join-code").unlink()
    (tmp_path / "data" / "join-code").mkdir()
    code, lines, complaint = admin("code", "--new")
    assert (code, lines) == (8, [])
    assert "Cannot use" in complaint
    assert admin("code")[1] == old
