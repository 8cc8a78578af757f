"""CHATHISTORY: earlier messages, by their id or time (draft/chathistory)."""

from __future__ import annotations

from typing import NamedTuple

from ....exceptions import ChatError, NotFound
from ....hub import Action, Hub, User
from ....hub.delivery.ignoring import ignores
from ....hub.state.conversations import Conversation, Pair, Room
from ....journal.bodies import is_blank
from ....protocol.events import Entry
from ....protocol.kinds import HAPPENED, SAID
from ....protocol.names import name_key
from ..isupport import HISTORY
from ..line import Call
from ..message import line_of
from ..moments import milliseconds, timestamp
from ..references import seq_of

PAGE = 100
"""Entries in one read."""

LOOKED_AT = 5_000
"""Most entries that are read for one answer, if most are of other kinds."""


class Bounds(NamedTuple):
    """The entries to read: those with ``after`` < seq < ``before``, the newest of them or the oldest."""

    after: int
    before: int
    newest: bool


async def chathistory(call: Call) -> None:
    """Answer with a part of the history."""
    sub, target = call.param(0).upper(), call.param(1)
    if sub == "TARGETS":
        await _targets(call)
        return
    needs = {"LATEST": 4, "BEFORE": 4, "AFTER": 4, "AROUND": 4, "BETWEEN": 5}.get(sub)
    if needs is None:
        call.fail("INVALID_PARAMS", sub or "*", "Unknown subcommand")
        return
    if len(call.params) < needs:
        call.fail("INVALID_PARAMS", sub, "Missing parameters")
        return
    conversation = conversation_of(call, target)
    if conversation is None:
        call.fail("INVALID_TARGET", sub, target, "Messages could not be retrieved")
        return
    word = call.param(needs - 1)
    limit = min(int(word), HISTORY) if word.isascii() and word.isdigit() and 0 < len(word) < 10 else 0
    if limit <= 0:
        call.fail("INVALID_PARAMS", sub, word or "*", "Invalid limit")
        return
    call.flush()
    try:
        entries = await _read(call, conversation, sub, limit)
    except NotFound:
        call.fail("INVALID_PARAMS", sub, target, "Invalid message reference")
        return
    except ChatError as error:
        call.fail("MESSAGE_ERROR", sub, target, str(error))
        return
    call.add(batch_of(call, "chathistory", [target], entries))


def conversation_of(call: Call, target: str) -> Conversation | None:
    """Return the room or the direct messages with this name, if the user may read there."""
    user, hub = call.user, call.hub
    if target.startswith("#"):
        room = call.room(target)
        return (
            room
            if room is not None and room.has_member(user) and hub.permissions.may(user, Action.READ, room)
            else None
        )
    key = name_key(target)
    for each in hub.directory.pairs_of(user):
        if isinstance(each, Pair) and name_key(each.peer_of(user) or "") == key:
            return each
    other = hub.directory.holder(key)
    return hub.directory.pair(user, other)[0] if other is not None and _known(hub, user, other) else None


def _known(hub: Hub, user: User, other: User) -> bool:
    return hub.directory.known_pair(user, other) is not None


def batch_of(call: Call, kind: str, params: list[str], entries: list[Entry]) -> list[str]:
    """Return entries as a batch, or without the capability as lines."""
    rendering = call.rendering
    if not call.client.has("batch"):
        return [line for entry in entries for line in rendering.lines(entry)]
    batch = call.network.batch()
    lines = [line_of("BATCH", f"+{batch}", kind, *params, source=call.network.name)]
    for entry in entries:
        lines += rendering.lines(entry, {"batch": batch})
    lines.append(line_of("BATCH", f"-{batch}", source=call.network.name))
    return lines


