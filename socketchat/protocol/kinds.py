"""The table of kinds: what an entry is, and everything that follows from it.

Every module that treats kinds differently reads this table, so that a new kind is one row here. Code that runs for each
message tests membership in one of the sets below the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

EDIT = "edit"
DELETE = "delete"
REPLY = "reply"
REACT = "react"
UNREACT = "unreact"
CHANGES = frozenset({EDIT, DELETE})
"""The kinds that change the entry they refer to; all others that refer to one leave it as it is."""

DAMAGED = "damaged"
"""Replaces a damaged entry, whose row differs from the written one: it keeps its place, without a text."""

IGNORED = "ignored"
"""Stands in for an entry that the reader does not want to see; its body is empty."""


class Kind(NamedTuple):
    """What follows from a kind; a kind that is not in the table has none of this.

    ``text``: the body is a :class:`Text`. ``said``: a line for others to read, which can mention them and ring a bell.
    ``counted``: it counts as unread. ``changeable``: it can be edited and deleted. ``indexed``: a search finds it;
    changing this for an existing kind needs a migration that rebuilds the index. ``echoed``: in a dialect that does not
    echo, its author sees it too, as the answer. ``refers``: it belongs to the entry whose seq is ``of``, but is not a
    line of its own. ``personal``: its author's own words, hidden from users who ignore the author, and blanked when the
    operator erases the author. ``fact``: it changes the state of the hub, and is kept for ever.
    """

    text: bool = False
    said: bool = False
    counted: bool = False
    changeable: bool = False
    indexed: bool = False
    echoed: bool = False
    refers: bool = False
    personal: bool = False
    fact: bool = False


_LINE = Kind(text=True, said=True, counted=True, changeable=True, indexed=True, personal=True)
_REACTION = Kind(text=True, echoed=True, refers=True, personal=True)
_FACT = Kind(fact=True)

KINDS: dict[str, Kind] = {
    "message": _LINE,
    "action": _LINE,
    REPLY: _LINE,
    EDIT: Kind(text=True, indexed=True, echoed=True, refers=True, personal=True),
    DELETE: Kind(text=True, echoed=True, refers=True),
    REACT: _REACTION,
    UNREACT: _REACTION,
    "tags": Kind(text=True, personal=True),
    "notice": Kind(text=True, echoed=True),
    "topic": Kind(text=True, fact=True),
    "act": _FACT,
    "bot": _FACT,
    "deleted account": _FACT,
    "device": _FACT,
    "ignore": _FACT,
    "invite": _FACT,
    "kept password": _FACT,
    "kept device": _FACT,
    "member": _FACT,
    "password": _FACT,
    "released": _FACT,
    "removed room": _FACT,
    "renamed room": _FACT,
    "reset": _FACT,
    "revoked bot": _FACT,
    "revoked device": _FACT,
    "revoked invite": _FACT,
    "room": _FACT,
    "taken back": _FACT,
    "user": _FACT,
    "wrong passwords": _FACT,
}


def _which(has: Callable[[Kind], bool]) -> frozenset[str]:
    return frozenset(name for name, kind in KINDS.items() if has(kind))


TEXT = _which(lambda kind: kind.text)
SAID = _which(lambda kind: kind.said)
COUNTED = _which(lambda kind: kind.counted)
CHANGEABLE = _which(lambda kind: kind.changeable)
INDEXED = _which(lambda kind: kind.indexed)
ECHOED = _which(lambda kind: kind.echoed)
REFERS = _which(lambda kind: kind.refers)
PERSONAL = _which(lambda kind: kind.personal)
FACTS = _which(lambda kind: kind.fact)
LINES = TEXT - REFERS
"""Kinds that are drawn as a separate line; a kind that refers to another line tells about that line."""
TAGS = "tags"
SENT = SAID | {TAGS}
"""Kinds that clients send; one with tags alone has no text, and is for dialects that show tags."""

HAPPENED = SENT | {REACT, UNREACT, "notice", "topic"}
"""Kinds that tell what happened in a conversation, besides changes of entries."""
