"""Runs handlers: each runs until it awaits, and is resumed with the result, without a task or a thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from ..exceptions import ChatError
from ..hub import Hub, Later, Session
from ..protocol.commands import Command

Result = TypeVar("Result")


class Running(Generic[Result]):
    """A running handler; its session takes no other command until it is done.

    ``answer`` is called with the handler's result. A ChatError becomes the error that answers the command. Any other
    exception is logged and ends the connection.
    """

    __slots__ = ("_answer", "_command", "_handler", "_hub", "_session")

    def __init__(
        self,
        hub: Hub,
        session: Session,
        command: Command,
        handler: Coroutine[Later[Any], Any, Result],
        answer: Callable[[Result], None],
    ) -> None:
        self._hub = hub
        self._session = session
        self._command = command
        self._handler = handler
        self._answer = answer

    def start(self) -> None:
        """Run the handler until it awaits or ends."""
        if not self._step(None):
            self._session.blocked = False

    def resume(self, result: object) -> None:
        """Resume the handler with a result; when it is done, unblock its session."""
        if not self._step(result):
            self._hub.unblock(self._session)

    def _step(self, result: object) -> bool:
        """Run the handler until it awaits again; return False when it is done."""
        session = self._session
        try:
            later = self._handler.send(result)
        except StopIteration as stop:
            self._answer(stop.value)
        except ChatError as error:
            session.refuse(error, self._command, retry=error.retry)
        except Exception as error:  # noqa: BLE001 - costs this connection, not the others of the batch
            session.link.fail(error)
        else:
            session.blocked = True
            later.begin(self.resume)
            return True
        return False
