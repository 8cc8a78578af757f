"""Completes slash commands, names, rooms and places with Tab."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from ...protocol.names import name_key
from ...protocol.slash.arguments import FILTERS
from ...protocol.slash.table import SLASHES
from ...protocol.text.hygiene import clean_line
from .places import Line

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples


_ABOUT_USERS = frozenset(
    ["/dm", "/kick", "/ban", "/mute", "/mod", "/unmod", "/voice", "/unvoice", "/invite", "/ignore"]
)
"""Commands whose first argument is the name of a user."""

AGO = ("1h", "1d", "7d", "30d")
"""Times offered for a search; a date can be typed too."""


class Known(NamedTuple):
    """The words that can be completed now: names, the latest speaker first, rooms, and lines, the newest first."""

    names: Sequence[str]
    rooms: Sequence[str]
    lines: Sequence[Line] = ()


class Candidate(NamedTuple):
    """A possible word, its separator from the next word, and its description in the menu."""

    text: str
    ending: str
    about: str = ""


class ChatCompleter(Completer):
    """Completes the word before the cursor with the words that ``known`` returns."""

    def __init__(self, known: Callable[[], Known]) -> None:
        self._known = known

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """Yield the completions of the word before the cursor."""
        before = document.text_before_cursor
        word = before.rsplit(None, 1)[-1] if before and not before[-1].isspace() else ""
        for candidate, ending, about in self._candidates(before, word):
            text = clean_line(candidate)  # a server that is not ours may send anything
            if folded(text).startswith(folded(word)):
                yield Completion(text + ending, start_position=-len(word), display=f"{text} {about}".rstrip())

    def _candidates(self, before: str, word: str) -> Iterable[Candidate]:
        """Return all words that are possible here."""
        known = self._known()
        first, _, rest = before.partition(" ")
        if before.startswith("/") and before == word:
            return [Candidate(f"/{name}", " ") for name in SLASHES]
        if before.startswith("/") and rest.strip() == word and (arguments := _arguments(first.lower(), word, known)):
            return arguments
        if first.lower() == "/search" and (narrowing := _narrowing(word, known)):
            return narrowing
        if word.startswith("@"):
            return [Candidate(f"@{name}", " ") for name in known.names]
        if word.startswith("#"):
            return [Candidate(room, " ") for room in known.rooms]
        return [Candidate(name, ": " if before == word else " ") for name in known.names] if word else []


def _arguments(command: str, word: str, known: Known) -> list[Candidate]:
    """Return the likely arguments of a command, as far as they are known."""
    match command:
        case "/show" | "/edit" | "/delete" | "/reply" | "/react" | "/unreact":
            ending = "" if command in {"/show", "/delete"} else " "
            own = [Candidate(line.place, ending, line.words) for line in known.lines if line.is_own]
            others = [Candidate(line.place, ending, line.words) for line in known.lines if not line.is_own]
            first = [*own, *others] if command in {"/show", "/delete"} else [*others, *own]
            return own if command == "/edit" else first
        case _ if command in _ABOUT_USERS and word[:1] != "@":
            return [Candidate(name, " ") for name in known.names]
        case "/join" | "/users" | "/history" | "/read" if word[:1] != "@":
            return [Candidate(room, "") for room in known.rooms]
        case "/room":
            return [Candidate(name, " ") for name in ("private", "public", "announce", "slow")]
        case "/help":
            return [Candidate(name, "") for name in SLASHES]
    return []


def _narrowing(word: str, known: Known) -> list[Candidate]:
    """Return the filters of a search."""
    match word.lower().partition(":"):
        case ("from", ":", _):
            return [Candidate(f"from:{name}", " ") for name in known.names]
        case ("in", ":", _):
            where = [*known.rooms, *(f"@{name}" for name in known.names)]
            return [Candidate(f"in:{each}", " ") for each in where]
        case ("after" | "before" as field, ":", _):
            return [Candidate(f"{field}:{each}", " ") for each in AGO]
        case (start, "", _):
            return [Candidate(f"{each}:", "") for each in FILTERS if each.startswith(start)]
    return []


def folded(word: str) -> str:
    """Return the form in which words are compared: case does not matter."""
    mark = word[:1] if word[:1] in ("/", "#", "@") else ""
    return mark + name_key(word.removeprefix(mark))


def menu(completions: Sequence[Completion], chosen: int | None, width: int) -> StyleAndTextTuples:
    """Return one line of completions, with the chosen one marked, and as many others as fit."""
    pages: list[list[int]] = [[]]
    used = 0
    for index, completion in enumerate(completions):
        size = get_cwidth(completion.display_text) + 2
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
