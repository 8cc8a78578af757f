import pytest

from socketchat.client.session.credentials import NO_CREDENTIALS, Credentials
from socketchat.client.session.login import Host, Login, NameOwned
from socketchat.client.session.session import Session
from socketchat.exceptions import CodeNeeded, Impostor, ProtocolError, UnknownServer
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.entry_proof import code_key
from socketchat.protocol.authentication.proofs import to_word
from socketchat.protocol.codec import decode_command, encode
from socketchat.protocol.limits import as_told
from tests.keys import NONCE, host_of, key_of, shown_of

KEY = key_of("alice")
CODE = "amber-brick-cobra-delta-ember"
BINDING, HOST_KEY = b"b" * 32, b"k" * 32
KNOWN = Host(BINDING, HOST_KEY)
UNSEEN = Host(BINDING, HOST_KEY, is_known=False)
THEIRS = to_word(b"t" * 16)
SECRET = b"s" * 32
TOKEN = to_word(b"i" * 16)
WITH_CODE, WITH_INVITE = Credentials(code=CODE.upper()), Credentials(invite=TOKEN)


def challenge(*, entry: str = "code", secret_file: str | None = None) -> events.Challenge:
    return events.Challenge(nonce=THEIRS, entry=entry, secret_file=secret_file)


def welcome(host: str | None = None) -> events.Welcome:
    told = {"epoch": "e", "user": "u", "token": "t", "version": "1", "limits": as_told(), "conversations": []}
    return events.Welcome(name="alice", host=host, **told)


def login(host: Host, credentials: Credentials = NO_CREDENTIALS) -> Login:
    """Return a login that has said hello."""
    begun = Login(KEY, credentials, lambda _: NONCE)
    begun.begin(host)
    begun.introduce(commands.Hello(name="alice"))
    return begun


def secret_reader(told: str | None) -> bytes | None:
    return SECRET if told in {None, "/data/local-secret"} else None


def test_a_join_code_is_proved_for_the_certificate_and_never_sent() -> None:
    proof = login(UNSEEN, WITH_CODE).prove(challenge(), "alice")
    secret = code_key(CODE, HOST_KEY)
    assert proof.code == shown_of(secret, KEY, challenge(), "alice", binding=BINDING)
    assert "amber" not in encode(proof).decode().lower()
    assert (proof.local, proof.invite) == (None, None)


def test_the_server_must_prove_the_join_code_too() -> None:
    begun = login(UNSEEN, WITH_CODE)
    begun.prove(challenge(), "alice")
    assert begun.waits
    begun.check(welcome(host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)))
    assert not begun.waits


def test_an_account_needs_only_its_key_after_the_code_changes() -> None:
    begun = login(UNSEEN, WITH_CODE)
    begun.prove(challenge(), "alice")
    begun.check(welcome(host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)))
    begun.begin(KNOWN)
    begun.introduce(commands.Hello(name="alice"))
    assert begun.prove(challenge(entry="none"), "alice").code is None


@pytest.mark.parametrize("host", [UNSEEN, KNOWN])
def test_a_server_without_a_valid_proof_is_an_impostor(host: Host) -> None:
    proof = (begun := login(host, WITH_CODE)).prove(challenge(), "alice")
    with pytest.raises(Impostor):
        begun.check(welcome(proof.code))
    (begun := login(host, WITH_CODE)).prove(challenge(), "alice")
    with pytest.raises(Impostor):
        begun.check(welcome())


def test_a_client_with_a_code_demands_proof_from_an_open_server() -> None:
    begun = login(UNSEEN, WITH_CODE)
    assert begun.prove(challenge(entry="none"), "alice").code is not None
    with pytest.raises(Impostor):
        begun.check(welcome())


def test_an_unknown_server_that_asks_for_no_proof_is_not_trusted() -> None:
    with pytest.raises(UnknownServer):
        login(UNSEEN).prove(challenge(entry="none"), "alice")
    with pytest.raises(Impostor):
        login(UNSEEN).check(welcome())


def test_a_guest_at_an_unknown_server_gets_an_error() -> None:
    session = Session("gus", outbox="0" * 16)
    session.connection_made(UNSEEN)
    (refused,) = session.receive_data(encode(welcome()))
    assert refused.error.code == "unknown_server"
    assert not session.logged_in


def test_an_invite_is_sent_only_to_its_server_and_only_if_needed() -> None:
    assert login(KNOWN, WITH_INVITE).prove(challenge(), "alice").invite == TOKEN
    assert login(KNOWN, WITH_INVITE).prove(challenge(entry="none"), "alice").invite is None
    with pytest.raises(CodeNeeded):
        login(UNSEEN, WITH_INVITE).prove(challenge(), "alice")


