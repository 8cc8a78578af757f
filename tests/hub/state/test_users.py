from socketchat.hub import User
from socketchat.hub.state.users import Device
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


def test_a_guest_has_no_collections_of_its_own_until_it_needs_them() -> None:
    ann, bob = User("u1", "ann", "ann"), User("u2", "bob", "bob")
    for name in ("devices", "rooms", "pairs", "ignored", "guest_pairs", "read"):
        assert getattr(ann, name) is getattr(bob, name), name


def test_what_one_user_collects_is_not_shared() -> None:
    ann, bob = User("u1", "ann", "ann"), User("u2", "bob", "bob")
    ann.add_device("key", Device("laptop"))
    ann.add_room("#r")
    for pair_id in ("@u1,u3", "@u1,u4"):
        ann.add_pair(pair_id, with_guest=True)
    ann.mark_read("#r", 1)
    ann.mark_read("#s", 2)
    assert list(ann.devices) == ["key"]
    assert (ann.rooms, ann.pairs, ann.guest_pairs) == (("#r",), ["@u1,u3", "@u1,u4"], ["@u1,u3", "@u1,u4"])
    assert ann.read == {"#r": 1, "#s": 2}
    assert not any((bob.devices, bob.rooms, bob.pairs, bob.guest_pairs, bob.read))


def test_a_device_is_removed_once() -> None:
    alice = User("u1", "alice", "alice", "key")
    assert alice.remove_device("key")
    assert not alice.remove_device("key")
    assert not alice.devices
