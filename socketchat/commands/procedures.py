"""Procedures: lines of a dialect that run several commands, handled as one command."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..hub import Cost, Hub, Session
from ..protocol import commands
from .handler import Answer


class Procedure(commands.Command, frozen=True):
    """A command of one dialect; it reads state for its answer, and changes state only through commands.

    It can run before login, checks its rights itself, and returns the lines of its answer.
    """

    @property
    def cost(self) -> Cost:
        """The cost, besides that of the commands that it runs."""
        return Cost.LITTLE

    def run(self, hub: Hub, session: Session) -> Coroutine[Any, Any, Answer]:
        """Run it for a session."""
        raise NotImplementedError
