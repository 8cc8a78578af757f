"""The subcommand ``restore``: make a store from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from .options import data_directory, directory

HELP = """Make the store of a data directory from FILE, which `socketchat backup` has made.

\b
Examples:
  socketchat restore chat-2026-03-01.db --data DIR
  socketchat serve --data DIR

Nothing is overwritten: a directory that has a store is refused. Clients that come back are told that this is another
store, since what was said after the backup is not in it.

\b
Exit codes:
  0  the store is there; start the server
  2  wrong usage
  4  the directory has a store already
  8  FILE is no backup, or it is damaged
  1  anything else, such as a full disk, or a server that uses the directory"""


@click.command(help=HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="The data directory of the server.  [default: as for serve]",
)
def restore(file: Path, data: Path | None) -> None:
    """Make a store from a backup."""
    from ..journal.sqlite.offline.backup import restore as make

    where = data_directory(data)
    make(file, where)
    click.echo(f"The store is in {where}.")
