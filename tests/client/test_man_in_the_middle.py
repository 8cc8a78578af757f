"""A man in the middle at first contact: he shows his own certificate, and relays to the real server what he likes.

The core of the client and the hub of the server are real; everything between them is his.
"""

import asyncio

import pytest

from socketchat.client.asyncio.connect import connect
from socketchat.client.blocking.client import send_once
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.client_events import LoggedIn, LoginRefused
from socketchat.client.session.credentials import NO_CREDENTIALS, Credentials
from socketchat.client.session.login import Host
from socketchat.client.session.session import Session
from socketchat.exceptions import BadCode, BadProof, ChatError, Impostor, UnknownServer
from socketchat.hub import Admission, Channel
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.entry_proof import code_key
from socketchat.protocol.authentication.proofs import to_word
from socketchat.protocol.codec import decode_command, decode_event, encode
from socketchat.protocol.limits import as_told
from tests.client.scripted import Peer, challenge, scripted
from tests.client.scripted import welcome as scripted_welcome
from tests.hub.stage import Stage
from tests.keys import key_of

CODE = "amber-brick-cobra-delta-ember"
TRUE, TRUE_KEY = b"t" * 32, b"T" * 32
HIS, HIS_KEY = b"h" * 32, b"H" * 32
SECRET_TEXT = "nobody else may read this"


class Middle:
    """The client, which sees his certificate, and the real server, which sees him connect."""

    def __init__(
        self, credentials: Credentials = NO_CREDENTIALS, *, is_open: bool = False, read_secret=lambda _: None
    ) -> None:
        admission = Admission(is_open=is_open, code_key=code_key(CODE, TRUE_KEY), local_secret=b"s" * 32)
        self.stage = Stage(admission=admission)
        self.server = self.stage.connect(channel=Channel("192.0.2.66", binding=TRUE))
        self.client = Session("alice", outbox="f" * 16, key=key_of("alice"), credentials=credentials, listen="none")
        self.client.send("#lobby", SECRET_TEXT)
        self.client.connection_made(Host(HIS, HIS_KEY, is_known=False, read_secret=read_secret), eager=True)
        self.overheard = b""
        self.error: ChatError | None = None

    def hear(self) -> list[commands.Command]:
        """Return the output of the client."""
        data = self.client.data_to_send()
        self.overheard += data
        return [decode_command(line) for line in data.splitlines()]

    def tell(self, *told: events.Event) -> None:
        """Tell the client something."""
        for fact in self.client.receive_data(b"".join(map(encode, told))):
            assert not isinstance(fact, LoggedIn)
            if isinstance(fact, LoginRefused):
                self.error = fact.error

    def relay(self) -> None:
        """Relay everything until both sides are idle."""
        while said := self.hear():
            self.server.ask(*said)
            self.stage.settle()
            self.tell(*map(decode_event, self.server.take().splitlines()))

    def assert_nothing_gained(self) -> None:
        """He has neither a session, nor a name, nor a code, nor a message."""
        self.tell()
        assert self.hear() == []
        assert not self.client.logged_in
        assert self.server.session.user is None
        assert self.stage.hub.directory.lookalike("alice") is None
        assert SECRET_TEXT.encode() not in self.overheard
        assert not any(word.encode() in self.overheard for word in CODE.split("-"))


def welcome(host: str | None) -> events.Welcome:
    told = {"epoch": "e", "user": "u", "token": "t", "version": "1", "limits": as_told(), "conversations": []}
    return events.Welcome(name="alice", host=host, **told)


def test_a_relayed_proof_is_refused() -> None:
    middle = Middle(Credentials(code=CODE))
    middle.relay()
    assert isinstance(middle.error, BadProof)
    middle.assert_nothing_gained()


def test_an_attacker_cannot_relay_the_code_proof_into_another_login() -> None:
    """The signature is his own, for the true certificate; only the proof of the code is the victim's."""
    middle = Middle(Credentials(code=CODE))
    (hello,) = middle.hear()
    thief = key_of("thief")
    middle.server.ask(commands.Hello(id=1, name="alice", key=thief.public, nonce=hello.nonce))
    (challenge,) = middle.server.told(events.Challenge)
    middle.tell(challenge)
    (proof,) = middle.hear()
    assert proof.code is not None
    middle.server.prove(thief, challenge, "alice", code=proof.code)
    (error,) = middle.server.told(events.Error)
    assert error.code in {BadCode.code, BadProof.code}
    middle.assert_nothing_gained()


