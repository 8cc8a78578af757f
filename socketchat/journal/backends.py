"""The journal backends: each has a URL, and is imported only when it is opened."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from ..exceptions import UsageProblem
from . import Journal


def open_journal(url: str, loop: asyncio.AbstractEventLoop) -> Journal:
    """Return the journal for ``memory:`` or ``sqlite:PATH``, not yet opened; raises UsageProblem."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        from .sqlite.journal import SQLiteJournal

        return SQLiteJournal(url.removeprefix("sqlite:"), loop)
    if scheme == "memory":
        from .memory import MemoryJournal

        return MemoryJournal(loop)
    raise UsageProblem(f"{url!r} is not a journal; use memory: or sqlite:DIRECTORY.")
