"""Posting a line to a room: by a bot's token, or through the address of a hook."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from ...commands.posting import post
from ...exceptions import Refused, UsageProblem
from ...hub import Hub, Session
from ...hub.state.bots import Bot
from ...protocol import commands
from ...protocol.text.references import place
from .bots import bearer, enter, room_of, too_fast
from .incoming import text_of
from .rendering import Response
from .requests import Request

KEY_CHARACTERS = 255
"""Longest Idempotency-Key, as elsewhere."""


async def to_room(hub: Hub, session: Session, request: Request, name: str) -> Response:
    """Post to the room of a path, with the token in the header."""
    return await _post(hub, session, request, bearer(hub, session, request), name)


async def to_hook(hub: Hub, session: Session, request: Request, token: str) -> Response:
    """Post to the only room of a hook."""
    bot = enter(hub, session, hub.state.bots.of_token(token, hub.now(), hook=True))
    if not bot.rooms:
        raise Refused("The room of this hook was removed.")
    return await _post(hub, session, request, bot, bot.rooms[0])


async def _post(hub: Hub, session: Session, request: Request, bot: Bot, name: str) -> Response:
    if (refusal := too_fast(hub, session)) is not None:
        return refusal
    if not bot.write:
        raise Refused("This token is for reading only.")
    room = room_of(hub, session, bot, name)
    outbox, n = _key(request)
    command = commands.Send(to=room.id, text=text_of(request), outbox=outbox, n=n)
    answer = await post(hub, session, command)
    seq = answer.seq or 0
    told: dict[str, object] = {"place": place(room.name, seq), "conversation": room.id, "seq": seq}
    if answer.duplicate:
        told["duplicate"] = True
    body = msgspec.json.encode(told) + b"\n"
    return Response(200 if answer.duplicate else 201, body, {"Content-Type": "application/json"})


def _key(request: Request) -> tuple[str | None, int | None]:
    """Return the key under which a repetition of the request stores nothing, if the client gave one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None, None
    key = key.strip().removeprefix('"').removesuffix('"')
    if not 0 < len(key) <= KEY_CHARACTERS:
        raise UsageProblem(f"An Idempotency-Key has 1 to {KEY_CHARACTERS} characters.")
    return sha256(key.encode()).hexdigest()[:16], 1
