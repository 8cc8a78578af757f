import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.protocol.authentication.entry_proof import PROOF_BYTES, code_key, entry_proof, plain_code

KEY = bytes(32)
COVERED = {
    "binding": b"b" * 32,
    "server_nonce": b"s" * 16,
    "client_nonce": b"c" * 16,
    "public_key": b"p" * 32,
    "name": "alice",
}


@pytest.mark.parametrize(
    "typed",
    ["amber-brick-cobra-delta-ember", " Amber Brick  Cobra Delta Ember \r\n", '"AMBER, brick, cobra, delta, ember."'],
)
def test_a_join_code_can_be_typed_in_several_ways(typed: str) -> None:
    assert plain_code(typed) == "amber-brick-cobra-delta-ember"


@given(st.text(max_size=1000))
def test_the_canonical_form_of_a_join_code_is_words_and_dashes(typed: str) -> None:
    plain = plain_code(typed)
    assert set(plain) <= set("abcdefghijklmnopqrstuvwxyz-")
    assert plain_code(plain) == plain


def test_a_join_code_gives_another_key_at_another_server() -> None:
    # As every version so far, and every client by the protocol page, has it.
    vector = code_key("abandon ability-able about ABOVE", bytes(range(32)))
    assert vector.hex() == "6d00d46faaf443aafe4866d443a48364df1d04b7d2108ed820b4e24cfb79ce9e"
    one = code_key("Amber brick", b"1" * 32)
    assert one == code_key("amber-brick", b"1" * 32)
    assert len({one, code_key("amber-brick", b"2" * 32), code_key("amber-brock", b"1" * 32)}) == 3


@pytest.mark.parametrize("part", list(COVERED))
def test_an_entry_proof_covers_every_part(part: str) -> None:
    other = "bob" if part == "name" else COVERED[part][::-1][1:] + b"x"
    proof = entry_proof(KEY, "join", **COVERED)
    assert len(proof) == PROOF_BYTES
    assert entry_proof(KEY, "join", **COVERED | {part: other}) != proof


def test_the_two_sides_give_different_proofs() -> None:
    assert entry_proof(KEY, "join", **COVERED) != entry_proof(KEY, "host", **COVERED)
    assert entry_proof(b"x" * 32, "join", **COVERED) != entry_proof(KEY, "join", **COVERED)


def test_an_entry_proof_covers_the_key_of_the_name() -> None:
    assert entry_proof(KEY, "join", **COVERED | {"name": "ALICE"}) == entry_proof(KEY, "join", **COVERED)
