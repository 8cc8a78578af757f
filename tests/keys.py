"""Keys for tests, and what a client says that logs in with one: the same word makes the same key."""

from hashlib import sha256

from socketchat.client.keys import Key
from socketchat.protocol import commands, events
from socketchat.protocol.proofs import NONCE_BYTES, from_word, signed_bytes, to_word

NONCE = bytes(NONCE_BYTES)


def key_of(word: str) -> Key:
    return Key(sha256(word.encode()).digest())


def hello_of(key: Key, **fields) -> commands.Hello:
    return commands.Hello(key=key.public, nonce=to_word(NONCE), **fields)


def proof_of(key: Key, challenge: events.Challenge, name: str, *, binding: bytes = b"", **fields) -> commands.Prove:
    """Return the answer to a challenge of a hello by ``hello_of``."""
    theirs = from_word(challenge.nonce, NONCE_BYTES, "A nonce")
    return commands.Prove(signature=to_word(key.sign(signed_bytes(binding, theirs, NONCE, name))), **fields)
