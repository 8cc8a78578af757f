"""The subcommand ``key``: show, export and import the key that proves your identity."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .arguments.strict import Group

if TYPE_CHECKING:
    from ..client.identity.keys import Key
    from ..client.identity.profiles import Profile

HELP = """Show, export or import your key.

\b
Examples:
  socketchat key show
  socketchat key export key-backup.txt      asks for a passphrase at a terminal
  socketchat key import key-backup.txt      on another computer, or after a loss

The key proves that your names are yours: anyone who has it has your names. To use a second computer with its own key
instead, set a password with /password in the chat; `socketchat join NAME` asks for it there.

\b
Exit codes:
  0  done
  2  wrong usage
  4  refused: another key is in place, or the passphrase is wrong
  5  you have no key yet
  8  a file is unreadable, or is not a key"""

MOST_CHARACTERS = 1000
"""Bytes read of an exported key, which is one short line."""


@click.group(cls=Group, help=HELP)
def key() -> None:
    """Do nothing by itself."""


@key.command()
def show() -> None:
    """Show your public key, fingerprint and key file."""
    from ..protocol.authentication.proofs import fingerprint

    profile = _profile()
    public = _key_of(profile).public
    click.echo(f"public key   {public}\nfingerprint  {fingerprint(public)}\nfile         {profile.key_path}")


@key.command()
@click.argument("file", metavar="FILE|-")
def export(file: str) -> None:
    """Write your key to FILE or stdout.

    At a terminal it asks for a passphrase; if you enter one, the key is encrypted.
    """
    from ..client.identity.key_file import exported
    from ..exceptions import BadFile
    from ..files import unusable, write

    line = exported(_key_of(_profile()), _new_passphrase()) + "\n"
    if file == "-":
        click.echo(line, nl=False)
        return
    try:
        if os.path.lexists(file) or not write(file, line.encode("ascii"), over=False):
            raise BadFile(f"{file} already exists. Remove it, or give another file name.")
    except OSError as problem:
        raise unusable(file, problem) from None


@key.command(name="import")
@click.argument("file", metavar="FILE|-")
@click.option("--replace", is_flag=True, help="Move an existing key aside.")
def import_(file: str, *, replace: bool) -> None:
    """Use the key in FILE, or on stdin, as yours from now on."""
    from ..client.identity.key_file import imported, needs_passphrase, put_in_place

    line = _read(file)
    passphrase = click.prompt("Passphrase", hide_input=True, err=True) if needs_passphrase(line) else ""
    profile = _profile()
    aside = put_in_place(profile, imported(line, passphrase), replace=replace)
    if aside is not None:
        click.echo(f"Your previous key was moved to {aside}.")
    click.echo(f"Your public key is now {profile.key.public}")


def _key_of(profile: Profile) -> Key:
    from ..exceptions import NotFound

    if not Path(profile.key_path).exists():
        raise NotFound(f"No key in {profile.key_path} yet. Your first `socketchat join` creates it.")
    return profile.key


def _profile() -> Profile:
    from ..client.identity.profiles import Profiles
    from ..protocol.limits import DEFAULT_PORT

    return Profiles().server("127.0.0.1", DEFAULT_PORT)  # the key is the same for all servers


def _new_passphrase() -> str:
    if not sys.stdin.isatty():
        return ""
    typed: str = click.prompt(
        "Passphrase (Enter for none)",
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt="Once more",
        err=True,
    )
    return typed


def _read(file: str) -> str:
    from ..files import unusable

    if file == "-":
        return sys.stdin.buffer.read(MOST_CHARACTERS).decode("ascii", "replace")
    try:
        with Path(file).open(encoding="ascii", errors="replace") as opened:
            return opened.read(MOST_CHARACTERS)
    except OSError as problem:
        raise unusable(file, problem) from None
