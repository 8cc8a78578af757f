"""Static files: the page for the browser."""

from __future__ import annotations

from ...hub import Hub
from .rendering import Response, problem
from .requests import Request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The Content-Security-Policy: only files of this server, and no text ever becomes markup (Trusted Types)."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""``no-cache`` lets a browser keep a file, but ask whether it is current: after an update all files match."""


def page(hub: Hub, request: Request) -> Response:
    """Return a static file, or the head that says that the browser has it."""
    found = hub.about.site.pages.get(request.path)
    if found is None:
        return problem("not_found", "There is no such page.")
    if request.method not in {"GET", "HEAD"}:
        return problem("unsupported", "Use GET.", status=405, headers={"Allow": "GET, HEAD"})
    headers = {**HEADERS, "ETag": found.etag, "Content-Type": found.media_type}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if found.etag in known or "*" in known:
        return Response(304, b"", headers)
    return Response(200, found.content, headers)
