"""Every text that the program shows is listed in messages.txt, which is reviewed line by line."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MESSAGES = Path(__file__).parent / "messages.txt"
HEADER = """\
Every text that the program shows: errors, notices, questions, help and log lines, in the order of the sources.
Read each as a user sees it: the problem, then the limit or the reason, then the next step.
{…} is a value, and \\n a line end. What --help says is in socketchat/help/command-line.md.
To update this file: UPDATE_MESSAGES=1 python -m pytest tests/texts
"""

PROSE = re.compile(r"[^\W\d_][\w'’]*[,.:;!?…]* +[^\W\d_]")
"""Two words in a row: what people read, and hardly anything else has."""

TABLE_CHARACTERS = 2000
"""A literal longer than this is a table of data."""

STYLE = re.compile(r"(?:bold|dim|italic|underline) ")
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|ATTACH|WITH|REPLACE|WHERE)\b")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def text_of(node: ast.AST) -> str | None:
    """Return the text of a literal, with {…} for its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{…}" for part in node.values)
    return None


def is_shown(definition: ast.AST) -> bool:
    """Tell whether a docstring is shown to users: that of a subcommand, or of an error."""
    if isinstance(definition, FUNCTIONS):
        return any(
            isinstance(call, ast.Call)
            and getattr(call.func, "attr", "") in {"command", "group"}
            and not any(keyword.arg == "help" for keyword in call.keywords)
            for call in definition.decorator_list
        )
    return isinstance(definition, ast.ClassDef) and any(
        isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "code" for line in definition.body
    )


def is_text(text: str) -> bool:
    """Tell whether a literal is something to be read."""
    return len(text) < TABLE_CHARACTERS and bool(PROSE.search(text)) and not SQL.match(text) and not STYLE.match(text)


def is_help(node: ast.AST) -> bool:
    """Tell whether a line gives what --help says, which the topics show."""
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "HELP"


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts that a module shows, in the order of its lines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            if is_shown(node) and child is getattr(node, "body", [None])[0]:
                yield ast.get_docstring(node) or ""  # type: ignore[arg-type]
        elif is_help(child):
            continue
        elif (text := text_of(child)) is None:
            yield from texts(child)
        elif is_text(text):
            yield text


def messages() -> str:
    """Return the expected content of messages.txt."""
    parts = [HEADER]
    for path in sorted((ROOT / "socketchat").rglob("*.py")):
        if found := list(texts(ast.parse(path.read_text()))):
            shown = "".join(f"{text!r}\n"[1:-2].replace("\\'", "'") + "\n" for text in found)
            parts.append(f"\n{path.relative_to(ROOT)}\n{shown}")
    return "".join(parts)


def test_every_text_of_the_program_is_in_the_reviewed_list() -> None:
    made = messages()
    if os.environ.get("UPDATE_MESSAGES"):
        MESSAGES.write_text(made)
    listed = MESSAGES.read_text() if MESSAGES.exists() else ""
    assert listed == made, "read what changed, then run: UPDATE_MESSAGES=1 python -m pytest tests/texts"


AVOIDED = re.compile(
    r"\b(?:somebody|anybody|for ever|for good|so many|all the same|of which|is no (?:name|port|address)|no more are)\b",
    re.IGNORECASE,
)


def test_texts_avoid_phrases_that_read_as_translated() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "socketchat").rglob("*.md"))]
    shown = {"messages": messages()} | {str(page.relative_to(ROOT)): page.read_text() for page in pages}
    found = {name: AVOIDED.findall(text) for name, text in shown.items()}
    assert {name: phrases for name, phrases in found.items() if phrases} == {}


NOT_IN_CODE = re.compile(r"\b(?:somebody|anybody|for good|so many|all the same|of which|log-ins?)\b", re.IGNORECASE)


def test_docstrings_and_comments_avoid_phrases_that_read_as_translated() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}": line.strip()
        for path in sorted((ROOT / "socketchat").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if NOT_IN_CODE.search(line)
    }
    assert found == {}
