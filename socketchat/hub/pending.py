"""A proposal on its way through the journal: the session that made it, and where its outcome goes."""

from __future__ import annotations

from collections.abc import Callable

from ..journal import Outcome, Proposal
from ..protocol.commands import Command
from ..protocol.events import Event
from .sessions import Session
from .state.users import User


class Pending(Proposal):
    """A proposal with the session that made it, if any, and the command that it answers.

    ``then`` takes the outcome, and without it the hub answers the command. ``told`` is what the session is told
    besides, once the proposal is stored.
    """

    __slots__ = ("command", "session", "then", "told")

    def __init__(  # noqa: PLR0917 - names of arguments would cost a tenth of what a message costs here
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
