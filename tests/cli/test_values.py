"""Every option and argument of every subcommand: an empty or impossible value is a usage error."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from socketchat.cli import group, run


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


COMMANDS = dict(commands(group))

OPTIONS = [
    (path, parameter)
    for path, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count
]

ARGUMENTS = [
    (path, parameter)
    for path, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Argument) and parameter.nargs == 1
]


def named(value: object) -> str | None:
    if isinstance(value, click.Option):
        return max(value.opts)
    if isinstance(value, click.Argument):
        return value.name
    return " ".join(value) if isinstance(value, tuple) else None


def refused(arguments: list[str], capsys) -> str:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Provide a separate home, in which no file may appear."""
    for name in ("SOCKETCHAT_NAME", "SOCKETCHAT_HOST", "SOCKETCHAT_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


def test_all_subcommands_are_driven() -> None:
    assert {path[0] for path in COMMANDS if path} == set(group.names)
    assert len(OPTIONS) > 20
    assert len(ARGUMENTS) > 10


@pytest.mark.parametrize("value", ["", " ", "\t\n"], ids=["empty", "blank", "white"])
@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=named)
def test_an_empty_option_is_a_usage_error_that_names_it(path, option, value, capsys) -> None:
    err = refused([*path, option.opts[0], value], capsys)
    assert option.opts[0] in err
    assert "is empty" in err


@pytest.mark.parametrize(("path", "argument"), ARGUMENTS, ids=named)
def test_an_empty_argument_is_a_usage_error(path, argument, capsys) -> None:
    command = COMMANDS[path]
    words = ["" if each is argument else "x" for each in command.params if isinstance(each, click.Argument)]
    assert "is empty" in refused([*path, *words], capsys)


@pytest.mark.parametrize("words", [["send", ""], ["send", "", " "], ["join", ""], ["help", ""]])
def test_empty_words_are_no_message_no_name_and_no_topic(words, capsys) -> None:
    refused(words, capsys)


HOSTS = ["a b", "chat.example.org/", "*", "a:0", "a:x", ":5000", "a:", "[::1", "a:b:c", "\x1b", "http://a"]
PORTS = ["0", "-1", "65536", "x", "1.5", "5000 "]
ROOMS = ["#my room", "#", "##", "#a/b", "x" * 33]
NAMES = ["two words", "#room", "x" * 21, "a/b"]
SECONDS = ["0", "-1", "x", "inf"]
DURATIONS = ["0s", "7", "7 days", "d", "-1d", "7y"]
REST = {"send": ["hi"], "trust": ["SHA256:" + "A" * 43]}

IMPOSSIBLE = {
    ("send", "--room"): ROOMS,
    ("send", "--dm"): NAMES,
    ("send", "--as"): NAMES,
    ("send", "--host"): HOSTS,
    ("send", "--port"): PORTS,
    ("send", "--timeout"): SECONDS,
    ("join", "--host"): HOSTS,
    ("join", "--port"): PORTS,
    ("serve", "--host"): [*HOSTS, "127.0.0.1:5000"],
    ("serve", "--port"): PORTS[1:],
    ("serve", "--plaintext-from"): ["10.0.0.0/33", "x", "10.0.0.1/8"],
    ("serve", "--keep"): ["=1s", "#=1s", "#my room=7d", "7", "#ops", "#ops=", "#ops=7", "=ever", "ops=7d=7d", "0d"],
    ("invite", "--host"): HOSTS,
    ("invite", "--room"): ROOMS,
    ("invite", "--uses"): ["0", "-1", "x"],
    ("invite", "--expires"): DURATIONS,
    ("admin", "users", "reset", "x", "--host"): HOSTS,
    ("admin", "ban", "x", "--for"): DURATIONS,
    ("export", "--room"): ROOMS,
    ("export", "--format"): ["xml"],
    ("trust",): HOSTS,
    ("trust", "--default"): HOSTS,
    ("trust", "chat.lan"): ["x", "SHA256:", "SHA256:AAAA"],
}


@pytest.mark.parametrize(
    ("words", "value"), [(words, value) for words, values in IMPOSSIBLE.items() for value in values], ids=repr
)
def test_a_value_that_cannot_be_meant_is_a_usage_error(words, value, capsys) -> None:
    rest = REST.get(words[0], []) if words[-1] != "chat.lan" else []
    refused([*words, value, *rest], capsys)


@pytest.mark.parametrize("variable", ["SOCKETCHAT_HOST", "SOCKETCHAT_PORT", "SOCKETCHAT_NAME"])
def test_a_variable_that_cannot_be_meant_is_a_usage_error(variable, monkeypatch, capsys) -> None:
    monkeypatch.setenv(variable, "a b")
    refused(["send", "hi"], capsys)
    refused(["join"], capsys)
