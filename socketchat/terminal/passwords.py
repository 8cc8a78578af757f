"""Passwords at a terminal: asked for without being seen, and kept nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..exceptions import BadText
from ..protocol import commands, events
from ..protocol.passwords import check_password

if TYPE_CHECKING:
    from ..client.aio import Client


async def new_password(ask: Callable[[str], Awaitable[str]], client: Client) -> str:
    """Have a new password typed twice, set it, and return what the server says; raises ChatError."""
    chosen = await ask("New password: ")
    if not chosen:
        return "Nothing was changed."
    check_password(chosen, client.name)
    if await ask("Once more: ") != chosen:
        raise BadText("The two are not the same; nothing was changed.")
    answer = await client.request(commands.Password(password=chosen))
    return " ".join(event.text for event in answer.events if isinstance(event, events.Help))
