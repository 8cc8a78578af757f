"""Procedures: a line of a dialect that is more than one command, run as one."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..hub import Cost, Hub, Session
from ..protocol import commands
from .handler import Answer


class Procedure(commands.Command, frozen=True):
    """A command of one dialect; it reads what it answers with, and changes something only through commands.

    It may be run before login, checks that itself, and returns the lines of its answer.
    """

    @property
    def cost(self) -> Cost:
        """What it costs, besides the commands that it runs."""
        return Cost.LITTLE

    def run(self, hub: Hub, session: Session) -> Coroutine[Any, Any, Answer]:
        """Run it for a session."""
        raise NotImplementedError
