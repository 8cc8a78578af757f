"""The terminal's abilities, detected once, and colors that are readable on dark and on light.

Color never carries a meaning alone: every style comes with a word or a mark.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Literal, NamedTuple
from zlib import crc32

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style as PromptStyle
from rich.style import Style
from rich.theme import Theme

from ...protocol.names import name_key

Colors = Literal["none", "standard", "256"]

AUTHORS_256 = (166, 100, 64, 30, 32, 63, 98, 134, 164, 162)
"""Colors of the 256 with a contrast of at least 3.8 to black and to white, and none of them the red of errors."""

AUTHORS_STANDARD = (2, 3, 4, 5, 6, 10, 11, 12, 13, 14)
"""Of the sixteen colors, not red, which errors have, and not black, white or grey."""

STYLES = {
    "time": ("color(244)", "bright_black"),
    "rule": ("color(244)", "bright_black"),
    "join": ("color(28)", "green"),
    "leave": ("color(244)", "bright_black"),
    "dm": ("bold color(164)", "bold magenta"),
    "room": ("bold", "bold"),
    "mention": ("bold color(166)", "bold"),
    "notice": ("color(31)", "cyan"),
    "error": ("bold color(160)", "bold red"),
    "refused": ("color(160)", "red"),
}
"""Styles above the prompt, by their meaning: with 256 colors, and with 16."""

PROMPT_STYLES = {
    "prompt": "bold",
    "status": "#808080",
    "status.strong": "bold",
    "status.trouble": "bold #d70000",
    "status.chosen": "reverse",
}
"""Styles of the prompt and of the line below it."""


class Look(NamedTuple):
    """The terminal's abilities: whether it edits lines, and which colors it has."""

    edits: bool
    colors: Colors

    @property
    def color_depth(self) -> ColorDepth:
        """The same for prompt_toolkit."""
        return {
            "none": ColorDepth.DEPTH_1_BIT,
            "standard": ColorDepth.DEPTH_4_BIT,
            "256": ColorDepth.DEPTH_8_BIT,
        }[self.colors]

    def author_style(self, name: str) -> Style:
        """Return the style of an author's name, the same in every session."""
        palette = AUTHORS_STANDARD if self.colors == "standard" else AUTHORS_256
        return Style(bold=True, color=f"color({palette[crc32(name_key(name).encode()) % len(palette)]})")


def look_of(environ: Mapping[str, str], *, stdin_is_terminal: bool, stdout_is_terminal: bool) -> Look:
    """Return the look: plain lines only, if stdin or stdout is not a terminal, or if it is a dumb one."""
    term = environ.get("TERM", "dumb" if sys.platform != "win32" else "xterm-256color").lower()
    edits = stdin_is_terminal and stdout_is_terminal and term not in ("dumb", "unknown", "")
    if not edits or environ.get("NO_COLOR"):
        return Look(edits, "none")
    many = "256color" in term or environ.get("COLORTERM") in ("truecolor", "24bit")
    return Look(edits, "256" if many else "standard")


def rich_theme(look: Look) -> Theme:
    """Return the styles for rich."""
    return Theme({name: few if look.colors == "standard" else many for name, (many, few) in STYLES.items()})


def prompt_style() -> PromptStyle:
    """Return the styles for prompt_toolkit."""
    return PromptStyle.from_dict(PROMPT_STYLES)
