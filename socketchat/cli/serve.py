"""The subcommand ``serve``: host a chat."""

from __future__ import annotations

import sys
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..exceptions import UsageProblem
from ..protocol.limits import DEFAULT_PORT
from .options import data_directory, directory, listening_hosts, port_from, retention

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ..journal import Keep
    from ..server import Identity, Server


Network = IPv4Network | IPv6Network

HELP = """Host a chat.

\b
Examples:
  socketchat serve                       for everybody who can reach this machine, on port 5000
  socketchat serve --host 127.0.0.1      for this machine alone
  socketchat serve --port 0 --data DIR   on a free port, with a store of its own

Everything that was said is kept in the data directory, which one server uses at a time. So are the key and the
certificate with which all is encrypted; clients remember the key, so keep it. Plaintext, as of nc and telnet, is
served to this machine alone. Ctrl+C, SIGTERM and closing its terminal end it, a second Ctrl+C at once; what was
confirmed is on disk. Started with nohup, or without a terminal, it stays. Any other SIGHUP has it read the files of
--tls-cert and --tls-key again.

\b
Exit codes:
  0  ended as asked
  2  wrong usage
  8  the store is damaged, or of another program or version; or a key or certificate is no good
  1  anything else, such as a port or a data directory in use"""


def networks(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Be the callback of an option that takes networks."""
    try:
        return tuple(map(ip_network, texts))
    except ValueError as problem:
        raise click.BadParameter(f"{problem}; a network is written 10.0.0.0/8.") from None


@click.command(help=HELP)
@click.option(
    "--host",
    "hosts",
    callback=listening_hosts,
    multiple=True,
    metavar="ADDR",
    help="Listen here; may be repeated.  [default: all addresses of this machine]",
)
@click.option(
    "--port",
    callback=port_from(0),
    default=str(DEFAULT_PORT),
    show_default=True,
    metavar="PORT",
    help="Listen on this port; 0 takes a free one.",
)
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="Keep everything here.  [default: the platform's place, such as ~/.local/share/socketchat/server]",
)
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Show this certificate (PEM, with its chain) instead of one made here; needs --tls-key.",
)
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The private key of --tls-cert (PEM).",
)
@click.option(
    "--plaintext-from",
    callback=networks,
    multiple=True,
    metavar="CIDR",
    help="Serve plaintext to this network too, such as 10.0.0.0/8, where anybody can read it; may be repeated.",
)
@click.option(
    "--keep",
    callback=retention,
    multiple=True,
    metavar="[ROOM=]TIME",
    help="Within a minute drop what was said so long ago, for good: 90d; '#ops=7d' or '#ops=ever' for one room."
    "  [default: for ever]",
)
@click.option(
    "--recover",
    "recovers",
    is_flag=True,
    help="Make the store anew from what can be read of a damaged one, which is kept, and say what is lost.",
)
@click.option("--open", "is_open", is_flag=True, help="Let everybody in, without join code or invite.")
@click.option(
    "--tunnel",
    "is_tunnelled",
    is_flag=True,
    help="A tunnel such as ngrok or ssh -R ends here: take nobody for somebody of this machine.",
)
@click.option(
    "--no-limits",
    is_flag=True,
    help="Limit neither rates nor connections, for benchmarks; listens on loopback only.",
)
def serve(
    *,
    hosts: tuple[str, ...],
    port: int,
    data: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    plaintext_from: tuple[Network, ...],
    no_limits: bool,
    is_open: bool,
    is_tunnelled: bool,
    recovers: bool,
    keep: Keep,
) -> None:
    """Host a chat."""
    from ..hub import Entrance
    from ..journal import open_journal
    from ..server import Server, load_identity, log_to_stderr, own_identity, run

    if (tls_cert is None) != (tls_key is None):
        raise UsageProblem("--tls-cert and --tls-key belong together: give both or neither.")
    if no_limits:
        hosts = _on_loopback(hosts)
    log_to_stderr()
    where = data_directory(data)
    if recovers:
        _recover(where)

    def identify() -> Identity:
        return load_identity(tls_cert, tls_key) if tls_cert and tls_key else own_identity(where)

    def make_server(loop: AbstractEventLoop) -> Server:
        journal = open_journal(f"sqlite:{where}", loop)
        journal.keep = keep
        return Server(
            journal,
            identify,
            directory=where,
            entrance=Entrance(is_open=is_open),
            plaintext_from=plaintext_from,
            limited=not no_limits,
            is_tunnelled=is_tunnelled,
        )

    if run(make_server, hosts, port, partial(announce, limited=not no_limits)):
        if sys.stdout.isatty():
            click.echo()  # below the ^C
        click.echo("The server has stopped.")


def _recover(where: Path) -> None:
    from ..journal.sqlite.offline.recovery import recover

    for line in recover(where).lines():
        click.echo(line)
    click.echo(f"The damaged store is kept as {where / 'socketchat.db.damaged'}.")


def announce(addresses: list[str], server: Server, *, limited: bool = True) -> None:
    """Say where the server listens, once it does, what proves that it is this one, who may come in, and how."""
    from ..protocol.authentication.certificates import to_fingerprint

    for address in addresses:
        click.echo(f"Server listening on {address}")
    hosts = [address.rpartition(":")[0].strip("[]") for address in addresses]
    port = addresses[0].rpartition(":")[2]
    port = "" if port == str(DEFAULT_PORT) else f" --port {port}"
    click.echo(f"Fingerprint: {to_fingerprint(server.hub.host_key)}")
    if here := _from_here(hosts):
        click.echo(f"To join from here: socketchat join NAME{here.removeprefix(' --host 127.0.0.1')}{port}")
    if elsewhere := _from_elsewhere(hosts):
        click.echo(f"To join from elsewhere: socketchat join NAME --host {elsewhere}{port}")
    entrance = server.hub.entrance
    if entrance.is_open:
        click.echo("Open: everybody who can reach this server may come in (--open).")
    elif entrance.doorkeeper is not None and sys.stdout.isatty():
        # Only for who sits here: what is written elsewhere would be kept, and read by others.
        click.echo(f"Join code: {entrance.doorkeeper.code} (who is new is asked for it, once)")
    if not limited:
        click.echo("Rates and connections are not limited, as --no-limits says: use this for benchmarks only.")


def _from_here(hosts: list[str]) -> str | None:
    """Return the option that names this machine, None where the server does not listen for it."""
    for host, everywhere in (("127.0.0.1", "0.0.0.0"), ("::1", "::")):  # noqa: S104 - compared with
        if host in hosts or everywhere in hosts:
            return f" --host {host}"
    return None


def _from_elsewhere(hosts: list[str]) -> str | None:
    """Return an address that others can reach, ADDRESS where there is one that we do not know."""
    from ..server import EVERYWHERE, reached_at

    return reached_at(hosts) or ("ADDRESS" if any(host in EVERYWHERE for host in hosts) else None)


def _on_loopback(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return where to listen without limits: nowhere that others can reach."""
    from ..hub.networks import is_loopback

    for host in hosts:
        if host != "localhost" and not is_loopback(host):
            raise UsageProblem(
                f"--no-limits is for this machine alone, and --host {host} is not; leave one of them out."
            )
    return hosts or ("127.0.0.1",)
