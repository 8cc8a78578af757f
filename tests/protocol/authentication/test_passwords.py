import pytest

from socketchat.exceptions import BadPassword
from socketchat.protocol.authentication.passwords import COMMON, check_password, plain_password


@pytest.mark.parametrize("typed", ["correct horse", " spaces  count ", "1234567ü", "x" * 1024, "🔑🔑"])
def test_any_long_enough_text_can_be_a_password(typed: str) -> None:
    assert check_password(typed, "alice") == typed


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "too short. Use 8 to 1,024 bytes"),
        ("1234567", "too short. Use 8 to 1,024 bytes"),
        ("x" * 1025, "too long. Use 8 to 1,024 bytes"),
        ("\u0301\u0323" * 50_000, "too long. Use 8 to 1,024 bytes"),
        ("PassWord", "common password"),
        ("socketchat", "common password"),
        ("Alexandra", "your name"),
        ("\ud800" * 8, "no"),
    ],
)
def test_common_short_long_and_invalid_passwords_are_refused(typed: str, why: str) -> None:
    with pytest.raises(BadPassword, match=why):
        check_password(typed, "alexandra")


def test_composed_and_decomposed_passwords_are_the_same() -> None:
    assert plain_password("gru\u0308sse") == plain_password("gr\u00fcsse")
    assert check_password("gru\u0308sse aus", "x") == "gr\u00fcsse aus"


def test_input_that_is_too_long_is_not_normalized_and_is_no_password() -> None:
    assert plain_password("x" * 1024) == "x" * 1024
    assert plain_password("\u0301\u0323" * 50_000) == ""


def test_every_common_password_in_the_list_is_long_enough() -> None:
    assert len(COMMON) > 100
    assert all(len(word) >= 8 and word == word.casefold() for word in COMMON)
