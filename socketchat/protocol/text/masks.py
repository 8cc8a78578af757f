"""Masks with * and ?, as in WHO, LIST and the lists of a channel."""

from __future__ import annotations

import re
from collections.abc import Callable

MASK_CHARACTERS = 100
"""Longest mask."""


def matcher(mask: str) -> Callable[[str], bool]:
    """Return a test whether a text matches a mask, regardless of case; it takes linear time for each star."""
    parts = [re.escape(part).replace(r"\?", ".") for part in re.sub(r"\*+", "*", mask[:MASK_CHARACTERS]).split("*")]
    if len(parts) == 1:
        pattern = re.compile(parts[0], re.IGNORECASE | re.DOTALL)
        return lambda text: pattern.fullmatch(text) is not None
    first, *middle, last = parts
    # Each part between two stars is taken at its first place, and never looked for again.
    between = "".join(f"(?>.*?{part})" for part in middle)
    pattern = re.compile(f"{first}{between}.*{last}", re.IGNORECASE | re.DOTALL)
    return lambda text: pattern.fullmatch(text) is not None


def full_mask(mask: str) -> str:
    """Return a mask as ``nick!user@host``, with stars for what is missing."""
    mask = mask[:MASK_CHARACTERS]
    if "!" in mask or "@" in mask:
        nick, _, rest = mask.partition("!") if "!" in mask else ("*", "", mask)
        ident, _, host = rest.partition("@") if "@" in rest else (rest, "", "*")
        return f"{nick or '*'}!{ident or '*'}@{host or '*'}"
    if "." in mask or ":" in mask:
        return f"*!*@{mask}"
    return f"{mask or '*'}!*@*"
