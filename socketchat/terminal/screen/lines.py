"""Builds lines for the screen: names, times, dates, notices and errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from rich.text import Text

from ...protocol.text.hygiene import clean, clean_line
from .theme import Look
from .wrapping import INDENT

if TYPE_CHECKING:
    from rich.style import Style

LAST_TIME = 253_370_764_800_000
"""The start of the year 9999 in milliseconds since 1970: a server's clock may say more, but a calendar cannot."""


class Lines:
    """Makes lines for one terminal; ``zone`` is its time zone (None: the machine's).

    It remembers the date of the last line, at first that of ``now`` (milliseconds since 1970), and puts a line with the
    date in front of the first line of another day.
    """

    def __init__(self, look: Look, now: int, zone: tzinfo | None) -> None:
        self._look = look
        self._zone = zone
        self._day = datetime.fromtimestamp(now / 1000, zone).date()

    def name(self, name: str) -> tuple[str, Style]:
        """Return a user's name in its color."""
        return clean_line(name), self._look.author_style(name)

    def names(self, names: Sequence[str], count: int) -> Text:
        """Return names as a list in words; ``count`` is the total, including users without a name here."""
        more = max(0, count - len(names))
        who = [Text(*self.name(name)) for name in names] + ([Text(f"{more:,} more")] if more else [])
        if len(who) <= 1:
            return who[0] if who else Text("nobody")
        return Text.assemble(Text(", ").join(who[:-1]), " and ", who[-1])

    def dated(self, ts: int, said: Text) -> list[Text]:
        """Return a line with its time; the date comes first if it differs from that of the line before."""
        moment = datetime.fromtimestamp(min(max(ts, 0), LAST_TIME) / 1000, self._zone)
        line = Text.assemble((f"{moment:%H:%M} ", "time"), said)
        if moment.date() == self._day:
            return [line]
        self._day = moment.date()
        return [rule(f"{moment:%A} {moment.day} {moment:%B %Y}"), line]


def notice(text: str) -> Text:
    """Return a notice of the program itself."""
    return Text.assemble(("-- ", "notice"), clean_line(text))


def error(text: str) -> Text:
    """Return the line of an error."""
    return Text.assemble(("!! ", "error"), (clean_line(text), "refused"))


def rule(text: str) -> Text:
    """Return the caption for the lines above it."""
    return Text(f"── {clean_line(text)} ──", "rule")


def indented(text: str) -> str:
    """Return a user's text, safe to draw, with its further lines indented."""
    return clean(text).replace("\n", "\n" + INDENT)
