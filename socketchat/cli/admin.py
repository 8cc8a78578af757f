"""The subcommand ``admin``: manage a server on its own machine, through the socket in its data directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import data_directory, directory, duration

if TYPE_CHECKING:
    from ..protocol.commands import Command

HELP = """Manage the server that runs on this machine.

\b
Examples:
  socketchat admin owner alice           alice may do everything in the chat itself
  socketchat admin ban eve --for 7d --address
  socketchat admin room owner '#ops' bob
  socketchat admin code --new            a new join code, if the old one got about
  socketchat admin --data DIR rooms      of the server with that data directory

Only the account that runs the server may.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused, or the server is another account's
  5  no such user or room
  6  no server runs there
  1  anything else"""


@click.group(help=HELP)
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="The data directory of the server.  [default: as for serve]",
)
@click.pass_context
def admin(ctx: click.Context, data: Path | None) -> None:
    """Remember which server is meant."""
    ctx.obj = data_directory(data)


def give(order: Command) -> None:
    """Give an order to the server, and print what it answers."""
    from ..protocol.text.hygiene import clean_line
    from ..server.admin import ask

    for line in ask(click.get_current_context().obj, order):
        click.echo(clean_line(line))


def _need_a_terminal() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone, and there is no terminal to ask on; --yes does it unasked.")


@admin.group(invoke_without_command=True)
@click.pass_context
def users(ctx: click.Context) -> None:
    """List the accounts, and the guests of the moment."""
    from ..protocol import operator

    if ctx.invoked_subcommand is None:
        give(operator.Users(id=1))


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(name: str, *, yes: bool) -> None:
    """Blank all that NAME ever said, in rooms and direct messages, and forget what NAME has read; the account stays."""
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        question = f"All that {name} ever said is gone for good then. Type the name to go on"
        if click.prompt(question, default="", show_default=False, err=True) != name:
            raise click.Abort
    give(operator.Erase(id=1, name=name))


@users.command()
@click.argument("name")
@click.option(
    "--host",
    metavar="HOST[:PORT]",
    help="The address at which the owner reaches the server.  [default: where it listens, or this machine's]",
)
def reset(name: str, host: str | None) -> None:
    """Print a link by which the owner of NAME, whose keys are lost, takes it back.

    It is good once and for a day, for whoever has it: send it as you would a password. From then on the name's other
    keys and its password are worth nothing.
    """
    from ..client.identity.invitation import Invitation
    from ..protocol import operator
    from ..protocol.authentication.certificates import from_fingerprint
    from ..server.admin import ask
    from .invite import leads_to, told_address

    told = told_address(host)
    order = operator.Reset(id=1, name=name)
    listening, fingerprint, token, whose = ask(click.get_current_context().obj, order)
    address = leads_to(told, listening)
    click.echo(Invitation(address, from_fingerprint(fingerprint), token, whose).url)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def release(name: str, *, yes: bool) -> None:
    """Make NAME anybody's, as after a typo: whoever takes it next is somebody else, and reads no old messages."""
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        question = f"{name} loses the name, and cannot have it back if another one takes it. Go on?"
        click.confirm(question, abort=True, err=True)
    give(operator.Release(id=1, name=name))


@admin.command()
@click.argument("name")
def owner(name: str) -> None:
    """Make NAME the owner of the server, who makes moderators."""
    from ..protocol import operator

    give(operator.Owner(id=1, name=name))


@admin.command()
@click.argument("name")
@click.option("--for", "seconds", callback=duration, metavar="TIME", help="Such as 2h or 7d.  [default: for ever]")
@click.option("--reason", default="", help="What NAME is told, and the others.")
@click.option("--address", is_flag=True, help="Ban the addresses that NAME comes from too, and so all who share them.")
def ban(name: str, seconds: int, reason: str, *, address: bool) -> None:
    """Keep NAME, which may be an address, out of the chat.

    Everybody who comes from a banned address is out, such as a whole office or household. It has to be for a time.
    """
    from ..protocol import operator

    give(operator.Ban(id=1, name=name, seconds=seconds, reason=reason, addresses=address))


@admin.command()
@click.argument("name")
def unban(name: str) -> None:
    """Let NAME, which may be an address, in again."""
    from ..protocol import operator

    give(operator.Unban(id=1, name=name))


@admin.command()
def bans() -> None:
    """List who is banned from the chat."""
    from ..protocol import operator

    give(operator.Bans(id=1))


@admin.command()
def log() -> None:
    """List what owners, moderators and the operator did."""
    from ..protocol import operator

    give(operator.Log(id=1))


@admin.command()
def rooms() -> None:
    """List the rooms, private ones too."""
    from ..protocol import operator

    give(operator.Rooms(id=1))


@admin.group()
def room() -> None:
    """Give a room, whose owner is gone, to somebody."""


@room.command("owner")
@click.argument("room", metavar="ROOM")
@click.argument("name")
def own_room(*, room: str, name: str) -> None:
    """Make NAME the owner of ROOM, who may join it also where it is private; those in the room are told."""
    from ..protocol import operator

    give(operator.RoomOwner(id=1, room=room, name=name))


@admin.command()
@click.option("--new", is_flag=True, help="Draw a new code; the old one is worth nothing from now on.")
def code(*, new: bool) -> None:
    """Show the join code, which lets newcomers in."""
    from ..protocol import operator

    give(operator.Code(id=1, new=new))


@admin.group()
def invite() -> None:
    """List invites and revoke them; `socketchat invite` makes one."""


@invite.command("list")
def list_invites() -> None:
    """List the invites that still let in."""
    from ..protocol import operator

    give(operator.Invites(id=1))


@invite.command()
@click.argument("invite", metavar="ID")
def revoke(*, invite: str) -> None:
    """Let nobody in any more by the invite with this id, as the list shows it."""
    from ..protocol import operator

    give(operator.Uninvite(id=1, invite=invite))
