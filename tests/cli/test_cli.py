import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import socketchat
from socketchat import cli, exceptions
from socketchat.cli import run
from tests.hostile import CORPUS, dangerous


def test_without_arguments_a_short_help_with_examples_is_shown(capsys) -> None:
    assert run([]) == 0
    out = capsys.readouterr().out
    assert "socketchat serve" in out
    assert "socketchat join" in out
    assert out.count("\n") < 40
    assert "\x1b" not in out


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], ["serve"], ["join"], ["send"], ["send", "--dm", "bob"], ["admin"]])
def test_every_command_has_help(command: list[str], flag: str, capsys) -> None:
    assert run([*command, flag]) == 0
    assert f"Usage: {' '.join(['socketchat', *command[:1]])}" in capsys.readouterr().out


def test_version_prints_the_version_and_the_interpreter(capsys) -> None:
    assert run(["--version"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"socketchat {socketchat.__version__}"
    assert second in {f"CPython {platform.python_version()}, {kind} PGO" for kind in ("with", "without")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sned"], "No such command: 'sned'. Did you mean 'send'? See `socketchat --help`."),
        (["xyzzy"], "No such command: 'xyzzy'. See `socketchat --help`."),
        (["se"], "No such command: 'se'."),  # no abbreviations
        (["--hlep"], "See `socketchat --help`."),
        (["send", "--rom", "x"], "--room"),
        (["send", "--port", "0", "hi"], "'0' is not a port. A port is a number from 1 to 65535. See `socketchat send"),
        (["send", "--port", "x", "hi"], "'x' is not a port. A port is a number from 1 to 65535."),
        (["send", "--port", "--timeout", "hi"], ". See `socketchat send --help`."),
        *(
            (["send", "--timeout", time, "hi"], f"{time!r} is not a time. Give seconds, above 0 and up to 86,400. See ")
            for time in ("0", "-1", "nan", "inf", "1e300", "x")
        ),
        (
            ["serve", "--data", ""],
            "'--data': It is empty. Give a value, or leave it out. See `socketchat serve --help`.",
        ),
    ],
)
def test_a_usage_error_is_one_helpful_line_and_exit_code_2(arguments: list[str], words: str, capsys) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("socketchat: ")
    assert words in err
    assert ".." not in err


@pytest.mark.parametrize("command", [["key"], ["admin"], ["admin", "room"], ["admin", "invite"]])
def test_a_group_without_a_subcommand_shows_its_help(command: list[str], capsys) -> None:
    assert run([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "\n\nCommands:\n" in shown
    assert run(command) == 2
    assert capsys.readouterr() == ("", shown)


@pytest.mark.skipif(sys.platform != "linux", reason="homes of Linux")
@pytest.mark.parametrize(
    "command", [["send", "hi"], ["join", "ann"], ["key", "show"], ["serve"], ["admin", "users"], ["backup", "x"]]
)
@pytest.mark.parametrize("home", [None, "", "relative"])
def test_the_error_for_a_missing_home_names_the_variable(command, home, tmp_path, monkeypatch, capsys) -> None:
    import pwd

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pwd, "getpwuid", fail_with(KeyError("uid not found")))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    assert run(command) == 8
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "set HOME or XDG_DATA_HOME" in err
    assert ("--data" in err) == (command[0] in {"serve", "admin", "backup"})
    assert not [*tmp_path.iterdir()]


def fail_with(error: BaseException):
    def fail(*_: object, **__: object) -> int:
        raise error

    return fail


@pytest.mark.parametrize("kind", exceptions.BY_CODE.values())
def test_every_error_is_one_line_and_its_exit_code(kind: type, monkeypatch, capsys) -> None:
    monkeypatch.setattr(cli.group, "main", fail_with(kind("It is\nso.")))
    assert run([]) == kind.exit_code
    assert capsys.readouterr() == ("", "socketchat: It is so.\n")


def test_an_error_text_of_the_server_is_cleaned(monkeypatch, capsys) -> None:
    for text in CORPUS:
        monkeypatch.setattr(cli.group, "main", fail_with(exceptions.Refused(text)))
        run([])
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert not dangerous(err)


def test_an_interrupt_exits_with_130(monkeypatch) -> None:
    monkeypatch.setattr(cli.group, "main", fail_with(KeyboardInterrupt()))
    assert run([]) == 130


def test_only_the_used_subcommand_is_imported() -> None:
    code = "import sys\nfrom socketchat.cli import run\nrun(['send', '--room', 'a b', 'x'])\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "socketchat.cli.send" in loaded
    assert not {"socketchat.cli.serve", "socketchat.cli.join", "socketchat.server", "asyncio"} & set(loaded)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_closed_stdout_prints_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [sys.executable, "-m", "socketchat", "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, "")


def test_public_names_exist_and_the_import_is_light() -> None:
    code = "import sys, socketchat\nprint(*sys.modules)\nfor name in socketchat.__all__: getattr(socketchat, name)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"asyncio", "click", "msgspec", "socketchat.protocol"} & set(result.stdout.split())
    with pytest.raises(AttributeError, match="novelty"):
        _ = socketchat.novelty


def test_type_checkers_know_every_public_name() -> None:
    (block,) = [each for each in ast.parse(Path(socketchat.__file__).read_text()).body if isinstance(each, ast.If)]
    known = {name.name: each.module for each in block.body for name in each.names}
    assert known == {name: home for home, names in socketchat._HOMES.items() for name in names}


def test_every_public_name_has_one_home() -> None:
    homes = [name for names in socketchat._HOMES.values() for name in names]
    assert sorted([*homes, "__version__"]) == sorted(socketchat.__all__)
