"""A field for passwords: it accepts only listed keys, and keeps its text out of history and clipboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, Window

from .keyboard import PASTED_LINES

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples


class SecretField:
    """Shows ``question`` and a star per character; calls ``on_secret`` with the secret, or ``on_give_up``.

    It has no history, clipboard or undo: deleted text is gone.
    """

    def __init__(self, on_secret: Callable[[str], None], on_give_up: Callable[[], None]) -> None:
        self._on_secret = on_secret
        self._on_give_up = on_give_up
        self._text = ""
        self.question = ""
        self.control = FormattedTextControl(self._drawn, focusable=True, key_bindings=self._keys())
        self.window = Window(self.control, wrap_lines=True, dont_extend_height=True)

    def clear(self) -> None:
        """Forget the typed text."""
        self._text = ""

    def _drawn(self) -> StyleAndTextTuples:
        return [("class:prompt", self.question), ("", "*" * len(self._text)), ("[SetCursorPosition]", "")]

    def _insert(self, data: str) -> None:
        self._text += "".join(each for each in data if each.isprintable())

    def _paste(self, data: str) -> None:
        """Take the first line, without the line end that a password manager pastes behind it."""
        lines = data.split("\r") if "\r" in data else data.split("\n")
        self._insert(next((line for line in lines if line.strip()), ""))

    def _enter(self) -> None:
        secret, self._text = self._text, ""
        self._on_secret(secret)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            key = event.key_sequence[0].key
            if not isinstance(key, Keys) and len(key) == 1:
                self._insert(key)

        @keys.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            self._paste(event.data)

        @keys.add(PASTED_LINES)
        def _(event: KeyPressEvent) -> None:
            for part in event.data.replace("\n", "\r").splitlines(keepends=True):
                self._insert(part)
                if part.endswith("\r"):
                    self._enter()

        self._end_keys(keys)
        return keys

    def _end_keys(self, keys: KeyBindings) -> None:
        """Bind the keys that delete, and the keys that end the question."""

        @keys.add("backspace")
        def _(_event: KeyPressEvent) -> None:
            self._text = self._text[:-1]

        @keys.add("c-u")
        def _(_event: KeyPressEvent) -> None:
            self._text = ""

        @keys.add("enter")
        @keys.add("c-j")
        def _(_event: KeyPressEvent) -> None:
            self._enter()

        @keys.add("c-c")
        @keys.add("<sigint>")
        def _(_event: KeyPressEvent) -> None:
            self._text = ""
            self._on_give_up()

        @keys.add("c-d")
        def _(_event: KeyPressEvent) -> None:
            if not self._text:
                self._on_give_up()
