"""Routes: which handler answers a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ...hub import Hub, Session
from .operations import health, metrics
from .pages import page
from .posting import to_hook, to_room
from .reading import of_room
from .rendering import Response, problem
from .requests import Request
from .websocket import upgrade

UNKNOWN_HOST = (
    "This is not an address of this server. Use its IP address or a name in its certificate, or start it with "
    "`--origin`, as in `--origin https://chat.example.org`."
)

Handler = Callable[[Hub, Session, Request, str], Coroutine[Any, Any, Response | bytes]]
"""Returns a response, or the bytes with which one ends whose beginning is sent already."""

WITH_TOKEN: dict[str, dict[str, Handler]] = {
    "/healthz": {"GET": health},
    "/metrics": {"GET": metrics},
    "/rooms/": {"GET": of_room, "POST": to_room},
    "/hooks/": {"POST": to_hook},
}
"""Paths for programs: the rest of the path and the method find the handler.

They need no Host of ours: no page of another site knows a token.
"""


async def answer(hub: Hub, session: Session, request: Request) -> bytes:
    """Return the bytes of the response to a request; raises ChatError for one that is refused."""
    session.user = None  # each request proves itself: a proxy may put several clients on one connection
    for prefix, handlers in WITH_TOKEN.items():
        if request.path.startswith(prefix):
            response = await _programmed(hub, session, request, prefix, handlers)
            break
    else:
        response = _for_browsers(hub, session, request)
    return response if isinstance(response, bytes) else bytes(session.dialect.respond(response))


async def _programmed(
    hub: Hub, session: Session, request: Request, prefix: str, handlers: dict[str, Handler]
) -> Response | bytes:
    handler = handlers.get(request.method)
    if handler is None:
        methods = ", ".join(handlers)
        return problem("unsupported", f"Use {methods}.", status=405, headers={"Allow": methods})
    return await handler(hub, session, request, request.path.removeprefix(prefix))


def _for_browsers(hub: Hub, session: Session, request: Request) -> Response | bytes:
    origin = hub.about.site.origin(session.channel, request.headers.get("host", ""))
    if origin is None:
        return problem("refused", UNKNOWN_HOST, status=421)
    if request.path == "/ws":
        return upgrade(hub, session, request, origin)
    response = page(hub, request)
    session.dialect.has_served = response.status in {200, 304}
    return response
