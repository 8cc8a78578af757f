"""The subcommand ``join``: talk in the chat, at a terminal or through pipes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

import click

from .arguments.options import invite_option, server_options
from .arguments.strict import Command

HELP = """Join the chat and talk.

\b
Examples:
  socketchat join alice                        join the server on this machine
  socketchat join alice --host chat.lan:5000   join another server
  socketchat join alice socketchat://…         join with an invite
  tail -f app.log | socketchat join logbot     send each line as a message

What you type goes to the current room, #lobby at first. /help lists the commands.

The first use of a name makes it yours on that server. Without NAME, join uses SOCKETCHAT_NAME or asks you.

Newcomers need the server's join code once; ask whoever runs the server. After that your key is enough. With an INVITE
you need no code. Other users of this machine can see your command line: pass a reusable invite as "-" on stdin, or in
a file with --invite-file.

The client remembers the server's key. It asks you once to confirm the key of a server on another machine.

Messages are kept on disk until the server has stored them, and sent again after a broken connection. Each is stored
once. Anything left at exit is sent when you next join under that name.

Without a terminal, join uses the name that you last used on that server and prints messages to stdout. At the end of
stdin it exits as soon as everything is stored, or with code 3 if nothing is stored for a minute.

\b
Exit codes:
  0  you left; without a terminal: everything from stdin is stored
  2  wrong usage, or an invalid name
  3  a message is not confirmed; the next join under this name sends it
  4  refused, for example because the name belongs to someone else
  5  no such user, room or command (without a terminal)
  6  cannot reach the server
  7  the server's key changed; nothing was sent (at a terminal, join stays and retries)
  8  a file of the client is damaged, or readable by others
  1  any other error     130  interrupted"""


@click.command(cls=Command, help=HELP)
@click.argument("words", nargs=-1, metavar="[NAME] [INVITE]")
@invite_option
@server_options
@click.option("--no-bell", is_flag=True, help="Do not ring the terminal bell for mentions and direct messages.")
def join(*, words: tuple[str, ...], invite_file: Path | None, host: str | None, port: int | None, no_bell: bool) -> int:
    """Join with these options."""
    from ..client.address import find_server
    from ..client.identity.profiles import Profiles
    from ..client.session.credentials import NO_CREDENTIALS
    from ..terminal.screen.theme import look_of
    from ..terminal.visit import Visit
    from .arguments.invitations import name_and_invitation

    name, invitation = name_and_invitation(words, invite_file, host, port)
    profiles = Profiles()
    address = invitation.address if invitation else find_server(host, port, os.environ, profiles)
    profile = profiles.server(*address)
    if invitation:
        profile.trust.expect(invitation.fingerprint)
    look = look_of(os.environ, stdin_is_terminal=is_terminal(sys.stdin), stdout_is_terminal=is_terminal(sys.stdout))
    credentials = invitation.credentials if invitation else NO_CREDENTIALS
    rings = not no_bell and not os.environ.get("SOCKETCHAT_NO_BELL")
    return Visit(address, profile, look, os.environ, credentials=credentials, rings=rings).run(name)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream, which may be closed, is a terminal."""
    return stream is not None and stream.isatty()
