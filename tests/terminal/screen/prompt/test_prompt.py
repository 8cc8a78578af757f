import asyncio
import io
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from socketchat.terminal.model.completion import ChatCompleter, Known
from socketchat.terminal.screen.prompt.prompt import INPUT_ROWS, Prompt
from socketchat.terminal.screen.theme import Look

from ...screens import Terminal

CTRL_C, CTRL_D, ENTER, ALT_ENTER, TAB, UP = "\x03", "\x04", "\r", "\x1b\r", "\t", "\x1b[A"
LEFT, RIGHT = "\x1b[D", "\x1b[C"
PASTE = "\x1b[200~{}\x1b[201~"


class Counted(io.FileIO):
    """A file that counts how often it is written to."""

    writes = 0

    def write(self, data):
        """Write and count."""
        self.writes += 1
        return super().write(data)


class Desk:
    """A prompt in a terminal, and the submitted lines."""

    def __init__(self, columns=60, rows=14):
        self.terminal = Terminal(columns, rows)
        self.entered = []
        self.status = "all is well"
        self.before = self.terminal.settings
        self.stdin = os.fdopen(self.terminal.slave, closefd=False)
        self.raw = Counted(self.terminal.slave, "w", closefd=False)
        self.stdout = io.TextIOWrapper(io.BufferedWriter(self.raw), encoding="utf-8")
        self.prompt = Prompt(
            label=lambda: [("class:prompt", "#lobby> ")],
            status=lambda: [("class:status", self.status)],
            completer=ChatCompleter(lambda: Known(["bob", "bobby", "carol"], ["#lobby", "#ops"])),
            on_line=self.entered.append,
            look=Look(edits=True, colors="256"),
            stdin=self.stdin,
            stdout=self.stdout,
        )

    async def row(self, text):
        """Wait until the row of the cursor is this."""
        await self.terminal.until_async(lambda: self.terminal.row == text)

    async def shown(self, text):
        """Wait until the screen has this."""
        await self.terminal.until_async(lambda: text in self.terminal.text)

    async def line(self, text):
        """Wait until this was entered."""
        await self.terminal.until_async(lambda: bool(self.entered) and self.entered[-1] == text)


def sit(play: Callable[[Desk, "asyncio.Task[None]"], Awaitable[None]], **size):
    """Run a scene at a prompt; afterwards, check that the terminal is restored."""
    desk = Desk(**size)

    async def run():
        running = asyncio.create_task(desk.prompt.run())
        await desk.shown("all is well")
        await play(desk, running)
        desk.prompt.leave()
        await running
        while desk.terminal.read():
            pass

    asyncio.run(run())
    assert desk.terminal.settings == desk.before
    assert not desk.terminal.brackets_pastes
    assert desk.terminal.shows_cursor
    desk.stdin.close()
    desk.stdout.close()
    desk.terminal.close()
    return desk


def test_enter_submits_the_line_and_starts_the_next():
    async def play(desk, _):
        desk.terminal.type("hello" + ENTER)
        await desk.line("hello")
        await desk.row("#lobby>")

    sit(play)


def test_a_half_typed_line_survives_output_above_it():
    async def play(desk, _):
        desk.terminal.type("half ty")
        await desk.row("#lobby> half ty")
        for number in range(40):
            desk.prompt.write(f"line {number}\n")
        desk.terminal.type("ped")
        await desk.row("#lobby> half typed")
        assert desk.terminal.lines == [*(f"line {n}" for n in range(40)), "#lobby> half typed", "all is well"]
        desk.terminal.type(ENTER)
        await desk.line("half typed")

    sit(play)


def test_the_cursor_keeps_its_place_in_the_line():
    async def play(desk, _):
        desk.terminal.type("abcd\x1b[D\x1b[D")
        await desk.terminal.until_async(lambda: desk.terminal.cursor[1] == len("#lobby> ab"))
        desk.prompt.write("hello\n")
        await desk.shown("hello")
        assert desk.terminal.cursor == (1, len("#lobby> ab"))

    sit(play)