async def _read(call: Call, conversation: Conversation, sub: str, limit: int) -> list[Entry]:
    if sub == "AROUND":
        low, _ = await _place(call, conversation, call.param(2))
        before = await _collect(call, conversation, Bounds(conversation.floor - 1, low, newest=True), limit // 2)
        after = Bounds(low - 1, conversation.head + 1, newest=False)
        return before + await _collect(call, conversation, after, limit - len(before))
    return await _collect(call, conversation, await _bounds(call, conversation, sub), limit)


async def _bounds(call: Call, conversation: Conversation, sub: str) -> Bounds:
    first = call.param(2)
    if sub == "LATEST":
        low = conversation.floor - 1 if first == "*" else (await _place(call, conversation, first))[1]
        return Bounds(low, conversation.head + 1, newest=True)
    if sub == "BEFORE":
        return Bounds(conversation.floor - 1, (await _place(call, conversation, first))[0], newest=True)
    if sub == "AFTER":
        return Bounds((await _place(call, conversation, first))[1], conversation.head + 1, newest=False)
    one, other = await _place(call, conversation, first), await _place(call, conversation, call.param(3))
    if one <= other:
        return Bounds(one[1], other[0], newest=False)
    return Bounds(other[1], one[0], newest=True)


async def _place(call: Call, conversation: Conversation, word: str) -> tuple[int, int]:
    """Return the first seq at or after a reference, and the last one at or before it; raises NotFound."""
    kind, _, value = word.partition("=")
    if kind == "msgid":
        seq = seq_of(value, conversation)
        return seq, seq
    moment = milliseconds(value) if kind == "timestamp" else None
    if moment is None:
        raise NotFound("This is no message.")
    first = await first_since(call, conversation, moment)
    return first, await first_since(call, conversation, moment + 1) - 1


async def first_since(call: Call, conversation: Conversation, moment: int) -> int:
    """Return the seq of the first entry at or after a moment, by bisection: times never go back."""
    low, high = conversation.floor, conversation.head + 1
    while low < high:
        middle = (low + high) // 2
        read = call.hub.journal.read(conversation.id, after=middle - 1, before=middle + 1, limit=1)
        found = await call.hub.until(read)
        if found and found[0].ts >= moment:
            high = middle
        else:
            low = middle + 1
    return low


async def _collect(call: Call, conversation: Conversation, bounds: Bounds, limit: int) -> list[Entry]:
    """Return up to ``limit`` messages within bounds, in the order of their seq."""
    kinds = HAPPENED if call.client.has("draft/event-playback") else SAID
    after, before, left = bounds.after, bounds.before, LOOKED_AT
    found: list[Entry] = []
    while len(found) < limit and left > 0 and before - after > 1:
        low, high = (max(after, before - 1 - PAGE), before) if bounds.newest else (after, min(before, after + 1 + PAGE))
        page = await call.hub.until(
            call.hub.journal.read(
                conversation.id, after=low, before=high, upto=conversation.head, limit=PAGE, current=True
            )
        )
        some = [conversation.addressed(entry) for entry in page if _is_shown(call, entry, kinds)]
        found = some + found if bounds.newest else found + some
        left -= PAGE
        call.hub.throttle.has_read(call.session, PAGE)
        if bounds.newest:
            before = low + 1
        else:
            after = high - 1
    call.hub.permissions.check(call.user, Action.READ, conversation)  # again: it may have changed meanwhile
    return found[-limit:] if bounds.newest and limit else found[:limit]


def _is_shown(call: Call, entry: Entry, kinds: frozenset[str]) -> bool:
    return entry.kind in kinds and not ignores(call.user, entry) and not is_blank(entry)


async def _targets(call: Call) -> None:
    """List the conversations whose newest message is between two moments."""
    one, other = (milliseconds(call.param(place).removeprefix("timestamp=")) for place in (1, 2))
    word = call.param(3)
    if one is None or other is None or not (word.isascii() and word.isdigit() and len(word) < 10):
        call.fail("INVALID_PARAMS", "TARGETS", "Missing or invalid parameters")
        return
    call.flush()
    low, high = min(one, other), max(one, other)
    found: list[tuple[int, str]] = []
    for conversation in [*call.session.places.heard]:
        if not isinstance(conversation, Room | Pair) or not call.hub.permissions.may(
            call.user, Action.READ, conversation
        ):
            continue
        newest = await _collect(
            call, conversation, Bounds(conversation.floor - 1, conversation.head + 1, newest=True), 1
        )
        if newest and low < newest[0].ts < high:
            found.append((newest[0].ts, conversation.name_for(call.user).removeprefix("@")))
    batch, name = call.network.batch(), call.network.name
    call.add([line_of("BATCH", f"+{batch}", "draft/chathistory-targets", source=name)])
    for moment, target in sorted(found)[: min(int(word), HISTORY)]:
        params = ("TARGETS", target, timestamp(moment))
        call.add([line_of("CHATHISTORY", *params, source=name, tags={"batch": batch})])
    call.add([line_of("BATCH", f"-{batch}", source=name)])
