"""The subcommand ``trust``: accept a server's key."""

from __future__ import annotations

import click

HELP = """Accept a server's key, and replace the one remembered before.

\b
Example:
  socketchat trust chat.lan:5000 SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8

The client remembers the key of each server that it logs in to. If a server shows a different key later, the client
stops with exit code 7: either the server has a new key, or someone is intercepting the connection.

`socketchat serve` prints the FINGERPRINT when it starts. Ask whoever runs the server for it, over another channel
than this connection. A `join` that is waiting for the right key reconnects once you press Enter there.

\b
Exit codes:
  0  the key is remembered
  2  wrong usage, or an invalid fingerprint
  8  a file of the client is unusable"""


@click.command(help=HELP)
@click.argument("host", metavar="HOST[:PORT]")
@click.argument("fingerprint")
def trust(*, host: str, fingerprint: str) -> None:
    """Remember a fingerprint."""
    from ..client.address import Address, parse_host
    from ..client.identity.profiles import Profiles
    from ..protocol.limits import DEFAULT_PORT

    name, port = parse_host(host)
    address = Address(name, port or DEFAULT_PORT)
    Profiles().server(*address).trust.replace(fingerprint)
    click.echo(f"Trusting {address} with the fingerprint {fingerprint}.")
