"""An exchange: one request, and the handler that answers it."""

from __future__ import annotations

from ...commands.handler import Answer
from ...commands.procedures import Procedure
from ...hub import Hub, Session
from .requests import Request
from .routes import answer


class Exchange(Procedure, frozen=True, kw_only=True):
    """A request as a command."""

    request: Request

    def __repr__(self) -> str:
        """Return what may be logged."""
        return f"Exchange({self.request!r})"

    async def run(self, hub: Hub, session: Session) -> Answer:
        """Answer the request."""
        session.dialect.hub = hub
        return Answer(lines=await answer(hub, session, self.request))
