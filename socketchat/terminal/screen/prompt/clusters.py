"""Joined emoji and flags in the edited text: each takes two columns, as modern terminals draw it.

The library counts code points: it gives a family of three emoji six columns, and the next change overwrites the prompt.
So each such cluster is drawn as one placeholder character, and put back when the text is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.utils import get_cwidth
from wcwidth import iter_graphemes, wcswidth

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

FIRST = 0x3F000
"""The first placeholder: two columns wide, and never assigned, so that no text contains it."""

MOST = 0xF00
"""Clusters that are known at a time: more than fit on a screen."""


def joins_emoji(environ: Mapping[str, str]) -> bool:
    """Tell whether a terminal draws a cluster as one emoji; some draw its code points one by one."""
    if "TMUX" in environ:
        return True
    return not ("XTERM_VERSION" in environ or "STY" in environ or environ.get("TERM", "").startswith("linux"))


def step(text: str, position: int, by: int) -> int:
    """Return the position one visible character before or behind a position."""
    ends = [0]
    for cluster in iter_graphemes(text):
        ends.append(ends[-1] + len(cluster))
    if by > 0:
        return next((end for end in ends if end > position), len(text))
    return next((end for end in reversed(ends) if end < position), 0)


class Clusters(Processor):
    """Draws clusters as single characters, and ``restore`` puts them back."""

    def __init__(self) -> None:
        self._characters: dict[str, str] = {}
        self._clusters: dict[int, str] = {}

    def restore(self, text: str) -> str:
        """Return a text with its clusters put back."""
        return text if text.isascii() or not self._clusters else text.translate(self._clusters)

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return the fragments of a line, each cluster as one character."""
        text = fragment_list_to_text(transformation_input.fragments)
        if text.isascii():
            return Transformation(transformation_input.fragments)
        fragments = explode_text_fragments(transformation_input.fragments)
        drawn: StyleAndTextTuples = []
        to_drawn: list[int] = []
        to_source: list[int] = []
        position = 0
        for cluster in iter_graphemes(text):
            to_source.append(position)
            to_drawn += [len(drawn)] * len(cluster)
            if (character := self._character(cluster)) is not None:
                drawn.append((fragments[position][0], character))
            else:
                to_drawn[position:] = range(len(drawn), len(drawn) + len(cluster))
                to_source[-1:] = range(position, position + len(cluster))
                drawn += [(each[0], each[1]) for each in fragments[position : position + len(cluster)]]
            position += len(cluster)
        ends_drawn, ends_source = len(drawn), len(text)
        return Transformation(
            drawn,
            source_to_display=lambda at: to_drawn[at] if at < len(to_drawn) else ends_drawn + at - ends_source,
            display_to_source=lambda at: to_source[at] if at < len(to_source) else ends_source + at - ends_drawn,
        )

    def _character(self, cluster: str) -> str | None:
        """Return the placeholder of a cluster; None if the library counts its columns right."""
        if len(cluster) == 1 or wcswidth(cluster) != 2 or get_cwidth(cluster) == 2:
            return None
        if cluster not in self._characters:
            if len(self._characters) >= MOST:
                self._characters.clear()
                self._clusters.clear()
            code = FIRST + len(self._characters)
            self._characters[cluster], self._clusters[code] = chr(code), cluster
        return self._characters[cluster]
