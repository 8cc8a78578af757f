"""Entries stored by one node affect the sessions of another node like its own."""

from __future__ import annotations

import pytest

from socketchat.hub import Channel
from socketchat.hub.revocations import LOOK_SECONDS
from socketchat.protocol import commands, events, operator
from socketchat.protocol.authentication.proofs import fingerprint
from socketchat.wire.native import NATIVE
from tests.commands.account.test_passwords import HERE
from tests.hub.cluster import Cluster
from tests.hub.stage import Peer
from tests.keys import key_of

SECRET = "a secret of alice"


def played() -> tuple[Cluster, Peer, Peer]:
    """Return a cluster with the server's owner ann on the first node and bob on the second, both in #ops."""
    cluster = Cluster()
    ann, bob = cluster.first.native("ann"), cluster.second.native("bob")
    assert cluster.first.order(operator.SetOwner(name="ann")) == []
    for peer in (ann, bob):
        peer.do(commands.Join, room="#ops")
        peer.take()
    return cluster, ann, bob


def by_password(cluster: Cluster, who: str) -> Peer:
    """Log in on the second node, by password and without a key."""
    peer = cluster.second.connect(NATIVE, HERE)
    peer.ask(commands.Login(id=1, name=who, password=SECRET))
    cluster.settle()
    assert peer.told(events.Welcome)
    return peer


def with_password(cluster: Cluster) -> Peer:
    """Log in alice on the first node and set her password."""
    alice = cluster.first.connect(NATIVE, HERE)
    alice.log_in(key_of("alice"), name="alice")
    cluster.settle()
    alice.do(commands.Password, password=SECRET)
    return alice


def test_entries_of_one_node_reach_the_other_in_the_same_order() -> None:
    _, ann, bob = played()
    for number in range(3):
        ann.say(f"a{number}", "#ops")
        bob.say(f"b{number}", "#ops")
    ann.stage.settle()
    heard = ann.heard()
    assert len(heard) == 6
    assert bob.heard() == heard


def test_a_direct_message_makes_the_conversation_known_on_the_other_node() -> None:
    _, ann, bob = played()
    ann.say("psst", "@bob")
    ann.stage.settle()
    begun, entry = bob.events()
    assert (begun.peer, begun.head) == ("ann", 0)
    assert (entry.conversation, entry.seq) == (begun.conversation, 1)
    bob.say("what?", "@ann")
    ann.stage.settle()
    assert [text for _, _, text in ann.heard()] == ["psst", "what?"]


def test_a_guest_of_another_node_has_a_name_in_direct_messages() -> None:
    cluster, _, bob = played()
    gus = cluster.second.guest("gus")
    bob.drop()
    cluster.first.native("bob")
    cluster.second.native("bob")
    gus.say("hello", "@bob")
    cluster.settle()
    (pair,) = [each for each in cluster.first.hub.state.conversations.values() if each.id.startswith("@")]
    assert pair.peer_of(cluster.first.hub.directory.user("bob")) == "gus"


@pytest.mark.parametrize("word", ["kick", "ban"])
@pytest.mark.parametrize("room", ["#ops", "#lobby"])
def test_a_kick_or_ban_removes_the_user_on_the_other_node(word: str, room: str) -> None:
    cluster, ann, bob = played()
    cluster.first.native("bob")  # a moderator can kick online users, and a node knows only its own
    kind = {"kick": commands.Kick, "ban": commands.Ban}[word]
    ann.do(kind, room=room, name="bob", reason="spam")
    if room == "#lobby":
        assert b"spam" in bob.last_words
    else:
        (left,) = bob.told(events.Left)
        assert "spam" in left.text
    assert cluster.replayed().snapshot() == cluster.second.hub.state.snapshot()


def test_a_ban_by_address_expels_on_the_other_node_and_takes_nobodys_role() -> None:
    cluster, ann, bob = played()
    far = cluster.second.connect(NATIVE, Channel("203.0.113.9"))
    far.log_in(key_of("fred"), name="fred")
    cluster.settle()
    ann.do(commands.Mod, room="#ops", name="fred")
    assert cluster.first.order(operator.BanUser(name="203.0.113.9", seconds=60)) == []
    assert b"banned" in far.last_words
    assert bob.last_words is None
    fred = cluster.first.hub.directory.user("fred")
    for node in cluster.nodes:
        assert node.hub.state.rooms["#ops"].moderators == {fred.id}
    assert cluster.replayed().rooms["#ops"].moderators == {fred.id}