def test_a_burst_of_output_is_one_write():
    async def play(desk, _):
        before = desk.raw.writes
        desk.prompt.write("".join(f"line {n}\n" for n in range(100)))
        assert desk.raw.writes == before + 1
        await desk.shown("line 99")

    sit(play)


def test_a_long_output_line_is_wrapped_by_the_terminal():
    async def play(desk, _):
        desk.prompt.write("x" * 150 + "\n")
        await desk.shown("x" * 30)
        assert desk.terminal.lines == ["x" * 60, "x" * 60, "x" * 30, "#lobby>", "all is well"]

    sit(play)


def test_empty_lines_are_not_submitted():
    async def play(desk, _):
        desk.terminal.type(f"{ENTER}  {ENTER}x{ENTER}")
        await desk.line("x")
        assert desk.entered == ["x"]

    sit(play)


def test_ctrl_c_clears_a_line_and_on_an_empty_one_asks_before_it_leaves():
    async def play(desk, running):
        desk.terminal.type("abc" + CTRL_C)
        await desk.row("#lobby>")
        desk.terminal.type(CTRL_C)
        await desk.shown("Press Ctrl+C again to leave.")
        desk.terminal.type("d")
        await desk.shown("all is well")
        desk.terminal.type(CTRL_C + "e" + ENTER)
        await desk.line("e")
        desk.terminal.type(CTRL_C)
        await desk.shown("Press Ctrl+C again to leave.")
        assert not running.done()
        desk.terminal.type(CTRL_C)
        await running

    sit(play)


def test_ctrl_d_deletes_in_a_line_and_leaves_an_empty_one():
    async def play(desk, running):
        desk.terminal.type("abc\x01" + CTRL_D + ENTER)
        await desk.line("bc")
        desk.terminal.type(CTRL_D)
        await running

    sit(play)


def test_an_interrupt_signal_acts_like_ctrl_c():
    async def play(desk, running):
        desk.terminal.type("abc")
        await desk.row("#lobby> abc")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.row("#lobby>")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.shown("again to leave")
        os.kill(os.getpid(), signal.SIGINT)
        await running

    sit(play)


def test_a_closed_prompt_leaves_no_trace():
    async def play(desk, _):
        desk.prompt.write("hello\n")
        desk.terminal.type("half")
        await desk.row("#lobby> half")

    assert sit(play).terminal.lines == ["hello"]


def test_a_cancelled_prompt_cleans_up_too():
    async def play(desk, running):
        desk.terminal.type("half")
        await desk.row("#lobby> half")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        running.uncancel()

    desk = Desk()

    async def run():
        running = asyncio.create_task(desk.prompt.run())
        await desk.shown("all is well")
        await play(desk, running)
        while desk.terminal.read():
            pass

    asyncio.run(run())
    assert desk.terminal.settings == desk.before
    assert desk.terminal.lines == [""]


def test_a_paste_stays_one_message():
    async def play(desk, _):
        desk.terminal.type(PASTE.format("one\rtwo\r\nthree\n\tfour"))
        await desk.shown("4 lines: Enter sends them as one message.")
        assert desk.entered == []
        desk.terminal.type(ENTER)
        await desk.line("one\ntwo\nthree\n\tfour")

    sit(play)


def test_a_long_paste_leaves_most_of_the_screen_free():
    async def play(desk, _):
        desk.prompt.write("hello\n")
        desk.terminal.type(PASTE.format("\n".join(f"line {n}" for n in range(500))))
        await desk.shown("500 lines")
        assert len(desk.terminal.lines) <= 1 + INPUT_ROWS + 1
        assert desk.terminal.lines[0] == "hello"
        desk.terminal.type(ENTER)
        await desk.line("\n".join(f"line {n}" for n in range(500)))

    sit(play)


def test_alt_enter_starts_a_new_line():
    async def play(desk, _):
        desk.terminal.type("  one" + ALT_ENTER + "two" + ENTER)
        await desk.line("  one\ntwo")

    sit(play)


