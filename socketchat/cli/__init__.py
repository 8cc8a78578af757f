"""The command line: finds a subcommand, and turns every error into one line and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from ..exceptions import ChatError, reason
from ..streams import UnwritableError, let_go, prepare
from ..version import __version__, interpreter

INTERRUPTED = 130
"""The exit code after Ctrl+C, as in shells."""

BROKEN_PIPE = 141
"""The exit code when stdout has no reader any more, as in shells."""

HELP = """Team chat in the terminal: one command hosts it, one command joins it, and scripts use it like any Unix tool.

\b
Examples:
  socketchat serve --port 5000                 host a chat on this machine
  socketchat join alice --host 1.2.3.4         talk
  socketchat send --dm bob "hi"                send one message from a script
  socketchat help                              list the help topics"""


class _Subcommands(click.Group):
    """Subcommands by name, each in a module of its name that is imported when it is used."""

    names = ("serve", "join", "send", "key", "trust", "invite", "bot", "admin", "backup", "restore", "export", "help")

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.names)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.names:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.names or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        # click compares with the subcommands that it holds itself, and these are not loaded.
        from ..protocol.spelling import nearest

        meant = nearest(args[0], self.names)
        suggestion = f" Did you mean {meant!r}?" if meant else ""
        raise click.UsageError(f"No such command: {args[0]!r}.{suggestion}", ctx)


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  click's
    if wanted:
        click.echo(f"socketchat {__version__}\n{interpreter()}")
        ctx.exit()


@click.command(
    cls=_Subcommands, help=HELP, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """Show the help if no subcommand is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the program, and end the process with its exit code.

    ``send`` runs once per message of a script, so it collects no garbage, and does not tear the interpreter down.
    """
    is_brief = sys.argv[1:2] == ["send"]
    if is_brief:
        gc.disable()
    prepare()
    code = run(sys.argv[1:])
    if is_brief:
        let_go(sys.stdout)
        let_go(sys.stderr)
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; return its exit code."""
    try:
        code = group.main(list(arguments), prog_name="socketchat", standalone_mode=False)
        # Handle a missing reader here; when the interpreter ends, it is too late.
        sys.stdout.flush()
    except ChatError as error:
        _complain(str(error))
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "socketchat"
        _complain(f"{_sentence(error.format_message())} See `{path} --help`.")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except UnwritableError as error:
        let_go(sys.stdout)
        if error.is_gone:
            return BROKEN_PIPE
        _complain(f"Cannot write to stdout: {reason(error.problem)}.")
        return 1
    return code if isinstance(code, int) else 0


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _complain(sentence: str) -> None:
    """Write one line to stderr; the sentence may be the server's, so it must not drive the terminal."""
    from ..protocol.text.hygiene import clean_line

    with suppress(OSError):  # the exit code reports it too
        click.echo(f"socketchat: {clean_line(sentence)}", err=True)
    let_go(sys.stderr)
