"""The audit log: all acts of the operator, owners and moderators, with actor and time, from the server log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from ...hub import Hub, Session
from ...hub.state import facts
from ...journal import SERVER_LOG
from ...protocol import operator
from ...protocol.conversations import room_id
from ...protocol.events import Entry
from ...protocol.text.durations import in_words
from ...protocol.text.references import place
from .invites import ID_CHARACTERS
from .reports import LINES_PER_REPORT, Lines


class _Names:
    """The names of users and rooms by id, deleted ones too; the log gives each name before any act on it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def note(self, entry: Entry) -> None:
        """Remember the name that an entry gives to a user or a room."""
        if entry.kind == "user":
            user = msgspec.json.decode(entry.body, type=facts.UserFact)
            self._names[user.id] = user.name
        elif entry.kind == "bot":
            bot = msgspec.json.decode(entry.body, type=facts.BotFact)
            self._names[bot.user] = bot.name
        elif entry.kind == "room":
            name = msgspec.json.decode(entry.body, type=facts.RoomFact).name
            self._names[room_id(name)] = name
        elif entry.kind == "renamed room":
            renamed = msgspec.json.decode(entry.body, type=facts.RenamedRoomFact)
            self._names[renamed.room] = renamed.name

    def of(self, number: str) -> str:
        """Return the name for an id, or the id itself if the log never named it, as with the lobby."""
        return self._names.get(number, number)


async def log(hub: Hub, session: Session, _order: operator.ShowLog) -> Lines:
    """List the acts of the operator, owners and moderators, oldest first."""
    names = _Names()
    after = 0
    while entries := await hub.until(hub.journal.read(SERVER_LOG, after=after, limit=LINES_PER_REPORT)):
        after = entries[-1].seq
        lines = []
        for entry in entries:
            names.note(entry)
            if entry.kind in DESCRIBED:
                lines.append(_line(entry, names))
        if lines:
            session.tell(operator.Report(lines=lines))
    return ()


def _line(entry: Entry, names: _Names) -> str:
    """Return an entry as a line: time, actor and act."""
    fact_type, describe = DESCRIBED[entry.kind]
    when = datetime.fromtimestamp(entry.ts / 1000, UTC)
    what = describe(msgspec.json.decode(entry.body, type=fact_type), entry, names)
    return f"{when:%Y-%m-%d %H:%M:%S}Z {entry.name} {what}"


def _act(act: facts.ActFact, _entry: Entry, names: _Names) -> str:
    """Describe an act: its target, room, duration and reason."""
    where = names.of(act.room)
    if act.act == "new code":
        return "new join code"
    if act.act == "remove room":
        return f"{act.act} {where}"
    what = (
        f"{act.act} {act.name or '-'} in {where}" if not act.seq else f"{act.act} {place(where, act.seq)} of {act.name}"
    )
    what += f" for {in_words(act.seconds)}" if act.seconds else ""
    addresses = [subject.partition(":")[2] for subject in act.subjects if subject.startswith("address:")]
    what += f" with {', '.join(addresses)}" if addresses else ""
    return f"{what}: {act.reason}" if act.reason else what


def _reset(reset: facts.ResetFact, _entry: Entry, names: _Names) -> str:
    return f"reset {names.of(reset.user)}"


def _released(released: facts.ReleasedFact, _entry: Entry, names: _Names) -> str:
    return f"release {names.of(released.user)}"


def _deleted(deleted: facts.DeletedAccountFact, _entry: Entry, names: _Names) -> str:
    return f"delete {names.of(deleted.user)}"


def _renamed(renamed: facts.RenamedRoomFact, _entry: Entry, _names: _Names) -> str:
    return f"rename {renamed.room} to {renamed.name}"


def _bot(bot: facts.BotFact, _entry: Entry, names: _Names) -> str:
    scope = "hook" if bot.hook else " and ".join(["read"] * bot.read + ["write"] * bot.write)
    return f"bot {bot.name} of {bot.owner}: {scope} in {', '.join(map(names.of, bot.rooms))}"


def _revoked_bot(bot: facts.RevokedBotFact, _entry: Entry, names: _Names) -> str:
    return f"revoke bot {names.of(bot.user)}"


def _invite(invite: facts.InviteFact, entry: Entry, names: _Names) -> str:
    uses = "1 use" if invite.uses == 1 else f"{invite.uses:,} uses"
    seconds = max(1, round((invite.expires - entry.ts) / 1000))
    room = f" to {names.of(invite.room)}" if invite.room else ""
    return f"invite {invite.id[:ID_CHARACTERS]}{room} for {uses} within {in_words(seconds)}"


def _revoked_invite(revoked: facts.RevokedInviteFact, _entry: Entry, _names: _Names) -> str:
    return f"revoke invite {revoked.id[:ID_CHARACTERS]}"


DESCRIBED: dict[str, tuple[type[msgspec.Struct], Callable[[Any, Entry, _Names], str]]] = {
    "act": (facts.ActFact, _act),
    "reset": (facts.ResetFact, _reset),
    "released": (facts.ReleasedFact, _released),
    "deleted account": (facts.DeletedAccountFact, _deleted),
    "renamed room": (facts.RenamedRoomFact, _renamed),
    "bot": (facts.BotFact, _bot),
    "revoked bot": (facts.RevokedBotFact, _revoked_bot),
    "invite": (facts.InviteFact, _invite),
    "revoked invite": (facts.RevokedInviteFact, _revoked_invite),
}
"""The kinds of facts that the operator, owners and moderators make, and the functions that describe them."""
