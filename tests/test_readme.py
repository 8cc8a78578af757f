"""The README and the help topics say what the program does; UPDATE_README=1 rewrites their generated parts."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from socketchat import exceptions
from socketchat.cli import group
from socketchat.cli.help import TOPICS, page, summary
from socketchat.commands import COMMANDS
from socketchat.commands.account.devices import DEVICES_PER_USER, NAMES_PER_KEY
from socketchat.commands.ignoring import IGNORED_USERS
from socketchat.hub import Cost
from socketchat.hub.policy import limits as hub
from socketchat.protocol import limits as protocol
from socketchat.protocol.slash.help import columns, help_text, moderating
from socketchat.server import limits as door
from socketchat.wire.native import PROGRAM_SECONDS
from socketchat.wire.plain import PlainDialect

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HELP = ROOT / "socketchat" / "help"
HOUSE = ROOT / "socketchat" / "README.md"
PAGES = [README, HOUSE, *sorted(HELP.glob("*.md"))]
WIDTH = 100
LONGEST_README = 300
FIRST_MINUTE = 65
"""Lines: what it is, the installation and the first minute are read before anybody decides to stay."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def error_codes() -> str:
    rows = []
    for code, error in sorted(exceptions.BY_CODE.items()):
        rows.append(f"| `{code}` | {error.exit_code} | {(error.__doc__ or '').splitlines()[0]} |")
    return "\n".join(["| code word | exit code | meaning |", "|---|---|---|", *rows])


def costing(cost: Cost) -> str:
    """Return the commands of this cost, in alphabetical order."""
    return ", ".join(sorted(f"`/{kind.__name__.lower()}`" for kind, row in COMMANDS.items() if row.cost is cost))


def made_by_users() -> list[tuple[str, str]]:
    """Return the limits on the rooms, direct messages and so on that users create."""
    return [
        ("rooms that one user creates", f"{hub.ROOMS_MADE}; {hub.ROOMS_BURST} at once, then one a minute"),
        (
            "… that all users of one address create",
            f"{hub.ADDRESS_ROOMS_BURST} at once, then one every {hub.ADDRESS_ROOMS_SECONDS / 60:.0f} minutes",
        ),
        ("rooms that one user is in", f"{hub.ROOMS_JOINED}"),
        ("rooms of a server", f"{hub.ROOMS:,}"),
        (
            "users to whom one user, or the guests of one address, write for the first time",
            f"{hub.DIRECT_BURST} at once, then one every {hub.DIRECT_SECONDS:.0f} seconds",
        ),
        ("users invited to a private room", f"{hub.INVITED_PER_ROOM}"),
        ("bans of a room, and mutes", f"{hub.BANS_PER_ROOM:,} each"),
    ]


def of_sessions() -> list[tuple[str, str]]:
    return [
        ("sessions of one user", f"{hub.SESSIONS_PER_USER}"),
        ("guests from the server's own machine", f"{hub.LOOPBACK_GUESTS:,}"),
        (
            "conversations listed when one user logs in again and again",
            f"{hub.LOGIN_CONVERSATIONS:,} at once, then {hub.LOGIN_CONVERSATIONS_PER_SECOND:,.0f} a second",
        ),
        (
            "times that one user quits and the others are told immediately",
            f"{hub.DEPARTURES_BURST} at once, then one a minute",
        ),
        (
            "what one user missed, after a disconnection",
            f"{hub.REPLAY_BURST // 2**20} MiB at once, then {hub.REPLAY_PER_SECOND // 2**20} MiB a second",
        ),
    ]


