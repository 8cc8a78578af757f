"""The subcommand ``admin``: manage a server on its own machine, through the socket in its data directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from .arguments.options import data_directory, duration, server_data
from .arguments.strict import Group
from .progress import shown

if TYPE_CHECKING:
    from ..protocol.commands import Command

HELP = """Manage the server that runs on this machine.

\b
Examples:
  socketchat admin owner alice           let alice do everything in the chat
  socketchat admin ban eve --for 7d --address
  socketchat admin room owner '#ops' bob
  socketchat admin code --new            replace a join code that leaked
  socketchat admin --data DIR rooms      ask the server with that data directory

Only the account that runs the server can use this.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused, or the server belongs to another account
  5  no such user or room
  6  no server runs there
  1  any other error"""

LISTING: dict[str, Any] = {"invoke_without_command": True, "subcommand_metavar": "[COMMAND] [ARGS]..."}
"""Settings of a group that lists something if the user names no subcommand."""


@click.group(cls=Group, help=HELP)
@server_data
@click.pass_context
def admin(ctx: click.Context, data: Path | None) -> None:
    """Remember the server's data directory."""
    ctx.obj = data_directory(data)


def give(order: Command) -> None:
    """Send an order to the server, and print its answer."""
    from ..protocol.text.hygiene import clean_line
    from ..server.admin import ask

    with shown("Working") as progress:
        lines = list(ask(click.get_current_context().obj, order, progress))
    for line in lines:
        click.echo(clean_line(line))


def _need_a_terminal() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone, and there is no terminal to confirm it: add --yes.")


def give_alone(order: Command) -> None:
    """Send the order of a group, unless the user named a subcommand."""
    if click.get_current_context().invoked_subcommand is None:
        give(order)


@admin.group(**LISTING)
def users() -> None:
    """List the accounts and the guests who are online."""
    from ..protocol import operator

    give_alone(operator.ListUsers(id=1))


@users.command()
@click.argument("name")
@click.option(
    "--password-file",
    "password",
    type=click.File(),
    required=True,
    metavar="FILE",
    help="File with the password in its first line; - is stdin.",
)
def add(*, name: str, password: TextIO) -> None:
    """Register NAME with a password, for a bot or an IRC client, which have no key."""
    from ..protocol import operator

    give(operator.AddUser(id=1, name=name, password=password.readline().rstrip("\r\n")))


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def erase(name: str, *, yes: bool) -> None:
    """Erase every message from NAME, in rooms and in direct messages.

    This also erases NAME's read markers. The account stays.
    """
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        question = f"This erases every message from {name} and cannot be undone. Type the name to continue"
        if click.prompt(question, default="", show_default=False, err=True) != name:
            raise click.Abort
    give(operator.EraseUser(id=1, name=name))


@users.command()
@click.argument("name")
@click.option(
    "--host",
    metavar="HOST[:PORT]",
    help="Address at which the owner reaches the server.  [default: where it listens, or this machine's]",
)
def reset(name: str, host: str | None) -> None:
    """Print a link that gives NAME back to its owner, who lost the key.

    The link works once, within a day, for anyone who has it: send it as you would a password. Using it revokes the
    name's other keys and its password.
    """
    from ..client.identity.invitation import Invitation
    from ..protocol import operator
    from ..protocol.authentication.certificates import from_fingerprint
    from ..server.admin import ask
    from .invite import leads_to, told_address

    told = told_address(host)
    order = operator.ResetName(id=1, name=name)
    listening, fingerprint, token, whose = ask(click.get_current_context().obj, order)
    address = leads_to(told, listening)
    click.echo(Invitation(address, from_fingerprint(fingerprint), token, whose).url)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def release(name: str, *, yes: bool) -> None:
    """Release NAME, for example after a typo.

    The next user to take it is a new user, who cannot read the old messages.
    """
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        question = f"{name} loses this name, and cannot get it back once someone else takes it. Continue?"
        click.confirm(question, abort=True, err=True)
    give(operator.ReleaseName(id=1, name=name))


