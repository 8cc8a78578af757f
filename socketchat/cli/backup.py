"""The subcommand ``backup``: copy a server's store while it runs."""

from __future__ import annotations

from pathlib import Path

import click

from .options import data_directory, directory

HELP = """Copy the store of a server into FILE, which must not be there yet.

\b
Examples:
  socketchat backup chat-$(date +%F).db
  socketchat restore chat-2026-03-01.db --data DIR      to use it

The server may run meanwhile: the copy is whole, and holds all that was confirmed when it began. It holds accounts and
messages, but not the server's key and certificate (tls.pem beside the store) nor its join code (join-code): copy these
two files into the new data directory too if the server is to move. Only the account that runs the server may.

\b
Exit codes:
  0  the copy is on disk
  2  wrong usage
  4  FILE is there already
  8  there is no store there, or it is damaged; or FILE cannot be made where it is to be
  1  anything else; a disk that is full, of FILE too"""


@click.command(help=HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="The data directory of the server.  [default: as for serve]",
)
def backup(file: Path, data: Path | None) -> None:
    """Copy a store."""
    from ..journal.sqlite.offline.backup import back_up

    back_up(data_directory(data), file)
    click.echo(f"The backup is in {file}.")
