from socketchat.hub import User
from socketchat.protocol import commands
from tests.hub.stage import Stage


def test_a_guest_has_no_key() -> None:
    assert User("u1", "gus", "gus").is_guest
    assert not User("u1", "alice", "alice", "key").is_guest


def test_a_user_listens_if_any_session_does() -> None:
    stage = Stage()
    sender = stage.native("alice", listen="none")
    sender.do(commands.Send, to="#lobby", text="hi")
    user = sender.session.user
    assert not stage.hub.online.listens(user)
    listener = stage.native("alice")
    assert stage.hub.online.listens(user)
    listener.drop()
    assert not stage.hub.online.listens(user)
