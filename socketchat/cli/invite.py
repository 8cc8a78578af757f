"""The subcommand ``invite``: make a URL that lets somebody in, on the server's own machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import data_directory, directory

HELP = """Make an invite: a URL with which somebody new may come in.

\b
Examples:
  socketchat invite                              for one newcomer, within a week
  socketchat invite --uses 25 --expires 2h       for a class
  socketchat invite --room '#ops' --host chat.example.org
  socketchat invite | mail -s "join us" bob      the URL alone goes to stdout

Whoever has the URL may come in by `socketchat join URL`: send it as you would a password. It also says which server is
the right one. `socketchat admin invite list` and `revoke` manage invites. Only the account that runs the server may.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused, or the server is another account's
  5  no such room
  6  no server runs there
  1  anything else"""


def duration(_ctx: click.Context, _param: click.Parameter, text: str) -> int:
    """Be the callback of an option that takes a duration; returns seconds."""
    from ..protocol.durations import seconds_of

    seconds = seconds_of(text)
    if not seconds:
        raise click.BadParameter(f"{text!r} is no duration; write it like 10m, 2h or 7d.")
    return seconds


@click.command(help=HELP, context_settings={"allow_extra_args": True})
@click.option("--uses", type=click.IntRange(1), default=1, show_default=True, help="How many newcomers may use it.")
@click.option(
    "--expires",
    "seconds",
    callback=duration,
    default="7d",
    show_default=True,
    metavar="DURATION",
    help="How long it is good for: 10m, 2h, 7d.",
)
@click.option("--room", metavar="#ROOM", help="Make them members of this room, too.")
@click.option(
    "--host",
    metavar="HOST[:PORT]",
    help="The address at which they reach the server.  [default: this machine's in its network]",
)
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="The data directory of the server.  [default: as for serve]",
)
@click.pass_context
def invite(
    ctx: click.Context, *, uses: int, seconds: int, room: str | None, host: str | None, data: Path | None
) -> None:
    """Ask the server for an invite, and print it."""
    if ctx.args:
        raise click.UsageError(
            f"An invite takes no {ctx.args[0]!r}; `socketchat admin invite list` and `revoke` manage invites.", ctx
        )
    from ..client.address import Address, parse_host
    from ..client.invitation import Invitation
    from ..protocol import operator
    from ..protocol.certificates import from_fingerprint
    from ..server import own_address
    from ..server.admin import ask

    name, port = parse_host(host) if host is not None else (own_address(of_ipv6=False) or "127.0.0.1", None)
    order = operator.Invite(id=1, uses=uses, seconds=seconds, room=room)
    listening, fingerprint, token = ask(data_directory(data), order)
    address = Address(name, port or int(listening))
    click.echo(Invitation(address, from_fingerprint(fingerprint), token).url)
    if host is None and sys.stderr.isatty():
        click.echo(f"It leads to {address}; if others reach this machine elsewhere, name that with --host.", err=True)
