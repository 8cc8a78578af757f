"""The subcommand ``backup``: copy a server's store while it runs."""

from __future__ import annotations

from pathlib import Path

import click

from .arguments.options import data_directory, server_data, storable
from .arguments.strict import Command
from .progress import shown

HELP = """Copy a server's store into FILE, which must not exist yet.

\b
Examples:
  socketchat backup chat-$(date +%F).db
  socketchat restore chat-2026-03-01.db --data DIR      use the backup

The server can keep running. The copy is consistent and contains everything that was confirmed when it began.

It contains the accounts and messages, but not the server's key and certificate (tls.pem) nor its join code
(join-code). To move the server, copy these two files into the new data directory as well. Only the account that runs
the server can do this.

\b
Exit codes:
  0  the copy is on disk
  2  wrong usage
  4  FILE already exists
  8  there is no store, it is damaged, or FILE cannot be created there
  1  any other error, such as a full disk"""


@click.command(cls=Command, help=HELP)
@click.argument("file", type=click.Path(path_type=Path))
@server_data
def backup(file: Path, data: Path | None) -> None:
    """Copy a store."""
    from ..journal.sqlite.offline.backup import back_up

    with shown("Copying") as progress:
        back_up(data_directory(data), storable(file), progress)
    click.echo(f"Backup written to {file}.")
