"""Answers to the operator's orders: lines to print, then ``ok``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ...hub import Session
from ...protocol import commands, events, operator

Lines = Iterable[str]
"""The result of an order's handler: the lines to print."""

LINES_PER_REPORT = 500
"""Lines in one event, so that it stays under the limit for a line."""


def report(session: Session, order: commands.Command, lines: Lines) -> None:
    """Answer an order with lines to print, then ``ok``."""
    each: Iterator[str] = iter(lines)
    while some := list(islice(each, LINES_PER_REPORT)):
        session.tell(operator.Report(lines=some))
    session.tell(events.Ok(id=order.id))
