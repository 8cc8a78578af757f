"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

import click

from ...exceptions import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from ...journal import Keep

LONGEST_TIMEOUT = 86_400.0
"""Seconds: a day. To wait longer, repeat the command; the limits of systems differ."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def port_from(lowest: int) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """Return a callback that validates a port from ``lowest`` on."""

    def check(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
        if text is None:
            return None
        if text.isascii() and text.isdigit() and lowest <= int(text[:6]) <= 65535:
            return int(text)
        raise click.BadParameter(f"{text!r} is not a port. A port is a number from {lowest} to 65535.")

    return check


def positive_seconds(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """Validate a number of seconds up to a day, as an option's callback."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if isfinite(seconds) and 0 < seconds <= LONGEST_TIMEOUT:
        return seconds
    raise click.BadParameter(f"{text!r} is not a time. Give seconds, above 0 and up to {LONGEST_TIMEOUT:,.0f}.")


def duration(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int:
    """Convert a duration to seconds, 0 if not given, as an option's callback."""
    from ...protocol.text.durations import seconds_of

    seconds = seconds_of(text) if text is not None else 0
    if seconds is None or (text is not None and not seconds):
        raise click.BadParameter(f"{text!r} is not a duration. Give a number and s, m, h, d or w, such as 2h or 7d.")
    return seconds


def retention(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> Keep:
    """Parse a retention, TIME, ROOM=TIME or ROOM=ever, as an option's callback."""
    from ...journal import Keep
    from ...protocol.conversations import room_id
    from ...protocol.names import check_room
    from ...protocol.text.durations import seconds_of

    default: int | None = None
    rooms: dict[str, int | None] = {}
    for text in texts:
        room, has_room, word = text.rpartition("=")
        seconds = seconds_of(word)
        if not seconds and word != "ever":
            raise click.BadParameter(
                f"{text!r} is not a retention time. Give 90d, '#ops=7d' or '#ops=ever', for example."
            )
        kept_for = seconds * 1000 if seconds else None
        if has_room:  # even if it is empty, which check_room refuses: an empty name must not mean all rooms
            rooms[room_id(check_room(room))] = kept_for
        else:
            default = kept_for
    return Keep(default, rooms)


def listening_hosts(_ctx: click.Context, _param: click.Parameter, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Validate hosts to listen on, as an option's callback; the system would take "*" for all of them."""
    from ...client.address import parse_host

    for host in hosts:
        if parse_host(host)[1] is not None:
            raise click.BadParameter(f"{host!r} has a port. Give the port with --port; it applies to all addresses.")
    return tuple(parse_host(host)[0] for host in hosts)


def directory(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Path | None:
    """Validate a directory that may not exist yet, as an option's callback."""
    if text is None:
        return None
    path = as_path(_ctx, _param, text)
    if path is not None and path.is_file():
        raise click.BadParameter(f"{text!r} is a file. Give a directory.")
    return path


def as_path(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Path | None:
    """Convert an option to a path, as its callback."""
    if text is None:
        return None
    from pathlib import Path  # importing pathlib would cost `send` a twentieth of its start

    return Path(text)


def server_data(command: _Function) -> _Function:
    """Add ``--data``, the data directory of a server on this machine."""
    option = click.option(
        "--data",
        callback=directory,
        metavar="DIR",
        help="Data directory of the server.  [default: the same as for serve]",
    )
    return option(command)


def data_directory(data: Path | None) -> Path:
    """Return the server's data directory, from --data or the platform's default; raises BadFile.

    Links in it are resolved now, so that no other account can redirect them later.
    """
    if data is not None:
        return storable(data.resolve())
    from pathlib import Path

    from ...paths import server_data

    return storable(Path(server_data()).resolve())


def storable(path: Path) -> Path:
    """Return the path of a store; raises UsageProblem if it is not UTF-8, as SQLite requires."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageProblem(f"{path} is not valid UTF-8, so no store can be there. Choose another path.") from None
    return path


def invite_option(command: _Function) -> _Function:
    """Add --invite-file, for newcomers to a server."""
    return click.option(
        "--invite-file",
        type=click.Path(dir_okay=False),
        callback=as_path,
        metavar="FILE",
        help="Use the invite whose URL is in this file, if you are new on its server.",
    )(command)


def server_options(command: _Function) -> _Function:
    """Add --host and --port, which name the server; ``client.address.find_server`` interprets them."""
    command = click.option(
        "--port",
        callback=port_from(1),
        metavar="PORT",
        help="Port of the server.  [default: SOCKETCHAT_PORT, the port of your default server, 5000]",
    )(command)
    return click.option(
        "--host",
        metavar="HOST[:PORT]",
        help="Host of the server.  [default: SOCKETCHAT_HOST, your default server, 127.0.0.1]",
    )(command)
