from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadText
from socketchat.protocol.text.timestamps import in_utc, moment_of

NOON = 1_795_608_000_000
"""Wednesday 25 November 2026, 12:00 UTC."""


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2026-11-25", NOON - 12 * 3_600_000),
        ("2026-11-25T12:00", NOON),
        ("2026-11-25T12:00:01", NOON + 1000),
        ("1969-12-31", -86_400_000),
        ("3h", NOON - 3 * 3_600_000),
        ("2D", NOON - 2 * 86_400_000),
    ],
)
def test_a_day_a_minute_and_an_age_are_timestamps(word, moment):
    assert moment_of(word, NOON) == moment


@pytest.mark.parametrize(
    "word",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "20261125",
        "2026-11-25T25:00",
        "٢h",
        "2026-11-25 12:00",
        "2026-W48-3",
    ],
)
def test_the_error_for_a_bad_timestamp_says_what_to_write(word):
    with pytest.raises(BadText, match="Write 2026-11-25, 2026-11-25T14:30, or an age such as 2d or 3h"):
        moment_of(word, NOON)


def test_a_date_is_in_the_zone_of_the_user():
    zone = timezone(timedelta(hours=2))
    assert in_utc("2026-11-25", NOON, zone) == "2026-11-24T22:00:00"
    assert in_utc("2h", NOON, zone) == "2026-11-25T10:00:00"
    assert in_utc("2026-11-25", NOON, None) == f"{datetime(2026, 11, 25).astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


@given(st.text())
def test_any_word_is_a_timestamp_or_an_error(word):
    for text in (word, word + "-01-01", "0001-01-01T" + word):
        try:
            moment_of(text, NOON, None)
        except BadText:
            continue