def test_a_readable_local_secret_is_proved() -> None:
    host = KNOWN._replace(read_secret=secret_reader)
    for told in ("/data/local-secret", None):
        proof = login(host).prove(challenge(secret_file=told), "alice")
        assert proof.local == shown_of(SECRET, KEY, challenge(), "alice", binding=BINDING)
    assert login(host).prove(challenge(entry="none", secret_file="/data/local-secret"), "alice").local is None


def test_the_error_for_a_missing_join_code_says_what_to_do() -> None:
    for host in (KNOWN, UNSEEN, KNOWN._replace(read_secret=secret_reader)):
        with pytest.raises(CodeNeeded, match="--invite-file"):
            login(host).prove(challenge(secret_file="/elsewhere/local-secret"), "alice")


def test_the_key_of_a_join_code_is_derived_once() -> None:
    begun = login(KNOWN, WITH_CODE)
    begun.prove(challenge(), "alice")
    worked_out = begun._code_key
    begun.begin(KNOWN)
    begun.introduce(commands.Hello(name="alice"))
    begun.prove(challenge(), "alice")
    assert begun._code_key is worked_out


def test_an_unexpected_challenge_is_not_answered() -> None:
    begun = login(KNOWN)
    begun.end()
    with pytest.raises(ProtocolError):
        begun.prove(challenge(), "alice")


def test_the_repr_of_credentials_has_no_secret() -> None:
    assert repr(Credentials(CODE, TOKEN)) == "Credentials()"


def session(credentials: Credentials, host: Host) -> Session:
    """Return the session of a ``send`` that has said hello."""
    begun = Session("alice", outbox="f" * 16, key=KEY, credentials=credentials, listen="none", random=lambda _: NONCE)
    begun.send("#lobby", "hi")
    begun.connection_made(host, eager=True)
    begun.data_to_send()
    return begun


def said(begun: Session, *told: events.Event) -> list[type]:
    begun.receive_data(b"".join(map(encode, told)))
    return [type(decode_command(line)) for line in begun.data_to_send().splitlines()]


def test_no_message_is_sent_before_the_server_proves_the_join_code() -> None:
    begun = session(WITH_CODE, UNSEEN)
    assert said(begun, challenge()) == [commands.Prove]
    host = host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)
    assert said(begun, welcome(host)) == [commands.Send]


def test_an_impostor_gets_no_message() -> None:
    begun = session(WITH_CODE, UNSEEN)
    said(begun, challenge())
    assert said(begun, welcome(to_word(bytes(32)))) == []
    assert not begun.logged_in


def test_a_message_is_sent_together_with_an_invite() -> None:
    assert said(session(WITH_INVITE, KNOWN), challenge()) == [commands.Prove, commands.Send]


def test_an_unknown_server_gets_only_the_hello() -> None:
    assert said(session(NO_CREDENTIALS, UNSEEN), challenge(entry="none"), welcome()) == []
    assert said(session(NO_CREDENTIALS, UNSEEN), challenge()) == []


@pytest.mark.parametrize("entry", ["none", "password"])
def test_a_password_is_sent_only_to_a_known_server_that_asks_for_it(entry: str) -> None:
    credentials = Credentials(password="correct horse")
    proof = login(KNOWN, credentials).prove(challenge(entry=entry), "alice")
    assert proof.password == ("correct horse" if entry == "password" else None)
    with pytest.raises(UnknownServer):
        login(UNSEEN, credentials).prove(challenge(entry=entry), "alice")
    assert "horse" not in repr(credentials) + repr(proof)


def test_a_name_of_another_key_is_taken_without_a_password() -> None:
    with pytest.raises(NameOwned, match="belongs to another user") as refusal:
        login(KNOWN).prove(challenge(entry="password"), "alice")
    assert (refusal.value.code, refusal.value.exit_code) == ("name_taken", 4)


def test_a_reset_is_sent_for_a_name_of_another_key_and_an_invite_is_not() -> None:
    assert login(KNOWN, Credentials(reset=TOKEN)).prove(challenge(entry="password"), "alice").invite == TOKEN
    with pytest.raises(NameOwned):
        login(KNOWN, WITH_INVITE).prove(challenge(entry="password"), "alice")
    with pytest.raises(UnknownServer):
        login(UNSEEN, Credentials(reset=TOKEN)).prove(challenge(entry="password"), "alice")
