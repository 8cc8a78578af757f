"""A percentage in one row of the terminal, and nothing anywhere else."""

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


def test_a_terminal_shows_one_row_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, Terminal()) == "\rCopying: 33 %\rCopying: 100 %\r\x1b[K"


def test_a_file_gets_nothing_and_neither_does_who_sees_it_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, io.StringIO()) == ""
    assert drawn(monkeypatch, Terminal(), quiet=True) == ""
