"""A proposal that the journal has not decided yet, with its session and the receiver of its outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..journal import Outcome, Proposal
from ..protocol.commands import Command
from ..protocol.events import Event
from .sessions import Session


class Pending(Proposal, gc=False, eq=False):
    """A proposal with its session, if any, and the command that it came from.

    ``then`` takes the outcome; without it, the hub answers the command. ``told`` is an extra event for the session when
    the proposal is stored.
    """

    session: Session | None = None
    command: Command | None = None
    then: Callable[[Outcome], Any] | None = None
    told: Event | None = None
