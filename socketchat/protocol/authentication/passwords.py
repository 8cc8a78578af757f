"""Passwords: which may be set, and the one form in which they are compared."""

from __future__ import annotations

from unicodedata import normalize

from ...exceptions import BadPassword
from ..names import name_key

SHORTEST_PASSWORD_BYTES = 8
"""Eight letters that nobody would guess in the few tries that there are."""

LONGEST_PASSWORD_BYTES = 1024
"""A whole sentence fits; more would be hashed for whoever asks."""

COMMON = frozenset(
    [
        "00000000",
        "01234567",
        "0987654321",
        "11111111",
        "111111111",
        "1111111111",
        "11223344",
        "112233445566",
        "12121212",
        "123123123",
        "12341234",
        "12344321",
        "123454321",
        "12345678",
        "123456789",
        "1234567890",
        "1234567891",
        "123456abc",
        "123456qwerty",
        "1234qwer",
        "123abc123",
        "123qwe123",
        "147258369",
        "159753456",
        "1q2w3e4r",
        "1q2w3e4r5t",
        "1qaz2wsx",
        "1qazxsw2",
        "20202020",
        "22222222",
        "33333333",
        "55555555",
        "66666666",
        "77777777",
        "87654321",
        "88888888",
        "98765432",
        "987654321",
        "99999999",
        "a1234567",
        "a12345678",
        "aa123456",
        "aaaaaaaa",
        "abc12345",
        "abcd1234",
        "abcdefgh",
        "abcdefghi",
        "administrator",
        "alexander",
        "asdf1234",
        "asdfasdf",
        "asdfghjk",
        "asdfghjkl",
        "babygirl",
        "baseball",
        "basketball",
        "batman123",
        "butterfly",
        "changeme",
        "charlie1",
        "chocolate",
        "computer",
        "corvette",
        "dragon123",
        "einstein",
        "facebook",
        "football",
        "football1",
        "hello123",
        "helloworld",
        "iloveyou",
        "iloveyou1",
        "internet",
        "jennifer",
        "jordan23",
        "letmein1",
        "letmein123",
        "liverpool",
        "loveyou1",
        "master123",
        "michelle",
        "midnight",
        "monkey123",
        "mustang1",
        "passw0rd",
        "password",
        "password!",
        "password1",
        "password12",
        "password123",
        "pokemon1",
        "princess",
        "princess1",
        "q1w2e3r4",
        "qazwsxedc",
        "qwer1234",
        "qwerasdf",
        "qwerty12",
        "qwerty123",
        "qwerty1234",
        "qwertyui",
        "qwertyuiop",
        "rockyou1",
        "samantha",
        "secret123",
        "socketchat",
        "sunshine",
        "sunshine1",
        "superman",
        "superstar",
        "test1234",
        "testtest",
        "trustno1",
        "victoria",
        "welcome1",
        "welcome123",
        "whatever",
        "zaq12wsx",
        "zxcvbnm1",
        "zxcvbnm123",
    ]
)
"""What is tried first by whoever guesses: the limits on guesses leave room for the head of such a list."""


def plain_password(typed: str) -> str:
    """Return the one form of a password, which is NFC: keyboards and systems differ in how they compose."""
    return normalize("NFC", typed)


def check_password(typed: str, name: str) -> str:
    """Return the one form of a password that somebody of this name wants to set; raises BadPassword."""
    password = plain_password(typed)
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise BadPassword("A password is text in Unicode; this one has bytes that are none.") from None
    if not SHORTEST_PASSWORD_BYTES <= size <= LONGEST_PASSWORD_BYTES:
        raise BadPassword(
            f"A password has at least {SHORTEST_PASSWORD_BYTES} and at most {LONGEST_PASSWORD_BYTES:,} bytes."
        )
    if password.casefold() in COMMON:
        raise BadPassword("That is one of the passwords that are tried first; take another one.")
    if name_key(password) == name_key(name):
        raise BadPassword("Your name is the first password that is tried; take another one.")
    return password
