"""Asks for passwords at a terminal, without showing or keeping them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..exceptions import BadPassword, ChatError, WrongPassword
from ..protocol import commands, events
from ..protocol.authentication.passwords import check_password

if TYPE_CHECKING:
    from ..client.asyncio.client import Client

PROOF = "Your password, to revoke the key at once (Enter: in 24 hours): "

OLD = "Old password (Enter if you forgot it): "

AGAIN = "Try again, or press Enter to cancel."


async def new_password(ask: Callable[[str], Awaitable[str]], complain: Callable[[str], None], client: Client) -> str:
    """Ask for a new password, twice, until it is set or the user gives up; return the sentence for the user."""
    old = await ask(OLD) if any(event.password for event in await _devices(client)) else ""
    while chosen := await ask("New password: "):
        try:
            check_password(chosen, client.name)
            again = await ask("Once more: ")
            if not again:
                break
            if again != chosen:
                raise BadPassword("The two passwords differ.")
            answer = await client.request(commands.Password(password=chosen, old=old))
        except WrongPassword as problem:
            complain(str(problem))
            old = await ask(OLD)
        except ChatError as problem:
            complain(f"{problem} {AGAIN}")
        else:
            return " ".join(event.text for event in answer.events if isinstance(event, events.Help))
    return "Nothing was changed."


async def proven(ask: Callable[[str], Awaitable[str]], command: commands.Revoke, client: Client) -> commands.Revoke:
    """Ask for the password, with which another key of the user is revoked at once; raises ChatError."""
    listed = await _devices(client)
    start = command.device.lower().replace("-", "")
    own = (each.fingerprint.replace("-", "") for event in listed for each in event.devices if each.current)
    if not any(event.password for event in listed) or any(each.startswith(start) for each in own):
        return command
    return replace(command, password=await ask(PROOF))


async def _devices(client: Client) -> list[events.Devices]:
    """Return the answer to ``devices``, which says whether the user has a password; raises ChatError."""
    answer = await client.request(commands.Devices())
    return [event for event in answer.events if isinstance(event, events.Devices)]
