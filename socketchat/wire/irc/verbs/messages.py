"""Messages that need more than one command: several targets, and multiline batches (draft/multiline)."""

from __future__ import annotations

from ....hub import Session
from ....hub.policy.permissions import Rank
from ....protocol.conversations import is_room
from ....protocol.text.formatting import SPLIT
from .. import numerics as n
from ..client import Batch
from ..isupport import MULTILINE_BYTES, MULTILINE_LINES, TARGETS
from ..line import Call
from ..message import LINE_BYTES

MULTILINE = "draft/multiline"
CONCAT = "draft/multiline-concat"


async def say(call: Call) -> None:
    """Say something, to several targets too, or add to a multiline message."""
    if call.session.user is None:
        call.numeric(n.ERR_NOTREGISTERED)
    elif "batch" in call.message.tags or call.client.batch is not None:
        _add(call)
    elif not call.param(0):
        call.numeric(n.ERR_NORECIPIENT, f"No recipient given ({call.message.verb})")
    elif not call.param(1) and call.message.verb != "TAGMSG":
        call.numeric(n.ERR_NOTEXTTOSEND)
    elif is_too_long(call.session, call.message.verb, call.param(0).partition(",")[0], call.param(1)):
        call.numeric(n.ERR_INPUTTOOLONG)
    else:
        for target in call.param(0).split(",")[:TARGETS]:
            await _send(call, target, call.param(1))


def is_too_long(session: Session, verb: str, target: str, text: str) -> bool:
    """Tell whether others would not get a text in one line: the sender's client can split it better than the server."""
    source = session.user.mask if session.user is not None else ""
    return len(f":{source} {verb} {target} :{text}\r\n".encode()) > LINE_BYTES


async def _send(call: Call, target: str, text: str) -> None:
    """Send a message; one to the operators or voices of a room goes to each of them."""
    room = call.room(target[1:]) if target[:1] in {"@", "+"} and is_room(target[1:]) else None
    if room is not None:
        least = Rank.MODERATOR if target[0] == "@" else Rank.NOBODY
        for user in call.hub.online.users(room):
            ranks = call.hub.permissions.rank(user, room) >= max(least, Rank.MODERATOR)
            if user is not call.user and (ranks or (target[0] == "+" and room.has_voice(user))):
                await call.say(user.name, text, via=f"{target[0]}{room.name}")
        return
    await call.say(target, text)


async def batch(call: Call) -> None:
    """Begin or end a multiline message."""
    client, word = call.client, call.param(0)
    if word.startswith("+"):
        if call.param(1) != MULTILINE or not call.param(2) or not client.has(MULTILINE):
            call.fail("MULTILINE_INVALID", "Unknown type of batch, or a missing target")
            return
        client.batch = Batch(word[1:], call.param(2), call.message)
        call.answers_later = True
        return
    begun, client.batch = client.batch, None
    if begun is None or word[1:] != begun.name:
        call.fail("MULTILINE_INVALID", "No such batch")
        return
    if begun.text:
        await call.say(begun.target, begun.text, begun.message._replace(verb=begun.verb))


def _add(call: Call) -> None:
    """Add a line to the batch that was begun."""
    client, tags = call.client, call.message.tags
    begun, text = client.batch, call.param(1)
    concat = CONCAT in tags
    if begun is None or tags.get("batch") != begun.name or call.param(0).lower() != begun.target.lower():
        client.batch = None
        call.fail_as("BATCH", "MULTILINE_INVALID", "This line is not part of the batch.")
        return
    if concat and not text:
        client.batch = None
        call.fail_as("BATCH", "MULTILINE_INVALID", "A blank line cannot be concatenated.")
        return
    begun.verb = call.message.verb
    begun.lines += 1
    if begun.lines > 1:
        begun.text += SPLIT if concat else "\n"
    begun.text += text
    if begun.lines > MULTILINE_LINES:
        client.batch = None
        call.fail_as("BATCH", "MULTILINE_MAX_LINES", str(MULTILINE_LINES), "Too many lines")
    elif len(begun.text.encode()) > MULTILINE_BYTES:
        client.batch = None
        call.fail_as("BATCH", "MULTILINE_MAX_BYTES", str(MULTILINE_BYTES), "Too long")
