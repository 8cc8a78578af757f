"""The subcommand ``help``: list the help topics, or show one."""

from __future__ import annotations

import os
import re
import shutil
import sys
from importlib.resources import files

import click

from ..exceptions import UsageProblem
from .arguments.strict import Command

HELP = """List the help topics, or show TOPIC.

\b
Examples:
  socketchat help                  list the topics
  socketchat help exit-codes       show a topic
  socketchat help send             show the options of a subcommand
  socketchat help limits | less    print it as plain text

At a terminal, a long topic opens in a pager: $PAGER, or less.

\b
Exit codes:
  0  shown
  2  no such topic"""

GROUPS = {
    "Get started": ("joining", "names", "trust"),
    "Chat": ("commands", "rooms", "history", "search", "terminal"),
    "Host": ("serve", "admin", "moderation", "backup"),
    "Automate": ("scripts", "http", "bots", "plain", "irc", "protocol"),
    "Look up": ("command-line", "exit-codes", "errors", "limits", "environment", "files", "benchmarks"),
}
"""The topics by the reader's goal, in the order of need."""

TOPICS = tuple(topic for topics in GROUPS.values() for topic in topics)

WIDTH = 100
"""Most columns of a topic: longer lines are hard to read."""


def page(topic: str) -> str:
    """Return the Markdown of a topic, without the comments that mark its generated parts."""
    package = files("socketchat")
    path = package / "protocol" / "README.md" if topic == "protocol" else package / "help" / f"{topic}.md"
    return re.sub(r"<!-- .*? -->\n", "", path.read_text("utf-8"))


def summary(topic: str) -> str:
    """Return the sentence under the title of a topic."""
    return page(topic).split("\n")[2]


def listing() -> str:
    """Return the list of topics, one line each."""
    width = max(map(len, TOPICS))
    lines = ["Show a topic with `socketchat help TOPIC`."]
    for group, topics in GROUPS.items():
        lines += ["", f"{group}:", *(f"  {topic:{width}}  {summary(topic)}" for topic in topics)]
    return "\n".join([*lines, "", "`socketchat COMMAND --help` shows the options of a command."])


@click.command(cls=Command, help=HELP)
@click.argument("words", nargs=-1, metavar="[TOPIC]")
@click.pass_context
def help(ctx: click.Context, words: tuple[str, ...]) -> None:  # noqa: A001 - the name of the subcommand
    """List the topics, or show one."""
    topic = "-".join(words).lower()
    if not words:
        click.echo(listing())
    elif topic in TOPICS:
        show(page(topic))
    else:
        click.echo(_help_of_command(ctx.find_root(), words))


def _help_of_command(root: click.Context, words: tuple[str, ...]) -> str:
    """Return the ``--help`` of a command; raises UsageProblem if it is neither a command nor a topic."""
    from ..protocol.spelling import nearest

    context = root
    for word in words:
        group = context.command
        command = group.get_command(context, word) if isinstance(group, click.Group) else None
        if command is None:
            meant = nearest(word, list(TOPICS)) if context is root else None
            suggestion = f" Did you mean {meant!r}?" if meant else ""
            raise UsageProblem(
                f"No such help topic: {' '.join(words)!r}.{suggestion} `socketchat help` lists the topics."
            )
        context = click.Context(command, info_name=word, parent=context)
    return context.get_help()


def show(text: str) -> None:
    """Print a page: as it is into a pipe, formatted at a terminal, and in a pager if it is long."""
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    columns, rows = shutil.get_terminal_size()
    formatted = render(text, min(columns, WIDTH))
    if formatted.count("\n") < rows:
        click.echo(formatted, nl=False)
    else:
        click.echo_via_pager(formatted)


def render(text: str, columns: int) -> str:
    """Return Markdown as lines for a terminal of this width."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    is_plain = os.environ.get("TERM") in {"dumb", "unknown"}
    # No background: it is right on a dark terminal or on a light one, not on both.
    theme = Theme({"markdown.code": "bold"})
    console = Console(width=columns, force_terminal=not is_plain, legacy_windows=False, theme=theme)
    with console.capture() as captured:
        console.print(Markdown(text, hyperlinks=False, code_theme="ansi_dark"))
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))
