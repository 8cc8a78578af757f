"""The line below the messages: edits the typed text, while lines are written above it without disturbing it.

One prompt_toolkit application runs for the whole visit, without the alternate screen and without the mouse. It never
asks the terminal for the cursor's position: if many lines are written, the answers appear as garbage.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, get_common_complete_suffix
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import Processor, TabsProcessor
from prompt_toolkit.widgets import SearchToolbar

from ....protocol.slash.parsing import is_command
from ...model.completion import menu
from ..theme import Look, prompt_style
from .clusters import Clusters, joins_emoji, step
from .job_control import JobControl
from .keyboard import PASTED_LINES, Keyboard, keyboard
from .output import HeldOutput, terminal_output
from .reflow import reflows, rows_added
from .secret import SecretField

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.layout import AnyContainer

AGAIN = "Enter sends it again; arrow keys edit it; typing replaces it."

IMPOSSIBLE = "Arrow keys edit it; typing replaces it."

LEAVE = "Press Ctrl+C again to leave."

INPUT_ROWS = 8
"""Visible rows of a long text while it is edited; the messages above keep the rest of the screen."""

TAB_COLUMNS = 8
"""Columns between the tab stops, as in the messages above."""


class _Application(Application[None]):
    """An application that finds its prompt again when the terminal becomes narrower."""

    reflows = False

    def _on_resize(self) -> None:
        if self.reflows:
            self.output.cursor_up(rows_added(self.renderer, self.output.get_size().columns))
        super()._on_resize()


class Prompt:
    """A line editor; it calls ``label`` and ``status`` at each repaint, and ``on_line`` with each entered text.

    Before that, it calls ``on_enter`` at each Enter, even on an empty line, but not at the end of a secret.
    """

    def __init__(
        self,
        *,
        label: Callable[[], StyleAndTextTuples],
        status: Callable[[], StyleAndTextTuples],
        completer: Completer,
        on_line: Callable[[str], None],
        on_enter: Callable[[], None] = lambda: None,
        look: Look,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
    ) -> None:
        self._label = label
        self._status = status
        self._on_line = on_line
        self._on_enter = on_enter
        self._held = HeldOutput(stdout or sys.stdout)
        self._clusters = Clusters()
        self._output = terminal_output(self._held, self._clusters.restore)
        self._completer = completer
        self._hides = False
        self._newest = ""
        self._untouched = False
        self._returned = ""
        self._leaves = False
        self._pasted = False
        self._secrets: asyncio.Queue[str] = asyncio.Queue()
        self._secret = SecretField(self._secrets_put, self._give_up)
        self._buffer = Buffer(multiline=True, enable_history_search=True, accept_handler=self._accept)
        self._buffer.on_text_changed += self._touch
        self._buffer.on_cursor_position_changed += self._touch
        source = keyboard(stdin or sys.stdin)
        self._app = _Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            style=prompt_style(),
            include_default_pygments_style=False,
            color_depth=look.color_depth,
            erase_when_done=True,
            input=source,
            output=self._output,
        )
        self._app.reflows = reflows(os.environ)
        self._jobs = JobControl(self._app)
        if isinstance(source, Keyboard):
            source.on_keys = self._process_keys

    @property
    def width(self) -> int:
        """The columns of the terminal now."""
        return self._output.get_size().columns

    async def run(self) -> None:
        """Edit lines until the user leaves, by Ctrl+C or Ctrl+D on an empty line or by :meth:`leave`."""
        try:
            with suppress(EOFError), self._jobs.watching():  # at the end of input the terminal is gone
                await self._app.run_async(set_exception_handler=False)
        finally:
            self._secrets.put_nowait("")

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide all typed text until the end of the block, even between questions, and pass on no line."""
        self._secrets = asyncio.Queue()
        self._hide(hides=True)
        try:
            yield
        finally:
            self._hide(hides=False)

    def _hide(self, *, hides: bool) -> None:
        self._hides = hides
        self._secret.clear()
        self._app.layout.focus(self._secret.control if hides else self._buffer)
        self.repaint()

    async def ask_secret(self, question: str) -> str:
        """Ask, while ``hidden``, for a secret that no key can recall; return "" if the user gives up."""
        if self._app.is_running:
            self._jobs.set_raw()
        self._secret.question = question
        self.repaint()
        try:
            return await self._secrets.get()
        finally:
            self._secret.question = ""

    def leave(self) -> None:
        """End :meth:`run`; half-typed text is lost."""
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def write(self, lines: str) -> None:
        """Write lines, each ended by a newline, above the prompt, in one write to the terminal."""
        with self._held.held():
            if self._app.is_running:
                self._app.renderer.erase()
            self._output.write_raw(lines.replace("\n", "\r\n"))
            self._output.flush()
            if self._app.is_running and not self._app.is_done:
                self._app.render_counter += 1  # or label and status would come from a cache
                with set_app(self._app):
                    self._app.renderer.render(self._app, self._app.layout)

    def ring(self) -> None:
        """Ring the bell of the terminal."""
        self._output.bell()

    def repaint(self) -> None:
        """Redraw label and status."""
        self._app.invalidate()

    def put_back(self, text: str, *, can_go: bool = True) -> bool:
        """Put a text back for editing, if nothing was typed since; return whether it was put back.

        The line below says what the user can do; it offers to send the text again only if it ``can_go``. If the user
        goes on typing, the first letter replaces the text.
        """
        if self._buffer.text or self._hides or text != self._newest:
            return False
        self._buffer.text = text
        self._buffer.cursor_position = len(text)
        self._untouched = True
        self._returned = AGAIN if can_go else IMPOSSIBLE
        self.repaint()
        return True

    def _touch(self, _buffer: Buffer) -> None:
        self._untouched = self._leaves = False

    def _process_keys(self) -> None:
        if self._app.is_running:
            self._app.key_processor.feed_multiple(self._app.input.flush_keys())
            self._app.key_processor.process_keys()

    def _secrets_put(self, secret: str) -> None:
        self._secrets.put_nowait(secret)

    def _give_up(self) -> None:
        self._secrets.put_nowait("")

    def _accept(self, buffer: Buffer) -> bool:
        self._on_enter()
        lines = buffer.text.split("\n") if self._pasted else [buffer.text]
        for line in lines:
            if line.strip():
                self._newest = line.rstrip("\n")  # a pasted text ends with one or two
                self._on_line(self._newest)
        self._untouched = self._pasted = self._leaves = False
        return False

    def _layout(self) -> Layout:
        search = SearchToolbar()
        processors: list[Processor] = [TabsProcessor(tabstop=TAB_COLUMNS, char1=" ", char2=" ")]
        if joins_emoji(os.environ):
            processors.append(self._clusters)
        line = Window(
            BufferControl(
                self._buffer,
                input_processors=processors,
                search_buffer_control=search.control,
                preview_search=True,
            ),
            height=lambda: Dimension(min=1, max=min(INPUT_ROWS, max(1, self._output.get_size().rows // 2))),
            get_line_prefix=self._prefix,
            wrap_lines=True,
            dont_extend_height=True,
        )
        hides = Condition(lambda: self._hides)
        below = Window(FormattedTextControl(self._below), height=1)
        rows: list[AnyContainer] = [
            ConditionalContainer(line, ~hides),
            ConditionalContainer(self._secret.window, hides),
            search,
            below,
        ]
        return Layout(HSplit(rows), line)

    def _prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        return self._label() if line == wrapped == 0 else []

    def _below(self) -> StyleAndTextTuples:
        state = self._buffer.complete_state
        if state and state.completions:
            return menu(state.completions, state.complete_index, self.width)
        if self._untouched:
            return [("class:status", self._returned)]
        if self._leaves:
            return [("class:status.strong", LEAVE)]
        lines = self._buffer.text.split("\n")
        if self._pasted:
            many = sum(map(is_command, lines))
            what = f"{len(lines):,} lines ({many:,} {'command' if many == 1 else 'commands'})"
            return [("class:status.strong", f"Enter runs {what}; Ctrl+C drops them.")]
        if len(lines) > 1:
            return [("class:status", f"{len(lines):,} lines: Enter sends them as one message.")]
        return self._status()

    def _complete(self) -> None:
        """Insert the common prefix of all completions, and show them if there are several.

        This happens immediately. In the library, Enter can overtake Tab, and half a room's name is another room.
        """
        if self._buffer.complete_state:
            self._buffer.complete_next()
            return
        found = self._completions()
        if len(found) == 1:
            self._buffer.apply_completion(found[0])
        elif found:
            self._buffer.insert_text(get_common_complete_suffix(self._buffer.document, found))
            self._buffer.complete_state = CompletionState(self._buffer.document, self._completions())

    def _completions(self) -> list[Completion]:
        return list(self._completer.get_completions(self._buffer.document, CompleteEvent(completion_requested=True)))

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        editing = has_focus(self._buffer)  # and not searching

        @keys.add("enter", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.validate_and_handle()

        @keys.add("escape", "enter", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.newline(copy_margin=False)

        @keys.add("tab", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            self._complete()

        @keys.add("c-c", filter=editing)
        @keys.add("<sigint>", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            if self._leaves:
                self.leave()
                return
            leaves = not self._buffer.text
            self._buffer.reset()
            self._untouched = self._pasted = False
            self._leaves = leaves

        @keys.add("c-d", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            if self._buffer.text:
                self._buffer.delete()
            else:
                self.leave()

        @keys.add("c-z")
        def _(_event: KeyPressEvent) -> None:
            self._jobs.suspend()

        self._insert_keys(keys)
        return keys

    def _insert_keys(self, keys: KeyBindings) -> None:
        """Bind the keys that insert text, and the keys that move by visible characters."""
        editing = has_focus(self._buffer)
        returned = editing & Condition(lambda: self._untouched)
        composed = editing & Condition(lambda: not self._buffer.text.isascii())

        @keys.add(Keys.Any, filter=returned)
        @keys.add(Keys.BracketedPaste, filter=returned)
        def _(event: KeyPressEvent) -> None:
            self._buffer.reset()
            self._buffer.insert_text(event.data.replace("\r\n", "\n").replace("\r", "\n"))

        @keys.add(PASTED_LINES, filter=editing)
        def _(event: KeyPressEvent) -> None:
            if self._untouched:
                self._buffer.reset()
            self._buffer.insert_text(event.data.replace("\r\n", "\n").replace("\r", "\n"))
            self._pasted = True

        @keys.add("left", filter=composed)
        @keys.add("c-b", filter=composed)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.cursor_position = step(self._buffer.text, self._buffer.cursor_position, -1)

        @keys.add("right", filter=composed)
        @keys.add("c-f", filter=composed)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.cursor_position = step(self._buffer.text, self._buffer.cursor_position, 1)

        @keys.add("delete", filter=composed)
        def _(_event: KeyPressEvent) -> None:
            at = self._buffer.cursor_position
            self._buffer.delete(step(self._buffer.text, at, 1) - at)

        @keys.add("backspace", filter=composed)
        def _(_event: KeyPressEvent) -> None:
            at = self._buffer.cursor_position
            self._buffer.delete_before_cursor(at - step(self._buffer.text, at, -1))
