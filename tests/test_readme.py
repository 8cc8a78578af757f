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
from socketchat.protocol.slash import MODERATING, columns, help_text

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def error_codes() -> str:
    rows = []
    for code, error in sorted(exceptions.BY_CODE.items()):
        rows.append(f"| `{code}` | {error.exit_code} | {(error.__doc__ or '').splitlines()[0]} |")
    return "\n".join(["| code word | exit code | meaning |", "|---|---|---|", *rows])


def generated(label: str) -> str:
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
        "help: socketchat trust",
        "help: socketchat invite",
        "help: socketchat admin",
        "help: socketchat backup",
        "help: socketchat restore",
        "help: socketchat export",
        "error codes",
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
