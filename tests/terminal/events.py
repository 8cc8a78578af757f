"""Events of a server, at a fixed time."""

import msgspec

from socketchat.protocol.events import Entry

NOON = 1_762_171_200_000
"""Monday 3 November 2025, 12:00 UTC, in milliseconds since 1970."""

DAY = 86_400_000
"""A day in milliseconds."""

DIRECT = "@alice:bob"
"""The direct messages of alice and bob, whose user ids are their names here."""


def entry(text, *, name="bob", kind="message", room="#lobby", seq=1, ts=NOON, to=None, changes=None, of=Entry):
    """Return an entry that holds text; an edit or a deletion ``changes`` another one."""
    body = {"text": text} | ({"to": to} if to else {}) | ({"of": changes} if changes else {})
    return of(
        conversation=room,
        seq=seq,
        ts=ts,
        author=name,
        name=name,
        kind=kind,
        body=msgspec.Raw(msgspec.json.encode(body)),
    )
