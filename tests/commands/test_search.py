from importlib import import_module

import pytest

from socketchat.exceptions import StorageProblem
from socketchat.journal import Query
from socketchat.protocol import commands, events
from socketchat.protocol.codec import decode_text
from tests.hub.stage import CountingJournal, Peer, Stage


def found(peer: Peer, words: str, **fields: object) -> list[tuple[str, str]]:
    """Return the places and texts of a search, after checking its form."""
    peer.take()
    number = peer.do(commands.Search, words=words, **fields)
    first, *past, ok = peer.events()
    assert isinstance(first, events.Found)
    assert {type(each) for each in past} <= {events.Past}
    assert (first.count, first.id) == (len(past), number)
    assert ok == events.Ok(id=number, more=first.more)
    return [(each.place, decode_text(each).text) for each in past]


def cast() -> tuple[Stage, Peer, Peer]:
    stage = Stage()
    ann, bob = stage.native("ann"), stage.native("Bob")
    for peer in (ann, bob):
        peer.do(commands.Join, room="#Ops")
    for peer, to, text in (
        (ann, "#lobby", "red apple"),
        (bob, "#lobby", "green apple"),
        (bob, "#ops", "red pear"),
        (ann, "@bob", "red rose"),
    ):
        stage.turns.wait(3600)
        peer.say(text, to=to)
        stage.settle()
    return stage, ann, bob


def test_a_search_returns_matches_oldest_first_with_places() -> None:
    _, ann, bob = cast()
    assert found(ann, "red") == [("#lobby/1", "red apple"), ("#Ops/1", "red pear"), ("@Bob/1", "red rose")]
    assert found(bob, "rose") == [("@ann/1", "red rose")]
    assert found(ann, "APPLE green") == [("#lobby/2", "green apple")]
    assert found(ann, "plum") == []


def test_a_search_can_be_narrowed_by_author_conversation_and_date() -> None:
    _, ann, _ = cast()
    assert found(ann, "red", name="bob") == [("#Ops/1", "red pear")]
    assert found(ann, "red", conversation="#lobby") == [("#lobby/1", "red apple")]
    assert found(ann, "red", conversation="@bob") == [("@Bob/1", "red rose")]
    assert found(ann, "red", after="90m") == [("#Ops/1", "red pear"), ("@Bob/1", "red rose")]
    assert found(ann, "red", before="90m") == [("#lobby/1", "red apple")]
    assert found(ann, "red", before="2020-01-01") == []


def test_a_search_without_words_returns_the_newest_of_an_author_or_a_room() -> None:
    _, ann, bob = cast()
    bob.do(commands.Edit, conversation="#ops", text="pale pear")
    assert found(ann, "", name="bob") == [("#lobby/2", "green apple"), ("#Ops/1", "pale pear")]
    assert found(ann, "", name="bob", after="90m") == [("#Ops/1", "pale pear")]
    assert found(ann, "", conversation="@bob") == [("@Bob/1", "red rose")]


def test_a_truncated_search_reports_more() -> None:
    stage, ann, _ = cast()
    for n in range(import_module("socketchat.commands.search").FOUND_ENTRIES + 5):
        ann.say(f"plum {n}")
    stage.settle()
    assert [text for _, text in found(ann, "plum", limit=2)] == ["plum 53", "plum 54"]
    ann.do(commands.Search, words="plum", limit=10_000)
    assert [(each.count, each.more) for each in ann.told(events.Found)] == [(50, True)]


def test_a_search_finds_only_readable_messages() -> None:
    stage, ann, bob = cast()
    eve = stage.native("eve")
    assert found(eve, "red") == [("#lobby/1", "red apple")]
    assert found(eve, "red", conversation="#ops") == [("#Ops/1", "red pear")]
    assert found(eve, "red", conversation="@bob") == []
    ann.do(commands.Access, room="#ops", private=True)
    (pair,) = ann.hub.directory.pairs_of(ann.session.user)
    for conversation in ("#ops", pair.id):
        eve.take()
        eve.do(commands.Search, words="red", conversation=conversation)
        assert [error.code for error in eve.told(events.Error)] == ["no_such_room"]
    ann.do(commands.Ban, room="#ops", name="bob")
    assert found(bob, "red") == [("#lobby/1", "red apple"), ("@ann/1", "red rose")]


def test_a_user_removed_during_a_search_gets_no_results() -> None:
    stage, ann, bob = cast()
    stage.journal.turns = 5
    bob.take()
    bob.ask(commands.Search(words="red", id=70))
    ann.do(commands.Ban, room="#ops", name="bob")
    read = bob.text()
    assert "red apple" in read
    assert "pear" not in read


def test_messages_of_ignored_users_are_not_found() -> None:
    _, ann, bob = cast()
    ann.do(commands.Ignore, name="bob")
    assert found(ann, "pear") == []
    assert found(bob, "pear") == [("#Ops/1", "red pear")]


def test_a_message_is_found_by_its_current_text() -> None:
    _, ann, bob = cast()
    bob.do(commands.Edit, conversation="#ops", text="blue pear")
    bob.do(commands.Edit, conversation="#ops", text="pale pear")
    assert found(ann, "pear") == [("#Ops/1", "pale pear")]
    assert found(ann, "red") == [("#lobby/1", "red apple"), ("@Bob/1", "red rose")]
    assert found(ann, "blue") == []
    bob.do(commands.Delete, conversation="#ops", seq=1)
    assert found(ann, "pear") == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"words": ""}, "bad_text"),
        ({"words": " ", "after": "2d"}, "bad_text"),
        ({"words": "a b c d e f g h i"}, "bad_text"),
        ({"words": "a", "before": "soon"}, "bad_text"),
        ({"words": "a", "after": "2026-99-01"}, "bad_text"),
        ({"words": "a", "name": "nobody"}, "no_such_user"),
        ({"words": "a", "conversation": "#nowhere"}, "no_such_room"),
        ({"words": "a", "conversation": "@nobody"}, "no_such_user"),
    ],
)
def test_invalid_searches_are_refused(fields: dict[str, str], code: str) -> None:
    _, ann, _ = cast()
    ann.take()
    ann.do(commands.Search, **fields)
    assert [error.code for error in ann.told(events.Error)] == [code]


def test_a_failed_search_is_an_error_and_the_session_continues() -> None:
    class Failing(CountingJournal):
        async def search(self, query: Query):  # noqa: ARG002
            raise StorageProblem("The history cannot be read at the moment; try again later.")

    ann = Stage(Failing).native("ann")
    ann.take()
    ann.do(commands.Search, words="a")
    assert [(error.code, error.retry) for error in ann.told(events.Error)] == [("storage", True)]
    ann.do(commands.Ping)
    assert ann.told(events.Ok)
