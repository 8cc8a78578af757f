"""What the README says is what the program does; UPDATE_README=1 rewrites the parts that the program knows."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from socketchat import exceptions
from socketchat.cli import group
from socketchat.commands import READ_MUCH
from socketchat.commands.account.devices import DEVICES_PER_USER, NAMES_PER_KEY
from socketchat.commands.ignoring import IGNORED_USERS
from socketchat.hub.policy import guess_limits as guesses
from socketchat.hub.policy import limits as hub
from socketchat.protocol import limits as protocol
from socketchat.protocol.slash import MODERATING, columns, help_text
from socketchat.server import limits as door
from socketchat.wire.native import PROGRAM_SECONDS
from socketchat.wire.plain import PlainWire

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def error_codes() -> str:
    rows = []
    for code, error in sorted(exceptions.BY_CODE.items()):
        rows.append(f"| `{code}` | {error.exit_code} | {(error.__doc__ or '').splitlines()[0]} |")
    return "\n".join(["| code word | exit code | meaning |", "|---|---|---|", *rows])


def limits() -> str:
    every = f"{door.STRANGERS_SECONDS:.0f} seconds"
    minutes = f"{guesses.GUESS_SECONDS / 60:.0f} minutes"
    read_much = ", ".join(sorted(f"`/{kind.__name__.lower()}`" for kind in READ_MUCH))
    rows = [
        ("a text", f"{protocol.TEXT_BYTES:,} bytes"),
        ("a name", f"{protocol.NAME_CHARACTERS} characters"),
        ("names of one key", f"{NAMES_PER_KEY}"),
        ("devices of one user", f"{DEVICES_PER_USER}"),
        ("commands of one session", f"{hub.COMMAND_BURST} at once, then {hub.COMMANDS_PER_SECOND:.0f} a second"),
        ("… which a long line counts as", f"one more for each {hub.COMMAND_BYTES:,} bytes"),
        ("… before it has logged in", f"{hub.STRANGER_COMMANDS} at once, then one a second"),
        (
            f"commands of one user that read much ({read_much})",
            f"{hub.READ_BURST} at once, then {hub.READS_PER_SECOND:.0f} a second",
        ),
        ("… which `/unread` counts as", f"one more for each {hub.READ_ENTRIES:,} entries that it counts"),
        ("rooms that one user makes", f"{hub.ROOMS_MADE}; {hub.ROOMS_BURST} at once, then one a minute"),
        ("rooms that one user is in", f"{hub.ROOMS_JOINED}"),
        ("rooms of a server", f"{hub.ROOMS:,}"),
        ("users invited to a private room", f"{hub.INVITED_PER_ROOM}"),
        ("bans of a room, and mutes", f"{hub.BANS_PER_ROOM:,} each"),
        ("users whom one ignores", f"{IGNORED_USERS}"),
        ("connections of one address", f"{door.CONNECTIONS_PER_ADDRESS}"),
        ("… that have not logged in yet", f"{door.STRANGERS_PER_ADDRESS}"),
        ("… that never log in to an account", f"{door.STRANGERS_BURST} at once, then one every {every}"),
        ("connections in all", "as many as the system allows open files (`ulimit -n`)"),
        ("… that have not logged in yet", f"{door.STRANGERS_SHARE:.0%} of all"),
        ("time to log in", f"{PROGRAM_SECONDS:.0f} seconds; {PlainWire.greeting_seconds:.0f} where a person types"),
        (
            "wrong passwords, codes and invites of one address",
            f"{guesses.FREE_GUESSES} at once, then slowly; after {guesses.MOST_GUESSES}, none for {minutes}",
        ),
        (
            "wrong passwords for one account, from addresses it never logged in from",
            f"{guesses.ACCOUNT_GUESSES} an hour",
        ),
        ("… in a row, from anywhere", f"{guesses.MOST_IN_A_ROW}; then none is taken until another one is set"),
        (
            "passwords of one account that are set or looked at",
            f"{hub.PASSWORDS_BURST} at once, then one every {hub.PASSWORDS_SECONDS:.0f} seconds",
        ),
        (
            "accounts that one address makes on an open server",
            f"{hub.ACCOUNTS_BURST} at once, then one every {hub.ACCOUNTS_SECONDS / 60:.0f} minutes",
        ),
    ]
    return "\n".join(["| what | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in rows)])


def generated(label: str) -> str:
    if label == "limits":
        return limits()
    if label == "slash commands":
        return f"```\n{help_text(None)}\n```"
    if label == "moderating":
        return f"```\n{columns(MODERATING)}\n```"
    if label == "error codes":
        return error_codes()
    arguments = label.removeprefix("help: socketchat").split()
    result = CliRunner().invoke(group, [*arguments, "--help"], prog_name="socketchat", terminal_width=100)
    assert result.exit_code == 0
    return f"```\n$ socketchat {' '.join(arguments)} --help\n{result.output.rstrip()}\n```"


PART = re.compile(r"(<!-- ((?!end)[^>]+) -->\n)(.*?)(\n<!-- end -->)", re.DOTALL)


def test_generated_parts_are_what_the_program_says() -> None:
    text = README.read_text()
    made = PART.sub(lambda found: f"{found[1]}{generated(found[2])}{found[4]}", text)
    if os.environ.get("UPDATE_README"):
        README.write_text(made)
    assert text == made, "run: UPDATE_README=1 python -m pytest tests/test_readme.py"
    assert [found[2] for found in PART.finditer(text)] == [
        "slash commands",
        "moderating",
        "help: socketchat serve",
        "help: socketchat join",
        "help: socketchat send",
        "help: socketchat key",
        "help: socketchat trust",
        "help: socketchat invite",
        "help: socketchat admin",
        "help: socketchat backup",
        "help: socketchat restore",
        "help: socketchat export",
        "error codes",
        "limits",
    ]


def test_exit_codes_are_those_of_the_errors() -> None:
    table = README.read_text().split("### Exit codes")[1].split("###")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert told == {error.exit_code for error in exceptions.BY_CODE.values()} | {0, 130}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    install, run = re.findall(r"pip install -q '(\.\[test\])' && \.venv/bin/(python -m pytest)\n", README.read_text())[
        0
    ]
    script = (ROOT / ".ci" / "run").read_text()
    assert f'-m pip install -q "{install}"' in script
    assert f'"$venv/bin/{run.split()[0]}" -m pytest' in script


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL))
def test_python_examples_parse(block: str) -> None:
    ast.parse(block)


def test_links_lead_somewhere() -> None:
    text = README.read_text()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith("http"):
            assert (ROOT / target).exists(), target
