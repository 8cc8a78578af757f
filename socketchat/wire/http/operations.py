"""Monitoring: whether the server works, and its numbers for Prometheus."""

from __future__ import annotations

from ...exceptions import NotLoggedIn, StorageProblem
from ...hub import Hub, Session
from ...hub.site import Gauge
from .bots import bearer
from .rendering import Response, problem
from .requests import Request

HEALTH_KEY = (0, 0)
"""A key that no outbox has: the look-up waits for the writer, and finds nothing."""


async def health(hub: Hub, session: Session, request: Request, _rest: str) -> Response:
    """Answer 200 if messages can be stored, or 503 with the reason."""
    _check(hub, session, request)
    trouble = hub.about.site.trouble()
    if not trouble:
        try:
            await hub.until(hub.journal.find(HEALTH_KEY))
        except StorageProblem as error:
            trouble = str(error)
    if trouble:
        return problem("storage", trouble, status=503)
    return Response(200, b"ok\n", {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})


async def metrics(hub: Hub, session: Session, request: Request, _rest: str) -> Response:
    """Answer with the numbers in the text format of Prometheus."""
    _check(hub, session, request)
    text = "".join(map(_exposed, hub.about.site.gauges()))
    return Response(200, text.encode(), {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _check(hub: Hub, session: Session, request: Request) -> None:
    """Raise NotLoggedIn for a request from elsewhere without the token of a bot.

    A page of another site may make a browser on this machine ask (DNS rebinding), so the host counts too; so do the
    headers of a proxy, which asks for others.
    """
    site = hub.about.site
    is_forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    is_here = session.channel.is_loopback and site.origin(session.channel, request.headers.get("host", "")) is not None
    if is_here and not is_forwarded:
        return
    try:
        bearer(hub, session, request)
    except NotLoggedIn:
        raise NotLoggedIn("From elsewhere, this needs the token of a bot: Authorization: Bearer TOKEN.") from None


def _exposed(gauge: Gauge) -> str:
    """Return a number with its lines of explanation."""
    name = f"socketchat_{gauge.name}"
    kind = "counter" if name.endswith("_total") else "gauge"
    lines = [f"# HELP {name} {gauge.meaning}", f"# TYPE {name} {kind}"]
    if isinstance(gauge.value, int | float):
        lines.append(f"{name} {gauge.value}")
    else:
        lines += [f'{name}{{{gauge.label}="{each}"}} {count}' for each, count in sorted(gauge.value.items())]
    return "\n".join(lines) + "\n"
