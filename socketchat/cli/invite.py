"""The subcommand ``invite``: create a URL that lets a newcomer in, on the server's own machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .arguments.options import data_directory, duration, server_data
from .arguments.strict import Command

if TYPE_CHECKING:
    from ..client.address import Address

TRUST_SECONDS = 3.0
"""Time for a TLS handshake with the server on the same machine."""

HELP = """Create an invite: a URL that lets a newcomer in.

\b
Examples:
  socketchat invite                              one newcomer, within a week
  socketchat invite --uses 25 --expires 2h       a class
  socketchat invite --room '#ops' --host chat.example.org
  socketchat invite | mail -s "join us" bob      stdout has the URL and nothing else

Anyone who has the URL can join with `socketchat join URL`: send it as you would a password. It also identifies the
server, so that nobody has to compare fingerprints. If browsers trust the server's certificate, or with --web, it begins
with https://, and a click opens the chat in a browser.

`socketchat admin invite list` and `revoke` manage invites. Only the account that runs the server can create them.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused, or the server belongs to another account
  6  no server runs there
  1  any other error"""


def count(_ctx: click.Context, _param: click.Parameter, text: str) -> int:
    """Validate the number of uses, as an option's callback."""
    if text.isascii() and text.isdigit() and int(text[:9]):
        return int(text[:9])
    raise click.BadParameter(f"{text!r} is not a number of uses. Give 1 or more.")


@click.command(cls=Command, help=HELP, context_settings={"allow_extra_args": True})
@click.option("--uses", callback=count, default="1", show_default=True, metavar="N", help="Let this many newcomers in.")
@click.option(
    "--expires",
    "seconds",
    callback=duration,
    default="7d",
    show_default=True,
    metavar="DURATION",
    help="Expire after this time: 10m, 2h, 7d.",
)
@click.option("--room", metavar="#ROOM", help="Also add them to this room; it is created if it does not exist.")
@click.option(
    "--host",
    metavar="HOST[:PORT]",
    help="Address at which newcomers reach the server.  [default: where it listens, or this machine's]",
)
@click.option("--web", is_flag=True, help="Print a URL for browsers, even if they would warn about the certificate.")
@server_data
@click.pass_context
def invite(
    ctx: click.Context, *, uses: int, seconds: int, room: str | None, host: str | None, web: bool, data: Path | None
) -> None:
    """Ask the server for an invite, and print it."""
    if ctx.args:
        raise click.UsageError(
            f"Unexpected argument {ctx.args[0]!r}. `socketchat admin invite list` and `revoke` manage invites.", ctx
        )
    from ..client.identity.invitation import Invitation
    from ..protocol import operator
    from ..protocol.authentication.certificates import from_fingerprint
    from ..protocol.names import check_room
    from ..server.admin import ask

    told = told_address(host)
    order = operator.CreateInvite(id=1, uses=uses, seconds=seconds, room=None if room is None else check_room(room))
    listening, fingerprint, token = ask(data_directory(data), order)
    address = leads_to(told, listening)
    made = Invitation(address, from_fingerprint(fingerprint), token)
    is_trusted = _is_trusted(address, leads_to_itself(listening))
    if web and not is_trusted:
        click.echo(
            "Browsers will warn about the certificate of this server, because no authority that they trust has signed "
            "it for this address. See `socketchat help http`.",
            err=True,
        )
    click.echo(made.web_url if web or is_trusted else made.url)


def leads_to_itself(listening: str) -> tuple[str, int]:
    """Return the address at which the server's own machine reaches it."""
    from ..client.address import parse_host

    host, port = parse_host(listening.split(maxsplit=1)[0])
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port or 0  # noqa: S104 - compared with


def _is_trusted(address: Address, reached: tuple[str, int]) -> bool:
    """Tell whether the system's certificate authorities vouch for the server under the name in the URL."""
    import socket
    import ssl

    try:
        with (
            socket.create_connection(reached, timeout=TRUST_SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=address.tls_host),
        ):
            return True
    except (OSError, ValueError):  # SSLError is an OSError
        return False


def told_address(host: str | None) -> tuple[str, int | None] | None:
    """Return the address from --host, None if it was not given; raises UsageProblem."""
    from ..client.address import parse_host

    return None if host is None else parse_host(host)


def leads_to(told: tuple[str, int | None] | None, listening: str) -> Address:
    """Return the address for a URL: the given one, or where the server listens; stderr says who can reach that."""
    from ..client.address import DEFAULT_HOST, Address, parse_host
    from ..server import EVERYWHERE, reached_at

    listens = [parse_host(each) for each in listening.split()]
    hosts, port = [host for host, _ in listens], listens[0][1] or 0
    if told is not None:
        return Address(told[0], told[1] or port)
    if (reached := reached_at(hosts)) is not None:
        address = Address(reached, port)
        if sys.stderr.isatty():
            click.echo(
                f"The invite leads to {address}. If others reach this machine at another address, give it with --host.",
                err=True,
            )
        return address
    address = Address(DEFAULT_HOST if hosts[0] in EVERYWHERE else hosts[0], port)
    click.echo(
        f"The invite leads to {address}, which only works on this machine. For others, give the address at which "
        "they reach it with --host.",
        err=True,
    )
    return address
