"""The subcommand ``serve``: host a chat."""

from __future__ import annotations

import re
import sys
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ..exceptions import UsageProblem
from ..protocol.limits import DEFAULT_PORT
from .arguments.options import data_directory, directory, listening_hosts, port_from, retention
from .arguments.strict import Command
from .progress import shown

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ..journal import Keep
    from ..server import Identity, Server


Network = IPv4Network | IPv6Network

HELP = """Host a chat.

\b
Examples:
  socketchat serve                       listen on all addresses, port 5000
  socketchat serve --host 127.0.0.1      accept only this machine
  socketchat serve --port 0 --data DIR   use a free port and a separate data directory

The server keeps everything in its data directory: the messages, its key and its certificate. Clients remember the
key, so keep it. Only one server can use a data directory at a time.

Everything is encrypted, except plaintext clients (nc, telnet) on this machine.

Ctrl+C, SIGTERM or closing the terminal stops the server; a second Ctrl+C stops it immediately. Confirmed messages are
on disk. To keep it running, start it with nohup or as a service. On SIGHUP it reloads --tls-cert and --tls-key.

\b
Exit codes:
  0  stopped as requested
  2  wrong usage
  8  the store, key or certificate is damaged or not usable by this version
  1  any other error, such as a port or data directory that is in use"""


