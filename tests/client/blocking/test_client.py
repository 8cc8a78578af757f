import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from socketchat.client.address import Address
from socketchat.client.blocking import client as blocking
from socketchat.client.blocking.client import send_once
from socketchat.client.identity.trust import Trust
from socketchat.client.session.login import Host
from socketchat.client.session.session import Session
from socketchat.exceptions import (
    BadText,
    ChatError,
    KeyReused,
    NameTaken,
    NoSuchUser,
    ProtocolError,
    ShuttingDown,
    StorageProblem,
    Unconfirmed,
    Unreachable,
)
from tests.certificate import identity
from tests.client.scripted import Listener, error, lines, ok, welcome
from tests.keys import key_of

SIGNER = key_of("s")
SECONDS = 20.0
"""Longer than any test that succeeds takes."""

SHOWN = Host(*identity().certificate)


def trust_of(port: int) -> Trust:
    """Return a trust without memory."""
    return Trust(Address("127.0.0.1", port), None)


@contextmanager
def errand(*, seconds: float = SECONDS, text: str = "hi", key: str | None = None, clock=time.monotonic):
    """Send in another thread; hand out the server's side and the outcome to come."""
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        address = Address("127.0.0.1", listener.port)
        options = {
            "to": "#lobby",
            "text": text,
            "key": key,
            "seconds": seconds,
            "clock": clock,
            "trust": trust_of(listener.port),
        }
        yield listener, pool.submit(send_once, address, name="ann", signer=SIGNER, **options)


def test_proof_and_message_are_sent_together_and_ok_ends_the_connection() -> None:
    with errand() as (listener, outcome), listener.accept() as peer:
        hello, send = peer.challenge()
        assert (hello["type"], hello["listen"], hello["name"], hello["key"]) == ("hello", "none", "ann", SIGNER.public)
        assert (send["type"], send["to"], send["text"], send["n"]) == ("send", "#lobby", "hi", 1)
        peer.write(welcome(hello=hello["id"]), ok(send["id"], conversation="#lobby", seq=4))
        assert peer.read()["type"] == "quit"
        assert peer.read() == {}
        assert outcome.result().seq == 4


def test_the_same_key_is_the_same_outbox_and_without_a_key_it_is_new() -> None:
    outboxes = []
    for key in ("k", "k", None, None):
        with errand(key=key) as (listener, outcome), listener.accept() as peer:
            hello, send = peer.challenge()
            outboxes.append(send["outbox"])
            peer.write(welcome(hello=hello["id"]), ok(send["id"]))
            outcome.result()
    assert outboxes[0] == outboxes[1]
    assert len(set(outboxes)) == 3


@pytest.mark.parametrize(
    ("code", "kind"), [("no_such_user", NoSuchUser), ("key_reused", KeyReused), ("novelty", ChatError)]
)
def test_a_refusal_is_the_error_of_its_code(code: str, kind: type) -> None:
    with errand() as (listener, outcome), listener.accept() as peer:
        hello, send = peer.challenge()
        peer.write(welcome(hello=hello["id"]), error(send["id"], code, "No such thing."))
        with pytest.raises(kind, match=r"^No such thing\.$"):
            outcome.result()


def test_the_error_of_a_refused_login_is_its_reason() -> None:
    with errand() as (listener, outcome), listener.accept() as peer:
        hello, send = peer.challenge()
        peer.write(error(hello["id"], "name_taken", "Taken."), error(send["id"], "not_logged_in", "Who?"))
        with pytest.raises(NameTaken, match="Taken"):
            outcome.result()


def test_a_connection_lost_after_sending_is_unconfirmed_and_reports_its_key() -> None:
    with errand() as (listener, outcome):
        with listener.accept() as peer:
            _, first = peer.challenge()
        with pytest.raises(Unconfirmed, match="closed the connection before it answered") as caught:
            outcome.result()
    key = str(caught.value).rpartition("--key ")[2]
    with errand(key=key) as (listener, outcome), listener.accept() as peer:
        hello, again = peer.challenge()
        assert (again["outbox"], again["n"]) == (first["outbox"], first["n"])
        peer.write(welcome(hello=hello["id"]), ok(again["id"], duplicate=True))
        assert outcome.result().duplicate


