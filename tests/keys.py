"""Keys for tests, and the commands to log in with one: the same word makes the same key."""

from hashlib import sha256

from socketchat.client.identity.keys import Key
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.entry_proof import entry_proof
from socketchat.protocol.authentication.proofs import KEY_BYTES, NONCE_BYTES, from_word, signed_bytes, to_word

NONCE = bytes(NONCE_BYTES)


def key_of(word: str) -> Key:
    return Key(sha256(word.encode()).digest())


def hello_of(key: Key, **fields) -> commands.Hello:
    return commands.Hello(key=key.public, nonce=to_word(NONCE), **fields)


def shown_of(secret: bytes, key: Key, challenge: events.Challenge, name: str, *, binding: bytes = b"") -> str:
    """Return the proof that a newcomer knows a secret, in answer to a challenge of a hello by ``hello_of``."""
    return to_word(entry_proof(secret, "join", **_covered(key, challenge, name, binding)))


def host_of(secret: bytes, key: Key, challenge: events.Challenge, name: str, *, binding: bytes = b"") -> str:
    """Return the proof that a server knows it too."""
    return to_word(entry_proof(secret, "host", **_covered(key, challenge, name, binding)))


def _covered(key: Key, challenge: events.Challenge, name: str, binding: bytes) -> dict:
    return {
        "binding": binding,
        "server_nonce": from_word(challenge.nonce, NONCE_BYTES, "A nonce"),
        "client_nonce": NONCE,
        "public_key": from_word(key.public, KEY_BYTES, "A key"),
        "name": name,
    }


def proof_of(key: Key, challenge: events.Challenge, name: str, *, binding: bytes = b"", **fields) -> commands.Prove:
    """Return the answer to a challenge of a hello by ``hello_of``."""
    theirs = from_word(challenge.nonce, NONCE_BYTES, "A nonce")
    return commands.Prove(signature=to_word(key.sign(signed_bytes(binding, theirs, NONCE, name))), **fields)
