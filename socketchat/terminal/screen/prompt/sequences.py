"""Filters the terminal's input: keys pass, and everything else is dropped instead of becoming text.

A terminal sends more than keys: answers to questions, changes of focus, and keys in newer encodings (the "CSI u" of
kitty, Ghostty and WezTerm, and the keypad's application mode). The library knows some, and inserts the rest as text.
"""

from __future__ import annotations

import re

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"

CTRL_C = "\x03"

NEW_LINE = "\x1b\r"
"""Alt+Enter, which begins a new line in the text, as Shift+Enter does in other programs."""

LONGEST = 4_096
"""Characters after which an unfinished sequence is dropped: terminals' answers have some hundred at most."""

_CSI = re.compile(r"\x1b\[(?:\[.|[0-?]*[ -/]*[@-Z\\-~])")
_CSI_BEGUN = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*)?\Z")
_CSI_U = re.compile(r"\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d*))?(?:;([\d:]*))?)?u\Z")
_OTHER_KEYS = re.compile(r"\x1b\[27;(\d+);(\d+)~\Z")
_STRING = re.compile(r"\x1b[\]P_^X][^\x00-\x06\x08-\x1a\x1c-\x1f]*?(?:\x07|\x1b\\)")
_STRING_BEGUN = re.compile(r"\x1b[\]P_^X][^\x00-\x1a\x1c-\x1f]*\x1b?\Z")

_KEYPAD = dict(zip("MXjklmnopqrstuvwxy", "\r=*+,-./0123456789", strict=True))
"""The keypad in application mode: SS3 and a letter."""

_SHIFT, _ALT, _CTRL, _LOCKS = 1, 2, 4, 64 | 128
_RELEASED = "3"
_ENTERS = (13, 57414)
_SPECIAL = {9: "\t", 27: "\x1b", 8: "\x7f", 127: "\x7f"}
_KEYS_OF_KITTY = range(57344, 63744)
"""Private code points for keys without a character, such as Caps Lock or the keys that play music."""


class Sequences:
    """Passes keys on in the form that the library knows; ``known`` tells whether it knows a sequence.

    A split sequence is kept until the rest comes, or until :meth:`flush`. A paste is passed on in one piece.
    """

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._kept = ""
        self._pasted: list[str] = []
        self.pastes = False
        """Whether a paste has begun and not ended."""

    def feed(self, data: str) -> str:
        """Return the keys in new input, together with the kept input."""
        data, self._kept = self._kept + data, ""
        keys: list[str] = []
        while data:
            data = self._paste(data, keys) if self.pastes else self._next(data, keys)
        return "".join(keys)

    def flush(self) -> str:
        """Return the key of an incomplete sequence after a timeout: Escape, or none."""
        if self.pastes or not self._kept:
            return ""
        kept, self._kept = self._kept, ""
        return kept if kept in ("\x1b", "\x1bO") else ""

    def end_paste(self) -> str:
        """Return the received part of a paste whose end is lost."""
        pasted = "".join([*self._pasted, self._kept])
        self._pasted.clear()
        self._kept, self.pastes = "", False
        return f"{PASTE_BEGINS}{pasted}{PASTE_ENDS}"

    def _paste(self, data: str, keys: list[str]) -> str:
        """Take the input that belongs to a paste; return the rest behind its end."""
        pasted, mark, rest = data.partition(PASTE_ENDS)
        until_key, key, after = pasted.partition(CTRL_C)
        if key:  # terminals paste no control characters, so this is a key: the end mark is lost
            self._pasted.append(until_key)
            keys.append(self.end_paste())
            return key + after + mark + rest
        if not mark:
            cut = max(0, len(data) - len(PASTE_ENDS) + 1)  # a split end mark may begin here
            self._pasted.append(data[:cut])
            self._kept = data[cut:]
            return ""
        self._pasted.append(pasted)
        keys.append(self.end_paste())
        return rest

    def _next(self, data: str, keys: list[str]) -> str:
        """Take the text up to a sequence, and the sequence; return the rest."""
        text, escape, rest = data.partition("\x1b")
        keys.append(text)
        if not escape:
            return ""
        data = escape + rest
        if found := _CSI.match(data):
            self._take(found[0], keys)
        elif found := _STRING.match(data):
            pass
        elif len(data) < LONGEST and (_CSI_BEGUN.match(data) or _STRING_BEGUN.match(data) or data == "\x1bO"):
            self._kept = data
            return ""
        elif data[:2] == "\x1bO":
            keys.append(data[:3] if data[:3] in self._known else _KEYPAD.get(data[2], ""))
            return data[3:]
        else:
            keys.append(data[:2])  # Alt and a key, or Escape before another sequence
            return data[2:] if data[1] != "\x1b" else self._after_escape(data, keys)
        return data[found.end() :]

    @staticmethod
    def _after_escape(data: str, keys: list[str]) -> str:
        keys[-1] = "\x1b"
        return data[1:]

    def _take(self, sequence: str, keys: list[str]) -> None:
        if sequence == PASTE_BEGINS:
            self.pastes = True
        elif found := _OTHER_KEYS.match(sequence):
            keys.append(_key(int(found[2]), int(found[1]) - 1))
        elif sequence in self._known:
            keys.append(sequence)
        elif found := _CSI_U.match(sequence):
            code, modifiers, event, text = found.groups()
            if event != _RELEASED:
                keys.append(_key(int(code), int(modifiers or 1) - 1, text or ""))


def _key(code: int, modifiers: int, text: str = "") -> str:
    """Return a key of the newer encodings in the old encoding, or "" if it does not exist there."""
    modifiers &= ~_LOCKS
    if code in _ENTERS:
        return NEW_LINE if modifiers else "\r"
    if code == ord("\t"):
        return "\x1b[Z" if modifiers & _SHIFT else "\t"
    alt = "\x1b" if modifiers & _ALT else ""
    if code in _SPECIAL:
        return alt + _SPECIAL[code]
    if text.isdigit():
        code = int(text)
    if code < 32 or code in _KEYS_OF_KITTY or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return ""
    character = chr(code)
    if modifiers & _CTRL:
        return alt + chr(code & 0x1F) if "@" <= character <= "~" or character == " " else ""
    if modifiers & _SHIFT and not text:
        character = character.upper()
    return alt + character if character.isprintable() else ""