def test_a_reported_key_with_spaces_is_quoted_for_the_shell() -> None:
    with errand(key="two words") as (listener, outcome):
        with listener.accept() as peer:
            peer.challenge()
        with pytest.raises(Unconfirmed, match=r"--key 'two words'$"):
            outcome.result()


def test_a_message_to_a_silent_server_is_reported_as_not_sent() -> None:
    silent = pytest.raises(Unreachable, match=r"did not answer in time\. Nothing was sent\.$")
    with errand(seconds=0.5) as (listener, outcome), listener.accept(), silent:
        outcome.result()


def test_a_server_that_falls_silent_after_the_message_is_unconfirmed() -> None:
    with errand(seconds=0.5) as (listener, outcome), listener.accept() as peer:
        peer.challenge()
        with pytest.raises(Unconfirmed, match="did not answer in time"):
            outcome.result()


def test_a_connection_lost_before_the_challenge_is_reported_as_not_sent() -> None:
    with errand() as (listener, outcome):
        with listener.accept() as peer:
            peer.read()
        with pytest.raises(Unreachable, match=r"Nothing was sent\.$"):
            outcome.result()


def test_a_dribbling_server_does_not_extend_the_deadline() -> None:
    now = [0.0]
    with errand(seconds=50, clock=lambda: now[0]) as (listener, outcome), listener.accept() as peer:
        peer.challenge()
        for _ in range(6):
            now[0] += 10
            peer.write_bytes(b" ")
        with pytest.raises(Unconfirmed, match="did not answer in time"):
            outcome.result()


def test_a_message_that_cannot_be_stored_is_sent_again_under_its_key(monkeypatch) -> None:
    monkeypatch.setattr(blocking, "RETRY_SECONDS", 0.001)
    with errand() as (listener, outcome), listener.accept() as peer:
        hello, send = peer.challenge()
        peer.write(welcome(hello=hello["id"]), error(send["id"], "storage", "Disk full.", retry=True))
        assert peer.read() == send
        peer.write(error(send["id"], "storage", "Disk full.", retry=True))
        assert peer.read() == send
        peer.write(ok(send["id"], seq=1))
        assert outcome.result().seq == 1


def test_a_message_never_stored_until_the_deadline_is_a_storage_error() -> None:
    session = Session("ann", outbox="f" * 16)
    send = session.send("#lobby", "hi")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(lines(welcome(hello=send + 1), error(send, "storage", "Disk full.", retry=True)))

        def clock() -> float:
            return 51.0 if errand._refused else 0.0

        errand = blocking._Errand(Address("h", 1), session, ours, 50.0, clock, trust=trust_of(1), request=send)
        with pytest.raises(StorageProblem, match="Disk full"):
            errand.run(SHOWN)


def test_a_connection_lost_before_the_last_byte_is_not_unconfirmed() -> None:
    session = Session("ann", outbox="f" * 16)
    send = session.send("#lobby", "hi")
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(Unreachable, match="broken pipe"):
        blocking._Errand(Address("h", 1), session, ours, 50.0, lambda: 0.0, trust=trust_of(1), request=send).run(SHOWN)


def test_a_connection_reset_after_sending_is_unconfirmed() -> None:
    with errand() as (listener, outcome):
        with listener.accept() as peer:
            peer.challenge()
            peer.reset()
        with pytest.raises(
            Unconfirmed, match=r"before (the server|it) answered"
        ):  # under TLS a reset may read as an end
            outcome.result()