def test_the_up_key_recalls_submitted_lines():
    async def play(desk, _):
        desk.terminal.type(f"one{ENTER}two{ENTER}")
        await desk.line("two")
        desk.terminal.type(UP + UP)
        await desk.row("#lobby> one")

    sit(play)


def test_ctrl_r_searches_submitted_lines():
    async def play(desk, _):
        desk.terminal.type(f"find me{ENTER}two{ENTER}")
        await desk.line("two")
        desk.terminal.type("\x12")
        await desk.shown("I-search")
        desk.terminal.type("fin")
        await desk.shown("find me")
        desk.terminal.type(ENTER)
        await desk.row("#lobby> find me")
        desk.terminal.type(ENTER)
        await desk.line("find me")

    sit(play)


def test_tab_completes():
    async def play(desk, _):
        desk.terminal.type("/j" + TAB)
        await desk.row("#lobby> /join")
        desk.terminal.type("#o" + TAB + ENTER)
        await desk.line("/join #ops")
        desk.terminal.type("CAR" + TAB + ENTER)
        await desk.line("carol: ")
        desk.terminal.type("bo" + TAB)
        await desk.shown("bob  bobby")
        assert desk.terminal.row == "#lobby> bob"
        assert "all is well" not in desk.terminal.text
        desk.terminal.type(TAB + TAB)
        await desk.row("#lobby> bobby:")

    sit(play)


def test_label_and_status_are_redrawn_after_a_change():
    async def play(desk, _):
        desk.status = "#ops 3"
        desk.prompt.repaint()
        await desk.shown("#ops 3")

    sit(play)


def test_a_refused_text_returns_for_editing_unless_the_user_types():
    async def play(desk, _):
        await enter(desk, "first")
        assert desk.prompt.put_back("first")
        await desk.row("#lobby> first")
        await desk.shown("Enter sends it again")
        assert not desk.prompt.put_back("first")
        desk.terminal.type(LEFT + RIGHT + "!" + ENTER)
        await desk.line("first!")

    sit(play)


@pytest.mark.parametrize("keys", [CTRL_C, ENTER])
def test_the_hint_below_a_returned_text_disappears_with_it(keys):
    async def play(desk, _):
        await enter(desk, "first")
        assert desk.prompt.put_back("first")
        await desk.shown("Enter sends it again")
        desk.terminal.type(keys)
        await desk.row("#lobby>")
        await desk.shown("all is well")

    sit(play)


def test_the_hint_for_a_text_that_can_never_be_sent_does_not_offer_enter():
    async def play(desk, _):
        await enter(desk, "first")
        assert desk.prompt.put_back("first", can_go=False)
        await desk.shown("Arrow keys edit it")
        assert "Enter sends it again" not in desk.terminal.text

    sit(play)


def test_newlines_at_the_end_of_a_paste_are_removed():
    async def play(desk, _):
        desk.terminal.type(PASTE.format("a\n\n  b\r\n\n") + ENTER)
        await desk.terminal.until_async(lambda: desk.entered == ["a\n\n  b"])
        assert desk.prompt.put_back("a\n\n  b")

    sit(play)


def test_only_the_newest_refused_text_returns():
    async def play(desk, _):
        await enter(desk, "first")
        await enter(desk, "second")
        assert not desk.prompt.put_back("first")
        with desk.prompt.hidden():
            assert not desk.prompt.put_back("second")
        assert desk.prompt.put_back("second")
        desk.terminal.type(ENTER)
        await desk.terminal.until_async(lambda: desk.entered == ["first", "second", "second"])

    sit(play)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("/dm bob hi", "/dm bob hi"),
        (PASTE.format("a\r\nb"), "a\nb"),
        (" x", " x"),
        ("\x7f\x7fly", "first tly"),
        (LEFT + "x", "first trxy"),
    ],
)
def test_blind_typing_is_not_appended_to_a_returned_text(keys, expected):
    async def play(desk, _):
        await enter(desk, "first try")
        assert desk.prompt.put_back("first try")
        desk.terminal.type(keys + ENTER)
        await desk.terminal.until_async(lambda: len(desk.entered) > 1)
        assert desk.entered[1:] == [expected]

    sit(play)