def test_guests_of_the_other_node_leave_a_room_that_becomes_private() -> None:
    cluster, ann, _ = played()
    gus = cluster.second.guest("gus")
    gus.do(commands.Join, room="#ops")
    gus.take()
    ann.do(commands.Access, room="#ops", private=True)
    assert [left.conversation for left in gus.told(events.Left)] == ["#ops"]
    assert cluster.second.hub.state.rooms["#ops"].guests == {}


def test_a_revoked_device_is_out_on_the_other_node() -> None:
    cluster = Cluster()
    alice = with_password(cluster)
    cluster.first.turns.wait(86_401)  # the password has to be older than a day
    phone = cluster.second.connect(NATIVE, HERE)
    phone.log_in(key_of("phone"), name="alice", password=SECRET)
    cluster.settle()
    (alert,) = alice.told(events.Alert)
    assert "/devices revokes it" in alert.text
    alice.do(commands.Revoke, device=fingerprint(key_of("phone").public), password=SECRET)
    assert b"revoked" in phone.last_words


def test_a_revocation_that_nobody_refused_acts_on_the_other_node_after_a_day() -> None:
    cluster = Cluster()
    alice = with_password(cluster)
    phone = cluster.second.connect(NATIVE, HERE)
    phone.log_in(key_of("phone"), name="alice", password=SECRET)
    cluster.settle()
    phone.take()
    alice.do(commands.Revoke, device=fingerprint(key_of("phone").public))
    assert ["/devices keep" in alert.text for alert in phone.told(events.Alert)] == [True]
    cluster.first.turns.wait(86_401 + LOOK_SECONDS)
    cluster.settle()
    assert b"revoked" in phone.last_words


def test_another_password_ends_the_sessions_by_the_old_one_on_the_other_node() -> None:
    cluster = Cluster()
    alice = with_password(cluster)
    far = by_password(cluster, "alice")
    alice.do(commands.Password, password="another secret", old=SECRET)
    assert b"password" in far.last_words
    assert alice.last_words is None


def test_a_released_name_is_free_on_both_nodes_and_its_sessions_end() -> None:
    cluster, ann, bob = played()
    assert cluster.first.order(operator.ReleaseName(name="bob")) == ["bob is free now."]
    assert b"released" in bob.last_words
    assert [node.hub.directory.holder("bob") for node in cluster.nodes] == [None, None]
    again = cluster.first.native("bob")
    assert cluster.second.hub.directory.user("bob").id == again.session.user.id != bob.session.user.id
    assert ann.last_words is None


def test_a_name_that_is_taken_back_ends_the_sessions_on_the_other_node() -> None:
    cluster, _, bob = played()
    *_, token, _ = cluster.first.order(operator.ResetName(name="bob"))
    back = cluster.first.connect(NATIVE, HERE)
    back.ask(commands.Hello(id=1, name="bob", key=key_of("new").public, nonce="A" * 22))
    (challenge,) = back.events()
    back.prove(key_of("new"), challenge, "bob", invite=token)
    cluster.settle()
    assert back.told(events.Welcome)
    assert b"taken back" in bob.last_words


def test_a_guest_whose_name_is_registered_on_the_other_node_is_expelled() -> None:
    cluster = Cluster()
    gus, gil = cluster.second.guest("gus"), cluster.second.guest("gil")
    owner = cluster.first.native("gus")
    assert b'"code":"name_taken"' in gus.last_words
    assert gil.last_words is None
    assert cluster.second.hub.directory.user("gus").id == owner.session.user.id


def test_only_the_first_of_two_nodes_gets_a_name() -> None:
    cluster = Cluster()
    one, other = cluster.first.connect(), cluster.second.connect()
    one.log_in(key_of("one"), name="alice")
    other.log_in(key_of("other"), name="alice")
    cluster.settle()
    assert one.told(events.Welcome)
    (error,) = other.told(events.Error)
    assert error.code == "name_taken"


def test_edits_and_deletes_of_one_node_change_the_replay_of_the_other() -> None:
    cluster, ann, bob = played()
    for text in ("one", "two"):
        ann.say(text, "#ops")
    cluster.settle()
    late = cluster.second.native("bob", epoch=cluster.log.epoch, positions={"#ops": 0})  # reads a page, which is kept
    assert [text for where, _, text in late.heard() if where == "#ops"] == ["one", "two"]
    ann.do(commands.Edit, conversation="#ops", seq=1, text="uno")
    ann.do(commands.Delete, conversation="#ops", seq=2)
    late = cluster.second.native("bob", epoch=cluster.log.epoch, positions={"#ops": 0})
    assert [text for where, _, text in late.heard() if where == "#ops"] == ["uno", "", "uno", ""]
    assert len(bob.heard()) == 4
