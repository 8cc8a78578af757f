from socketchat.hub import User
from socketchat.hub.state.conversations import Room
from socketchat.protocol import events


def test_a_room_is_described_by_head_floor_and_topic() -> None:
    room = Room("#Ops")
    room.head, room.floor, room.topic = 7, 3, "broken"
    assert room.described_to(User("u1", "alice", "alice")) == events.Conversation(
        conversation="#ops", head=7, floor=3, topic="broken", name="#Ops"
    )


def test_only_the_lobby_is_the_lobby() -> None:
    assert Room("#Lobby").is_lobby
    assert not Room("#ops").is_lobby
