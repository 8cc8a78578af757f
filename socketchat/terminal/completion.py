"""What Tab completes: slash commands, names and rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ..protocol.names import name_key
from ..protocol.slash import SLASHES

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples


class Known(NamedTuple):
    """What can be completed at the moment: names, the latest speaker first, and rooms."""

    names: Sequence[str]
    rooms: Sequence[str]


class ChatCompleter(Completer):
    """Completes the word before the cursor from what ``known`` tells."""

    def __init__(self, known: Callable[[], Known]) -> None:
        self._known = known

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """Yield what the word before the cursor can become."""
        before = document.text_before_cursor
        word = before.rsplit(None, 1)[-1] if before and not before[-1].isspace() else ""
        for candidate, ending in self._candidates(before, word):
            if folded(candidate).startswith(folded(word)):
                yield Completion(candidate + ending, start_position=-len(word), display=candidate)

    def _candidates(self, before: str, word: str) -> Iterable[tuple[str, str]]:
        """Return all that may stand here, each with what separates it from the next word."""
        known = self._known()
        first, _, rest = before.partition(" ")
        commands = [(f"/{name}", " ") for name in SLASHES]
        if before.startswith("/") and before == word:
            return commands
        if word.startswith("@"):
            return [(f"@{name}", " ") for name in known.names]
        if before.startswith("/") and rest.strip() == word:
            match first.lower():
                case "/dm" | "/kick" | "/ban" | "/mute" | "/mod" | "/unmod" | "/invite" | "/ignore":
                    return [(name, " ") for name in known.names]
                case "/join" | "/users" | "/history" | "/read":
                    return [(room, "") for room in known.rooms]
                case "/help":
                    return [(name, "") for name in SLASHES]
        if word.startswith("#"):
            return [(room, " ") for room in known.rooms]
        return [(name, ": " if before == word else " ") for name in known.names] if word else []


def folded(word: str) -> str:
    """Return a word as it is compared: case does not matter."""
    mark = word[:1] if word[:1] in ("/", "#", "@") else ""
    return mark + name_key(word.removeprefix(mark))


def menu(completions: Sequence[Completion], chosen: int | None, width: int) -> StyleAndTextTuples:
    """Return one line of completions, the chosen one marked; as much of the list as has room."""
    pages: list[list[int]] = [[]]
    used = 0
    for index, completion in enumerate(completions):
        size = len(completion.display_text) + 2
        if used + size > width - len("< >") and pages[-1]:
            pages.append([])
            used = 0
        pages[-1].append(index)
        used += size
    shown = next((page for page in pages if chosen in page), pages[0])
    line: StyleAndTextTuples = [("class:status", "< " if shown is not pages[0] else "")]
    for index in shown:
        line.append(("class:status.chosen" if index == chosen else "class:status", completions[index].display_text))
        line.append(("", "  "))
    return [*line, ("class:status", ">" if shown is not pages[-1] else "")]
