"""The capabilities of IRCv3 that the server has, with their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .isupport import MULTILINE_BYTES, MULTILINE_LINES

if TYPE_CHECKING:
    from .line import Call

CAPABILITIES = (
    "account-notify",
    "account-tag",
    "away-notify",
    "batch",
    "cap-notify",
    "draft/chathistory",
    "draft/event-playback",
    "draft/message-redaction",
    "draft/no-implicit-names",
    "draft/pre-away",
    "draft/read-marker",
    "echo-message",
    "extended-join",
    "extended-monitor",
    "invite-notify",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    "server-time",
    "setname",
    "standard-replies",
    "userhost-in-names",
)

LIST_BYTES = 400
"""Bytes of capabilities in one line: 512 less the rest of it."""


def available(call: Call) -> dict[str, str]:
    """Return the capabilities that this client may request, with their values."""
    some = dict.fromkeys(CAPABILITIES, "")
    some["draft/account-registration"] = "before-connect"
    some["draft/multiline"] = f"max-bytes={MULTILINE_BYTES},max-lines={MULTILINE_LINES}"
    if call.session.channel.is_private:
        some["sasl"] = "PLAIN"
    return dict(sorted(some.items()))


def listed(call: Call, some: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Return the parameters of the lines that list capabilities; values are for clients that know them."""
    has_values = call.client.version >= 302
    words = [f"{name}={value}" if value and has_values else name for name, value in some.items()]
    lines: list[str] = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= LIST_BYTES:
            lines.append("")
        lines[-1] += f"{word} "
    for line in lines[:-1]:
        yield ("*", line.strip())
    yield (lines[-1].strip(),)


def requested(call: Call, words: str) -> set[str] | None:
    """Return the capabilities of the client after a request, or None if a word of it is unknown."""
    caps, known = set(call.client.caps), available(call)
    for word in words.split():
        name = word.removeprefix("-")
        if name not in known:
            return None
        if word.startswith("-"):
            if name == "cap-notify" and call.client.version >= 302:
                return None
            caps.discard(name)
        else:
            caps.add(name)
    return caps
