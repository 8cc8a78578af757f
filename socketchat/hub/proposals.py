"""Proposals of the hub to the journal, and the answers to sessions for their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..exceptions import ChatError, KeyReused, NameTaken, NotFound, StorageProblem
from ..journal import PASSED, Conflict, Duplicate, Outcome, Proposal, StorageRefused, Unchangeable
from ..journal.bodies import is_gone
from ..protocol import events
from ..protocol.commands import Command
from .sessions import Session, refusal


class Pending(Proposal, gc=False, eq=False):
    """A proposal with its session, if any, and the command that it came from.

    ``then`` takes the outcome; without it, the hub answers the command. ``told`` is an extra event for the session when
    the proposal is stored. ``text`` is the text of a message to a room, so that no dialect has to decode the body.
    """

    session: Session | None = None
    command: Command | None = None
    then: Callable[[Outcome], Any] | None = None
    told: events.Event | None = None
    text: str | None = None


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
