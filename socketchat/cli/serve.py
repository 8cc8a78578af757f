"""The subcommand ``serve``: host a chat."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from ..protocol.limits import DEFAULT_PORT
from .options import data_directory, directory, listening_hosts, port_from

EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104 - the user chose so
"""Addresses that mean all of a machine's, and that nobody can connect to from elsewhere."""

HELP = """Host a chat.

\b
Examples:
  socketchat serve                       for this machine, on port 5000
  socketchat serve --host 0.0.0.0        for everybody who can reach it
  socketchat serve --port 0 --data DIR   on a free port, with a store of its own

Everything that was said is kept in the data directory, which one server uses at a time. What is sent is not
encrypted yet: beyond this machine, use a VPN or an ssh tunnel. Ctrl+C and SIGTERM end it, a second Ctrl+C at once;
what was confirmed is on disk.

\b
Exit codes:
  0  ended as asked
  2  wrong usage
  8  the store is damaged, or of another program or version
  1  anything else, such as a port or a data directory in use"""


@click.command(help=HELP)
@click.option(
    "--host",
    "hosts",
    callback=listening_hosts,
    multiple=True,
    metavar="ADDR",
    help="Listen here; may be repeated.  [default: 127.0.0.1]",
)
@click.option(
    "--port",
    callback=port_from(0),
    default=str(DEFAULT_PORT),
    show_default=True,
    metavar="PORT",
    help="Listen on this port; 0 takes a free one.",
)
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="Keep everything here.  [default: the platform's place, such as ~/.local/share/socketchat/server]",
)
def serve(hosts: tuple[str, ...], port: int, data: Path | None) -> None:
    """Host a chat."""
    from ..journal import open_journal
    from ..server import run

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    where = data_directory(data)
    run(lambda loop: open_journal(f"sqlite:{where}", loop), hosts or ("127.0.0.1",), port, announce, where)
    if sys.stdout.isatty():
        click.echo()  # below the ^C
    click.echo("The server has stopped.")


def announce(addresses: list[str]) -> None:
    """Say where the server listens, once it does, and how to join."""
    for address in addresses:
        click.echo(f"Server listening on {address}")
    host, _, port = addresses[0].rpartition(":")
    options = "" if host == "127.0.0.1" else f" --host {'ADDRESS' if host in EVERYWHERE else host}"
    options += "" if port == str(DEFAULT_PORT) else f" --port {port}"
    click.echo(f"To join from another terminal: socketchat join NAME{options}")
    if host in EVERYWHERE:
        click.echo("ADDRESS is this machine's, as the others know it.")
