import io
import sys

import pytest

from socketchat.terminal.dialogue import say


@pytest.mark.parametrize(
    ("sentence", "lines"),
    [
        ("The words stay whole, wherever the line ends, and a well-known-and-very-very-long-one too.", 2),
        ("x" * 200, 1),
        ("It is \x1b[2J made visible.", 1),
    ],
)
def test_a_sentence_is_wrapped_between_words(sentence, lines, monkeypatch):
    monkeypatch.setattr(sys, "stdout", out := io.TextIOWrapper(io.BytesIO()))
    say(sentence, exactly="SHA256:abc")
    out.seek(0)
    *told, exactly = out.read().splitlines()

    assert len(told) == lines
    assert " ".join(told) == sentence.replace("\x1b", "^[")
    assert exactly == "  SHA256:abc"