@pytest.mark.parametrize("answer", ["nothing", "what the client showed", "a guess"])
def test_an_attacker_who_accepts_the_client_cannot_prove_the_code(answer: str) -> None:
    middle = Middle(Credentials(code=CODE))
    middle.hear()
    middle.tell(events.Challenge(nonce=to_word(bytes(16)), entry="code"))
    (proof,) = middle.hear()
    middle.tell(welcome({"nothing": None, "a guess": to_word(bytes(32))}.get(answer, proof.code)))
    assert isinstance(middle.error, Impostor)
    assert middle.error.exit_code == 7
    middle.assert_nothing_gained()


@pytest.mark.parametrize(
    "credentials", [NO_CREDENTIALS, Credentials(code=CODE), Credentials(invite=to_word(b"i" * 16))]
)
def test_an_attacker_who_asks_for_no_proof_gets_no_message(credentials: Credentials) -> None:
    middle = Middle(credentials)
    middle.hear()
    middle.tell(welcome(None))
    assert isinstance(middle.error, Impostor)
    middle.assert_nothing_gained()


def test_an_attacker_who_claims_to_be_open_is_not_trusted() -> None:
    middle = Middle()
    middle.hear()
    middle.tell(events.Challenge(nonce=to_word(bytes(16))))
    assert isinstance(middle.error, UnknownServer)
    middle.assert_nothing_gained()
    middle = Middle(Credentials(code=CODE))
    middle.hear()
    middle.tell(events.Challenge(nonce=to_word(bytes(16))))
    (proof,) = middle.hear()
    middle.tell(welcome(proof.code))
    assert isinstance(middle.error, Impostor)
    middle.assert_nothing_gained()


def test_an_invite_is_never_sent_to_another_key() -> None:
    token = to_word(b"i" * 16)
    middle = Middle(Credentials(invite=token))
    middle.relay()
    assert token.encode() not in middle.overheard
    middle.assert_nothing_gained()


def test_a_relayed_proof_of_the_local_secret_is_refused() -> None:
    middle = Middle(read_secret=lambda _: b"s" * 32)
    middle.relay()
    assert isinstance(middle.error, BadProof)
    middle.assert_nothing_gained()


def test_without_an_attacker_the_same_client_logs_in() -> None:
    middle = Middle(Credentials(code=CODE))
    middle.client.connection_made(Host(TRUE, TRUE_KEY, is_known=False), eager=True)
    entered = False
    while said := middle.hear():
        middle.server.ask(*said)
        middle.stage.settle()
        facts = middle.client.receive_data(middle.server.take())
        entered = entered or any(isinstance(fact, LoggedIn) for fact in facts)
    assert entered
    assert middle.stage.hub.directory.lookalike("alice") is not None
    assert SECRET_TEXT.encode() in middle.overheard


@pytest.mark.parametrize("name", ["join", "send"])
def test_an_impostor_ends_the_connection_and_nothing_is_saved(name: str, tmp_path) -> None:
    profiles = Profiles(str(tmp_path))

    async def shown_to(peer: Peer) -> list[dict]:
        """Welcome the client without a proof; return its next output."""
        peer.write(challenge((await peer.read())["id"]) | {"entry": "code"})
        proof = await peer.read()
        assert proof["code"]
        peer.write(scripted_welcome(hello=proof["id"]))
        rest = []
        while said := await peer.read():
            rest.append(said)
        return rest

    async def scene() -> None:
        async with scripted() as script:
            profile = profiles.server("127.0.0.1", script.port)
            credentials = Credentials(code=CODE)
            if name == "join":
                client = connect("127.0.0.1", script.port, name="alice", profile=profile, credentials=credentials)
                coming = asyncio.create_task(client.__aenter__())
            else:
                sending = {"name": "alice", "signer": profile.key, "trust": profile.trust, "credentials": credentials}
                coming = asyncio.create_task(
                    asyncio.to_thread(
                        send_once, profile.address, **sending, to="#lobby", text=SECRET_TEXT, seconds=20.0
                    )
                )
            assert await shown_to(await script.accept()) == []
            with pytest.raises(Impostor):
                await coming
            assert profile.read_pin() is None

    asyncio.run(asyncio.wait_for(scene(), 30))
