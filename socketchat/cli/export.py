"""The subcommand ``export``: print the stored messages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .arguments.options import data_directory, server_data
from .arguments.strict import Command
from .progress import shown

HELP = """Print the stored messages.

\b
Examples:
  socketchat export --room '#ops' > ops.txt
  socketchat export --format json | jq -r 'select(.kind == "message") | .body.text'

It prints everything, direct messages included, or one room.

In text format, each entry shows its time in UTC, its place and its text, with control characters made visible. The
place of a direct message names both users, as in @alice:bob/7. In JSON format, each line is an entry of the native
protocol; accounts and memberships are in the conversation "*".

The server can keep running. Only the account that runs the server can do this.

\b
Exit codes:
  0  everything was printed
  2  wrong usage
  5  no such room
  8  there is no store, or it is damaged
  1  any other error"""


@click.command(cls=Command, help=HELP)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Print readable text or JSON lines.",
)
@click.option("--room", metavar="ROOM", help="Print this room only.")
@server_data
def export(form: str, room: str | None, data: Path | None) -> None:
    """Print the stored messages."""
    from ..journal.sqlite.offline.export import as_json, as_text, entries, names
    from ..journal.sqlite.offline.reading import reading
    from ..protocol.conversations import room_id
    from ..protocol.names import check_room

    conversation = None if room is None else room_id(check_room(room))
    # At a terminal, the lines themselves show the progress.
    with (
        reading(data_directory(data)) as db,
        shown("Exporting", quiet=sys.stdout is not None and sys.stdout.isatty()) as progress,
    ):
        said = entries(db, conversation, progress)
        called = names(db)
        for entry in said:
            if lines := as_json(entry) if form == "json" else as_text(entry, called):
                click.echo(lines)
