"""The subcommand ``serve``: host a chat."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from ..protocol.limits import DEFAULT_PORT

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
    "--host", "hosts", multiple=True, metavar="ADDR", help="Listen here; may be repeated.  [default: 127.0.0.1]"
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    metavar="PORT",
    help="Listen on this port; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything here.  [default: the platform's place, such as ~/.local/share/socketchat/server]",
)
def serve(hosts: tuple[str, ...], port: int, data: Path | None) -> None:
    """Host a chat."""
    from platformdirs import user_data_path

    from ..journal import open_journal
    from ..server import run

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    where = data if data is not None else user_data_path("socketchat", appauthor=False) / "server"
    run(lambda loop: open_journal(f"sqlite:{where}", loop), hosts or ("127.0.0.1",), port, announce)


def announce(addresses: list[str]) -> None:
    """Say where the server listens, once it does, and how to join."""
    for address in addresses:
        click.echo(f"Server listening on {address}")
    host, _, port = addresses[0].rpartition(":")
    options = "" if host == "127.0.0.1" else f" --host {host}"
    options += "" if port == str(DEFAULT_PORT) else f" --port {port}"
    click.echo(f"To join from another terminal: socketchat join NAME{options}")
