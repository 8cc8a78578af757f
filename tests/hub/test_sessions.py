from socketchat.exceptions import NoSuchUser, StorageProblem
from socketchat.hub import Session
from socketchat.hub.sessions import REFUSAL_CHARACTERS, refusal
from socketchat.protocol import events
from socketchat.protocol.codec import decode_event
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Stage


def session_of(rendering) -> tuple[Session, list[bytes]]:
    written: list[bytes] = []
    return Session(rendering, Stage().connect(), written.append), written


def test_an_event_is_written_as_the_session_reads_it() -> None:
    native, plain = session_of(NATIVE), session_of(PLAIN)
    for session, _ in (native, plain):
        session.tell(events.Left(conversation="#ops"))
    assert native[1] == [b'{"type":"left","conversation":"#ops"}\n']
    assert plain[1] == [b"[room] You left #ops.\n"]


def test_what_a_dialect_does_not_show_is_not_written() -> None:
    session, written = session_of(PLAIN)
    session.tell(events.Ok(id=1))
    assert written == []


def test_an_error_has_its_code_its_command_and_whether_to_try_again() -> None:
    session, written = session_of(NATIVE)
    session.refuse(StorageProblem("full"), 7, retry=True)
    assert decode_event(written[0]) == events.Error(code="storage", text="full", id=7, retry=True)


def test_an_error_is_short_and_drives_no_terminal() -> None:
    told = refusal(NoSuchUser("There is no user \x1b[2J\r\n" + "x" * 10_000), None)
    assert told.text.startswith("There is no user ^[[2J ")
    assert len(told.text) <= REFUSAL_CHARACTERS + 10


def test_a_session_that_ended_writes_nothing_and_waits_for_nothing() -> None:
    session, written = session_of(NATIVE)
    session.stalled = True
    session.end()
    session.tell(events.Left(conversation="#ops"))
    assert written == []
    assert (session.gone, session.stalled) == (True, False)
