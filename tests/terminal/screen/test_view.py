from msgspec import Raw
from msgspec.structs import replace

from socketchat.client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from socketchat.exceptions import StorageProblem
from socketchat.protocol.events import Changed, Conversation, Error, Left, Past, Read, UnreadCount
from socketchat.terminal.screen import view as module
from socketchat.terminal.screen.view import View, before
from tests.presence import presence

from ..events import DIRECT, NOON, entry

GONE = Raw(b'{"text":"","deleted":true}')


def view(room="#lobby"):
    here = View("alice", "Alice")
    here.enter()
    here.entered(room, [])
    return here


def test_the_current_room_and_direct_messages_are_shown():
    here = view()
    told = [entry("a"), entry("b", room=DIRECT), Error(code="x", text="x"), LinkBack(missed=0, sent=0)]

    assert [seen for event in told for seen in here.take(event)] == told
    assert not here.unread.messages


def test_messages_of_other_rooms_are_counted():
    here = view()

    assert here.take(entry("a", room="#ops", seq=1)) == []
    assert here.take(entry("b", room="#ops", seq=2)) == []
    assert here.unread.messages == {"#ops": 2}


def test_mentions_are_counted_separately_until_they_are_read():
    here = view()
    for seq, text in enumerate(("a", "alice: look", "@Alice!"), 1):
        here.take(entry(text, room="#ops", seq=seq))
    here.count([UnreadCount("#dev", 9, "#dev", mentions=4)])

    assert here.unread.messages == {"#ops": 3, "#dev": 9}
    assert here.unread.mentions == {"#ops": 2, "#dev": 4}
    here.take(Read(conversation="#dev", seq=9))
    here.entered("#ops", [])
    assert not here.unread.messages
    assert not here.unread.mentions


def test_own_messages_and_topics_elsewhere_are_not_counted():
    here = view()

    here.take(entry("a", room="#ops", seq=1, name="alice"))
    here.take(entry("a", room="#ops", seq=2, kind="topic"))

    assert not here.unread.messages


def test_consecutive_deleted_lines_are_one_line_and_not_unread():
    here = view()
    gone = [replace(entry("", seq=seq), body=GONE) for seq in (1, 2, 3)]
    theirs = replace(entry("", seq=5, name="eve"), body=GONE)
    told = [*gone, entry("", seq=4, kind="delete", changes=1), theirs, replace(gone[0], seq=6)]

    seen = [event for each in told for event in here.take(each)]
    assert seen == [told[0], told[3], theirs, told[5]]
    assert here.unread.take_shown() == {"#lobby": 6}
    assert here.take(replace(theirs, conversation="#ops")) == []
    assert not here.unread.messages


def test_a_deleted_run_counts_as_shown_up_to_its_last_line():
    here = view()
    run = replace(entry("", seq=5, of=Past), body=GONE, deleted=3, last=9)
    here.entered("#lobby", [run])
    assert here.unread.take_shown() == {"#lobby": 9}
    assert here.take(entry("known", seq=9)) == []


def test_read_positions_are_reported_once():
    here = view()
    for event in (entry("a", seq=1), entry("b", seq=2), entry("c", room=DIRECT, seq=5), entry("d", room="#ops", seq=9)):
        here.take(event)

    assert here.unread.take_shown() == {"#lobby": 2, DIRECT: 5}
    assert here.unread.take_shown() == {}
    here.enter()
    here.entered("#ops", [entry("d", room="#ops", seq=9, of=Past)])
    assert here.unread.take_shown() == {"#ops": 9}


def test_direct_messages_not_shown_are_unread_until_the_user_looks():
    here = view()
    unread = [UnreadCount("#ops", 1, "#ops"), UnreadCount(DIRECT, 1, "@bob")]

    assert here.unseen(unread) == "@bob"
    here.paged(DIRECT, [entry("b", room=DIRECT, seq=5, of=Past)], None)
    assert here.unseen(unread) is None
    assert here.unread.take_shown() == {DIRECT: 5}
    assert here.take(entry("b", room=DIRECT, seq=5)) == []
    here.paged("#ops", [entry("c", room="#ops", seq=1, of=Past)], None)
    assert here.unread.take_shown() == {}


def test_lines_read_on_another_device_are_no_longer_unread():
    here = view()
    here.take(entry("a", room="#ops", seq=1))
    here.take(entry("b", room="#ops", seq=2))

    assert here.take(Read(conversation="#ops", seq=1)) == []
    assert here.unread.messages == {"#ops": 2}
    here.take(Read(conversation="#ops", seq=2))
    assert not here.unread.messages


