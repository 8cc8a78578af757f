"""The subcommand ``send``: say one thing, for scripts."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ..exceptions import BadText, TooLong, UsageProblem
from ..protocol.limits import TEXT_BYTES
from .options import invite_option, positive_seconds, server_options

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

The text is the arguments, or what stands on stdin where there are none, or "-" for stdin; its lines stay one
message. Slash commands are for `join`: here "/help" is a text like any other. Nobody sees the sender come or go.
Nothing is written to stdout. At a terminal, stderr tells where the addressee of --dm is not there.

\b
Exit codes:
  0  the message is stored
  2  wrong usage, or no text
  3  perhaps stored: the time ran out or the link broke; repeat it with --key
  4  refused, such as a name that belongs to somebody else, or by a server never joined
  5  no such user or room
  6  cannot reach the server; nothing was sent
  7  the server has another key than before; nothing was sent
  8  a file of the client is damaged, or others may read it
  1  anything else       130  interrupted"""


@click.command(help=HELP)
@click.option("--room", metavar="#ROOM", help="Send to this room.  [default: #lobby]")
@click.option("--dm", metavar="NAME", help="Send to this user alone, who may be away.")
@click.option(
    "--as",
    "name",
    metavar="NAME",
    help="Send under this name.  [default: SOCKETCHAT_NAME, the name last joined with, the login name]",
)
@server_options
@invite_option
@click.option(
    "--key", metavar="KEY", help="Name this message, any words; what is sent again under its key is stored once."
)
@click.option(
    "--timeout",
    callback=positive_seconds,
    default="10",
    show_default=True,
    metavar="SECONDS",
    help="Give up after this time.",
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
    """Send what the options say."""
    from ..client.address import find_server
    from ..client.blocking.client import send_once
    from ..client.identity.credentials import NO_TICKET
    from ..client.identity.identity import find_name, login_name
    from ..client.identity.profiles import Profiles
    from ..protocol.conversations import LOBBY
    from ..protocol.names import check_name, check_room

    if room is not None and dm is not None:
        raise UsageProblem("--room and --dm exclude each other: a message has one addressee.")
    if key is not None and not key:
        raise UsageProblem("--key is empty: a repetition could not be told from another message.")
    to = LOBBY if room is None else check_room(room)
    if dm is not None:
        to = "@" + check_name(dm.removeprefix("@"))
    text = message_text(words)
    profiles = Profiles()
    invitation = None
    if invite_file is not None:
        from .invitations import name_and_invitation

        _, invitation = name_and_invitation((), invite_file, host, port)
    address = invitation.address if invitation else find_server(host, port, os.environ, profiles.last)
    profile = profiles.server(*address)
    if invitation:
        profile.trust.expect(invitation.fingerprint)
    name = find_name(name, os.environ, profile) or login_name()
    send_once(
        address,
        name=name,
        signer=profile.signer,
        trust=profile.trust,
        ticket=invitation.ticket if invitation else NO_TICKET,
        to=to,
        text=text,
        key=key,
        seconds=timeout,
        # Like whoever joins: the next message goes there, under this name, and needs no invite.
        remember=(lambda: profile.joined(name)) if invitation else None,
        # For who types this; what cron runs is to say nothing, or it would come by mail.
        absent=tell_absence if sys.stderr is not None and sys.stderr.isatty() else None,
    )


def tell_absence(event: Absent) -> None:
    """Say that who is written to is not there."""
    from ..protocol.text.hygiene import clean_line
    from ..protocol.transcript import absence

    click.echo(f"socketchat: {clean_line(absence(event))}", err=True)


def message_text(words: tuple[str, ...]) -> str:
    """Return the text of the message: from the arguments, else all of stdin without its last line end."""
    if words and words != ("-",):
        return " ".join(words)
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise UsageProblem("What shall be sent? Give a text, or pipe one in: see `socketchat send --help`.")
    # A little more than fits, so that a text over the limit shows without reading all of it.
    data = sys.stdin.buffer.read(TEXT_BYTES + len("\r\n") + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadText("What stands on stdin is not text in UTF-8.") from None
    if len(data) > TEXT_BYTES + len("\r\n"):
        raise TooLong(f"A message has at most {TEXT_BYTES:,} bytes, and on stdin there are more.")
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
