"""The subcommand ``join``: talk in the chat, at a terminal or through pipes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

import click

from .options import invite_option, server_options

HELP = """Join the chat and talk.

\b
Examples:
  socketchat join alice                        the server on this machine
  socketchat join alice --host chat.lan:5000   another one
  socketchat join alice socketchat://…         where an invite leads to
  tail -f app.log | socketchat join logbot     without a terminal: a line, a message

What you type goes to the current room, at first #lobby; /help lists the commands. The name is yours on that server from
the first time on; without NAME it is SOCKETCHAT_NAME, or you are asked. Without a terminal it is the name last joined
with; what others say is written to stdout, and at the end of stdin the visit ends as soon as all is stored, or with
code 3 where for a minute nothing is. All is encrypted, and the server's key is remembered; beyond this machine you are
asked once whether it is the right one.

Who is new on a server is asked once for its join code, which its host can tell; from then on the key that the client
keeps is enough. With an INVITE, the URL that a host made, nothing is asked. Others on this machine may see a command
line: give an invite for more than one use as - on stdin, or by --invite-file.

What you send is kept on this machine until the server has stored it, and sent again where the link breaks: it is
stored once. What is left when a visit ends, however it ends, the next visit under that name sends.

\b
Exit codes:
  0  left; without a terminal: and all that was read is stored
  2  wrong usage, or a name that breaks the rule
  3  a message is not confirmed yet; the next visit under the name sends it
  4  refused, such as a name that belongs to somebody else
  5  no such user, room or command (without a terminal)
  6  cannot reach the server
  7  the server has another key than before; nothing was sent (a visit at a terminal stays, and tries again)
  8  a file of the client is damaged, or others may read it
  1  anything else       130  interrupted"""


@click.command(help=HELP)
@click.argument("words", nargs=-1, metavar="[NAME] [INVITE]")
@invite_option
@server_options
@click.option("--no-bell", is_flag=True, help="Do not ring the terminal's bell for direct messages and your name.")
def join(*, words: tuple[str, ...], invite_file: Path | None, host: str | None, port: int | None, no_bell: bool) -> int:
    """Join with what the options say."""
    from ..client.address import find_server
    from ..client.identity.credentials import NO_TICKET
    from ..client.identity.profiles import Profiles
    from ..terminal.screen.theme import look_of
    from ..terminal.visit import Visit
    from .invitations import name_and_invitation

    name, invitation = name_and_invitation(words, invite_file, host, port)
    profiles = Profiles()
    address = invitation.address if invitation else find_server(host, port, os.environ, profiles.last)
    profile = profiles.server(*address)
    if invitation:
        profile.trust.expect(invitation.fingerprint)
    look = look_of(os.environ, stdin_is_terminal=is_terminal(sys.stdin), stdout_is_terminal=is_terminal(sys.stdout))
    ticket = invitation.ticket if invitation else NO_TICKET
    rings = not no_bell and not os.environ.get("SOCKETCHAT_NO_BELL")
    return Visit(address, profile, look, os.environ, ticket=ticket, rings=rings).run(name)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream, which may be closed, is a terminal."""
    return stream is not None and stream.isatty()