def test_the_counts_of_the_server_replace_the_client_s_except_for_shown_lines():
    here = view()
    here.count([UnreadCount("#lobby", 3, "#lobby"), UnreadCount("#ops", 2, "#Ops", 1), UnreadCount(DIRECT, 1, "@bob")])

    assert here.unread.messages == {"#ops": 2}
    assert here.rooms["#ops"] == "#Ops"


def test_entering_a_room_makes_it_current_and_read():
    here = view()
    here.take(entry("a", room="#ops", seq=1))

    here.enter()
    here.entered("#Ops", [entry("a", room="#ops", seq=1, of=Past)])

    assert here.room == "#Ops"
    assert not here.unread.messages
    assert here.take(entry("b", room="#ops", seq=2))
    assert not here.take(entry("c", seq=1))


def test_lines_that_arrive_while_entering_are_shown_once_below_the_history():
    here = view()
    in_history, direct, later = (
        entry("a", room="#ops", seq=1),
        entry("b", room=DIRECT),
        entry("c", room="#ops", seq=2),
    )

    here.enter()
    assert [here.take(event) for event in (in_history, direct, later)] == [[], [], []]
    seen = here.entered("#ops", [entry("a", room="#ops", seq=1, of=Past)])

    assert seen == [direct, later]
    assert not here.unread.messages


def test_a_failed_entry_keeps_the_room_and_shows_its_lines():
    here = view()
    said = entry("a")

    here.enter()
    here.take(said)
    here.take(entry("b", room="#ops"))

    assert here.stayed() == [said]
    assert here.room == "#lobby"
    assert here.unread.messages == {"#ops": 1}


def test_held_back_lines_stay_held_back_when_entering_restarts():
    here = View("alice", "Alice")
    direct = entry("b", room=DIRECT)

    here.enter()
    here.take(direct)
    here.enter()

    assert here.entered("#lobby", []) == [direct]


def test_a_room_keeps_its_first_name():
    here = view()

    assert here.name_room("#Ops") == "#Ops"
    assert here.name_room("#OPS") == "#Ops"


def test_a_room_known_by_its_id_gets_its_name_later():
    here = view()
    here.take(Conversation(conversation="#ops"))

    assert here.name_room("#Ops") == "#Ops"


def test_removal_from_the_current_room_is_reported():
    here = view("#ops")
    here.take(entry("a"))

    assert here.take(Left(conversation="#random")) == []
    assert here.take(Left(conversation="#ops")) == [Left(conversation="#ops")]


def test_a_left_room_is_not_counted():
    here = view()
    here.take(entry("a", room="#ops"))
    here.take(Left(conversation="#ops"))

    assert not here.unread.messages


def test_gaps_are_reported_in_shown_conversations():
    here = view()
    seen = [Gap(conversation=DIRECT, first=1, last=2), Gap(conversation="#lobby", first=1, last=2)]

    assert here.take(Gap(conversation="#ops", first=1, last=2)) == []
    assert [gap for event in seen for gap in here.take(event)] == seen


def test_counts_restart_in_a_new_epoch():
    here = view()
    here.take(entry("a", seq=9))
    here.take(entry("a", room="#ops", seq=9))

    assert here.take(Reset(epoch="new")) == [Reset(epoch="new")]
    assert here.take(entry("b", seq=1))
    assert not here.unread.messages


def test_the_view_tracks_who_is_online():
    here = view()
    here.meet(["alice", "bob"])

    assert here.take(presence(appeared=["Carol"], disappeared=["BOB"]))
    assert list(here.online.values()) == ["alice", "Carol"]
    assert here.take(presence(online=["dave"])) == []
    assert list(here.online.values()) == ["dave"]


def test_joins_and_leaves_are_shown_in_their_room():
    here = view()

    assert here.take(presence(appeared=["bob"], room="#ops")) == []
    assert here.take(presence(appeared=["bob"], room="#Lobby"))
    assert not here.online


def test_tab_offers_recent_speakers_then_online_users_then_correspondents():
    here = view()
    here.meet(["dave", "bob"])
    here.take(Conversation(conversation=DIRECT, peer="eve"))
    for seq, name in enumerate(("bob", "carol", "alice", "bob"), 1):
        here.take(entry("x", name=name, seq=seq))
    here.name_room("#ops")

    assert here.known.names == ["bob", "carol", "dave", "eve"]
    assert here.known.rooms == ["#lobby", "#ops"]


def test_a_lost_connection_is_reported_once_until_it_is_back():
    here = view()
    lost = [LinkLost(reason="x", delay=1.0, attempt=number) for number in (1, 2, 3)]
    back = LinkBack(missed=0, sent=0)

    assert [here.take(event) for event in (*lost[:2], back, lost[2])] == [[lost[0]], [], [back], [lost[2]]]


