"""What the backends have in common about what was said: which entries can change, what is left of a deleted one."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from ..exceptions import BadText
from ..protocol.events import Entry, Text
from ..protocol.kinds import CHANGEABLE, DAMAGED

MOST_TERMS, MOST_BYTES = 8, 256
"""What a search may ask for: more narrows nothing down, and each term costs a walk through the index."""


FIRST_LETTERS = 2
"""Characters that have to stand before a star: one alone would cost a walk through a good part of the index."""

_TERM = re.compile(r'"([^"]*)"(\*?)|(\S+)').finditer


class Term(NamedTuple):
    """What has to stand in an entry: a word or, in quotes, words in a row; with a star the last is only begun."""

    text: str
    is_begun: bool


class Said(msgspec.Struct, frozen=True):
    """What the bodies of entries that somebody said have between them."""

    text: str = ""
    of: int | None = None
    deleted: bool = False


def said(entry: Entry) -> Said:
    """Return what an entry says; raises msgspec.DecodeError for the bodies of facts."""
    return msgspec.json.decode(entry.body, type=Said)


def is_changeable(entry: Entry) -> bool:
    """Tell whether an entry can be edited or deleted."""
    return entry.kind in CHANGEABLE and not is_blank(entry)


def is_blank(entry: Entry) -> bool:
    """Tell whether an entry's text was deleted."""
    return said(entry).deleted


def is_gone(entry: Entry) -> bool:
    """Tell whether what an entry said can no longer be known."""
    return entry.kind == DAMAGED or is_blank(entry)


def blanked(body: bytes) -> bytes:
    """Return what is stored in place of a body: no text, as long as before by the spaces at its end.

    An edit still says what it was of. Spaces mark it, since no other body ends with one.
    """
    of = msgspec.json.decode(body, type=Said).of
    short = b'{"text":""}' if of is None else b'{"of":%d,"text":""}' % of
    return short.ljust(max(len(body), len(short) + 1))


def served(body: bytes) -> bytes:
    """Return a body as it is served: one that was blanked says so."""
    return body.rstrip()[:-1] + b',"deleted":true}' if body.endswith(b" ") else body


def as_edited(entry: Entry, edit: Entry | None) -> Entry:
    """Return an entry with the text of its newest edit; what is deleted stays so, and goes with its edit."""
    if edit is None or not is_changeable(entry) or edit.kind == DAMAGED:
        return entry
    new, body = msgspec.json.decode(edit.body, type=Text), msgspec.json.decode(entry.body, type=Text)
    body = Text("", deleted=True) if new.deleted else Text(new.text, body.to, edited=edit.seq)
    return msgspec.structs.replace(entry, body=msgspec.Raw(msgspec.json.encode(body)))


def terms_of(words: str) -> list[Term]:
    """Return the terms of a search, none where anything will do; raises BadText."""
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
