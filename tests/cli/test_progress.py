"""A percentage in one row of the terminal, and no output elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from socketchat.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, *, quiet: bool = False) -> str:
    monkeypatch.setattr(progress, "REDRAW_SECONDS", 0.0)
    monkeypatch.setattr(sys, "stderr", stderr)
    with progress.shown("Copying", quiet=quiet) as draw:
        draw(1, 3)
        draw(0, 0)
        draw(3, 3)
    return stderr.getvalue()


def test_progress_takes_one_row_of_a_terminal_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal()) == "\rCopying: 33 %\rCopying: 100 %\r\x1b[K"


def test_progress_is_not_written_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, io.StringIO()) == ""
    assert drawn(monkeypatch, Terminal(), quiet=True) == ""