@users.command()
@click.argument("name")
@click.option("--erase", is_flag=True, help="First erase every message from NAME.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def delete(name: str, *, erase: bool, yes: bool) -> None:
    """Delete the account NAME, with its keys and roles.

    Its password and memberships are deleted too. Its messages stay, unless you add --erase. The name is free for
    another user, who cannot read the old direct messages.
    """
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        what = "account and every message" if erase else "account"
        question = f"This deletes the {what} of {name} and cannot be undone. Type the name to continue"
        if click.prompt(question, default="", show_default=False, err=True) != name:
            raise click.Abort
    if erase:
        give(operator.EraseUser(id=1, name=name))
    give(operator.DeleteUser(id=1, name=name))


@admin.command()
@click.argument("name")
def owner(name: str) -> None:
    """Make NAME the owner of the server, who appoints moderators."""
    from ..protocol import operator

    give(operator.SetOwner(id=1, name=name))


@admin.command()
@click.argument("name")
@click.option(
    "--for",
    "seconds",
    callback=duration,
    metavar="TIME",
    help="Ban for this time, such as 2h or 7d.  [default: no end]",
)
@click.option("--reason", default="", help="Reason, shown to NAME and to everyone else.")
@click.option(
    "--address", is_flag=True, help="Also ban the addresses that NAME connects from, and everyone who shares them."
)
def ban(name: str, seconds: int, reason: str, *, address: bool) -> None:
    """Ban NAME, which can be an address, from the chat.

    A banned address keeps out everyone behind it, such as a whole office or household, so it needs --for.
    """
    from ..protocol import operator

    give(operator.BanUser(id=1, name=name, seconds=seconds, reason=reason, addresses=address))


@admin.command()
@click.argument("name")
def unban(name: str) -> None:
    """Lift the ban on NAME, which can be an address."""
    from ..protocol import operator

    give(operator.UnbanUser(id=1, name=name))


@admin.command()
def bans() -> None:
    """List the bans from the chat."""
    from ..protocol import operator

    give(operator.ListBans(id=1))


@admin.command()
def log() -> None:
    """List the actions of owners, moderators and the operator."""
    from ..protocol import operator

    give(operator.ShowLog(id=1))


@admin.group(**LISTING)
def rooms() -> None:
    """List the rooms, private ones included."""
    from ..protocol import operator

    give_alone(operator.ListRooms(id=1))


@rooms.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def remove(name: str, *, yes: bool) -> None:
    """Remove the room NAME: its members leave it, and nobody can read its messages in the chat any more.

    If a room is created under this name again, it starts without members and history, and its numbering goes on. The
    old messages stay on disk until retention or `users erase` deletes them.
    """
    from ..protocol import operator

    if not yes:
        _need_a_terminal()
        question = f"Nobody can read the messages of {name} in the chat any more. This cannot be undone. Continue?"
        click.confirm(question, abort=True, err=True)
    give(operator.RemoveRoom(id=1, room=name))


@admin.group()
def room() -> None:
    """Manage a room."""


@room.command("owner")
@click.argument("room", metavar="ROOM")
@click.argument("name")
def own_room(*, room: str, name: str) -> None:
    """Make NAME the owner of ROOM, and tell its members.

    NAME can join the room even if it is private.
    """
    from ..protocol import operator

    give(operator.SetRoomOwner(id=1, room=room, name=name))


@admin.command()
@click.option("--new", is_flag=True, help="Replace the code; the old one stops working.")
def code(*, new: bool) -> None:
    """Show the join code, which newcomers need once."""
    from ..protocol import operator

    give(operator.JoinCode(id=1, new=new))


@admin.group()
def invite() -> None:
    """List and revoke invites; `socketchat invite` creates one."""


@invite.command("list")
def list_invites() -> None:
    """List the invites that still work."""
    from ..protocol import operator

    give(operator.ListInvites(id=1))


@invite.command()
@click.argument("invite", metavar="ID")
def revoke(*, invite: str) -> None:
    """Revoke the invite with this ID, as shown by the list."""
    from ..protocol import operator

    give(operator.RevokeInvite(id=1, invite=invite))
