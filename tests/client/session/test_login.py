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


def test_a_code_is_proved_for_the_certificate_that_is_seen_and_never_said() -> None:
    proof = login(UNSEEN, WITH_CODE).prove(challenge(), "alice")
    secret = code_key(CODE, HOST_KEY)
    assert proof.code == shown_of(secret, KEY, challenge(), "alice", binding=BINDING)
    assert "amber" not in encode(proof).decode().lower()
    assert (proof.local, proof.invite) == (None, None)


def test_the_host_has_to_know_the_code_too() -> None:
    begun = login(UNSEEN, WITH_CODE)
    begun.prove(challenge(), "alice")
    assert begun.waits
    begun.check(welcome(host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)))
    assert not begun.waits


def test_once_inside_the_key_is_enough_whatever_becomes_of_the_code() -> None:
    begun = login(UNSEEN, WITH_CODE)
    begun.prove(challenge(), "alice")
    begun.check(welcome(host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)))
    begun.begin(KNOWN)
    begun.introduce(commands.Hello(name="alice"))
    assert begun.prove(challenge(entry="none"), "alice").code is None


@pytest.mark.parametrize("host", [UNSEEN, KNOWN])
def test_a_host_that_does_not_is_an_impostor(host: Host) -> None:
    proof = (begun := login(host, WITH_CODE)).prove(challenge(), "alice")
    with pytest.raises(Impostor):
        begun.check(welcome(proof.code))
    (begun := login(host, WITH_CODE)).prove(challenge(), "alice")
    with pytest.raises(Impostor):
        begun.check(welcome())


def test_a_code_has_the_host_prove_itself_even_where_it_asks_for_none() -> None:
    begun = login(UNSEEN, WITH_CODE)
    assert begun.prove(challenge(entry="none"), "alice").code is not None
    with pytest.raises(Impostor):
        begun.check(welcome())


def test_an_unknown_host_that_asks_for_no_proof_at_all_is_not_believed() -> None:
    with pytest.raises(UnknownServer):
        login(UNSEEN).prove(challenge(entry="none"), "alice")
    with pytest.raises(Impostor):
        login(UNSEEN).check(welcome())


def test_a_guest_at_an_unknown_host_is_told_that_nothing_proves_it() -> None:
    session = Session("gus", outbox="0" * 16)
    session.connection_made(UNSEEN)
    (refused,) = session.receive_data(encode(welcome()))
    assert refused.error.code == "unknown_server"
    assert not session.logged_in


def test_an_invite_is_shown_to_the_host_that_it_names_and_only_where_it_is_needed() -> None:
    assert login(KNOWN, WITH_INVITE).prove(challenge(), "alice").invite == TOKEN
    assert login(KNOWN, WITH_INVITE).prove(challenge(entry="none"), "alice").invite is None
    with pytest.raises(CodeNeeded):
        login(UNSEEN, WITH_INVITE).prove(challenge(), "alice")


def test_the_local_secret_is_proved_where_it_can_be_read() -> None:
    host = KNOWN._replace(read_secret=secret_reader)
    for told in ("/data/local-secret", None):
        proof = login(host).prove(challenge(secret_file=told), "alice")
        assert proof.local == shown_of(SECRET, KEY, challenge(), "alice", binding=BINDING)
    assert login(host).prove(challenge(entry="none", secret_file="/data/local-secret"), "alice").local is None


def test_who_has_nothing_to_show_is_told_what_to_do() -> None:
    for host in (KNOWN, UNSEEN, KNOWN._replace(read_secret=secret_reader)):
        with pytest.raises(CodeNeeded, match="--invite-file"):
            login(host).prove(challenge(secret_file="/elsewhere/local-secret"), "alice")


def test_a_code_is_worked_out_once() -> None:
    begun = login(KNOWN, WITH_CODE)
    begun.prove(challenge(), "alice")
    worked_out = begun._code_key
    begun.begin(KNOWN)
    begun.introduce(commands.Hello(name="alice"))
    begun.prove(challenge(), "alice")
    assert begun._code_key is worked_out


def test_nobody_answers_a_challenge_that_nobody_asked_for() -> None:
    begun = login(KNOWN)
    begun.end()
    with pytest.raises(ProtocolError):
        begun.prove(challenge(), "alice")


def test_a_ticket_does_not_show_in_what_may_be_logged() -> None:
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


def test_no_message_follows_a_code_before_the_host_has_proved_that_it_knows_it() -> None:
    begun = session(WITH_CODE, UNSEEN)
    assert said(begun, challenge()) == [commands.Prove]
    host = host_of(code_key(CODE, HOST_KEY), KEY, challenge(), "alice", binding=BINDING)
    assert said(begun, welcome(host)) == [commands.Send]


def test_an_impostor_hears_no_message() -> None:
    begun = session(WITH_CODE, UNSEEN)
    said(begun, challenge())
    assert said(begun, welcome(to_word(bytes(32)))) == []
    assert not begun.logged_in


def test_a_message_follows_an_invite_at_once() -> None:
    assert said(session(WITH_INVITE, KNOWN), challenge()) == [commands.Prove, commands.Send]


def test_an_unknown_host_hears_nothing_beyond_the_hello() -> None:
    assert said(session(NO_CREDENTIALS, UNSEEN), challenge(entry="none"), welcome()) == []
    assert said(session(NO_CREDENTIALS, UNSEEN), challenge()) == []


@pytest.mark.parametrize("entry", ["none", "password"])
def test_a_password_is_shown_only_to_a_host_that_is_known_and_only_where_it_is_asked_for(entry: str) -> None:
    credentials = Credentials(password="correct horse")
    proof = login(KNOWN, credentials).prove(challenge(entry=entry), "alice")
    assert proof.password == ("correct horse" if entry == "password" else None)
    with pytest.raises(UnknownServer):
        login(UNSEEN, credentials).prove(challenge(entry=entry), "alice")
    assert "horse" not in repr(credentials) + repr(proof)


def test_a_name_of_another_key_is_taken_for_who_has_no_password() -> None:
    with pytest.raises(NameOwned, match="belongs to somebody else") as refusal:
        login(KNOWN).prove(challenge(entry="password"), "alice")
    assert (refusal.value.code, refusal.value.exit_code) == ("name_taken", 4)


def test_a_reset_is_shown_for_the_name_of_another_key_and_an_invite_is_not() -> None:
    assert login(KNOWN, Credentials(reset=TOKEN)).prove(challenge(entry="password"), "alice").invite == TOKEN
    with pytest.raises(NameOwned):
        login(KNOWN, WITH_INVITE).prove(challenge(entry="password"), "alice")
    with pytest.raises(UnknownServer):
        login(UNSEEN, Credentials(reset=TOKEN)).prove(challenge(entry="password"), "alice")
