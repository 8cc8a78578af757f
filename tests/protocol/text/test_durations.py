import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.protocol.text.durations import LONGEST_SECONDS, UNITS, in_words, seconds_of


@pytest.mark.parametrize(
    ("word", "seconds"),
    [("10m", 600), ("2h", 7200), ("7D", 604_800), ("30s", 30), ("1w", 604_800), ("999999999w", LONGEST_SECONDS)],
)
def test_a_number_and_a_unit_are_a_duration(word, seconds):
    assert seconds_of(word) == seconds


@pytest.mark.parametrize("word", ["", "10", "m", "-1h", "1.5h", "2hours", "２h", "2h ", "1y", "12345678901d"])
def test_anything_else_is_not_a_duration(word):
    assert seconds_of(word) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (5400, "90 minutes"),
        (7200, "2 hours"),
        (7199, "2 hours"),
        (3599, "1 hour"),
        (86_399, "1 day"),
        (86_400, "1 day"),
        (604_800, "1 week"),
        (691_200, "8 days"),
    ],
)
def test_a_duration_is_written_in_words(seconds, words):
    assert in_words(seconds) == words


@given(st.integers(1, 9999), st.sampled_from(sorted(UNITS)))
def test_a_duration_in_words_is_never_shorter_than_the_duration(number, unit):
    seconds = min(number * UNITS[unit], LONGEST_SECONDS)
    count, word = in_words(seconds).split()
    assert int(count) * UNITS[word[0]] >= seconds
