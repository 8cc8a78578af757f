"""Reading a room: what came since a time or a place, and then what comes."""

from __future__ import annotations

from ...exceptions import ChatError, Refused, UsageProblem
from ...hub import Action, Cost, Hub, Session
from ...hub.state.conversations import Room
from ...protocol.limits import HISTORY_ENTRIES, LARGEST_NUMBER
from ...protocol.text.durations import seconds_of
from .bots import bearer, room_of, too_fast
from .rendering import Response
from .requests import Request
from .stream import EVENTS, JSON_LINES, StreamRendering, writer


async def of_room(hub: Hub, session: Session, request: Request, name: str) -> Response | bytes:
    """Return the entries of a room; with ``follow=1``, or as Server-Sent Events, later ones follow."""
    bot = bearer(hub, session, request)
    if (refusal := too_fast(hub, session)) is not None:
        return refusal
    if not bot.read:
        raise Refused("This token is for writing only.")
    room = room_of(hub, session, bot, name)
    if session.user is not None:
        hub.permissions.check(session.user, Action.READ, room)
    query = request.parameters
    rendering = EVENTS if "text/event-stream" in request.headers.get("accept", "") else JSON_LINES
    after = await _start(hub, room, request.headers.get("last-event-id") or query.get("since"))
    if rendering is EVENTS or query.get("follow", "0") not in {"", "0", "false"}:
        return _follow(hub, session, room, rendering, after)
    while not hub.throttle.affords(session, Cost.MUCH_READING):
        await hub.pause_for(1)
    return await _read(hub, session, room, rendering, after)


async def _start(hub: Hub, room: Room, since: str | None) -> int:
    """Return the seq after which to read: a place, a seq, or as of some time ago; by default the newest entries."""
    if since is None:
        return max(0, room.head - HISTORY_ENTRIES)
    seconds = seconds_of(since)
    if seconds is not None:
        return await _at_time(hub, room, hub.now() - 1000 * seconds)
    digits = since.rpartition("/")[2]
    if not (digits.isascii() and digits.isdigit()) or int(digits[:17]) > LARGEST_NUMBER:
        raise UsageProblem("since is a time such as 10m, 2h or 7d, or a place such as 42 or #ops/42 (%23ops/42).")
    return int(digits)


async def _at_time(hub: Hub, room: Room, moment: int) -> int:
    """Return the seq of the last entry before a moment, by bisection: times never go backwards in a log."""
    low, high = room.floor - 1, room.head
    while low < high:
        middle = (low + high + 1) // 2
        found = await hub.until(hub.journal.read(room.id, after=middle - 1, upto=high, limit=1))
        if found and found[0].ts < moment:
            low = middle
        else:
            high = middle - 1
    return low


async def _read(hub: Hub, session: Session, room: Room, rendering: StreamRendering, after: int) -> bytes:
    """Send the entries up to the head, page by page, as fast as the reader takes them."""
    upto = room.head
    session.write(session.dialect.begin_stream(rendering.media_type))
    try:
        while after < upto and await hub.next_turn(session):
            entries = await hub.until(hub.journal.read(room.id, after=after, upto=upto, limit=HISTORY_ENTRIES))
            if not entries:
                break
            after = entries[-1].seq
            data = b"".join(map(rendering.entry, entries))
            session.write(session.dialect.stream(data))
            if seconds := hub.throttle.charge_replay(session, len(data)):
                await hub.pause_for(seconds)
    except ChatError:
        session.link.close(b"")  # without the last chunk, so that the reader notices
        return b""
    return bytes(session.dialect.end_stream())


def _follow(hub: Hub, session: Session, room: Room, rendering: StreamRendering, after: int) -> bytes:
    """Send what was missed and then every new entry, as to a native client that comes back."""
    user = session.user
    if user is None:
        return b""
    hub.throttle.check_login(user, len(hub.online.of(user)), 1)
    dialect = session.dialect
    session.write(dialect.begin_stream(rendering.media_type))
    dialect.follows = True
    session.rendering = rendering
    if dialect.is_chunked:
        session.write = writer(session.write)
    hub.online.add(user, session)
    session.listens = False
    session.places.fall_behind()
    session.places.enter(room, min(after, room.head))
    hub.replay.advance(session)
    return b""
