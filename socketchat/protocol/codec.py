"""The native codec: a line of JSON is a command or an event; any other line raises BadLine or Unsupported."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import get_args

import msgspec

from ..exceptions import BadLine, ProtocolError, Unsupported
from . import commands, events
from .text.hygiene import clean, clean_line

_SHOWN = 60
"""Characters of a peer's line that an error repeats: enough to recognize it."""

# Decoding raises these for invalid JSON, invalid UTF-8, wrong types, and deep nesting.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Type(msgspec.Struct):
    type: str


class _Id(msgspec.Struct):
    id: commands.Number


_encode = msgspec.json.Encoder().encode
_decode_event: Callable[[bytes], events.ANY] = msgspec.json.Decoder(events.ANY).decode
_decode_type = msgspec.json.Decoder(_Type).decode
_decode_id = msgspec.json.Decoder(_Id).decode
_decode_text = msgspec.json.Decoder(events.Text).decode

_COMMANDS = frozenset(command.__struct_config__.tag for command in get_args(commands.ANY))
_EVENTS = frozenset(event.__struct_config__.tag for event in get_args(events.ANY))


def encode(struct: commands.Command | events.Event) -> bytes:
    """Return a command or an event as one line, with its line end."""
    return _encode(struct) + b"\n"


@cache
def _command_decoder() -> Callable[[bytes], commands.ANY]:
    """Return the decoder, built late: only a server needs it, and it would take a tenth of the start of `send`."""
    return msgspec.json.Decoder(commands.ANY).decode


def decode_command(line: bytes) -> commands.ANY:
    """Return the command in a line; raises BadLine, or Unsupported if its type is unknown."""
    try:
        return _command_decoder()(line)
    except UNDECODABLE as problem:
        kind = _type(line)
        if kind is not None and kind not in _COMMANDS:
            raise Unsupported(f'This version of the protocol has no command "{_shown(kind)}".') from None
        raise BadLine(_sentence(problem, kind)) from None


def decode_event(line: bytes) -> events.ANY | None:
    """Return the event in a line, None if its type is unknown; raises BadLine."""
    try:
        return _decode_event(line)
    except UNDECODABLE as problem:
        kind = _type(line)
        if kind is not None and kind not in _EVENTS:
            return None
        raise BadLine(_sentence(problem, kind)) from None


def line_id(line: bytes) -> int | None:
    """Return the id of a line that is not a valid command, for the answer; None if it has no readable id."""
    try:
        return _decode_id(line).id
    except UNDECODABLE:
        return None


def encode_text(text: events.Text) -> bytes:
    """Return the body of an entry that holds text."""
    return _encode(text)


def decode_text(entry: events.Entry) -> events.Text:
    """Return the body of an entry whose kind holds text; raises ProtocolError if the body is something else."""
    try:
        return _decode_text(entry.body)
    except UNDECODABLE:
        raise ProtocolError("The body of the entry has no text.") from None


def text_of(entry: events.Entry) -> str:
    """Return the text of an entry, cleaned for display; "" for a kind without text."""
    try:
        return clean(decode_text(entry).text)
    except ProtocolError:
        return ""


def is_deleted(entry: events.Entry) -> bool:
    """Tell whether the text of an entry was deleted."""
    try:
        return decode_text(entry).deleted
    except ProtocolError:
        return False


def _type(line: bytes) -> str | None:
    try:
        return _decode_type(line).type
    except UNDECODABLE:
        return None


def _sentence(problem: Exception, kind: str | None) -> str:
    """Return a sentence about the problem with a line, for the author of a bot."""
    if isinstance(problem, RecursionError):
        return "This line is nested too deeply; send flat JSON."
    reason, _, path = str(problem).partition(" - at ")
    if not isinstance(problem, msgspec.ValidationError):
        return f"This line is not JSON in UTF-8: {_shown(reason)}."
    line = f'This "{_shown(kind)}" line' if kind else "This line"
    field = path.strip("`").removeprefix("$").removeprefix(".")
    place = f' at "{_shown(field)}"' if field else ""
    return f"{line} is wrong{place}: {_shown(reason)}."


def _shown(words: str) -> str:
    words = clean_line(words[: _SHOWN + 1])
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
