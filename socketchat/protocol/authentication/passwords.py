"""Passwords: which ones are accepted, and the form in which they are compared."""

from __future__ import annotations

from unicodedata import normalize

from ...exceptions import BadPassword
from ..names import name_key

SHORTEST_PASSWORD_BYTES = 8
"""Eight characters cannot be guessed in the few tries that the limits on guesses allow."""

LONGEST_PASSWORD_BYTES = 1024
"""A whole sentence fits; hashing longer input would be work for strangers."""

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
"""The passwords that attackers try first: the limits on guesses still allow the most common ones."""


def plain_password(typed: str) -> str:
    """Return the canonical form of a password, NFC, because keyboards and systems compose characters differently.

    Return "", which is never a password, for input that is too long: sorting a flood of marks takes quadratic time.
    """
    return normalize("NFC", typed) if len(typed) <= LONGEST_PASSWORD_BYTES else ""


def check_password(typed: str, name: str) -> str:
    """Return the canonical form of a new password for the user of this name; raises BadPassword."""
    password = plain_password(typed)
    try:
        size = len((password or typed).encode())
    except UnicodeEncodeError:
        raise BadPassword("This password is not valid Unicode. Type it again.") from None
    if not SHORTEST_PASSWORD_BYTES <= size <= LONGEST_PASSWORD_BYTES:
        problem = "short" if size < SHORTEST_PASSWORD_BYTES else "long"
        raise BadPassword(
            f"The password is too {problem}. Use {SHORTEST_PASSWORD_BYTES} to {LONGEST_PASSWORD_BYTES:,} bytes."
        )
    if password.casefold() in COMMON:
        raise BadPassword("This is a common password. Choose another one.")
    if name_key(password) == name_key(name):
        raise BadPassword("The password must not be your name. Choose another one.")
    return password
