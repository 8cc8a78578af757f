"""Entries and events as lines of IRC; sessions with the same capabilities share the bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...exceptions import ProtocolError
from ...hub import Session
from ...protocol import commands, events
from ...protocol.codec import decode_text
from ...protocol.conversations import is_room, pair_id
from ...protocol.events import Entry, Event, Text
from ...protocol.kinds import DELETE, ECHOED, EDIT, REACT, REPLY, SENT, TAGS, UNREACT
from ...protocol.text.formatting import SPLIT, from_pictures
from .client import Client
from .message import LINE_BYTES, line_of, parse_tags, pieces
from .modes import changes_in
from .moments import timestamp
from .network import Network
from .references import msgid

SHAPING = frozenset(
    {
        "account-notify",
        "account-tag",
        "away-notify",
        "batch",
        "draft/message-redaction",
        "draft/multiline",
        "draft/read-marker",
        "echo-message",
        "extended-join",
        "extended-monitor",
        "invite-notify",
        "message-tags",
        "server-time",
        "setname",
    }
)
"""The capabilities that change bytes shared by several sessions."""


ACTS_WITH_LINES = frozenset(
    [
        "announce",
        "invite",
        "kick",
        "mask",
        "mod",
        "private",
        "public",
        "set",
        "unannounce",
        "unmask",
        "unmod",
        "unset",
        "unvoice",
        "voice",
    ]
)
"""Acts that IRC shows as MODE, KICK or INVITE, and not as a notice."""


class IrcRendering:
    """Entries and presence as lines, for one set of capabilities."""

    sided = True
    follows = True
    shows_members = True
    hears_lobby = False
    invites = True
    resumes = False
    confirms = True
    echoed = ECHOED | {"topic"}

    def __init__(self, network: Network, caps: frozenset[str]) -> None:
        self.network = network
        self.caps = caps
        self.echo = "echo-message" in caps
        self.has_markers = "draft/read-marker" in caps
        self.tells_watched = "extended-monitor" in caps

    # Entries

    def entry(self, entry: Entry, *, own: bool = False) -> bytes:
        """Return an entry as lines; of a direct message, another session of the author reads it with ``echo`` only."""
        if own and not self.echo and entry.kind in SENT:
            return b""
        return "".join(self.lines(entry)).encode()

    def message(self, entry: Entry, text: str) -> bytes:  # noqa: ARG002 - tags need the body
        """Return a message as lines."""
        return self.entry(entry)

    def lines(self, entry: Entry, extra: dict[str, str] | None = None) -> list[str]:
        """Return the lines of an entry, each with the tags in ``extra`` too."""
        try:
            body = decode_text(entry)
        except ProtocolError:
            return []
        shape = _KINDS.get(entry.kind)
        return shape(self, entry, body, {**self.tags(entry), **(extra or {})}) if shape is not None else []

    def tags(self, entry: Entry) -> dict[str, str]:
        """Return the tags of an entry that the session asked for."""
        tags: dict[str, str] = {}
        if "server-time" in self.caps:
            tags["time"] = timestamp(entry.ts)
        if "message-tags" in self.caps:
            tags["msgid"] = msgid(entry.conversation, entry.seq)
        if "account-tag" in self.caps and (account := self.account(entry.author, entry.name)):
            tags["account"] = account
        return tags

    def account(self, user_id: str, name: str) -> str:
        """Return the name of the account behind a user, "" for a guest."""
        user = self.network.hub.directory.users.get(user_id)
        return name if user is not None and not user.is_guest else self.network.account(user)

    def said(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return the lines of a message or an action: a batch if it has several, for clients that know such batches."""
        if body.deleted:
            return []
        source, target = self.network.source(entry.author, entry.name), self._target(entry, body)
        verb = "NOTICE" if body.notice else "PRIVMSG"
        tags = self._with_client_tags(entry, body, tags)
        is_action = entry.kind == "action"
        room = LINE_BYTES - len(f":{source} {verb} {target} :\r\n".encode()) - (9 if is_action else 0)
        text = from_pictures(body.styled) or body.text
        parts = [
            (piece, place > 0)
            for line in text.split("\n")
            for place, piece in enumerate(piece for some in line.split(SPLIT) for piece in pieces(some, room))
        ]
        if len(parts) > 1 and "draft/multiline" in self.caps and not is_action:
            return self._multiline(verb, target, source, parts, tags)
        lines: list[str] = []
        for piece, _ in parts:
            if piece:
                shown = f"\x01ACTION {piece}\x01" if is_action else piece
                lines.append(line_of(verb, target, shown, source=source, tags=tags))
                tags = {key: value for key, value in tags.items() if key not in {"msgid", "label"}}
        return lines

    def _multiline(
        self, verb: str, target: str, source: str, parts: list[tuple[str, bool]], tags: dict[str, str]
    ) -> list[str]:
        """Return the parts of a text as a batch; each is told whether it continues the line before."""
        batch = self.network.batch()
        lines = [line_of("BATCH", f"+{batch}", "draft/multiline", target, source=source, tags=tags)]
        for piece, continues in parts:
            inner = {"batch": batch} | ({"draft/multiline-concat": ""} if continues else {})
            lines.append(line_of(verb, target, piece, source=source, tags=inner))
        lines.append(line_of("BATCH", f"-{batch}", source=source))
        return lines

    def _target(self, entry: Entry, body: Text) -> str:
        return self.network.room_name(entry.conversation) if is_room(entry.conversation) else body.via or body.to or "*"

    def _with_client_tags(self, entry: Entry, body: Text, tags: dict[str, str]) -> dict[str, str]:
        """Return tags with those of clients, the reply to which an entry is, and the mark of a bot."""
        if "message-tags" not in self.caps:
            return tags
        tags = {**tags, **parse_tags(body.tags)} if body.tags else tags
        if body.of is not None:
            tags = {**tags, "+draft/reply": msgid(entry.conversation, body.of)}
        user = self.network.hub.directory.users.get(entry.author)
        return {**tags, "bot": ""} if user is not None and user.shown.is_bot else tags

    def tagged(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return a message that has only tags."""
        if "message-tags" not in self.caps:
            return []
        source = self.network.source(entry.author, entry.name)
        tags = self._with_client_tags(entry, body, tags)
        return [line_of("TAGMSG", self._target(entry, body), source=source, tags=tags)]

    def reacted(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return a reaction, or its removal."""
        name = "+draft/react" if entry.kind == REACT else "+draft/unreact"
        return self.tagged(entry, body, {**tags, name: body.text})

    def deleted(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return a deletion, for clients that know it."""
        if "draft/message-redaction" not in self.caps:
            return []
        source = self.network.source(entry.author, entry.name)
        reason = [body.text] if body.text else []
        of = msgid(entry.conversation, body.of or 0)
        return [line_of("REDACT", self._target(entry, body), of, *reason, source=source, tags=tags)]

    def edited(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return an edit as a message that says so: IRC has none."""
        source = self.network.source(entry.author, entry.name)
        target, text = self._target(entry, body), body.text.replace("\n", " ")
        room = LINE_BYTES - len(f":{source} PRIVMSG {target} :\r\n".encode())
        shown = next(iter(pieces(f"* {text}", room)))
        return [line_of("PRIVMSG", target, shown, source=source, tags=tags)]

    def topic(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return the line of a new topic."""
        source = self.network.source(entry.author, entry.name)
        return [line_of("TOPIC", self.network.room_name(entry.conversation), body.text, source=source, tags=tags)]

    def notice(self, entry: Entry, body: Text, tags: dict[str, str]) -> list[str]:
        """Return the line of a notice of the server, unless it tells an act that has a line of its own."""
        if body.act in ACTS_WITH_LINES:
            return []
        target = self.network.room_name(entry.conversation) if is_room(entry.conversation) else body.to or "*"
        return [line_of("NOTICE", target, body.text, source=self.network.name, tags=tags)]

    # Events

    def event(self, event: Event) -> bytes:
        """Return an event as lines."""
        shape = _EVENTS.get(type(event))
        return "".join(shape(self, event)).encode() if shape is not None else b""

    def presence(self, event: events.Presence) -> list[str]:
        """Return the lines of users who came and went."""
        if event.online is not None:
            return []
        room = self.network.room_name(event.room or "#lobby")
        lines = []
        for person in event.appeared:
            lines.append(self.join(person.user, person.name, room))
            user = self.network.hub.directory.users.get(person.user)
            if user is not None and user.away and "away-notify" in self.caps:
                lines.append(line_of("AWAY", user.away, source=self.network.source(person.user, person.name)))
        for person in event.disappeared:
            source = self.network.source(person.user, person.name)
            if person.why == "offline":
                lines.append(line_of("QUIT", person.reason or "Quit", source=source))
            elif person.why == "kicked":
                by = self.network.source_named(person.by)
                lines.append(line_of("KICK", room, person.name, person.reason or person.by or "Removed", source=by))
            elif person.why == "left":
                params = (room, person.reason) if person.reason else (room,)
                lines.append(line_of("PART", *params, source=source))
        return lines

    def join(self, user_id: str, name: str, room: str) -> str:
        """Return the line that tells that a user joined."""
        source, tags = self.network.source(user_id, name), {}
        account = self.account(user_id, name)
        if "account-tag" in self.caps and account:
            tags = {"account": account}
        if "extended-join" not in self.caps:
            return line_of("JOIN", room, source=source, tags=tags)
        return line_of("JOIN", room, account or "*", self.network.real_name(user_id, name), source=source, tags=tags)

    def renamed(self, event: events.Renamed) -> list[str]:
        """Return the line of a new name."""
        source = self.network.source(event.user, event.was)
        return [line_of("NICK", event.name, source=source)]

    def authenticated(self, event: events.Authenticated) -> list[str]:
        """Return the line of a user who has logged in to an account."""
        if "account-notify" not in self.caps:
            return []
        return [line_of("ACCOUNT", event.account, source=self.network.source(event.user, event.name))]

    def away(self, event: events.AwayChanged) -> list[str]:
        """Return the line of a user who is away, or back."""
        if "away-notify" not in self.caps:
            return []
        source = self.network.source(event.user, event.name)
        return [line_of("AWAY", *([event.text] if event.text else []), source=source)]

    def described(self, event: events.Described) -> list[str]:
        """Return the line of another real name."""
        if "setname" not in self.caps:
            return []
        return [line_of("SETNAME", event.real_name, source=self.network.source(event.user, event.name))]

    def changed(self, event: events.Changed) -> list[str]:
        """Return the lines of changed modes."""
        room, source = self.network.room_name(event.conversation), self.network.source_named(event.by)
        return [line_of("MODE", room, letters, *values, source=source) for letters, values in changes_in(event)]

    def invited(self, event: events.Invited) -> list[str]:
        """Return the line of an invitation, for others in the room."""
        if "invite-notify" not in self.caps:
            return []
        room, source = self.network.room_name(event.conversation), self.network.source_named(event.by)
        return [line_of("INVITE", event.name, room, source=source)]

    def bye(self, event: events.Bye) -> list[str]:
        """Return the last line of a connection."""
        return [line_of("ERROR", f"Closing Link: {event.text}")]

    def alert(self, event: events.Alert) -> list[str]:
        """Return a notice of the server for one client."""
        return [line_of("NOTICE", "*", event.text, source=self.network.name)]

    def error(self, event: events.Error) -> list[str]:
        """Return an error without a client who would get a numeric."""
        return [line_of("ERROR", event.text)]

    def answer(self, event: Event, session: Session, command: commands.Command | None) -> bytes:
        """Return an event for one session, as lines; while a line is being answered, they are part of the answer."""
        lines: list[str] = session.dialect.told(self, event, session, command)
        reply = session.dialect.client.reply
        if reply is not None:
            reply += lines
            return b""
        return "".join(lines).encode()

    def confirm(self, entry: Entry, session: Session) -> bytes | None:
        """Return the bytes of a message for its author if its line had a label, or it is to the author; else None."""
        client: Client = session.dialect.client
        if entry.kind not in SENT:
            return None
        label = client.labels.pop(next(iter(client.labels))) if client.labels else ""
        received = ""
        if not is_room(entry.conversation) and entry.conversation == pair_id(entry.author, entry.author):
            received = "".join(self.lines(entry))
        elif not label:
            return None
        tags = {"label": label} if label else None
        if self.echo:
            return ("".join(self.lines(entry, tags)) + received).encode()
        return ((line_of("ACK", source=self.network.name, tags=tags) if label else "") + received).encode()


_KINDS: dict[str, Callable[[IrcRendering, Entry, Text, dict[str, str]], list[str]]] = {
    "message": IrcRendering.said,
    "action": IrcRendering.said,
    REPLY: IrcRendering.said,
    TAGS: IrcRendering.tagged,
    REACT: IrcRendering.reacted,
    UNREACT: IrcRendering.reacted,
    DELETE: IrcRendering.deleted,
    EDIT: IrcRendering.edited,
    "topic": IrcRendering.topic,
    "notice": IrcRendering.notice,
}

_EVENTS: dict[type[Event], Callable[[IrcRendering, Any], list[str]]] = {
    events.Presence: IrcRendering.presence,
    events.Authenticated: IrcRendering.authenticated,
    events.Changed: IrcRendering.changed,
    events.Invited: IrcRendering.invited,
    events.AwayChanged: IrcRendering.away,
    events.Described: IrcRendering.described,
    events.Renamed: IrcRendering.renamed,
    events.Bye: IrcRendering.bye,
    events.Alert: IrcRendering.alert,
    events.Error: IrcRendering.error,
}


def rendering_of(network: Network, caps: set[str]) -> IrcRendering:
    """Return the rendering for these capabilities, the same for all sessions that have them."""
    key = frozenset(caps & SHAPING)
    found: IrcRendering | None = network.renderings.get(key)
    if found is None:
        found = network.renderings[key] = IrcRendering(network, key)
    return found
