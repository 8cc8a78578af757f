"""The subcommand ``send``: send one message, for scripts."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ..exceptions import BadText, TooLong, UsageProblem
from ..protocol.limits import TEXT_BYTES
from .arguments.options import invite_option, positive_seconds, server_options
from .arguments.strict import Command

if TYPE_CHECKING:
    from pathlib import Path

    from ..protocol.events import Absent

HELP = """Send one message, and return when it is on the server's disk.

\b
Examples:
  socketchat send "back in five minutes"
  socketchat send --dm bob "the build is green"
  git log -3 --oneline | socketchat send --room '#ops' --as deploy
  socketchat send --key backup-2026-03-01 "backup done"   # safe to repeat

The text comes from the arguments, or from stdin if there are none or "-" is given. It is sent as one message, line
breaks included. Slash commands work in `join` only; here "/help" is ordinary text. To create a room from a script:
echo '/join #ops' | socketchat join deploy

The sender does not appear online. Nothing is written to stdout. At a terminal, stderr tells you if the recipient of
--dm is away.

\b
Exit codes:
  0  the message is stored
  2  wrong usage, or no text
  3  perhaps stored: no confirmation in time; use --key to repeat it safely
  4  refused, for example because the name belongs to someone else or the server is unknown
  5  no such user or room
  6  cannot reach the server; nothing was sent
  7  the server's key changed; nothing was sent
  8  a file of the client is damaged, or readable by others
  1  any other error     130  interrupted"""


@click.command(cls=Command, help=HELP)
@click.option("--room", metavar="#ROOM", help="Send to this room, which must exist.  [default: #lobby]")
@click.option("--dm", metavar="NAME", help="Send a direct message to this user, who may be offline.")
@click.option(
    "--as",
    "name",
    metavar="NAME",
    help="Send under this name.  [default: SOCKETCHAT_NAME, the name last used on that server, your login name]",
)
@server_options
@invite_option
@click.option(
    "--key", metavar="KEY", help="Identify this message by any text; sending it again with the same KEY stores it once."
)
@click.option(
    "--timeout",
    callback=positive_seconds,
    default="10",
    show_default=True,
    metavar="SECONDS",
    help="Give up after this many seconds.",
)
@click.argument("words", nargs=-1, metavar="[TEXT]...")
def send(
    *,
    room: str | None,
    dm: str | None,
    name: str | None,
    host: str | None,
    port: int | None,
    invite_file: Path | None,
    key: str | None,
    timeout: float,
    words: tuple[str, ...],
) -> None:
    """Send a message with these options."""
    from ..client.address import find_server
    from ..client.blocking.client import send_once
    from ..client.identity.defaults import find_name, login_name
    from ..client.identity.profiles import Profiles
    from ..client.session.credentials import NO_CREDENTIALS
    from ..protocol.conversations import LOBBY
    from ..protocol.names import check_name, check_room

    if room is not None and dm is not None:
        raise UsageProblem("Give either --room or --dm: a message has one recipient.")
    to = LOBBY if room is None else check_room(room)
    if dm is not None:
        to = "@" + check_name(dm.removeprefix("@"))
    text = message_text(words)
    profiles = Profiles()
    invitation = None
    if invite_file is not None:
        from .arguments.invitations import name_and_invitation

        _, invitation = name_and_invitation((), invite_file, host, port)
    address = invitation.address if invitation else find_server(host, port, os.environ, profiles)
    profile = profiles.server(*address)
    if invitation:
        profile.trust.expect(invitation.fingerprint)
    name = find_name(name, os.environ, profile) or login_name()
    send_once(
        address,
        name=name,
        signer=profile.signer,
        trust=profile.trust,
        credentials=invitation.credentials if invitation else NO_CREDENTIALS,
        to=to,
        text=text,
        key=key,
        seconds=timeout,
        # As after `join`, the next message goes there, under this name, and needs no invite.
        remember=(lambda: profile.joined(name)) if invitation else None,
        # Only for users at a terminal: cron would mail the output.
        absent=tell_absence if sys.stderr is not None and sys.stderr.isatty() else None,
    )


def tell_absence(event: Absent) -> None:
    """Say that the addressee is away or offline."""
    from ..protocol.text.hygiene import clean_line
    from ..protocol.wording import absence_notice

    click.echo(f"socketchat: {clean_line(absence_notice(event))}", err=True)


def message_text(words: tuple[str, ...]) -> str:
    """Return the text of the message: from the arguments, or all of stdin without its last line end."""
    if words and words != ("-",):
        return " ".join(words)
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageProblem("No text. Give it as an argument or pipe it in: see `socketchat send --help`.")
    # Read a little more than the limit, to detect a longer text without reading all of it.
    data = sys.stdin.buffer.read(TEXT_BYTES + len("\r\n") + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadText("stdin is not valid UTF-8. Convert it first, for example with iconv.") from None
    if len(data) > TEXT_BYTES + len("\r\n"):
        raise TooLong(f"Too long: stdin has more than {TEXT_BYTES:,} bytes. Send a part of it, or split it.")
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
