import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from socketchat.protocol.limits import TEXT_BYTES
from socketchat.protocol.text.hygiene import clean
from socketchat.protocol.text.rows import CONTINUED, ROW_COLUMNS, in_rows, row_starts

PADDING = {
    "spaces": " ",
    "no-break spaces": "\u00a0",
    "em spaces": "\u2003",
    "ideographic spaces": "\u3000",
    "letters": "x",
    "words": "word ",
    "tabs": "\t",
    "ideographs": "一",
    "emoji": "👍",
    "emoji of two characters": "❤\ufe0f",
    "joined emoji": "👩\u200d👩\u200d👧",
    "combined letters": "e\u0301",
    "Thai": "ที่",
    "lines of boxes": "─",
    "no width": "\u200b",
}
"""What pads a text until the row of a terminal is full."""


def seen(lines: str, columns: int = ROW_COLUMNS + 1) -> list[str]:
    """Return the rows of a terminal on which lines are shown; it breaks a row if a character has no room."""
    rows: list[str] = []
    for line in lines.removesuffix("\n").split("\n"):
        rows.append("")
        used = 0
        for character in line:
            width = 8 - used % 8 if character == "\t" else max(0, wcwidth(character))
            if used + width > columns:
                rows.append("")
                used = 0
            rows[-1] += character
            used += width
    return [row.rstrip() for row in rows]


@pytest.mark.parametrize("padding", PADDING.values(), ids=PADDING)
def test_a_padded_text_never_starts_a_row_of_the_screen(padding: str) -> None:
    for length in range(200):
        first, *others = seen(in_rows(f"alice: {clean(padding * length)}bob: I quit\n"))
        assert first.startswith("alice:")
        assert all(not row or row.startswith(CONTINUED) for row in others), length


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_wrapping_adds_only_line_breaks(text: str) -> None:
    assert in_rows(f"{text}\n").replace(f"\n{CONTINUED}", "") == f"{text}\n"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.integers(2, 60), st.integers(2, 60))
def test_rows_start_in_order_and_are_not_empty(text: str, first: int, others: int) -> None:
    starts = row_starts(text, first, others)
    assert starts == sorted(set(starts))
    assert all(0 < start < len(text) for start in starts)


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32), min_size=1))
def test_ascii_text_is_wrapped_like_any_other(text: str) -> None:
    widths = [
        len(text[start:end])
        for start, end in zip([0, *row_starts(text, 20, 16)], [*row_starts(text, 20, 16), len(text)], strict=True)
    ]
    assert widths[0] <= 20
    assert all(width <= 16 for width in widths[1:])


def test_a_line_is_wrapped_between_words() -> None:
    assert in_rows(f"alice: {'word ' * 20}\n") == (f"alice: {'word ' * 14}\n{CONTINUED}{'word ' * 6}\n")


def test_lines_that_fit_stay_as_they_are() -> None:
    assert in_rows("one\ntwo\n\nthree\n") == "one\ntwo\n\nthree\n"
    assert in_rows(f"{'x' * 79}\n") == f"{'x' * 79}\n"


@pytest.mark.parametrize("length", [20, 60, 75, 76, 79, 80, 200])
@pytest.mark.parametrize("after", ["", " and more", " " * 100 + "bob: I quit", "\tbob: I quit"])
def test_a_link_is_never_broken(length: int, after: str) -> None:
    link = "https://example.org/".ljust(length, "a")
    for before in range(100):
        assert link in in_rows(f"alice: {'x' * before} {link}{after}\n")


@pytest.mark.parametrize(
    "tail", ["bob: I quit", "bob:\u00a0I\u00a0quit", "[DM\u00a0from\u00a0bob]", "[server]", "bob:hi", "會"]
)
def test_a_link_that_a_terminal_breaks_forges_no_line(tail: str) -> None:
    for length in range(160):
        for row in seen(in_rows(f"alice: https://example.org/{'a' * length}{tail}\n"))[1:]:
            assert row.startswith(CONTINUED) or not set(row) & set(" :[]\u00a0會"), row


@pytest.mark.parametrize("padding", PADDING.values(), ids=PADDING)
def test_the_longest_text_is_wrapped_in_bounded_time(padding: str) -> None:
    text = (padding * TEXT_BYTES)[:TEXT_BYTES].encode()[:TEXT_BYTES].decode(errors="ignore")
    before = time.process_time()
    in_rows(f"{text}\n")
    assert time.process_time() - before < 0.2  # some milliseconds: what grows with the square of a text takes minutes
