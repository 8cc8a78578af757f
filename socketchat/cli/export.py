"""The subcommand ``export``: everything that was said, as lines."""

from __future__ import annotations

from pathlib import Path

import click

from ..exceptions import UsageProblem
from .options import data_directory, directory

HELP = """Print what was said, one entry after the other: all of it, direct messages too, or one room.

\b
Examples:
  socketchat export --room '#ops' > ops.txt
  socketchat export --format json | jq -r 'select(.kind == "message") | .body.text'

As text an entry is its time in UTC, its place, and what was said, with nothing that could drive a terminal; the place
of a direct message names both people, such as @alice:bob/7. As JSON it is a line of the native protocol; accounts and
memberships, in the conversation "*", are there as well. The server may run meanwhile. Only the account that runs the
server may.

\b
Exit codes:
  0  all is printed
  2  wrong usage
  5  no such room
  8  there is no store there, or it is damaged
  1  anything else"""


@click.command(help=HELP)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines to read, or JSON.",
)
@click.option("--room", metavar="ROOM", help="Only this room.")
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="The data directory of the server.  [default: as for serve]",
)
def export(form: str, room: str | None, data: Path | None) -> None:
    """Print what was said."""
    from ..journal.sqlite.offline.backup import reading
    from ..journal.sqlite.offline.export import as_json, as_text, entries, names
    from ..protocol.conversations import room_id

    if room is not None and not room.removeprefix("#"):
        raise UsageProblem("The room is empty; give a room, such as '#lobby'.")
    with reading(data_directory(data)) as db:
        said = entries(db, None if room is None else room_id(room))
        called = names(db)
        for entry in said:
            if lines := as_json(entry) if form == "json" else as_text(entry, called):
                click.echo(lines)
