"""The line below the messages: edits what is typed, and lets lines be written above without disturbing it.

One prompt_toolkit application runs for the whole visit, without the alternate screen and without the mouse. It does not
ask the terminal for the cursor's position: the answers turn up as garbage where many lines are written.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, cast

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, get_common_complete_suffix
from prompt_toolkit.filters import Condition, Filter, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import ConditionalProcessor, PasswordProcessor
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.widgets import SearchToolbar

from ..model.completion import menu
from .theme import Look, prompt_style

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.input import Input

AGAIN = "Enter sends it again, an arrow key edits it, typing begins anew"

IMPOSSIBLE = "It cannot be sent: an arrow key edits it, typing begins anew"

INPUT_ROWS = 8
"""Rows of a long text that are seen while it is edited; the messages above keep the rest of the screen."""


class Burst(io.TextIOBase):
    """Standard output, with everything that is written inside ``held`` going out in one write."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._waiting: list[str] = []
        self._held = False

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the stub has an attribute here
        """The encoding of the target."""
        return self._target.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Take text; it goes out with the next flush."""
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Write what waits, unless more of it is to come."""
        if self._held or not self._waiting:
            return
        data = "".join(self._waiting).encode(self.encoding, "replace")
        self._waiting.clear()
        with suppress(OSError):  # a terminal that is gone is told by its input; there is nobody to write for
            self._target.buffer.write(data)
            self._target.buffer.flush()

    def fileno(self) -> int:
        """Return the descriptor of the target."""
        return self._target.fileno()

    def isatty(self) -> bool:
        """Tell whether the target is a terminal."""
        return self._target.isatty()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Write nothing until the end of the block, and then all at once."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self.flush()


def terminal_output(stdout: TextIO) -> Output:
    """Return what writes to a terminal without ever asking it for its cursor."""
    output = create_output(stdout)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output


def ask(question: str, look: Look, *, secret: bool = False) -> str:
    """Return what is answered, a ``secret`` unseen and to the last blank; raises KeyboardInterrupt and EOFError."""
    asking: PromptSession[str] = PromptSession(output=terminal_output(sys.stdout), color_depth=look.color_depth)
    return asking.prompt(question, is_password=True) if secret else asking.prompt(question).strip()


