"""The subcommand ``bot``: accounts for programs, on the server's own machine."""

from __future__ import annotations

from pathlib import Path

import click

from .admin import give
from .arguments.options import data_directory, duration, server_data
from .arguments.strict import Group

HELP = """Create, list and revoke bots: accounts for programs that use HTTP.

\b
Examples:
  socketchat bot new deploy --room '#ops' --write
  socketchat bot new grafana --room '#ops' --hook
  socketchat bot revoke deploy

Only the account that runs the server can use this. `socketchat help http` shows what a bot can do.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused, or the server belongs to another account
  5  no such bot or room
  6  no server runs there
  1  any other error"""


@click.group(cls=Group, help=HELP)
@server_data
@click.pass_context
def bot(ctx: click.Context, data: Path | None) -> None:
    """Remember the server's data directory."""
    ctx.obj = data_directory(data)


@bot.command()
@click.argument("name")
@click.option("--room", "rooms", multiple=True, required=True, metavar="#ROOM", help="Room to use; repeatable.")
@click.option("--read", is_flag=True, help="Let it read.")
@click.option("--write", is_flag=True, help="Let it write.  [default, without --read]")
@click.option("--hook", is_flag=True, help="Only write, to one room, by the URL alone: /hooks/TOKEN.")
@click.option("--owner", default="", metavar="NAME", help="User who answers for it.  [default: the operator]")
@click.option(
    "--expires",
    "seconds",
    callback=duration,
    metavar="DURATION",
    help="Expire after this time: 2h, 90d.  [default: never]",
)
def new(*, name: str, rooms: tuple[str, ...], read: bool, write: bool, hook: bool, owner: str, seconds: int) -> None:
    """Create the bot NAME, or give it another token, and print the token, which is shown only now."""
    from ..protocol import operator

    give(
        operator.CreateBot(
            id=1,
            name=name,
            rooms=list(rooms),
            read=read,
            write=write or not (read or hook),
            hook=hook,
            seconds=seconds,
            owner=owner,
        )
    )


@bot.command("list")
def list_() -> None:
    """List the bots and what they may do."""
    from ..protocol import operator

    give(operator.ListBots(id=1))


@bot.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the token of the bot NAME; its account and messages stay."""
    from ..protocol import operator

    give(operator.RevokeBot(id=1, name=name))
