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
"""Seconds: a day. Who wants to wait longer repeats the command; the system's own limit differs from one to the next."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def port_from(lowest: int) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """Return the callback of an option that takes a port from ``lowest`` on."""

    def check(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
        if text is None:
            return None
        if text.isascii() and text.isdigit() and lowest <= int(text[:6]) <= 65535:
            return int(text)
        raise click.BadParameter(f"{text!r} is not a port. A port is a number from {lowest} to 65535.")

    return check


def positive_seconds(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """Be the callback of an option that takes a time, up to a day."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if isfinite(seconds) and 0 < seconds <= LONGEST_TIMEOUT:
        return seconds
    raise click.BadParameter(f"{text!r} is not a time. Give seconds, above 0 and up to {LONGEST_TIMEOUT:,.0f}.")


def duration(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int:
    """Be the callback of an option that takes a duration in seconds, 0 for none."""
    from ...protocol.text.durations import seconds_of

    seconds = seconds_of(text) if text is not None else 0
    if seconds is None or (text is not None and not seconds):
        raise click.BadParameter(f"{text!r} is not a duration. Give a number and s, m, h, d or w, such as 2h or 7d.")
    return seconds


def retention(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> Keep:
    """Be the callback of an option that says how long what is said is kept: TIME, ROOM=TIME or ROOM=ever."""
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
        if has_room:  # also if it is empty, which check_room refuses: all rooms must not be meant by accident
            rooms[room_id(check_room(room))] = kept_for
        else:
            default = kept_for
    return Keep(default, rooms)


def listening_hosts(_ctx: click.Context, _param: click.Parameter, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Be the callback of an option that takes hosts to listen on; the system would take "*" for all of them."""
    from ...client.address import parse_host

    for host in hosts:
        if parse_host(host)[1] is not None:
            raise click.BadParameter(f"{host!r} has a port. Give it by --port, which holds for all addresses.")
    return tuple(parse_host(host)[0] for host in hosts)


def directory(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Path | None:
    """Be the callback of an option that takes a directory, which may not be there yet."""
    if text is None:
        return None
    path = as_path(_ctx, _param, text)
    if path is not None and path.is_file():
        raise click.BadParameter(f"{text!r} is a file. Give a directory.")
    return path


def as_path(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Path | None:
    """Be the callback of an option that takes a path."""
    if text is None:
        return None
    from pathlib import Path  # which would cost `send` a twentieth of its start

    return Path(text)


def data_directory(data: Path | None) -> Path:
    """Return the data directory of the server: what --data says, or the platform's place; raises BadFile.

    Links in it are followed now, so that nobody can lead them elsewhere later.
    """
    if data is not None:
        return storable(data.resolve())
    from pathlib import Path

    from ...paths import server_data

    return storable(Path(server_data()).resolve())


def storable(path: Path) -> Path:
    """Return a path at which a store may be; raises UsageProblem if it is not UTF-8, which SQLite asks for."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageProblem(f"{path} is not valid UTF-8, so no store can be there. Choose another path.") from None
    return path


def invite_option(command: _Function) -> _Function:
    """Add --invite-file, which lets somebody in who is new on a server."""
    return click.option(
        "--invite-file",
        type=click.Path(dir_okay=False),
        callback=as_path,
        metavar="FILE",
        help="Use the invite whose URL is in this file, if you are new on its server.",
    )(command)


def server_options(command: _Function) -> _Function:
    """Add --host and --port, which tell where the server is; ``client.address.find_server`` knows what they mean."""
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