async def enter(desk, text):
    """Enter a line."""
    desk.terminal.type(text + ENTER)
    await desk.line(text)
    await desk.row("#lobby>")


def test_control_characters_in_a_paste_are_visible():
    async def play(desk, _):
        desk.terminal.type(PASTE.format("a\x07b\x1b]0;x\x07"))
        await desk.row("#lobby> a^Gb^[]0;x^G")

    sit(play)


def test_thirty_columns_are_enough():
    async def play(desk, _):
        desk.status = "#ops 3 · 12 online · /help · Tab completes"
        desk.terminal.type("a text that is longer than the line")
        await desk.row("than the line")
        desk.prompt.write("hello\n")
        await desk.shown("hello")
        assert desk.terminal.lines == [
            "hello",
            "#lobby> a text that is longer",
            "than the line",
            "#ops 3 · 12 online · /help · T",
        ]

    sit(play, columns=30, rows=8)


def test_a_narrowed_terminal_shows_the_prompt_once():
    async def play(desk, _):
        desk.prompt.write("hello\n")
        desk.terminal.type("half")
        await desk.row("#lobby> half")
        desk.terminal.resize(40, 14)
        os.kill(os.getpid(), signal.SIGWINCH)
        desk.terminal.type(" typed")
        await desk.row("#lobby> half typed")
        assert desk.terminal.lines == ["hello", "#lobby> half typed", "all is well"]

    sit(play)


def test_the_prompt_sends_no_queries_and_uses_no_mouse_or_alternate_screen():
    async def play(desk, _):
        desk.prompt.write("hello\n")
        desk.terminal.type("x" + ENTER)
        await desk.line("x")

    written = bytes(sit(play).terminal.written)

    for forbidden in (b"\x1b[6n", b"\x1b[c", b"\x1b[?1049h", b"\x1b[?1000h", b"\x1b[?1006h", b"\x1b]"):
        assert forbidden not in written


def test_after_the_terminal_is_gone_nothing_is_written():
    desk = Desk()
    os.close(desk.terminal._master)

    desk.prompt.write("hello\n")


def test_shift_enter_starts_a_new_line_and_late_answers_of_the_terminal_are_dropped():
    async def play(desk, _):
        desk.terminal.type("one\x1b[13;2utwo\x1b]11;rgb:0/0/0\x1b\\\x1b[I" + ENTER)
        await desk.line("one\ntwo")

    sit(play)


def test_after_a_paste_without_an_end_the_keys_work_again():
    async def play(desk, _):
        desk.terminal.type("\x1b[200~pasted and")
        desk.terminal.type(" typed")
        while not desk.prompt._app.input._sequences.pastes:  # noqa: ASYNC110  nothing is drawn meanwhile
            await asyncio.sleep(0)
        desk.terminal.type(CTRL_C)
        await desk.row("#lobby>")
        desk.terminal.type("again" + ENTER)
        await desk.line("again")

    sit(play)


def test_a_paste_without_an_end_mark_is_accepted_as_far_as_it_arrived(monkeypatch):
    monkeypatch.setattr("socketchat.terminal.screen.prompt.keyboard.PASTE_SECONDS", 0.05)

    async def play(desk, _):
        desk.terminal.type("\x1b[200~as far as it came")
        await desk.row("#lobby> as far as it came")
        desk.terminal.type(ENTER)
        await desk.line("as far as it came")

    sit(play)


def test_lines_pasted_without_marks_that_hold_commands_are_run_only_after_a_question():
    async def play(desk, _):
        desk.terminal.type("hello\r/quit\rworld")
        await desk.shown("Enter runs 3 lines (1 command); Ctrl+C drops them.")
        assert desk.entered == []
        desk.terminal.type(CTRL_C)
        await desk.row("#lobby>")
        desk.terminal.type("/me waves\r/me leaves\r")
        await desk.shown("/me leaves")
        desk.terminal.type(ENTER)
        await desk.terminal.until_async(lambda: desk.entered == ["/me waves", "/me leaves"])

    sit(play)


