"""MARKREAD and REDACT: how far the user has read, and messages that are deleted."""

from __future__ import annotations

from ....exceptions import ChatError, NotFound
from ....hub.state.conversations import Conversation
from ....protocol import commands
from ..line import Call
from ..message import line_of
from ..moments import milliseconds, timestamp
from ..references import seq_of
from .history import conversation_of, first_since


async def markread(call: Call) -> None:
    """Show or move the read marker of a conversation (draft/read-marker)."""
    target, word = call.param(0), call.param(1)
    if not target:
        call.fail("NEED_MORE_PARAMS", "Missing parameters")
        return
    moments = call.user.read_at
    key = target.lower()
    if len(call.params) > 1:
        moment = milliseconds(word.removeprefix("timestamp=")) if word.startswith("timestamp=") else None
        if moment is None:
            call.fail("INVALID_PARAMS", target, "Invalid timestamp")
            return
        if moment > moments.get(key, 0):
            if len(moments) >= MARKED and key not in moments:
                call.fail("INTERNAL_ERROR", target, "Too many read markers")
                return
            call.user.read_at = {**moments, key: moment}
            for session in call.hub.online.of(call.user):
                if session is not call.session and getattr(session.rendering, "has_markers", False):
                    session.write(line_of("MARKREAD", target, marker(call, target), source=call.network.name).encode())
            await _mark(call, target, moment)
    call.line("MARKREAD", target, marker(call, target))


MARKED = 1_000
"""Most conversations per user whose exact moment this node keeps."""


def marker(call: Call, target: str) -> str:
    """Return the read marker of a conversation as a word."""
    moment = call.user.read_at.get(target.lower())
    return f"timestamp={timestamp(moment)}" if moment else "*"


async def _mark(call: Call, target: str, moment: int) -> None:
    """Move the marker of all dialects to the last entry at a moment."""
    conversation = conversation_of(call, target)
    if conversation is None:
        return
    seq = await first_since(call, conversation, moment + 1) - 1
    if seq >= conversation.floor:
        await call.perform(commands.Read(conversation=conversation.id, seq=seq))


async def redact(call: Call) -> None:
    """Delete a message (draft/message-redaction)."""
    target, word, reason = call.param(0), call.param(1), call.param(2)
    conversation = conversation_of(call, target)
    if conversation is None:
        call.fail("INVALID_TARGET", target, "You cannot delete messages there.")
        return
    await _delete(call, conversation, target, word, reason)


async def _delete(call: Call, conversation: Conversation, target: str, word: str, reason: str) -> None:
    try:
        seq = seq_of(word, conversation)
        await call.perform(commands.Delete(conversation=conversation.id, seq=seq, reason=reason))
    except NotFound:
        call.fail("UNKNOWN_MSGID", target, word or "*", "This message does not exist, or was deleted.")
    except ChatError as error:
        call.fail("REDACT_FORBIDDEN", target, word, str(error))
