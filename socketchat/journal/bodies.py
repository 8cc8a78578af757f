"""Rules for message bodies that all backends share: which entries can change, and what remains of a deleted one."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from ..exceptions import BadText
from ..protocol.events import Entry, Text
from ..protocol.kinds import CHANGEABLE, DAMAGED

MOST_TERMS, MOST_BYTES = 8, 256
"""Most terms in a search: more do not narrow it down, and each one costs an index scan."""


FIRST_LETTERS = 2
"""Fewest characters before a star: a prefix of one character would scan much of the index."""

_TERM = re.compile(r'"([^"]*)"(\*?)|(\S+)').finditer


class Term(NamedTuple):
    """A word, or a phrase in quotes, that an entry must contain; with a star the last word is a prefix."""

    text: str
    is_begun: bool


class Said(msgspec.Struct, frozen=True):
    """The fields that the bodies of all messages share."""

    text: str = ""
    of: int | None = None
    deleted: bool = False


def said(entry: Entry) -> Said:
    """Return the body of a message; raises msgspec.DecodeError for the bodies of facts."""
    return msgspec.json.decode(entry.body, type=Said)


def is_changeable(entry: Entry) -> bool:
    """Tell whether an entry can be edited or deleted."""
    return entry.kind in CHANGEABLE and not is_blank(entry)


def is_blank(entry: Entry) -> bool:
    """Tell whether an entry's text was deleted."""
    return said(entry).deleted


def is_gone(entry: Entry) -> bool:
    """Tell whether an entry's text is lost: it was deleted or is damaged."""
    return entry.kind == DAMAGED or is_blank(entry)


def blanked(body: bytes) -> bytes:
    """Return the replacement for a body: without text, padded with spaces to the old length.

    An edit keeps its ``of``. The trailing spaces mark a blanked body, since no other body ends with a space.
    """
    of = msgspec.json.decode(body, type=Said).of
    short = b'{"text":""}' if of is None else b'{"of":%d,"text":""}' % of
    return short.ljust(max(len(body), len(short) + 1))


def served(body: bytes) -> bytes:
    """Return a body as it is served; a blanked one is marked as deleted."""
    return body.rstrip()[:-1] + b',"deleted":true}' if body.endswith(b" ") else body


def as_edited(entry: Entry, edit: Entry | None) -> Entry:
    """Return an entry with the text of its newest edit; a deleted entry stays deleted."""
    if edit is None or not is_changeable(entry) or edit.kind == DAMAGED:
        return entry
    new, body = msgspec.json.decode(edit.body, type=Text), msgspec.json.decode(entry.body, type=Text)
    body = Text("", deleted=True) if new.deleted else msgspec.structs.replace(body, text=new.text, edited=edit.seq)
    return msgspec.structs.replace(entry, body=msgspec.Raw(msgspec.json.encode(body)))


def terms_of(words: str) -> list[Term]:
    """Return the terms of a search, an empty list if everything matches; raises BadText."""
    plain = words.encode("utf-8", "ignore")
    terms = _TERM(plain.decode().replace("\0", " ")) if len(plain) <= MOST_BYTES else ()
    found = [_term(*term.groups()) for term in terms]
    if len(found) > MOST_TERMS or len(plain) > MOST_BYTES:
        raise BadText(f"The search is too long; the limit is {MOST_TERMS} words and {MOST_BYTES} bytes.")
    return found


def _term(quoted: str | None, star: str | None, word: str | None) -> Term:
    text = quoted if quoted is not None else (word or "").removesuffix("*")
    is_begun = bool(star) or (word or "").endswith("*")
    return Term(text, is_begun and len(text) >= FIRST_LETTERS)
