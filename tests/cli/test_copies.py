"""``socketchat backup``, ``restore`` and ``export``, as the operator calls them."""

import json

import pytest

from socketchat.cli import run
from tests.client.serving import serving


@pytest.fixture
def call(capsys):
    """Return a function that runs a subcommand, and gives exit code, lines and complaint."""

    def call(*arguments: object) -> tuple[int, list[str], str]:
        code = run([*map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


def test_a_store_goes_from_one_directory_to_another(tmp_path, call) -> None:
    data, copy, other = tmp_path / "data", tmp_path / "copy.db", tmp_path / "other"
    with serving(tmp_path) as server:
        code, _, err = call("send", "--as", "alice", "--host", "127.0.0.1", "--port", server.port, "good morning")
        assert (code, err) == (0, "")
        assert call("backup", "--data", data, copy) == (0, [f"The backup is in {copy}."], "")
        assert call("backup", "--data", data, copy)[0] == 4
        assert call("export", "--data", data)[1][-1].endswith(" #lobby/1 alice: good morning")
    assert call("restore", "--data", other, copy) == (0, [f"The store is in {other}."], "")
    code, out, err = call("restore", "--data", other, copy)
    assert (code, out, err.count("\n")) == (4, [], 1)
    _, (line,), _ = call("export", "--data", other, "--room", "lobby", "--format", "json")
    assert json.loads(line)["body"] == {"text": "good morning"}
    assert call("export", "--data", other, "--room", "#none")[0] == 5


def test_where_there_is_nothing_it_is_one_line_and_an_exit_code(tmp_path, call) -> None:
    for arguments in (["backup", tmp_path / "copy.db"], ["restore", tmp_path / "copy.db"], ["export"]):
        code, out, err = call(*arguments, "--data", tmp_path / "none")
        assert (code, out, err.count("\n")) == (8, [], 1)
    assert call("export", "--room", "#", "--data", tmp_path)[0] == 2
