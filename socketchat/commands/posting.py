"""Posting: a message of a bot, whose handler waits until it is stored."""

from __future__ import annotations

from collections.abc import Callable

from ..exceptions import from_code
from ..hub import Hub, Later, Session
from ..hub.proposals import answer_to
from ..journal import Duplicate, Outcome, Stored
from ..protocol import commands, events
from .handler import Answer
from .messages import proposal


async def post(hub: Hub, session: Session, command: commands.Send) -> Answer:
    """Send a message and return its place, or that of the first one under its key; raises ChatError."""
    pending = proposal(hub, session, command)
    pending.command = None  # the caller answers

    def begin(resume: Callable[[Outcome], None]) -> None:
        pending.then = resume
        hub.submit(pending)

    outcome = await Later[Outcome](begin)
    if isinstance(outcome, Stored):
        return Answer(outcome.entry.conversation, outcome.entry.seq)
    refused = answer_to(pending, outcome)
    if isinstance(refused, events.Error):
        error = from_code(refused.code, refused.text)
        error.retry = refused.retry
        raise error
    first = outcome.entry if isinstance(outcome, Duplicate) else None
    return Answer(first.conversation, first.seq, duplicate=True) if first is not None else Answer()