def test_a_silent_name_server_does_not_extend_the_deadline(monkeypatch) -> None:
    answer = Event()
    look_up = socket.getaddrinfo

    def slow(*arguments, flags: int = 0, **options) -> list:
        if not flags & socket.AI_NUMERICHOST:
            answer.wait(20)
        return look_up(*arguments, flags=flags, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    options = {"name": "ann", "signer": SIGNER, "to": "#lobby", "text": "hi", "seconds": 0.05, "trust": trust_of(1)}
    with pytest.raises(Unreachable, match="the server did not answer in time"):
        send_once(Address("localhost", 1), **options)
    answer.set()


def test_a_bye_before_the_welcome_means_that_nothing_was_sent() -> None:
    bye = {"type": "bye", "code": "shutting_down", "text": "The server stops."}
    with errand() as (listener, outcome), listener.accept() as peer:
        peer.write(bye)
        with pytest.raises(ShuttingDown):
            outcome.result()
    with errand() as (listener, outcome), listener.accept() as peer:
        peer.write(welcome(hello=peer.read()["id"]), bye)
        with pytest.raises(Unconfirmed, match="The server stops"):
            outcome.result()


@pytest.mark.parametrize("junk", [b"220 mail.example ESMTP\r\n", b"x" * 300_000])
def test_another_service_is_reported_as_not_socketchat(junk: bytes) -> None:
    with errand() as (listener, outcome), listener.accept() as peer:
        peer.read()
        peer.write_bytes(junk)
        with pytest.raises(
            ProtocolError, match=r"The program that answers at 127.0.0.1:\d+ is not a socketchat server"
        ):
            outcome.result()


def test_garbage_after_the_welcome_is_unconfirmed() -> None:
    with errand() as (listener, outcome), listener.accept() as peer:
        peer.write(welcome(hello=peer.read()["id"]))
        peer.write_bytes(b"garbage\n")
        with pytest.raises(Unconfirmed, match="not JSON"):
            outcome.result()


def test_a_long_text_is_sent_completely() -> None:
    text = "\x01" * 32_768  # six bytes each on the wire
    with errand(text=text) as (listener, outcome), listener.accept() as peer:
        hello, send = peer.challenge()
        assert send["text"] == text
        peer.write(welcome(hello=hello["id"]), ok(send["id"]))
        outcome.result()


def test_a_refused_connection_is_unreachable() -> None:
    with Listener() as listener:
        port = listener.port
    options = {"name": "ann", "signer": SIGNER, "to": "#lobby", "text": "hi", "seconds": SECONDS}
    options |= {"trust": trust_of(port)}
    with pytest.raises(Unreachable, match=r"connection refused. Is `socketchat serve` running there\?"):
        send_once(Address("127.0.0.1", port), **options)
    with pytest.raises(Unreachable, match="unknown host"):
        send_once(Address("no-such-host.invalid", port), **options)
    with pytest.raises(BadText):
        send_once(Address("127.0.0.1", port), **(options | {"text": " "}))


def test_a_host_that_never_answers_is_unreachable_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = []
        for _ in range(3):  # fill the accept queue; then the kernel does not answer
            connection = socket.socket()
            connection.settimeout(0)
            connection.connect_ex(("127.0.0.1", port))
            waiting.append(connection)
        options = {"name": "ann", "signer": SIGNER, "to": "#lobby", "text": "hi", "seconds": 0.2}
        options |= {"trust": trust_of(port)}
        with pytest.raises(Unreachable, match="the server did not answer in time"):
            send_once(Address("127.0.0.1", port), **options)
        for connection in waiting:
            connection.close()


def test_localhost_reaches_a_server_on_ipv4_or_ipv6() -> None:
    with Listener() as listener, ThreadPoolExecutor(1) as pool:
        options = {"name": "ann", "signer": SIGNER, "to": "#lobby", "text": "hi", "seconds": SECONDS}
        options |= {"trust": trust_of(listener.port)}
        outcome = pool.submit(send_once, Address("localhost", listener.port), **options)
        with listener.accept() as peer:
            hello, send = peer.challenge()
            peer.write(welcome(hello=hello["id"]), ok(send["id"]))
            outcome.result()
