import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.terminal.screen.truncate import COLUMNS, TRUNCATED_ROWS, WHOLE_ROWS, truncated

ROW = "x" * COLUMNS


@pytest.mark.parametrize("text", ["", "hello", "\n".join("x" * WHOLE_ROWS), ROW * WHOLE_ROWS])
def test_a_text_that_fits_is_not_truncated(text):
    assert truncated(text, "#ops/4") == (text, "")


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("\n".join("x" * 500), "\n".join("x" * TRUNCATED_ROWS), "… 480 more lines: /show #ops/4"),
        (ROW * 100, ROW * TRUNCATED_ROWS, "… 6,400 more characters: /show #ops/4"),
        (f"a\n{ROW * 100}\nb", f"a\n{ROW * (TRUNCATED_ROWS - 1)}", "… 1 more line: /show #ops/4"),
        (
            "\n".join(["a"] * TRUNCATED_ROWS + [ROW * 100]),
            "\n".join("a" * TRUNCATED_ROWS),
            "… 1 more line: /show #ops/4",
        ),
    ],
)
def test_a_truncated_text_shows_its_beginning_and_the_place_of_the_rest(text, shown, hidden):
    assert truncated(text, "#ops/4") == (shown, hidden)


@given(st.lists(st.integers(0, 500), max_size=60).map(lambda sizes: "\n".join("x" * size for size in sizes)))
def test_a_truncated_text_is_a_prefix_and_fits(text):
    shown, hidden = truncated(text, "#ops/4")

    assert text.startswith(shown)
    assert (shown == text) == (not hidden)
    assert sum(max(1, -(-len(line) // COLUMNS)) for line in shown.split("\n")) <= WHOLE_ROWS
