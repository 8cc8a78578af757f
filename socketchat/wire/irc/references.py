"""Ids of messages in IRC: the place of an entry, which names it as long as the store lives."""

from __future__ import annotations

from ...exceptions import NotFound
from ...hub.state.conversations import Conversation


def msgid(conversation: str, seq: int) -> str:
    """Return the id of an entry."""
    return f"{conversation}/{seq}"


def seq_of(word: str, conversation: Conversation) -> int:
    """Return the seq of the entry with this id; raises NotFound if it is of another conversation, or none."""
    where, _, number = word.rpartition("/")
    if where != conversation.id or not (number.isascii() and number.isdigit() and len(number) < 16):
        raise NotFound("No such message.")
    seq = int(number)
    if not conversation.floor <= seq <= conversation.head:
        raise NotFound("No such message.")
    return seq
