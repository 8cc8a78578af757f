"""``socketchat backup``, ``restore`` and ``export``, as the operator calls them."""

import json
import os
import sqlite3

import click
import pytest

from socketchat.cli import run
from socketchat.cli.arguments.options import retention
from socketchat.journal import Keep
from tests.client.serving import serving


@pytest.fixture
def call(capsys):
    """Return a function that runs a subcommand, and returns exit code, stdout lines and stderr."""

    def call(*arguments: object) -> tuple[int, list[str], str]:
        code = run([*map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


def test_backup_and_restore_copy_a_store(tmp_path, call) -> None:
    data, copy, other = tmp_path / "data", tmp_path / "copy.db", tmp_path / "other"
    with serving(tmp_path) as server:
        code, _, err = call("send", "--as", "alice", "--host", "127.0.0.1", "--port", server.port, "good morning")
        assert (code, err) == (0, "")
        assert call("backup", "--data", data, copy) == (0, [f"Backup written to {copy}."], "")
        assert call("backup", "--data", data, copy)[0] == 4
        assert call("export", "--data", data)[1][-1].endswith(" #lobby/1 alice: good morning")
    assert call("restore", "--data", other, copy) == (0, [f"Store restored to {other}."], "")
    code, out, err = call("restore", "--data", other, copy)
    assert (code, out, err.count("\n")) == (4, [], 1)
    _, (line,), _ = call("export", "--data", other, "--room", "lobby", "--format", "json")
    assert json.loads(line)["body"] == {"text": "good morning"}
    assert call("export", "--data", other, "--room", "#none")[0] == 5


def test_a_missing_store_is_one_line_and_an_exit_code(tmp_path, call) -> None:
    for arguments in (["backup", tmp_path / "copy.db"], ["restore", tmp_path / "copy.db"], ["export"]):
        code, out, err = call(*arguments, "--data", tmp_path / "none")
        assert (code, out, err.count("\n")) == (8, [], 1)
    assert call("export", "--room", "#", "--data", tmp_path)[0] == 2


def test_a_failed_restore_leaves_no_files(tmp_path, call) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("no backup at all " * 100)
    for source in (foreign, tmp_path / "none"):
        assert call("restore", "--data", tmp_path / "new" / "data", source)[0] == 8
        assert [*tmp_path.iterdir()] == [foreign]


def test_a_file_that_is_not_a_backup_is_not_called_damaged(tmp_path, call) -> None:
    empty, foreign, text = tmp_path / "empty", tmp_path / "foreign.db", tmp_path / "passwd"
    empty.touch()
    sqlite3.connect(foreign).execute("CREATE TABLE theirs (x)").connection.close()
    text.write_text("root:x:0:0:root:/root:/bin/bash\n" * 20)
    for source in (empty, foreign, text):
        code, out, err = call("restore", "--data", tmp_path / "new", source)
        assert (code, out, err.count("\n")) == (8, [], 1)
        assert err.endswith("Give a file that `socketchat backup` wrote.\n")
        assert "damaged" not in err


@pytest.mark.parametrize("command", ["serve", "backup", "restore", "export"])
def test_a_path_that_sqlite_cannot_use_is_refused_before_any_file_is_made(tmp_path, call, command) -> None:
    bad = os.fsdecode(bytes(tmp_path) + b"/bad\xff")
    data = ["--data", bad] if command in {"serve", "export"} else [bad, "--data", tmp_path / "data"]
    for arguments in ([command, *data], [command, *(["x"] if command in {"backup", "restore"} else []), "--data", bad]):
        code, out, err = call(*arguments)
        assert (code, out, err.count("\n")) == (2, [], 1)
        assert "is not valid UTF-8" in err
    assert [*tmp_path.iterdir()] == []


def test_the_operator_can_erase_the_messages_of_a_user(tmp_path, call) -> None:
    data = tmp_path / "data"
    with serving(tmp_path) as server:
        for text in ("one", "two"):
            assert call("send", "--as", "alice", "--host", "127.0.0.1", "--port", server.port, text)[0] == 0
        assert call("admin", "--data", data, "users", "erase", "alice", "--yes") == (
            0,
            ["Erased 2 messages from alice."],
            "",
        )
        assert call("admin", "--data", data, "users", "erase", "nobody", "--yes")[0] == 5
        assert "erase alice" in call("admin", "--data", data, "log")[1][-1]
        said = call("export", "--data", data, "--room", "#lobby")[1]
        assert [line.partition("/")[2] for line in said] == ["1 alice: (deleted)", "2 alice: (deleted)"]


def test_options_set_the_retention() -> None:
    day = 86_400_000

    def parsed(*texts: str) -> Keep:
        return retention(None, None, texts)

    assert parsed() == Keep()
    assert parsed("90d") == Keep(90 * day)
    assert parsed("ever", "#Ops=7d", "x=ever") == Keep(None, {"#ops": 7 * day, "#x": None})
    for wrong in ("", "90", "0d", "#ops=", "#ops", "=x"):
        with pytest.raises(click.BadParameter, match="not a retention"):
            parsed(wrong)
