"""The screen of a visit: lines go above the prompt, drawn in bursts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from ...exceptions import BadText, ChatError, TooLong
from .lines import error, notice
from .prompt.prompt import Prompt
from .rendering import Rendering
from .scroll import Scroll
from .theme import Look
from .view import View

if TYPE_CHECKING:
    from rich.console import RenderableType


class Screen:
    """Draws the events for the user ``view.user`` of this ``name``; ``now`` returns milliseconds since 1970."""

    def __init__(
        self, prompt: Prompt, look: Look, view: View, *, name: str, now: Callable[[], int], zone: tzinfo | None
    ) -> None:
        self.prompt = prompt
        self.rendering = Rendering(look, name, now(), zone, quote=view.quote)
        self._view = view
        self._now = now
        self._scroll = Scroll(self._write)

    @property
    def width(self) -> int:
        """The columns of the terminal now."""
        return self.prompt.width

    def add(self, *lines: RenderableType) -> None:
        """Write lines above the prompt, now or with the next burst."""
        self._scroll.add(lines)

    def add_all(self, lines: Iterable[RenderableType]) -> None:
        """Write several lines above the prompt."""
        self._scroll.add(lines)

    def draw(self, event: object) -> None:
        """Draw an event."""
        self.add(*self.rendering.lines(self._view.named(event), self._view.user, self._now()))

    def tell(self, text: str) -> None:
        """Show a notice to the user."""
        self.add(notice(text))

    def complain(self, problem: ChatError | str, line: str = "", *, can_go: bool | None = None) -> None:
        """Show an error; put the typed line back into the prompt, or leave it for the arrow key.

        ``can_go`` says whether it may succeed the next time, unless the error itself tells that.
        """
        if can_go is None:
            can_go = not isinstance(problem, TooLong | BadText)
        kept = not line or self.prompt.put_back(line, can_go=can_go)
        self.add(error(str(problem) if kept else f"{problem} (Press Up to get your text back.)"))

    def changed(self) -> None:
        """Redraw the prompt with the next burst, because the counts below it may have changed."""
        self._scroll.add(())

    async def room(self) -> None:
        """Wait until there is room for more lines."""
        await self._scroll.room()

    def finish(self) -> None:
        """Write all waiting lines."""
        self._scroll.finish()

    def _write(self, lines: Sequence[RenderableType]) -> None:
        if lines:
            self.prompt.write(self.rendering.paint(lines, self.width))
        else:
            self.prompt.repaint()
