"""The subcommand ``restore``: create a store from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from .arguments.options import data_directory, server_data, storable
from .arguments.strict import Command
from .progress import shown

HELP = """Create a store from a backup.

\b
Examples:
  socketchat restore chat-2026-03-01.db --data DIR
  socketchat serve --data DIR

FILE is what `socketchat backup` wrote. Nothing is overwritten: a directory that already has a store is refused.
Returning clients are told that the history has changed, because messages sent after the backup are not in it.

\b
Exit codes:
  0  the store is in place; start the server
  2  wrong usage
  4  the directory already has a store
  8  FILE is not a backup, or it is damaged
  1  any other error, such as a full disk or a directory in use by a server"""


@click.command(cls=Command, help=HELP)
@click.argument("file", type=click.Path(path_type=Path))
@server_data
def restore(file: Path, data: Path | None) -> None:
    """Create a store from a backup."""
    from ..journal.sqlite.offline.backup import restore as make

    where = data_directory(data)
    with shown("Copying") as progress:
        make(storable(file), where, progress)
    click.echo(f"Store restored to {where}.")
