"""The proofs of a login: the user has the key, a newcomer may log in, and the server is the right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from msgspec.structs import replace

from ...exceptions import CodeNeeded, Impostor, NameTaken, ProtocolError, UnknownServer, UsageProblem
from ...protocol import commands, events
from ...protocol.authentication.entry_proof import SIDES, code_key, entry_proof
from ...protocol.authentication.proofs import KEY_BYTES, NONCE_BYTES, from_word, signed_bytes, to_word
from .credentials import NO_CREDENTIALS, Credentials

CODE_NEEDED = (
    "{name!r} is a new name on {server}, and newcomers need its join code or an invite. At a terminal, "
    "`socketchat join` asks for the code; elsewhere, use an invite with --invite-file."
)
UNKNOWN = (
    "This server is not known yet. At a terminal, `socketchat join` asks you to confirm it; elsewhere, use an invite "
    "with --invite-file."
)
IMPOSTOR = (
    "This server does not know the secret that it asked for. Someone may be intercepting the connection. Nothing was "
    "sent. Ask whoever runs the server for its fingerprint."
)

SecretReader = Callable[[str | None], bytes | None]
"""Returns the local secret from the file at this path, or at the default path, if the file exists and is ours."""


class Signer(Protocol):
    """The key of a user: the public half as a word, and signatures by the private half."""

    @property
    def public(self) -> str:
        """The public key, in base64url without padding."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""


def no_secret(_path: str | None) -> None:
    """Be the reader if the server is not on this machine."""


class NameOwned(NameTaken):
    """The name belongs to another key; only its owner can use it, by logging in with the password."""


class Host(NamedTuple):
    """The shell's knowledge of the server at the other end of a connection.

    ``binding`` is the SHA-256 of the certificate (DER) that the server shows, and ``key`` that of its public key; both
    are b"" in plaintext. If it ``is_known``, the key was pinned before. Otherwise the login fails with UnknownServer,
    unless the server proves that it knows the join code. ``read_secret`` is given if the server runs on this machine.
    ``called`` is the server's name in messages to the user.
    """

    binding: bytes = b""
    key: bytes = b""
    is_known: bool = True
    read_secret: SecretReader = no_secret
    called: str = "this server"


PLAINTEXT = Host()


class Login:
    """Logs in the owner of ``key``, or a guest, on each connection in turn; ``credentials`` are for a newcomer."""

    def __init__(self, key: Signer | None, credentials: Credentials, random: Callable[[int], bytes]) -> None:
        self._key = key
        self._credentials = credentials
        self._random = random
        self._host = PLAINTEXT
        self._nonce: bytes | None = None  # of a hello with a key, until its challenge comes
        self._expected: str | None = None  # the host's answer to our proof that we know its secret
        self._code_key: tuple[bytes, bytes] | None = None  # the host's key, and the key that the code gives for it

    @property
    def has_code(self) -> bool:
        """Whether the user gave a join code, with which an unknown server can prove that it is the right one."""
        return self._credentials.code is not None

    @property
    def waits(self) -> bool:
        """Whether the client must send nothing more before the host's challenge or proof has come."""
        return self._nonce is not None or self._expected is not None

    def begin(self, host: Host) -> None:
        """Begin again, on a new connection."""
        self._host = host
        self.end()

    def end(self) -> None:
        """Expect nothing any more."""
        self._nonce = self._expected = None

    def introduce(self, hello: commands.Hello) -> commands.Hello:
        """Return the hello of the owner of a name."""
        if self._key is None:
            return hello
        self._nonce = self._random(NONCE_BYTES)
        return replace(hello, key=self._key.public, nonce=to_word(self._nonce))

    def prove(self, challenge: events.Challenge, name: str) -> commands.Prove:
        """Return the answer to a challenge; raises ProtocolError, CodeNeeded, NameOwned and UnknownServer."""
        nonce, self._nonce = self._nonce, None
        if nonce is None or self._key is None:
            raise ProtocolError("The server asked for an unexpected proof.")
        try:
            theirs = from_word(challenge.nonce, NONCE_BYTES, "A nonce")
        except UsageProblem as error:
            raise ProtocolError(str(error)) from None
        signature = to_word(self._key.sign(signed_bytes(self._host.binding, theirs, nonce, name)))
        shown = self._shown(challenge, name)
        if challenge.entry == "password":
            if self._credentials.reset is not None:
                return commands.Prove(signature=signature, invite=self._credentials.reset)
            if self._credentials.password is None:
                raise NameOwned(f"The name {name} belongs to another user; choose another name.")
            return commands.Prove(signature=signature, password=self._credentials.password)
        if shown is None:
            return commands.Prove(signature=signature)
        if shown == "invite":
            return commands.Prove(signature=signature, invite=self._credentials.invite)
        kind, secret = shown
        word, self._expected = (
            to_word(
                entry_proof(
                    secret,
                    side,
                    binding=self._host.binding,
                    server_nonce=theirs,
                    client_nonce=nonce,
                    public_key=from_word(self._key.public, KEY_BYTES, "A key"),
                    name=name,
                )
            )
            for side in SIDES
        )
        if kind == "code":
            return commands.Prove(signature=signature, code=word)
        return commands.Prove(signature=signature, local=word)

    def check(self, welcome: events.Welcome) -> None:
        """Check the host's proof; raises Impostor if a needed proof is wrong, and UnknownServer for a guest."""
        expected = self._expected
        self.end()
        if self._key is None and not self._host.is_known:
            raise UnknownServer(UNKNOWN)  # guests ask for no proof, so none is missing
        if welcome.host != expected if expected is not None else not self._host.is_known:
            raise Impostor(IMPOSTOR)
        # From now on the key is enough, and the code may change.
        self._credentials = NO_CREDENTIALS

    def _shown(
        self, challenge: events.Challenge, name: str
    ) -> tuple[Literal["code", "local"], bytes] | Literal["invite"] | None:
        """Return the credential beside the key: a secret that the host must know too, the invite, or nothing.

        If the user gave a code, it is used even if none is needed, because then the host has to prove itself.
        """
        host, is_needed = self._host, challenge.entry == "code"
        if self._credentials.code is not None and host.key and challenge.entry != "password":
            return "code", self._key_of(self._credentials.code)
        if is_needed and self._credentials.invite is not None and host.is_known:
            return "invite"
        if is_needed and (secret := host.read_secret(challenge.secret_file)) is not None:
            return "local", secret
        if is_needed:
            raise CodeNeeded(CODE_NEEDED.format(name=name, server=host.called))
        if not host.is_known:
            raise UnknownServer(UNKNOWN)
        return None

    def _key_of(self, code: str) -> bytes:
        """Return the key that the code gives for this host; compute it once."""
        if self._code_key is None or self._code_key[0] != self._host.key:
            self._code_key = self._host.key, code_key(code, self._host.key)
        return self._code_key[1]
