"""The grammar of IRC lines: tags, source, command and parameters, read and written (Modern IRC; IRCv3 message-tags)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ...exceptions import BadLine, BadText, TooLong

LINE_BYTES = 512
"""Longest line without its tags, with its end (RFC 1459, 2.3)."""

CLIENT_TAG_BYTES = 4096
"""Longest tags that a client may send, with the ``@`` and the space after them (IRCv3 message-tags)."""

READ_BYTES = CLIENT_TAG_BYTES + LINE_BYTES
"""Longest line to read; a longer one gets an error, and the next one is read."""

_TO_VALUE = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_FROM_VALUE = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"})


class Message(NamedTuple):
    """One line: the verb in upper case, its parameters, the tags, and the source, "" if it has none."""

    verb: str
    params: list[str]
    tags: dict[str, str]
    source: str = ""


def parse(line: bytes) -> Message | None:
    """Return the message in a line, or None for an empty one; raises BadText, TooLong and BadLine."""
    line = line.rstrip(b"\r").lstrip(b" ")
    tags: dict[str, str] = {}
    if line.startswith(b"@"):
        words, _, line = line.partition(b" ")
        if len(words) + 1 > CLIENT_TAG_BYTES:
            raise TooLong("The tags of this line are too long.")
        tags = parse_tags(_decoded(words[1:]))
        line = line.lstrip(b" ")
    if len(line) > LINE_BYTES - 2:
        raise TooLong("This line is too long.")
    text = _decoded(line)
    source = ""
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
    words_before, colon, last = text.partition(" :")
    params = words_before.split(" ")
    params = [word for word in params if word]
    if colon:
        params.append(last)
    if not params or (colon and len(params) == 1):
        if source or tags:
            raise BadLine("This line has no command.")
        return None
    return Message(params[0].upper(), params[1:], tags, source)


def _decoded(some: bytes) -> str:
    if b"\0" in some:
        raise BadLine("This line has a NUL.")
    try:
        return some.decode()
    except UnicodeDecodeError:
        raise BadText("This line is not valid UTF-8.") from None


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags in what stands between ``@`` and the space; of a repeated tag, the last value counts."""
    tags: dict[str, str] = {}
    for word in text.split(";"):
        key, _, value = word.partition("=")
        if key:
            tags[key] = _unescaped(value) if "\\" in value else value
    return tags


def _unescaped(value: str) -> str:
    parts: list[str] = []
    escaped = False
    for character in value:
        if escaped:
            parts.append(_TO_VALUE.get(character, character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append(character)
    return "".join(parts)


def tag_words(tags: Mapping[str, str]) -> str:
    """Return tags as they stand before a line, with ``@`` and the space; "" for none."""
    if not tags:
        return ""
    words = [f"{key}={value.translate(_FROM_VALUE)}" if value else key for key, value in tags.items()]
    return f"@{';'.join(words)} "


def line_of(verb: str, *params: str, source: str = "", tags: Mapping[str, str] | None = None) -> str:
    """Return a line with its end; the last parameter may have spaces, and a line break in any of them ends it."""
    words = [*(param or "*" for param in params[:-1])]
    text = " ".join([verb, *words])
    if params:
        last = params[-1]
        is_text = verb in _WITH_TEXT and (len(params) > 1 or verb in _TEXT_ALONE)
        text += f" :{last}" if is_text or not last or last[0] == ":" or " " in last else f" {last}"
    if "\n" in text or "\r" in text or "\0" in text:
        text = text.replace("\r", " ").replace("\n", " ").replace("\0", " ")
    head = tag_words(tags) if tags else ""
    return f"{head}:{source} {text}\r\n" if source else f"{head}{text}\r\n"


_TEXT_ALONE = frozenset({"QUIT", "AWAY", "ERROR", "WALLOPS"})
_WITH_TEXT = _TEXT_ALONE | {"PRIVMSG", "NOTICE", "TOPIC", "PART", "KICK"}
"""Commands whose last parameter is a text; some clients expect its colon."""


def pieces(text: str, size: int) -> Iterable[str]:
    """Cut a text of one line into pieces of at most ``size`` bytes, at spaces where possible, never in a character."""
    data = text.encode()
    while len(data) > size:
        cut = size
        while cut and (data[cut] & 0xC0) == 0x80:
            cut -= 1
        space = data.rfind(b" ", size // 2, cut + 1)
        cut = space if space > 0 else cut or size
        yield data[:cut].decode("utf-8", "replace")
        data = data[cut:].removeprefix(b" ") if space > 0 else data[cut:]
    yield data.decode("utf-8", "replace")
