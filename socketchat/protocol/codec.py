"""The native codec: a line of JSON is a command or an event, and whatever is neither raises one kind of error."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import get_args

import msgspec

from ..exceptions import BadLine, ProtocolError, Unsupported
from . import commands, events
from .text.hygiene import clean, clean_line

_SHOWN = 60
"""Characters of a peer's own words that an error repeats: enough to recognise them."""

# All that decoding raises: for bytes that are no JSON, no UTF-8 or not the right type, and for bombs of nesting.
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


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
    """Return what only a server needs, and `send` would spend a tenth of its start on."""
    return msgspec.json.Decoder(commands.ANY).decode


def decode_command(line: bytes) -> commands.ANY:
    """Return the command in a line; raises BadLine, or Unsupported for a type that we do not know."""
    try:
        return _command_decoder()(line)
    except _UNDECODABLE as problem:
        kind = _type(line)
        if kind is not None and kind not in _COMMANDS:
            raise Unsupported(f'There is no command "{_shown(kind)}" in this version of the protocol.') from None
        raise BadLine(_sentence(problem, kind)) from None


def decode_event(line: bytes) -> events.ANY | None:
    """Return the event in a line, None for a type that we do not know; raises BadLine."""
    try:
        return _decode_event(line)
    except _UNDECODABLE as problem:
        kind = _type(line)
        if kind is not None and kind not in _EVENTS:
            return None
        raise BadLine(_sentence(problem, kind)) from None


def line_id(line: bytes) -> int | None:
    """Return the id of a line that is no command, for the answer to it; None where it has none that can be read."""
    try:
        return _decode_id(line).id
    except _UNDECODABLE:
        return None


def encode_text(text: events.Text) -> bytes:
    """Return the body of an entry that holds text."""
    return _encode(text)


def decode_text(entry: events.Entry) -> events.Text:
    """Return the body of an entry whose kind holds text; raises ProtocolError where the body is something else."""
    try:
        return _decode_text(entry.body)
    except _UNDECODABLE:
        raise ProtocolError("The body of an entry is not a text.") from None


def text_of(entry: events.Entry) -> str:
    """Return the text of an entry, fit to be shown; "" for a kind that has none."""
    try:
        return clean(decode_text(entry).text)
    except ProtocolError:
        return ""


def is_deleted(entry: events.Entry) -> bool:
    """Tell whether an entry is what is left of something that was said."""
    try:
        return decode_text(entry).deleted
    except ProtocolError:
        return False


def _type(line: bytes) -> str | None:
    try:
        return _decode_type(line).type
    except _UNDECODABLE:
        return None


def _sentence(problem: Exception, kind: str | None) -> str:
    """Say in words what is wrong with a line, for whoever writes a bot."""
    if isinstance(problem, RecursionError):
        return "This line is nested too deeply."
    reason, _, path = str(problem).partition(" - at ")
    if not isinstance(problem, msgspec.ValidationError):
        return f"This line is not JSON in UTF-8: {_shown(reason)}."
    line = f'This "{_shown(kind)}" line' if kind else "This line"
    field = path.strip("`").removeprefix("$").removeprefix(".")
    place = f' at "{_shown(field)}"' if field else ""
    return f"{line} is wrong{place}: {_shown(reason)}."


def _shown(words: str) -> str:
    words = clean_line(words)
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
