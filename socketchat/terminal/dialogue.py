"""Prints sentences at a terminal before the chat begins, wrapped between words."""

from __future__ import annotations

import os
import sys
import textwrap

from ..protocol.text.hygiene import clean_line

COLUMNS = 80
"""Columns if the terminal does not report its width."""


def say(text: str, *, exactly: str = "") -> None:
    """Write a sentence in as many lines as it needs, and below it, on its own line, the text to compare."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        columns = 0
    # Leave the last column free: terminals differ in where the cursor goes from there.
    width = max(1, (columns or COLUMNS) - 1)
    lines = textwrap.wrap(clean_line(text), width, break_long_words=False, break_on_hyphens=False)
    if exactly:
        lines.append(f"  {clean_line(exactly)}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