class Prompt:
    """A line editor; ``label`` and ``status`` are asked for at each repaint, ``on_line`` gets what was entered.

    ``on_enter`` is told of each Enter before, also on an empty line, but for those that end a secret.
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
        stdin: Input | None = None,
        stdout: TextIO | None = None,
    ) -> None:
        self._label = label
        self._status = status
        self._on_line = on_line
        self._on_enter = on_enter
        self._burst = Burst(stdout or sys.stdout)
        self._output = terminal_output(cast("TextIO", self._burst))  # all that is asked of it is there
        self._completer = completer
        self._question = ""
        self._hides = False
        self._newest = ""
        self._untouched = False
        self._returned = ""
        self._secrets: asyncio.Queue[str] = asyncio.Queue()
        self._buffer = Buffer(multiline=True, enable_history_search=True, accept_handler=self._accept)
        self._buffer.on_text_changed += self._touch
        self._buffer.on_cursor_position_changed += self._touch
        self._app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            style=prompt_style(),
            include_default_pygments_style=False,
            color_depth=look.color_depth,
            erase_when_done=True,
            input=stdin,
            output=self._output,
        )

    @property
    def width(self) -> int:
        """Columns of the terminal at the moment."""
        return self._output.get_size().columns

    async def run(self) -> None:
        """Edit lines until somebody leaves, by Ctrl+C or Ctrl+D on an empty line or by :meth:`leave`."""
        try:
            with suppress(EOFError):  # the terminal is gone
                await self._app.run_async(set_exception_handler=False)
        finally:
            self._secrets.put_nowait("")

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide all that is typed until the end of the block, also between two questions, and hand over no line."""
        self._secrets = asyncio.Queue()
        self._hides = True
        self._buffer.reset()
        try:
            yield
        finally:
            self._hides = False
            self._buffer.reset()
            self.repaint()

    async def ask_secret(self, question: str) -> str:
        """Ask, while ``hidden``, for what no arrow key brings back; return "" where somebody will not say it."""
        self._question = question
        self.repaint()
        try:
            return await self._secrets.get()
        finally:
            self._question = ""

    def leave(self) -> None:
        """End :meth:`run`; what is half typed is gone."""
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def write(self, lines: str) -> None:
        """Write lines, each ended by a newline, above the prompt, in one write to the terminal."""
        with self._burst.held():
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
        """Draw label and status anew."""
        self._app.invalidate()

    def put_back(self, text: str, *, can_go: bool = True) -> bool:
        """Give a text back for editing, if nothing was typed since; tell whether it was.

        Below it stands what may be done, which is not to send it again where it can never go.
        Somebody who types on without looking gets a line of their own: the first letter takes the text's place.
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
        self._untouched = False

    def _give_up(self) -> None:
        """Say no more to what is asked, or leave where nothing is."""
        if self._hides:
            self._secrets.put_nowait("")
        else:
            self.leave()

    def _accept(self, buffer: Buffer) -> bool:
        if self._hides:
            secret = buffer.text
            buffer.reset()  # before the buffer remembers it
            self._secrets.put_nowait(secret)
        else:
            self._on_enter()
            if buffer.text.strip():
                self._newest = buffer.text.rstrip("\n")  # what is pasted ends with one or two
                self._on_line(self._newest)
        self._untouched = False
        return False

    def _layout(self) -> Layout:
        search = SearchToolbar()
        line = Window(
            BufferControl(
                self._buffer,
                input_processors=[ConditionalProcessor(PasswordProcessor(), Condition(lambda: self._hides))],
                search_buffer_control=search.control,
                preview_search=True,
            ),
            height=lambda: Dimension(min=1, max=min(INPUT_ROWS, max(1, self._output.get_size().rows // 2))),
            get_line_prefix=self._prefix,
            wrap_lines=True,
            dont_extend_height=True,
        )
        below = Window(FormattedTextControl(self._below), height=1)
        return Layout(HSplit([line, search, below]), line)

    def _prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        if self._hides:
            return [("class:prompt", self._question)] if line == wrapped == 0 else []
        return self._label() if line == wrapped == 0 else []

    def _below(self) -> StyleAndTextTuples:
        state = self._buffer.complete_state
        if state and state.completions:
            return menu(state.completions, state.complete_index, self.width)
        if self._untouched:
            return [("class:status", self._returned)]
        lines = self._buffer.text.count("\n") + 1
        if lines > 1:
            return [("class:status", f"{lines} lines, Enter sends them as one message")]
        return self._status()

    def _complete(self) -> None:
        """Insert what all completions share, and show them where there are several.

        At once, unlike the library, where Enter can overtake Tab: half the name of a room is another room.
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
        talking = editing & ~Condition(lambda: self._hides)

        @keys.add("enter", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.validate_and_handle()

        @keys.add("escape", "enter", filter=talking)
        def _(_event: KeyPressEvent) -> None:
            self._buffer.newline(copy_margin=False)

        @keys.add("tab", filter=talking)
        def _(_event: KeyPressEvent) -> None:
            self._complete()

        @keys.add("c-c", filter=editing)
        @keys.add("<sigint>", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            if self._hides or not self._buffer.text:
                self._give_up()
            self._buffer.reset()
            self._untouched = False

        @keys.add("c-d", filter=editing)
        def _(_event: KeyPressEvent) -> None:
            if self._buffer.text:
                self._buffer.delete()
            else:
                self._give_up()

        @keys.add("c-z", filter=editing)
        def _(event: KeyPressEvent) -> None:
            event.app.suspend_to_background()

        @keys.add(Keys.Any, filter=editing & Condition(lambda: self._untouched))
        @keys.add(Keys.BracketedPaste, filter=editing & Condition(lambda: self._untouched))
        def _(event: KeyPressEvent) -> None:
            self._buffer.reset()
            self._buffer.insert_text(event.data.replace("\r\n", "\n").replace("\r", "\n"))

        self._keep_apart(keys, editing & ~talking)
        return keys

    @staticmethod
    def _keep_apart(keys: KeyBindings, hidden: Filter) -> None:
        """Keep what was typed before out of a line that is not seen, and that line out of what is searched."""

        @keys.add("up", filter=hidden)
        @keys.add("down", filter=hidden)
        @keys.add("tab", filter=hidden)
        @keys.add("c-r", filter=hidden)
        @keys.add("c-s", filter=hidden)
        def _(_event: KeyPressEvent) -> None:
            """Do nothing."""
