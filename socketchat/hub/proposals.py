"""A proposal that the journal has not decided yet, with its session and the receiver of its outcome."""

from __future__ import annotations

from collections.abc import Callable

from ..journal import Outcome, Proposal
from ..protocol.commands import Command
from ..protocol.events import Event
from .sessions import Session
from .state.users import User


class Pending(Proposal):
    """A proposal with its session, if any, and the command that it came from.

    ``then`` takes the outcome; without it, the hub answers the command. ``told`` is an extra event for the session when
    the proposal is stored.
    """

    __slots__ = ("command", "session", "then", "told")

    def __init__(  # noqa: PLR0917 - keyword arguments would cost a tenth of the time per message here
        self,
        conversation: str,
        author: User,
        kind: str,
        body: bytes,
        session: Session | None,
        command: Command | None = None,
        key: tuple[int, int] | None = None,
        *,
        claims: tuple[str, ...] = (),
        of: int | None = None,
        then: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.conversation = conversation
        self.author = author.id
        self.name = author.name
        self.kind = kind
        self.body = body
        self.key = key
        self.claims = claims
        self.of = of
        self.session = session
        self.command = command
        self.then = then
        self.told: Event | None = None