def test_the_view_tracks_whether_the_server_can_store():
    here = view()
    told = [NotStored(StorageProblem("Full.")), entry("x"), StoredAgain()]

    assert [here.refuses for event in told if here.take(event)] == [True, True, False]


def test_a_wrong_server_key_is_reported_once():
    here = view()
    lost = LinkLost(reason="x", delay=1.0, attempt=1)
    met, another = (LinkLost(reason=reason, delay=1.0, attempt=2, other_key=True) for reason in "yz")
    back = LinkBack(missed=0, sent=0)
    told = [lost, met, met, lost, met, another, back, met]

    assert [bool(here.take(event)) for event in told] == [True, True, False, False, False, True, True, True]
    assert here.other_key
    here.take(lost)
    assert not here.other_key


def test_rooms_in_events_are_shown_by_name():
    here = view("#Ops")

    assert here.named(Left(conversation="#ops")) == Left(conversation="#Ops")
    assert here.named(presence(appeared=["bob"], room="#ops")).room == "#Ops"
    assert here.named(presence(appeared=["bob"])) == presence(appeared=["bob"])
    assert here.named(Left(conversation="#other")) == Left(conversation="#other")


def test_missed_direct_messages_are_sorted_by_time_among_room_lines():
    past = [entry("a", ts=NOON, of=Past)]
    older, newer = entry("b", room=DIRECT, ts=NOON - 1), entry("c", room=DIRECT, ts=NOON, seq=2)
    held = [LinkBack(missed=0, sent=0), older, newer, entry("d", ts=NOON - 1, seq=2)]

    assert before(past, held) == ([older], [held[0], *held[2:]])
    assert before([], held) == ([], held)


def test_endless_events_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 10)
    here = view()

    for number in range(100):
        here.take(presence(appeared=[f"came{number}", "x" * 100_000]))
        here.take(entry("a", seq=number + 1, name=f"said{number}"))
        here.take(Conversation(conversation=f"#r{number}"))
        here.take(entry("b", room=f"#r{number}"))
        here.take(Left(conversation=f"#r{number}"))

    assert here.online == {f"came{number}": f"came{number}" for number in range(90, 100)}
    assert len(here.rooms) == len(here._speakers) == 10
    assert not here.unread.messages
    assert set(here.unread._newest) == {"#lobby"}


def test_a_full_hold_back_buffer_stops_reading(monkeypatch):
    monkeypatch.setattr(module, "HELD", 3)
    here = view()
    here.enter()
    told = [entry("a", seq=number) for number in (1, 2, 3)]

    assert [here.is_full for event in told if not here.take(event)] == [False, False, True]
    assert here.stayed() == told
    assert not here.is_full


def test_the_online_count_is_that_of_the_server() -> None:
    here = view()
    here.meet(["alice"])
    here.take(presence(appeared=[f"n{n}" for n in range(20)], appeared_count=300, total=301))
    assert here.online_count == 301
    here.take(presence(disappeared=["n1"], room="#lobby", total=0))
    assert here.online_count == 301


def test_a_presence_snapshot_replaces_the_known_users_and_can_be_split() -> None:
    here = view()
    here.meet(["gone"])
    here.take(presence(online=["alice", "bob"], total=3))
    here.take(presence(online=["carol"], start=2, total=3))
    assert sorted(here.online) == ["alice", "bob", "carol"]
    assert here.online_count == 3


def test_a_renamed_room_stays_the_current_one_under_its_new_name():
    heard = {"#ops": Conversation(conversation="#ops")}
    here = View("alice", "Alice", lambda: heard)
    here.enter()
    here.entered("#ops", [])
    heard["#ops"] = Conversation(conversation="#ops", name="#infra")
    assert here.take(Changed(conversation="#ops", by="bob", name="#infra", former="#ops")) == []
    assert here.room == "#infra"
    said = entry("hello", room="#ops", seq=1)
    assert here.take(said) == [said]
    assert here.id_of("#infra") == here.id_of("#ops") == "#ops"


def test_the_unread_messages_of_a_renamed_room_are_counted_under_its_new_name():
    heard = {"#ops": Conversation(conversation="#ops", name="#infra")}
    here = View("alice", "Alice", lambda: heard)
    here.enter()
    here.entered("#lobby", [])
    here.take(entry("hello", room="#ops", seq=1))
    assert here.unread_in(["#infra", "#lobby"]) == {"#infra": 1, "#lobby": 0}
