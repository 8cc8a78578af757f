"""The subcommand ``trust``: take a server's key for the right one."""

from __future__ import annotations

import click

HELP = """Take a server's key for the right one, whatever was known before.

\b
Example:
  socketchat trust chat.lan:5000 SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8

The client remembers the key of each server that it logged in to, and stops with exit code 7 where another one shows
up: the server has a new key, or somebody listens in. Its host sees the FINGERPRINT when `socketchat serve` starts;
get it from there, and not over the connection in question. A visit that goes on in a terminal while another key shows
up waits for the right one, or for this command: Enter there tries at once.

\b
Exit codes:
  0  remembered
  2  wrong usage, or no fingerprint
  8  a file of the client cannot be used"""


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
    click.echo(f"From now on {address} is the server with the fingerprint {fingerprint}.")
