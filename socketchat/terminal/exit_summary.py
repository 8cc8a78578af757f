"""What is said where somebody leaves before all that was typed is stored."""

from __future__ import annotations

from ..client.asyncio.client import Client


def what_is_left(client: Client, unconfirmed: int, unsent: int) -> str:
    """Say what becomes of messages that were not confirmed, and of lines whose turn did not come."""
    left = []
    if unconfirmed:
        many = "A message is" if unconfirmed == 1 else f"{unconfirmed} messages are"
        if client.lasts:
            left.append(f"{many} not confirmed yet; the next visit as {client.name} sends what is left.")
        else:
            left.append(f"{many} perhaps not stored: the server did not confirm it before you left.")
    if unsent:
        left.append(f"{unsent} {'line was' if unsent == 1 else 'lines were'} not sent at all.")
    return " ".join(left)
