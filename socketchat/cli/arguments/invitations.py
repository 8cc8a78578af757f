"""Reads invites from the command line: a URL among the arguments, on stdin or in a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ...client.identity.invitation import URL_CHARACTERS, Invitation, is_url, parse_invitation
from ...exceptions import BadFile, UsageProblem, reason
from ...streams import unbuffered

FROM_STDIN = "-"


def name_and_invitation(
    words: tuple[str, ...], file: Path | None, host: str | None, port: int | None
) -> tuple[str | None, Invitation | None]:
    """Return the name and the invitation from arguments and options, each None if not given."""
    urls = [word for word in words if word == FROM_STDIN or is_url(word)]
    names = [word for word in words if word not in urls]
    for word in names[1:]:
        raise click.UsageError(f"Unexpected argument {word!r}", click.get_current_context())
    if len(urls) + (file is not None) > 1:
        raise UsageProblem("Give one invite only: its URL, - or --invite-file.")
    invitation = None
    if file is not None:
        invitation = invitation_in(file)
    elif urls:
        invitation = invitation_on_stdin() if urls[0] == FROM_STDIN else parse_invitation(urls[0])
    if invitation is not None and (host is not None or port is not None):
        raise UsageProblem("The invite says where the server is. Leave out --host and --port.")
    name = invitation.name if invitation is not None else None
    return (names[0] if names else name), invitation


def invitation_in(file: Path) -> Invitation:
    """Return the invitation in a file; raises BadFile, UsageProblem."""
    try:
        with file.open("rb") as opened:
            content = opened.read(URL_CHARACTERS)
    except OSError as problem:
        raise BadFile(f"Cannot read the invite in {file}: {reason(problem)}. Check the path.") from None
    return parse_invitation(content.decode("utf-8", "replace"))


def invitation_on_stdin() -> Invitation:
    """Return the invitation in the first line of stdin; then make the terminal stdin, if there is one."""
    if sys.stdin.isatty():
        sys.stderr.write("Invite: ")
        sys.stderr.flush()
    line = b""
    # Byte by byte, to leave the input after the line unread.
    source = unbuffered(sys.stdin)
    while len(line) < URL_CHARACTERS and (byte := source.read(1) or b"") not in {b"", b"\n"}:
        line += byte
    invitation = parse_invitation(line.decode("utf-8", "replace"))
    if not sys.stdin.isatty() and sys.stdout.isatty():
        _sit_down()
    return invitation


def _sit_down() -> None:
    """Make the terminal stdin, if the process has one."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
