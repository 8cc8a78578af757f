"""The message at exit if not everything that the user typed is stored."""

from __future__ import annotations

from ..client.asyncio.client import Client


def what_is_left(client: Client, unconfirmed: int, unsent: int) -> str:
    """Return the sentences about unconfirmed messages, and about lines that were not sent."""
    left = []
    if unconfirmed:
        many = "A message is" if unconfirmed == 1 else f"{unconfirmed:,} messages are"
        if client.lasts:
            left.append(f"{many} not confirmed yet; the next `join` as {client.name} sends what is left.")
        else:
            left.append(f"{many} perhaps not stored: the server did not confirm before you left.")
    if unsent:
        left.append(f"{unsent:,} {'line was' if unsent == 1 else 'lines were'} not sent.")
    return " ".join(left)
