"""The wording that the plain text and the terminal share: the text of entries, and a few notices."""

from __future__ import annotations

from . import events
from .conversations import is_room
from .kinds import DELETE, EDIT, REACT, UNREACT
from .text.durations import in_full
from .text.hygiene import clean, clean_line
from .text.references import place

EDITED = " (edited)"
DELETED = "[deleted]"
"""The mark after an edited text, and the replacement of a deleted one."""

NOTHING_YET = "Nothing found yet; the search is incomplete: try again, or narrow it"
"""The answer of a search that ran out of time before it found anything."""

AWAY = "away"
"""The state of a user who is away without a reason."""

VERBS = {EDIT: "edited", DELETE: "deleted", REACT: "reacted to", UNREACT: "took back a reaction to"}
"""The verb for an entry of this kind, which refers to another entry."""


def message_text(body: events.Text) -> str:
    """Return the text of a message as it is shown, with a mark if it was edited."""
    if body.deleted:
        return DELETED
    return clean(body.text) + EDITED if body.edited else clean(body.text)


def entry_text(entry: events.Entry, body: events.Text) -> str:
    """Return the text of an entry; an entry that stands for several deleted lines says how many."""
    if not body.deleted or not isinstance(entry, events.Past) or not entry.deleted:
        return message_text(body)
    last = place(clean_line(entry.place.rpartition("/")[0]), entry.newest)
    return f"[{entry.deleted:,} lines deleted, to {last}]"


def damage_notice(entry: events.Entry) -> str:
    """Return the notice that replaces an entry that the server can no longer read."""
    where = place(entry.conversation, entry.seq) if is_room(entry.conversation) else "A direct message"
    return f"{entry.place if isinstance(entry, events.Past) else where} is damaged on the server's disk."


def change_text(entry: events.Entry, body: events.Text, me: str | None) -> str:
    """Return what an edit, a delete or a reaction did, to follow its author's name.

    In the history, the edited line itself has the new text.
    """
    where = referred_place(entry, body, me)
    said = DELETED if body.deleted else body.text
    text = f": {said}" if said and not (isinstance(entry, events.Past) and entry.kind == EDIT) else ""
    return f"{VERBS[entry.kind]} {where}{text}"


def referred_place(entry: events.Entry, body: events.Text, me: str | None) -> str:
    """Return the place of the entry that another one refers to, for the reader ``me``."""
    if isinstance(entry, events.Past) and entry.place:
        conversation = entry.place.rpartition("/")[0]
    else:
        peer = body.to or "?" if entry.author == me else entry.name
        conversation = entry.conversation if is_room(entry.conversation) else f"@{peer}"
    return clean_line(place(conversation, body.of or 0))


def room_marks(announce: bool, slow: int) -> list[str]:  # noqa: FBT001 - the fields of several events
    """Return the marks of a room in a list: for announcements, or slow."""
    return [*(["announcements"] if announce else []), *([f"slow: {in_full(slow)}"] if slow else [])]


def settings_lines(settings: events.Settings) -> list[str]:
    """Return the settings of a room that are not the default, one per line."""
    pace = f"one message every {in_full(settings.slow)}, except from users with a voice" if settings.slow else ""
    shown = {
        "topic": settings.topic,
        "owner": settings.owner,
        "moderators": ", ".join(settings.moderators),
        "private": "only members and invited users see it" if settings.private else "",
        "announce": "only moderators and users with a voice write" if settings.announce else "",
        "slow": pace,
        "with a voice": ", ".join(settings.voiced),
        "former names": ", ".join(settings.former),
    }
    lines = [f"{what}: {text}" for what, text in shown.items() if text]
    return [clean_line(line) for line in lines] or ["no topic, no owner, open to everyone"]


def absence_notice(event: events.Absent) -> str:
    """Return the notice that the addressee of a direct message is away or offline."""
    if not event.away:
        return f"{event.name} is not online; the message waits."
    return f"{event.name} is away." if event.away == AWAY else f"{event.name} is away: {event.away}"


def unread_count(count: events.UnreadCount) -> str:
    """Return the number of unread messages and the place of the first, as in "12 (2 to you: #ops/42)"."""
    many = f"{count.messages:,}{'+' if count.more else ''}"
    if count.mentions:
        where = f": {place(count.name, count.mention)}" if count.mention else ""
        return f"{many} ({count.mentions:,} to you{where})"
    return f"{many} from {place(count.name, count.first)}" if count.first else many