def test_lines_pasted_without_marks_and_without_commands_are_sent_one_by_one():
    async def play(desk, _):
        desk.terminal.type("one\rtwo\r//three\r")
        await desk.terminal.until_async(lambda: desk.entered == ["one", "two", "//three"])

    sit(play)


@pytest.mark.parametrize("cluster", ["👨\u200d👩\u200d👧", "🇩🇪", "👋🏽"])
def test_joined_emoji_and_flags_have_two_columns(cluster):
    async def play(desk, _):
        desk.terminal.type(f"{cluster} x")
        await desk.terminal.until_async(lambda: f"{cluster} x".encode() in desk.terminal.written)
        cursor = desk.prompt._app.renderer._cursor_pos.x
        assert cursor == len("#lobby> ") + 2 + len(" x")
        desk.terminal.type("\x01" + RIGHT + "\x7f" + ENTER)
        await desk.line(" x")

    sit(play)


def test_a_tab_in_the_text_goes_to_the_next_stop():
    async def play(desk, _):
        desk.terminal.type(PASTE.format("a\tb"))
        await desk.terminal.until_async(lambda: "b" in desk.terminal.row.removeprefix("#lobby>"))
        assert "^I" not in desk.terminal.row
        desk.terminal.type(ENTER)
        await desk.line("a\tb")

    sit(play)


def test_a_terminal_that_rewraps_when_it_gets_narrower_shows_the_draft_once(monkeypatch):
    for name in ("XTERM_VERSION", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    async def play(desk, _):
        desk.prompt.write("hello\n")
        desk.terminal.type("x" * 45)
        await desk.row("#lobby> " + "x" * 45)
        # A terminal that rewraps splits the row of 53 columns in two, and moves the cursor down.
        desk.terminal.resize(40, 14)
        desk.terminal.show("\r\n" + "x" * 13)
        before = len(desk.terminal.written)
        os.kill(os.getpid(), signal.SIGWINCH)
        await desk.terminal.until_async(lambda: b"\x1b[A" in desk.terminal.written[before:])
        await desk.terminal.until_async(lambda: desk.terminal.text.count("#lobby>") == 1)
        assert desk.terminal.lines[0] == "hello"

    sit(play)


async def secret(desk, question="Password: "):
    """Ask for a secret."""
    with desk.prompt.hidden():
        return await desk.prompt.ask_secret(question)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("horse" + ENTER, "horse"),
        (PASTE.format("correct horse\n") + ENTER, "correct horse"),
        (PASTE.format(" two words \r\n") + ENTER, " two words "),
        (PASTE.format("a\x1b[2Jb\x07") + ENTER, "a[2Jb"),
        ("wrong\x15right" + ENTER, "right"),
        ("ab\x7fc" + ENTER, "ac"),
        ("a" + UP + LEFT + "\x12\x19\x0b\x1b.\tb" + ENTER, "a.b"),
        ("half" + CTRL_C, ""),
        (CTRL_D, ""),
    ],
)
def test_a_secret_takes_the_keys_on_its_list_and_no_others(keys, expected):
    async def play(desk, _):
        desk.terminal.type("said before" + ENTER)
        await desk.line("said before")
        asking = asyncio.create_task(secret(desk))
        await desk.row("Password:")
        desk.terminal.type(keys)
        assert await asking == expected
        desk.terminal.type("\x19" + UP)  # nothing of it is yanked, or in the history
        await desk.row("#lobby> said before")
        assert "horse" not in desk.terminal.text

    sit(play)


def test_a_draft_waits_while_a_secret_is_asked_for():
    async def play(desk, _):
        desk.terminal.type("half ty")
        await desk.row("#lobby> half ty")
        asking = asyncio.create_task(secret(desk))
        await desk.row("Password:")
        desk.terminal.type("abc")
        await desk.row("Password: ***")
        desk.terminal.type(ENTER)
        assert await asking == "abc"
        await desk.row("#lobby> half ty")

    sit(play)