def limits() -> str:
    every = f"{door.STRANGERS_SECONDS:.0f} seconds"
    minutes = f"{hub.GUESS_SECONDS / 60:.0f} minutes"
    read_much, change = costing(Cost.MUCH_READING), costing(Cost.A_FACT)
    rows = [
        ("a text", f"{protocol.TEXT_BYTES:,} bytes"),
        ("a name", f"{protocol.NAME_CHARACTERS} characters"),
        ("names of one key", f"{NAMES_PER_KEY}"),
        ("devices of one user", f"{DEVICES_PER_USER}"),
        *of_sessions(),
        (
            "commands of one user, in all sessions",
            f"{hub.COMMAND_BURST} at once, then {hub.COMMANDS_PER_SECOND:.0f} a second",
        ),
        ("… which a long line counts as", f"one more for each {hub.COMMAND_BYTES:,} bytes"),
        ("… of a session before it has logged in", f"{hub.STRANGER_COMMANDS} at once, then one a second"),
        ("… of all guests of one address", "as many as of one user"),
        (
            f"commands of one user that change state ({change})",
            f"{hub.FACTS_BURST} at once, then one every {hub.FACTS_SECONDS:.0f} seconds",
        ),
        (
            f"commands of one user that read a lot ({read_much})",
            f"{hub.READ_BURST} at once, then {hub.READS_PER_SECOND:.0f} a second",
        ),
        (
            "… which `/unread` counts as",
            f"one more for each {hub.READ_ENTRIES:,} entries or {hub.READ_BYTES:,} bytes that it reads",
        ),
        *made_by_users(),
        ("users that one user ignores", f"{IGNORED_USERS}"),
        ("connections of one address", f"{door.CONNECTIONS_PER_ADDRESS}"),
        ("… that have not logged in yet", f"{door.STRANGERS_PER_ADDRESS}"),
        ("… that never log in to an account", f"{door.STRANGERS_BURST} at once, then one every {every}"),
        ("connections in all", "as many as the system allows open files (`ulimit -n`)"),
        ("… that have not logged in yet", f"{door.STRANGERS_SHARE:.0%} of all"),
        ("time to log in", f"{PROGRAM_SECONDS:.0f} seconds; {PlainDialect.greeting_seconds:.0f} if a person types"),
        (
            "wrong passwords of one address",
            f"{hub.FREE_GUESSES} at once, then slowly; after {hub.MOST_GUESSES}, none for {minutes}",
        ),
        (
            "wrong passwords for one account, from addresses it never logged in from",
            f"{hub.ACCOUNT_GUESSES} an hour",
        ),
        ("… in a row, from anywhere", f"{hub.MOST_IN_A_ROW}; then no password works until you set another one"),
        (
            "passwords of one account that are set or checked",
            f"{hub.PASSWORDS_BURST} at once, then one every {hub.PASSWORDS_SECONDS:.0f} seconds",
        ),
        (
            "accounts that one address creates, without an invite",
            f"{hub.ACCOUNTS_BURST} at once, then one every {hub.ACCOUNTS_SECONDS / 60:.0f} minutes",
        ),
    ]
    return "\n".join(["| what | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in rows)])


def usage(path: tuple[str, ...], context: click.Context | None = None) -> Iterator[tuple[str, ...]]:
    """Yield every command of the program, the commands of a group after it."""
    command = group if context is None else context.command
    if isinstance(command, click.Group):
        here = context or click.Context(group, info_name="socketchat")
        for name in command.list_commands(here):
            inner = command.get_command(here, name)
            assert inner is not None
            yield (*path, name)
            yield from usage((*path, name), click.Context(inner, info_name=name, parent=here))


def command_line() -> str:
    parts = []
    for path in usage(()):
        result = CliRunner().invoke(group, [*path, "--help"], prog_name="socketchat", terminal_width=WIDTH)
        assert result.exit_code == 0
        level = "#" * (len(path) + 1)
        parts.append(f"{level} socketchat {' '.join(path)}\n\n```\n{result.output.rstrip()}\n```")
    return "\n\n".join(parts)


GENERATED = {
    "limits": limits,
    "error codes": error_codes,
    "command line": command_line,
    "slash commands": lambda: f"```\n{help_text(None)}\n```",
    "moderation commands": lambda: f"```\n{columns(moderating())}\n```",
}

PART = re.compile(r"(<!-- (?!end)([^>]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_generated_parts_match_the_program(path: Path) -> None:
    text = path.read_text()
    made = PART.sub(lambda found: f"{found[1]}\n{GENERATED[found[2]]()}\n\n{found[4]}", text)
    if os.environ.get("UPDATE_README"):
        path.write_text(made)
    assert text == made, "run: UPDATE_README=1 python -m pytest tests/test_readme.py"


def test_generated_parts_are_in_the_right_topics() -> None:
    found = {path.stem: [part[2] for part in PART.finditer(path.read_text())] for path in (README, *PAGES[2:])}
    assert {name: parts for name, parts in found.items() if parts} == {
        "README": ["slash commands"],
        "command-line": ["command line"],
        "commands": ["slash commands"],
        "errors": ["error codes"],
        "limits": ["limits"],
        "moderation": ["moderation commands"],
    }


def exit_codes(path: Path) -> dict[int, str]:
    return {int(code): words for code, words in re.findall(r"^\| (\d+) \| (.*) \|$", path.read_text(), re.MULTILINE)}


def test_documented_exit_codes_match_the_errors() -> None:
    listed = exit_codes(HELP / "exit-codes.md")
    assert listed.keys() == {error.exit_code for error in exceptions.BY_CODE.values()} | {0, 130, 141}
    in_short = exit_codes(README)
    assert in_short.items() <= listed.items()
    assert in_short.keys() == listed.keys() - {1, 130, 141}


def test_documented_environment_variables_match_the_program() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "socketchat").rglob("*.py"))
    listed = re.findall(r"`(SOCKETCHAT_[A-Z_]+)`", (HELP / "environment.md").read_text())
    assert set(listed) == set(re.findall(r"SOCKETCHAT_[A-Z_]+", sources))


def test_the_readme_is_short_and_starts_with_the_first_minute() -> None:
    lines = README.read_text().split("\n")
    headings = [number for number, line in enumerate(lines) if line.startswith("## ")]
    assert len(lines) <= LONGEST_README
    assert [lines[number] for number in headings[:2]] == ["## Install", "## The first minute"]
    assert headings[2] <= FIRST_MINUTE


def test_the_install_command_comes_first_and_is_unchanged() -> None:
    shown = [line.partition("#")[0].strip() for line in README.read_text().split("\n") if line.startswith("    ")]
    assert shown[:3] == [
        "socketchat serve --port 5000",
        "socketchat join alice --host 1.2.3.4",
        'socketchat send --dm bob "hi"',
    ]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_prose_is_wrapped(path: Path) -> None:
    written = PART.sub("", path.read_text())
    long = [line for line in written.split("\n") if len(line) > WIDTH]
    assert [line for line in long if not line.startswith(("|", "    socketchat://"))] == []


def test_every_topic_has_a_file_and_every_file_is_a_topic() -> None:
    assert sorted(TOPICS) == sorted([path.stem for path in HELP.glob("*.md")] + ["protocol"])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_starts_with_a_title_and_a_summary(topic: str) -> None:
    title, blank, line = page(topic).split("\n")[:3]
    assert title.startswith("# ")
    assert blank == ""
    assert summary(topic) == line
    assert line.endswith(".")
    assert len(line) + max(map(len, TOPICS)) < WIDTH


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every socketchat command that a page shows, in code blocks and in sentences."""
    text = PART.sub("", text)
    blocks = re.findall(r"(?:^|\$ |[^|\n] \| |&& |if |until |nohup )socketchat ([^|\n]+)", text, re.MULTILINE)
    lines = [line.lstrip("$ ") for line in re.findall(r"^ {4,}(.*)$", text, re.MULTILINE)]
    blocks += [line.removeprefix("socketchat ") for line in lines if line.startswith("socketchat ")]
    inline = [words for words in re.findall(r"`socketchat ([a-z][^`]*)`", text) if not words.startswith("COMMAND")]
    for words in [*blocks, *inline]:
        lexer = shlex.shlex(words.replace("\n", " ").replace("$(date +%F)", "DAY"), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = "#" if " # " in words else ""
        arguments = []
        for word in lexer:
            if word in {"|", "<", ">", "&", "&&", ";", "$"}:
                break
            arguments.append(word)
        yield arguments


def understand(arguments: list[str]) -> None:
    """Parse a command line as the program does, and run nothing; raises UsageError."""
    context = click.Context(group, info_name="socketchat")
    if arguments[1:] == ["--help"]:
        assert arguments[0] in group.list_commands(context)
        return
    while arguments and isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(context, arguments)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
        arguments = [*context._protected_args, *context.args]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_shown_in_a_page_is_valid(path: Path) -> None:
    for arguments in commands(path.read_text()):
        # A name alone speaks of the command.
        understand(arguments if len(arguments) > 1 else [*arguments, "--help"])


def test_ci_runs_the_test_command_of_the_readme() -> None:
    install, run = re.findall(r"pip install -q '(\.\[test\])' && \.venv/bin/python (.*)\n", README.read_text())[0]
    script = (ROOT / ".ci" / "run").read_text()
    assert f'-m pip install -q "{install}"' in script
    assert re.search(rf'"\$[\w/]+" {run}$', script, re.MULTILINE)


@pytest.mark.parametrize(
    "block", [block for path in PAGES for block in re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)]
)
def test_python_examples_parse(block: str) -> None:
    ast.parse(block)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_has_a_target(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        assert target.startswith("http") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_topics_named_in_a_page_exist(path: Path) -> None:
    named = re.findall(r"`socketchat\s+help\s+([a-z-]+)`", path.read_text())
    assert set(named) <= set(TOPICS)


def test_the_architecture_page_lists_every_folder() -> None:
    tree = HOUSE.read_text().split("```")[1]
    shown: list[str] = []
    for indent, name, sentence in re.findall(r"^( *)([\w.]+/?) +(\S.*)$", tree, re.MULTILINE):
        depth = len(indent) // 2
        above = [path for path in shown if path.count("/") == depth and path.endswith("/")][-1:] if depth else []
        shown.append("".join(above) + name)
        assert sentence
    package = ROOT / "socketchat"
    folders = [path for path in package.rglob("*") if path.is_dir() and path.name != "__pycache__"]
    assert {path for path in shown if path.endswith("/")} == {f"{path.relative_to(package)}/" for path in folders}
    assert all((package / path).exists() for path in shown)


def test_the_page_on_the_house_names_files_that_exist() -> None:
    package = ROOT / "socketchat"
    named = re.findall(r"`([\w/]+/(?:\w+\.\w+)?|\w+\.py)`", HOUSE.read_text())
    assert [name for name in named if not (package / name).exists() and not (ROOT / name).exists()] == []
