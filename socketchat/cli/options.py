"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., object])


def server_options(command: _Function) -> _Function:
    """Add --host and --port, which tell where the server is; ``client.address.find_server`` knows what they mean."""
    command = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        metavar="PORT",
        help="Port of the server.  [default: SOCKETCHAT_PORT, that of the server last joined, 5000]",
    )(command)
    return click.option(
        "--host",
        metavar="HOST[:PORT]",
        help="Host of the server.  [default: SOCKETCHAT_HOST, the server last joined, 127.0.0.1]",
    )(command)
