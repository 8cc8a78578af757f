"""/ignore hides the messages of a user, without a gap in the log."""

from socketchat.protocol import commands, events
from tests.hub.stage import Stage


def kinds(peer) -> list[tuple[str, int, str]]:
    return [(each.conversation, each.seq, each.kind) for each in peer.told(events.Entry)]


def test_messages_of_an_ignored_user_have_no_text() -> None:
    stage = Stage()
    ann, bob, eve = (stage.native(name) for name in ("ann", "bob", "eve"))
    number = ann.do(commands.Ignore, name="eve")
    assert ann.events()[-2:] == [events.Ignored(names=["eve"], id=number), events.Ok(id=number)]
    bob.take()
    eve.say("one")
    bob.say("two")
    eve.say("three")
    eve.say("psst", to="@ann")
    stage.settle()
    data = ann.take()
    for word in (b"one", b"three", b"psst"):
        assert word not in data
    assert b"two" in data
    assert data.count(b'"kind":"ignored","body":{}') == 3
    assert [text for _, _, text in bob.heard()] == ["one", "two", "three"]
    ann.do(commands.History, conversation="#lobby")
    assert [past.kind for past in ann.told(events.Past)] == ["ignored", "message", "ignored"]
    ann.do(commands.Unignore, name="eve")
    ann.take()
    eve.say("four")
    stage.settle()
    assert ann.heard() == [("#lobby", 4, "four")]


def test_messages_of_an_ignored_user_are_hidden_on_all_devices() -> None:
    stage = Stage()
    ann, second, eve = stage.native("ann"), stage.native("ann"), stage.native("eve")
    gus, pat = stage.plain("gus"), stage.plain("pat")
    ann.do(commands.Ignore, name="eve")
    gus.ask(commands.Ignore(name="eve"))
    stage.settle()
    assert gus.text().endswith("[ignore] You ignore eve.\n")
    stage.turns.wait(1)
    gus.take(), pat.take(), second.take()
    gus.say("mine")
    pat.say("before")
    eve.say("hidden")
    eve.say("hidden too", to="@gus")
    pat.say("after")
    stage.settle()
    assert gus.text() == "pat: before\npat: after\n"
    assert pat.text() == "gus: mine\neve: hidden\n"
    assert [kind for _, _, kind in kinds(second)] == ["message", "message", "ignored", "message"]


def test_ignoring_is_durable_for_accounts_and_ends_with_a_guest() -> None:
    stage = Stage()
    ann, eve = stage.native("ann"), stage.native("eve")
    guest = stage.guest("gus")
    ann.do(commands.Ignore, name="eve")
    guest.do(commands.Ignore, name="eve")
    guest.do(commands.Quit)
    assert list(stage.hub.state.ignored_by) == [eve.session.user.id]
    assert list(stage.hub.state.ignored_by[eve.session.user.id]) == [ann.session.user.id]
    stage.hub = stage.new_hub()
    ann = stage.native("ann")
    ann.take()
    ann.do(commands.Ignore)
    assert [told.names for told in ann.told(events.Ignored)] == [["eve"]]


def test_a_replay_hides_messages_of_ignored_users() -> None:
    stage = Stage()
    ann, bob, eve = (stage.native(name) for name in ("ann", "bob", "eve"))
    plain = stage.plain("gus")
    ann.do(commands.Ignore, name="eve")
    plain.ask(commands.Ignore(name="eve"))
    stage.settle()
    stage.turns.wait(1)
    for peer in (ann, plain):
        peer.stall()
        peer.take()
    for number in range(3):
        eve.say(f"hidden{number}")
        bob.say(f"shown{number}")
    stage.settle()
    for peer in (ann, plain):
        peer.read_again()
    stage.settle()
    assert plain.text() == "bob: shown0\nbob: shown1\nbob: shown2\n"
    assert [kind for _, _, kind in kinds(ann)] == ["ignored", "message"] * 3


def test_acts_of_an_ignored_moderator_are_shown() -> None:
    stage = Stage()
    eve, ann, bob = (stage.native(name) for name in ("eve", "ann", "bob"))
    eve.do(commands.Join, room="#ops")
    for peer in (ann, bob):
        peer.do(commands.Join, room="#ops")
    ann.do(commands.Ignore, name="eve")
    ann.take()
    eve.do(commands.Mute, room="#ops", name="bob")
    eve.do(commands.Topic, room="#ops", text="quiet")
    eve.do(commands.Access, room="#ops", private=True)
    assert [kind for _, _, kind in kinds(ann)] == ["notice", "topic", "notice"]


def test_invalid_ignores_are_refused() -> None:
    stage = Stage()
    ann = stage.native("ann")
    stage.native("bob")
    ann.take()
    ann.do(commands.Ignore, name="ann")
    ann.do(commands.Unignore, name="bob")
    ann.do(commands.Ignore, name="nobody")
    assert [(error.code, error.text) for error in ann.told(events.Error)] == [
        ("refused", "You cannot ignore yourself."),
        ("refused", "You do not ignore bob; /ignore lists the users you ignore."),
        ("no_such_user", "No such user: nobody. /users lists who is online."),
    ]


def test_an_ignore_that_cannot_be_stored_changes_nothing() -> None:
    stage = Stage()
    ann, eve = stage.native("ann"), stage.native("eve")
    stage.journal.capacity = 0
    ann.take()
    ann.do(commands.Ignore, name="eve")
    assert [(error.code, error.retry) for error in ann.told(events.Error)] == [("storage", True)]
    assert not ann.session.user.ignored
    assert eve.session.user is not None
