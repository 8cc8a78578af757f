"""Routes: which handler answers a request."""

from __future__ import annotations

from ...hub import Hub, Session
from .pages import page
from .rendering import Response, problem
from .requests import Request
from .websocket import upgrade


async def answer(hub: Hub, session: Session, request: Request) -> bytes:
    """Return the bytes of the response to a request; raises ChatError for one that is refused."""
    response = _routed(hub, session, request)
    return response if isinstance(response, bytes) else bytes(session.dialect.respond(response))


def _routed(hub: Hub, session: Session, request: Request) -> Response | bytes:
    origin = hub.about.site.origin(session.channel, request.headers.get("host", ""))
    if origin is None:
        return problem("refused", UNKNOWN_HOST, status=421)
    if request.path == "/ws":
        return upgrade(hub, session, request, origin)
    return page(hub, request)


UNKNOWN_HOST = (
    "This is not an address of this server. Use its IP address or a name in its certificate, or start it with "
    "`--origin`, as in `--origin https://chat.example.org`."
)
