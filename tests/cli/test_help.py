import os
import pty
import subprocess
import sys

import pytest
from rich.cells import cell_len

from socketchat.cli import run
from socketchat.cli.help import TOPICS, WIDTH, page, render


def test_without_a_topic_help_lists_the_topics_with_one_line_each(capsys) -> None:
    assert run(["help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(TOPICS)
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_in_a_pipe_is_its_markdown(topic: str, capsys) -> None:
    assert run(["help", topic]) == 0
    out = capsys.readouterr().out
    assert out == page(topic)
    assert "<!--" not in out
    assert "\x1b" not in out


@pytest.mark.parametrize("words", [["exit", "codes"], ["Exit-Codes"]])
def test_a_topic_can_be_spelled_with_spaces_and_capitals(words: list[str], capsys) -> None:
    assert run(["help", *words]) == 0
    assert capsys.readouterr().out.startswith("# Exit codes\n")


@pytest.mark.parametrize("words", [["send"], ["admin", "ban"], ["help"]])
def test_a_subcommand_is_a_topic_too(words: list[str], capsys) -> None:
    if words[0] in TOPICS and len(words) == 1:
        pytest.fail("name another")
    assert run(["help", *words]) == 0
    shown = capsys.readouterr().out
    assert run([*words, "--help"]) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["exit-cods"],
            "No such help topic: 'exit-cods'. Did you mean 'exit-codes'? `socketchat help` lists the topics.",
        ),
        (["LIMTIS"], "Did you mean 'limits'?"),
        (["xyzzy"], "No such help topic: 'xyzzy'. `socketchat help` lists the topics."),
        (["admin", "xyzzy"], "No such help topic: 'admin xyzzy'. `socketchat help` lists the topics."),
    ],
)
def test_an_unknown_topic_is_one_line_that_suggests_the_nearest(words, told, capsys) -> None:
    assert run(["help", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err


@pytest.mark.parametrize("columns", [40, 80, WIDTH])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_the_width_of_the_terminal(topic: str, columns: int, monkeypatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert max(map(cell_len, render(page(topic), columns).split("\n"))) <= columns


def test_only_a_long_topic_opens_in_a_pager(tmp_path) -> None:
    def show(topic: str) -> str:
        main, other = pty.openpty()
        environment = {
            **os.environ,
            "PAGER": f"tee {tmp_path / topic}",
            "LINES": "30",
            "COLUMNS": "80",
            "TERM": "xterm",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "socketchat", "help", topic], stdin=other, stdout=other, env=environment
        ) as shown:
            os.close(other)
            text = b""
            try:
                while part := os.read(main, 65536):
                    text += part
            except OSError:  # so Linux says that the other end is closed
                pass
        os.close(main)
        assert shown.returncode == 0
        return text.decode()

    assert "1,024" not in show("search")
    assert not (tmp_path / "search").exists()
    assert "32,768 bytes" in show("limits")
    assert "32,768 bytes" in (tmp_path / "limits").read_text()
