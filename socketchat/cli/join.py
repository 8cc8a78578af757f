"""The subcommand ``join``: talk in the chat, at a terminal or through pipes."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from .options import server_options

HELP = """Join the chat and talk.

\b
Examples:
  socketchat join alice                        the server on this machine
  socketchat join alice --host chat.lan:5000   another one
  tail -f app.log | socketchat join logbot     without a terminal: a line, a message

What you type goes to the current room, at first #lobby; /help lists the commands. The name is yours on that server from
the first time on; without NAME it is SOCKETCHAT_NAME, or you are asked. Without a terminal it is the name last joined
with; what others say is written to stdout, and at the end of stdin the visit ends as soon as all is stored. All is
encrypted, and the server's key is remembered; beyond this machine you are asked once whether it is the right one.

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
  7  the server has another key than before; nothing was sent
  8  a file of the client is damaged, or others may read it
  1  anything else       130  interrupted"""


@click.command(help=HELP)
@click.argument("name", required=False)
@server_options
def join(*, name: str | None, host: str | None, port: int | None) -> int:
    """Join with what the options say."""
    from ..client.address import find_server
    from ..client.profiles import Profiles
    from ..terminal.theme import look_of
    from ..terminal.visit import Visit

    profiles = Profiles()
    address = find_server(host, port, os.environ, profiles.last)
    look = look_of(os.environ, stdin_is_terminal=is_terminal(sys.stdin), stdout_is_terminal=is_terminal(sys.stdout))
    return Visit(address, profiles.server(*address), look, os.environ).run(name)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream, which may be closed, is a terminal."""
    return stream is not None and stream.isatty()
