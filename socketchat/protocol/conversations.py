"""Conversation ids: "#key" is a room, "@uid:uid" the direct messages of two users."""

from __future__ import annotations

from ..exceptions import NotFound
from .names import name_key

LOBBY = "#lobby"
"""The room where everyone is."""


def room_id(room: str) -> str:
    """Return the conversation id of a room, given with or without "#"."""
    return "#" + name_key(room)


def is_room(conversation: str) -> bool:
    """Tell whether a conversation is a room."""
    return conversation.startswith("#")


def pair_id(one: str, other: str) -> str:
    """Return the id of the direct messages of two users; the order of their user ids does not matter."""
    return f"@{one}:{other}" if one < other else f"@{other}:{one}"


def pair_users(conversation: str) -> tuple[str, str]:
    """Return the two user ids of direct messages; raises NotFound if this is not the id of a pair."""
    one, colon, other = conversation.removeprefix("@").partition(":")
    if not conversation.startswith("@") or not (one and colon and other):
        raise NotFound("This conversation does not exist.")
    return one, other
