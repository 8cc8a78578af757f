"""The subcommand ``trust``: accept a server's key."""

from __future__ import annotations

import click

from ..exceptions import UsageProblem
from .arguments.strict import Command

HELP = """Accept a server's key, or choose the default server.

\b
Examples:
  socketchat trust chat.lan:5000 SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
  socketchat trust --default chat.lan:5000

The client remembers the key of each server that it logs in to. If a server shows a different key later, the client
stops with exit code 7: either the server has a new key, or someone is intercepting the connection.

`socketchat serve` prints the FINGERPRINT when it starts. Ask whoever runs the server for it, over another channel
than this connection. A `join` that is waiting for the right key reconnects once you press Enter there.

The default server is the first one that you joined, whatever you join later. `join` and `send` use it, and the name
that you last used there, unless you name another.

\b
Exit codes:
  0  the key or the default is remembered
  2  wrong usage, or an invalid fingerprint
  8  a file of the client is unusable"""


@click.command(cls=Command, help=HELP)
@click.option("--default", "is_default", is_flag=True, help="Make this server the one that join and send talk to.")
@click.argument("host", metavar="HOST[:PORT]")
@click.argument("fingerprint", required=False)
def trust(*, host: str, fingerprint: str | None, is_default: bool) -> None:
    """Remember a fingerprint, or which server is the default."""
    from ..client.address import Address, parse_host
    from ..client.identity.profiles import Profiles
    from ..protocol.limits import DEFAULT_PORT

    name, port = parse_host(host)
    address = Address(name, port or DEFAULT_PORT)
    if fingerprint is None and not is_default:
        raise UsageProblem("The fingerprint is missing: `socketchat serve` prints it on the server's machine.")
    profiles = Profiles()
    if fingerprint is not None:
        profiles.server(*address).trust.replace(fingerprint)
        click.echo(f"Trusting {address} with the fingerprint {fingerprint}.")
    if is_default:
        profiles.make_default(address)
        click.echo(f"The default server is now {address}.")
        if profiles.server(*address).read_pin() is None:
            click.echo(f"You have not joined {address} yet, so check the address.", err=True)
