import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import UsageProblem
from socketchat.protocol.authentication.proofs import from_word, signed_bytes, to_word

NONCES = (b"s" * 16, b"c" * 16)


@given(st.binary(max_size=80))
def test_base64url_decodes_to_the_encoded_bytes(data: bytes):
    word = to_word(data)
    assert from_word(word, len(data), "It") == data
    assert set(word) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "word",
    [
        None,
        "",
        "A" * 21,
        "A" * 23,
        "A" * 22 + "==",
        "A" * 21 + "B",
        "+" + "A" * 21,
        "/" + "A" * 21,
        "ü" * 22,
        "\ud800" * 22,
    ],
)
def test_non_canonical_base64url_is_refused(word: str | None):
    with pytest.raises(UsageProblem, match=r"^A nonce must be 16 bytes in base64url without padding\.$"):
        from_word(word, 16, "A nonce")


def test_the_signed_bytes_differ_for_each_part():
    signed = {
        signed_bytes(b"b" * 32, *NONCES, "ann"),
        signed_bytes(b"", *NONCES, "ann"),
        signed_bytes(b"b" * 32, NONCES[1], NONCES[1], "ann"),
        signed_bytes(b"b" * 32, NONCES[0], NONCES[0], "ann"),
        signed_bytes(b"b" * 32, *NONCES, "bob"),
    }
    assert len(signed) == 5
    assert signed_bytes(b"", *NONCES, "Ann") in signed
    assert all(each.startswith(b"socketchat-auth-v1\0") for each in signed)
