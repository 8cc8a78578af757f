"""Counts the reactions to the lines of a page of history, to show them below these lines."""

from __future__ import annotations

from collections.abc import Sequence

from ...exceptions import ProtocolError
from ...protocol.codec import decode_text
from ...protocol.events import Entry
from ...protocol.kinds import LINES, REACT, UNREACT
from ...protocol.text.hygiene import clean_line
from ...protocol.text.reactions import REACTION_CHARACTERS, reaction_key

SHOWN = 10
"""Most different reactions below a line: they fit into a row."""

Tally = dict[tuple[str, int], dict[str, dict[str, str]]]
"""By line, given by conversation and seq: by reaction, the authors, each with the reaction as typed."""


def tally(entries: Sequence[Entry]) -> Tally:
    """Return the reactions among entries, in order, to lines that are among them too."""
    found: Tally = {(entry.conversation, entry.seq): {} for entry in entries if entry.kind in LINES}
    for entry in entries:
        if entry.kind not in {REACT, UNREACT}:
            continue
        try:
            body = decode_text(entry)
        except ProtocolError:
            continue
        line = found.get((entry.conversation, body.of or 0))
        if line is None or body.deleted:
            continue
        authors = line.setdefault(reaction_key(body.text), {})
        if entry.kind == REACT:
            authors[entry.author] = body.text
        else:
            authors.pop(entry.author, None)
    return found


def in_tally(reactions: Tally, entry: Entry) -> bool:
    """Tell whether an entry is a reaction to a line that is shown with its reactions."""
    if entry.kind not in {REACT, UNREACT}:
        return False
    try:
        return (entry.conversation, decode_text(entry).of or 0) in reactions
    except ProtocolError:
        return False


def tally_row(reactions: Tally, entry: Entry) -> str:
    """Return the reactions to a line in one row, as in "👍 2 · 🎉", or ""."""
    there = [authors for authors in reactions.get((entry.conversation, entry.seq), {}).values() if authors]
    parts = [f"{_text(authors)} {len(authors):,}" if len(authors) > 1 else _text(authors) for authors in there[:SHOWN]]
    more = [f"{len(there) - SHOWN:,} more"] if len(there) > SHOWN else []
    return " · ".join([*parts, *more])


def _text(authors: dict[str, str]) -> str:
    return clean_line(next(iter(authors.values()))[:REACTION_CHARACTERS])
