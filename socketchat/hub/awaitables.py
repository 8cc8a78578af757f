"""The awaitables of handlers: facts that the log decides, reads and hashes; results resume handlers without a task."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, NoReturn, TypeVar

from ..exceptions import NotLoggedIn
from ..journal import SERVER_LOG, Outcome, Stored
from ..protocol import events
from .proposals import Pending, why_not
from .sessions import Session
from .state import facts
from .state.users import User

Result = TypeVar("Result")


class Later(Generic[Result]):
    """A future result: ``begin`` is called once, with a function that takes the result."""

    __slots__ = ("begin",)

    def __init__(self, begin: Callable[[Callable[[Result], None]], None]) -> None:
        self.begin = begin

    def __await__(self) -> Generator[Later[Any], Any, Result]:
        """Yield this to the dispatcher, and return the result with which it resumes the handler."""
        result: Result = yield self
        return result


class Recorder:
    """Stores facts for handlers; ``submit`` hands a proposal to the journal, ``spawn`` runs a coroutine."""

    def __init__(
        self, submit: Callable[[Pending], None], spawn: Callable[[Coroutine[None, None, None]], object]
    ) -> None:
        self._submit = submit
        self._spawn = spawn

    async def record(
        self,
        session: Session,
        kind: str,
        fact: object,
        *,
        conversation: str = SERVER_LOG,
        author: User | None = None,
        claims: tuple[str, ...] = (),
    ) -> events.Entry:
        """Store a fact, and return its entry when it is applied; raises ChatError if it is not stored."""
        outcome = await self.propose(session, kind, fact, conversation=conversation, author=author, claims=claims)
        if isinstance(outcome, Stored):
            return outcome.entry
        raise why_not(outcome)

    async def propose(
        self,
        session: Session,
        kind: str,
        fact: object,
        *,
        conversation: str = SERVER_LOG,
        author: User | None = None,
        claims: tuple[str, ...] = (),
    ) -> Outcome:
        """Store a fact, and return the outcome for the handler to judge; register a new name first."""
        if author is None and session.register is not None:
            await session.register()
        author = author or session.user
        if author is None:
            raise NotLoggedIn("Log in first.")
        pending = Pending(
            conversation, author.id, author.name, kind, facts.encode(fact), claims=claims, session=session
        )

        def begin(resume: Callable[[Outcome], None]) -> None:
            pending.then = resume
            self._submit(pending)

        return await Later[Outcome](begin)

    def note(
        self,
        author: User,
        kind: str,
        fact: object,
        then: Callable[[Outcome], None] | None = None,
        *,
        conversation: str = SERVER_LOG,
        claims: tuple[str, ...] = (),
    ) -> None:
        """Store a fact without waiting."""
        body = facts.encode(fact)
        self._submit(Pending(conversation, author.id, author.name, kind, body, claims=claims, then=then))

    async def until(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await a read or a hash: return its result or raise its error. The loop runs on meanwhile."""

        async def finish(resume: Callable[[Callable[[], Result]], None]) -> None:
            try:
                result = await work
            except Exception as error:  # noqa: BLE001 - the handler raises it
                resume(partial(_raise, error))
            else:
                resume(lambda: result)

        def begin(resume: Callable[[Callable[[], Result]], None]) -> None:
            self._spawn(finish(resume))

        return (await Later(begin))()


def _raise(error: Exception) -> NoReturn:
    raise error
