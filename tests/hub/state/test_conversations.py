from socketchat.hub import Session, User
from socketchat.hub.state.conversations import Conversation, Room
from socketchat.protocol import events
from socketchat.wire.native import NATIVE
from tests.hub.stage import Stage


def live_session() -> Session:
    return Session(NATIVE, Stage().connect(), bytearray().extend)


def test_a_session_hears_a_conversation_once_however_often_it_is_added() -> None:
    conversation, session = Conversation("#ops"), live_session()
    conversation.add(session)
    conversation.add(session)
    assert session.heard == [conversation]
    assert conversation.audience == {NATIVE: {session: None}}


def test_the_last_session_takes_its_rendering_with_it() -> None:
    conversation, session = Conversation("#ops"), live_session()
    conversation.add(session)
    conversation.remove(session)
    assert session.heard == []
    assert conversation.audience == {}


def test_a_session_that_is_behind_begins_at_the_head() -> None:
    conversation, session = Conversation("#ops"), live_session()
    conversation.head = 7
    session.positions = {}
    conversation.add(session)
    assert session.positions == {"#ops": 7}
    conversation.remove(session)
    assert session.positions == {}


def test_a_room_is_described_by_head_floor_and_topic() -> None:
    room = Room("#Ops")
    room.head, room.floor, room.topic = 7, 3, "broken"
    assert room.described_to(User("u1", "alice", "alice")) == events.Conversation(
        conversation="#ops", head=7, floor=3, topic="broken", name="#Ops"
    )


def test_only_the_lobby_is_the_lobby() -> None:
    assert Room("#Lobby").is_lobby
    assert not Room("#ops").is_lobby
