"""The files of the page for browsers, read once from the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from ..hub.site import Page

WEB = Path(__file__).parent.parent / "web"

INDEX = "/index.html"

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
"""The types of the files that are served; any other file in the folder is not."""

_COMMENT_LINES = re.compile(rb"^[ \t]*(?:/\*\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE)
"""Comments on lines of their own: a fifth of the modules, with their types, which no browser needs."""


@cache
def pages() -> Mapping[str, Page]:
    """Return the files by path; ``/`` is the index."""
    found = {
        f"/{path.relative_to(WEB).as_posix()}": _page(path)
        for path in sorted(WEB.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }
    found["/"] = found.pop(INDEX)
    return found


def _page(path: Path) -> Page:
    content = path.read_bytes()
    if path.suffix == ".js":
        content = _COMMENT_LINES.sub(b"", content)
    return Page(MEDIA_TYPES[path.suffix], content, f'"{sha256(content).hexdigest()[:32]}"')