def networks(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Parse networks, as an option's callback."""
    try:
        return tuple(map(ip_network, texts))
    except ValueError as problem:
        raise click.BadParameter(f"{problem}; write a network as in 10.0.0.0/8.") from None


def server_name(_ctx: click.Context, _param: click.Parameter, name: str | None) -> str | None:
    """Check a server's name, as an option's callback."""
    if name is not None and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", name):
        raise click.BadParameter("use 1 to 63 letters, digits, dots and hyphens, as in chat.example.org.")
    return name


def operators_in(_ctx: click.Context, _param: click.Parameter, file: TextIO | None) -> dict[str, str]:
    """Read the operators' names and passwords, as an option's callback."""
    lines = [line.rstrip("\r\n") for line in file] if file is not None else []
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not all(name and password for name, _, password in pairs):
        raise click.BadParameter("each line has a name, a colon and a password.")
    return {name: password for name, _, password in pairs}


def page_origins(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> frozenset[str]:
    """Parse the origins of a page, as an option's callback."""
    for text in texts:
        if not re.fullmatch(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?", text.lower()):
            raise click.BadParameter(f"{text!r} is not like https://chat.example.org or https://chat.example.org:8443.")
    return frozenset(text.lower() for text in texts)


@click.command(cls=Command, help=HELP)
@click.option(
    "--host",
    "hosts",
    callback=listening_hosts,
    multiple=True,
    metavar="ADDR",
    help="Listen on this address; repeatable.  [default: all addresses]",
)
@click.option(
    "--port",
    callback=port_from(0),
    default=str(DEFAULT_PORT),
    show_default=True,
    metavar="PORT",
    help="Listen on this port; 0 picks a free one.",
)
@click.option(
    "--data",
    callback=directory,
    metavar="DIR",
    help="Data directory.  [default: the platform's, such as ~/.local/share/socketchat/server]",
)
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Use this certificate (PEM, with its chain) instead of a generated one; needs --tls-key.",
)
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Private key of --tls-cert (PEM).",
)
@click.option(
    "--plaintext-from",
    callback=networks,
    multiple=True,
    metavar="CIDR",
    help="Also accept unencrypted clients from this network, such as 10.0.0.0/8; repeatable.",
)
@click.option(
    "--origin",
    "origins",
    callback=page_origins,
    multiple=True,
    metavar="URL",
    help="Also serve browsers at this address, such as https://chat.example.org; repeatable.",
)
@click.option("--hsts", is_flag=True, help="Tell browsers to use HTTPS only, on every port of this host.")
@click.option(
    "--keep",
    callback=retention,
    multiple=True,
    metavar="[ROOM=]TIME",
    help="Delete messages older than this: 90d, or '#ops=7d' and '#ops=ever' for one room; repeatable."
    "  [default: keep everything]",
)
@click.option(
    "--recover",
    "recovers",
    is_flag=True,
    help="Rebuild a damaged store from what is readable, report what is lost, and keep the damaged file.",
)
@click.option("--open", "is_open", is_flag=True, help="Let anyone in, without a join code or invite.")
@click.option(
    "--tunnel",
    "is_tunnelled",
    is_flag=True,
    help="Treat no connection as local, because a tunnel such as ngrok or ssh -R ends here.",
)
@click.option(
    "--password-file",
    "password",
    type=click.File(),
    metavar="FILE",
    help="File with a password that guests and IRC clients need (PASS), in its first line.",
)
@click.option(
    "--name",
    metavar="NAME",
    callback=server_name,
    help="Name of this server for IRC clients, such as chat.example.org.  [default: socketchat]",
)
@click.option(
    "--oper-file",
    "operators",
    type=click.File(),
    callback=operators_in,
    metavar="FILE",
    help="File with a line NAME:PASSWORD for each IRC operator (OPER).",
)
@click.option(
    "--no-limits",
    is_flag=True,
    help="Turn off the limits on rates, connections and rooms, and hash passwords cheaply, for tests; loopback only.",
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
    origins: frozenset[str],
    hsts: bool,
    name: str | None,
    operators: dict[str, str],
    password: TextIO | None,
) -> None:
    """Host a chat."""
    from ..hub import Admission
    from ..journal.backends import open_journal
    from ..server import Server, load_identity, log_to_stderr, own_identity, run

    if (tls_cert is None) != (tls_key is None):
        raise UsageProblem("--tls-cert and --tls-key go together: give both or neither.")
    if no_limits:
        hosts = _on_loopback(hosts)
    log_to_stderr()
    where = data_directory(data)
    if recovers:
        _recover(where)

    secret = password.readline().rstrip("\r\n") if password is not None else ""

    def identify() -> Identity:
        return load_identity(tls_cert, tls_key) if tls_cert and tls_key else own_identity(where)

    def make_server(loop: AbstractEventLoop) -> Server:
        journal = open_journal(f"sqlite:{where}", loop)
        journal.keep = keep
        server = Server(
            journal,
            identify,
            directory=where,
            admission=Admission(is_open=is_open, password=secret),
            plaintext_from=plaintext_from,
            limited=not no_limits,
            is_tunnelled=is_tunnelled,
            name=name,
            operators=operators,
        )
        server.hub.about.site.origins, server.hub.about.site.hsts = origins, hsts
        return server

    if run(make_server, hosts, port, partial(announce, limited=not no_limits)):
        if sys.stdout.isatty():
            click.echo()  # on a new line, below the ^C
        click.echo("The server has stopped.")


def _recover(where: Path) -> None:
    from ..journal.sqlite.offline.recovery import recover

    with shown("Recovering") as progress:
        report = recover(where, progress)
    for line in report.lines():
        click.echo(line)
    click.echo(f"The damaged store was kept as {where / 'socketchat.db.damaged'}.")


def announce(addresses: list[str], server: Server, *, limited: bool = True) -> None:
    """Print where the server listens, its fingerprint, and how to join it."""
    from ..protocol.authentication.certificates import to_fingerprint

    for address in addresses:
        click.echo(f"Server listening on {address}")
    hosts = [address.rpartition(":")[0].strip("[]") for address in addresses]
    port = addresses[0].rpartition(":")[2]
    port = "" if port == str(DEFAULT_PORT) else f" --port {port}"
    click.echo(f"Fingerprint: {to_fingerprint(server.hub.host_key)}")
    if here := _from_here(hosts):
        needs = ", with the join code or an invite" if server.is_tunnelled and not server.hub.admission.is_open else ""
        click.echo(f"To join from here{needs}: socketchat join NAME{here.removeprefix(' --host 127.0.0.1')}{port}")
    if elsewhere := _from_elsewhere(hosts):
        click.echo(f"To join from elsewhere: socketchat join NAME --host {elsewhere}{port}")
    admission = server.hub.admission
    if admission.is_open:
        click.echo("Open: anyone who can reach this server can log in (--open).")
    elif admission.join_code is not None and sys.stdout.isatty():
        # Only at a terminal: a log file would keep the code, and others may read it.
        click.echo(f"Join code: {admission.join_code.code} (newcomers need it once)")
    if not limited:
        click.echo("Limits on rates and connections are off (--no-limits). Use this for benchmarks only.")


def _from_here(hosts: list[str]) -> str | None:
    """Return the option that names this machine, or None if the server does not listen on loopback."""
    for host, everywhere in (("127.0.0.1", "0.0.0.0"), ("::1", "::")):  # noqa: S104 - compared with
        if host in hosts or everywhere in hosts:
            return f" --host {host}"
    return None


def _from_elsewhere(hosts: list[str]) -> str | None:
    """Return an address that other machines can reach, or ADDRESS if none is known."""
    from ..server import EVERYWHERE, reached_at

    return reached_at(hosts) or ("ADDRESS" if any(host in EVERYWHERE for host in hosts) else None)


def _on_loopback(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the loopback hosts to listen on without limits; raises UsageProblem for any other."""
    from ..hub.networks import is_loopback

    for host in hosts:
        if host != "localhost" and not is_loopback(host):
            raise UsageProblem(
                f"--no-limits works on this machine only, and --host {host} is not this machine; drop one of them."
            )
    return hosts or ("127.0.0.1",)
