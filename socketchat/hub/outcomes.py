"""Answers to sessions for the outcomes of the journal."""

from __future__ import annotations

from ..exceptions import ChatError, KeyReused, NameTaken, NotFound, StorageProblem
from ..journal import PASSED, Conflict, Duplicate, Outcome, StorageRefused, Unchangeable
from ..journal.bodies import is_gone
from ..protocol import events
from .proposals import Pending
from .sessions import refusal


def answer_to(pending: Pending, outcome: Outcome) -> events.Event | None:
    """Return the answer for an outcome other than stored."""
    command_id = pending.command.id if pending.command is not None else None
    if not isinstance(outcome, Duplicate) or outcome.entry is None:
        retry = isinstance(outcome, StorageRefused) and outcome.retry
        return refusal(why_not(outcome), command_id, retry=retry)
    entry = outcome.entry
    if entry.conversation != pending.conversation or not (bytes(entry.body) == pending.body or is_gone(entry)):
        return refusal(KeyReused("This key was used for another message; use a new key."), command_id)
    if command_id is None:
        return None
    return events.Ok(id=command_id, conversation=entry.conversation, seq=entry.seq, duplicate=True)


def why_not(outcome: Outcome) -> ChatError:
    """Return the reason why a proposal was not stored."""
    match outcome:
        case StorageRefused(reason=reason, retry=retry):
            problem = StorageProblem(reason)
            problem.retry = retry
            return problem
        case Unchangeable():
            return NotFound("This message does not exist, or was deleted.")
        case Conflict(claim=claim):
            return NameTaken(f"{claim.partition(':')[2]} is taken.")
        case _:
            return KeyReused(PASSED)
