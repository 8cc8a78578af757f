"""``socketchat admin`` against a server in a process of its own."""

import pytest

from socketchat.cli import run
from tests.client.serving import serving


@pytest.fixture
def admin(tmp_path, capsys):
    """Return a function that runs the subcommand, and gives exit code, lines and complaint."""

    def call(*arguments: str) -> tuple[int, list[str], str]:
        code = run(["admin", "--data", str(tmp_path / "data"), *arguments])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    with serving(tmp_path) as server:
        call.port = server.port
        yield call


def test_the_operator_sees_rooms_and_users(admin) -> None:
    assert admin("rooms") == (0, ["#lobby"], "")
    assert admin("users") == (0, [], "")


def test_without_a_server_it_is_one_line_and_exit_code_6(tmp_path, capsys) -> None:
    assert run(["admin", "--data", str(tmp_path), "users"]) == 6
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"socketchat: No server runs in {tmp_path}; start it with `socketchat serve`")


def test_the_operator_sees_the_join_code_and_changes_it(admin, tmp_path) -> None:
    kept = tmp_path / "data" / "join-code"
    old = kept.read_text().strip()
    assert admin("code") == (0, [old], "")
    code, (new,), _ = admin("code", "--new")
    assert (code, kept.read_text().strip()) == (0, new)
    assert old != new
    assert admin("code") == (0, [new], "")


def test_a_code_that_cannot_be_kept_is_an_error_and_the_old_one_stays(admin, tmp_path) -> None:
    old = admin("code")[1]
    (tmp_path / "data" / "join-code").unlink()
    (tmp_path / "data" / "join-code").mkdir()
    code, lines, complaint = admin("code", "--new")
    assert (code, lines) == (8, [])
    assert "Cannot use" in complaint
    assert admin("code")[1] == old
