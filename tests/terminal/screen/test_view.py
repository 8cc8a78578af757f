from msgspec import Raw
from msgspec.structs import replace

from socketchat.client.session.client_events import Gap, LinkBack, LinkLost, NotStored, Reset, StoredAgain
from socketchat.exceptions import StorageProblem
from socketchat.protocol.events import Conversation, Error, Left, Past, Presence, Read, UnreadCount
from socketchat.terminal.screen import view as module
from socketchat.terminal.screen.view import View, before

from ..events import DIRECT, NOON, entry

GONE = Raw(b'{"text":"","deleted":true}')


def view(room="#lobby"):
    here = View("alice", "Alice")
    here.enter()
    here.entered(room, [])
    return here


def test_the_current_room_and_direct_messages_are_seen():
    here = view()
    told = [entry("a"), entry("b", room=DIRECT), Error(code="x", text="x"), LinkBack(missed=0, sent=0)]

    assert [seen for event in told for seen in here.take(event)] == told
    assert not here.unread


def test_other_rooms_are_counted():
    here = view()

    assert here.take(entry("a", room="#ops", seq=1)) == []
    assert here.take(entry("b", room="#ops", seq=2)) == []
    assert here.unread == {"#ops": 2}


def test_lines_that_say_ones_name_are_counted_apart_until_they_are_read():
    here = view()
    for seq, text in enumerate(("a", "alice: look", "@Alice!"), 1):
        here.take(entry(text, room="#ops", seq=seq))
    here.count([UnreadCount("#dev", 9, "#dev", mentions=4)])

    assert here.unread == {"#ops": 3, "#dev": 9}
    assert here.to_you == {"#ops": 2, "#dev": 4}
    here.take(Read(conversation="#dev", seq=9))
    here.entered("#ops", [])
    assert not here.unread
    assert not here.to_you


def test_own_messages_and_topics_elsewhere_are_not_counted():
    here = view()

    here.take(entry("a", room="#ops", seq=1, name="alice"))
    here.take(entry("a", room="#ops", seq=2, kind="topic"))

    assert not here.unread


def test_lines_in_a_row_that_were_deleted_are_one_line_and_not_unread():
    here = view()
    gone = [replace(entry("", seq=seq), body=GONE) for seq in (1, 2, 3)]
    theirs = replace(entry("", seq=5, name="eve"), body=GONE)
    told = [*gone, entry("", seq=4, kind="delete", changes=1), theirs, replace(gone[0], seq=6)]

    seen = [event for each in told for event in here.take(each)]
    assert seen == [told[0], told[3], theirs, told[5]]
    assert here.shown() == {"#lobby": 6}
    assert here.take(replace(theirs, conversation="#ops")) == []
    assert not here.unread


def test_a_run_that_was_deleted_is_shown_up_to_its_last_line():
    here = view()
    run = replace(entry("", seq=5, of=Past), body=GONE, deleted=3, last=9)
    here.entered("#lobby", [run])
    assert here.shown() == {"#lobby": 9}
    assert here.take(entry("known", seq=9)) == []


def test_what_is_shown_is_told_once():
    here = view()
    for event in (entry("a", seq=1), entry("b", seq=2), entry("c", room=DIRECT, seq=5), entry("d", room="#ops", seq=9)):
        here.take(event)

    assert here.shown() == {"#lobby": 2, DIRECT: 5}
    assert here.shown() == {}
    here.enter()
    here.entered("#ops", [entry("d", room="#ops", seq=9, of=Past)])
    assert here.shown() == {"#ops": 9}


def test_direct_messages_that_are_not_shown_are_unseen_until_somebody_looks():
    here = view()
    unread = [UnreadCount("#ops", 1, "#ops"), UnreadCount(DIRECT, 1, "@bob")]

    assert here.unseen(unread) == "@bob"
    here.listed([entry("b", room=DIRECT, seq=5, of=Past)], is_newest=True)
    assert here.unseen(unread) is None
    assert here.shown() == {DIRECT: 5}
    assert here.take(entry("b", room=DIRECT, seq=5)) == []
    here.listed([entry("c", room="#ops", seq=1, of=Past)], is_newest=True)
    assert here.shown() == {}


def test_what_was_read_elsewhere_is_no_longer_unread():
    here = view()
    here.take(entry("a", room="#ops", seq=1))
    here.take(entry("b", room="#ops", seq=2))

    assert here.take(Read(conversation="#ops", seq=1)) == []
    assert here.unread == {"#ops": 2}
    here.take(Read(conversation="#ops", seq=2))
    assert not here.unread


def test_what_the_server_counted_is_taken_over_but_for_what_is_seen():
    here = view()
    here.count([UnreadCount("#lobby", 3, "#lobby"), UnreadCount("#ops", 2, "#Ops", 1), UnreadCount(DIRECT, 1, "@bob")])

    assert here.unread == {"#ops": 2}
    assert here.rooms["#ops"] == "#Ops"


def test_entering_a_room_makes_it_current_and_read():
    here = view()
    here.take(entry("a", room="#ops", seq=1))

    here.enter()
    here.entered("#Ops", [entry("a", room="#ops", seq=1, of=Past)])

    assert here.room == "#Ops"
    assert not here.unread
    assert here.take(entry("b", room="#ops", seq=2))
    assert not here.take(entry("c", seq=1))


def test_what_comes_while_a_room_is_entered_is_seen_once_and_below_its_history():
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
    assert not here.unread


def test_who_could_not_enter_stays_and_sees_what_came():
    here = view()
    said = entry("a")

    here.enter()
    here.take(said)
    here.take(entry("b", room="#ops"))

    assert here.stayed() == [said]
    assert here.room == "#lobby"
    assert here.unread == {"#ops": 1}


def test_what_is_held_back_stays_so_when_entering_begins_anew():
    here = View("alice", "Alice")
    direct = entry("b", room=DIRECT)

    here.enter()
    here.take(direct)
    here.enter()

    assert here.entered("#lobby", []) == [direct]


def test_a_room_keeps_the_name_that_it_was_given_first():
    here = view()

    assert here.name_room("#Ops") == "#Ops"
    assert here.name_room("#OPS") == "#Ops"


def test_a_room_known_by_its_id_takes_the_name_that_is_told_later():
    here = view()
    here.take(Conversation(conversation="#ops"))

    assert here.name_room("#Ops") == "#Ops"


def test_a_room_that_one_is_put_out_of_is_told_where_it_is_current():
    here = view("#ops")
    here.take(entry("a"))

    assert here.take(Left(conversation="#random")) == []
    assert here.take(Left(conversation="#ops")) == [Left(conversation="#ops")]


def test_a_room_that_is_left_is_not_counted():
    here = view()
    here.take(entry("a", room="#ops"))
    here.take(Left(conversation="#ops"))

    assert not here.unread


def test_gaps_are_told_where_lines_are_seen():
    here = view()
    seen = [Gap(conversation=DIRECT, first=1, last=2), Gap(conversation="#lobby", first=1, last=2)]

    assert here.take(Gap(conversation="#ops", first=1, last=2)) == []
    assert [gap for event in seen for gap in here.take(event)] == seen


def test_a_new_history_counts_anew():
    here = view()
    here.take(entry("a", seq=9))
    here.take(entry("a", room="#ops", seq=9))

    assert here.take(Reset(epoch="new")) == [Reset(epoch="new")]
    assert here.take(entry("b", seq=1))
    assert not here.unread


def test_who_is_online():
    here = view()
    here.meet(["alice", "bob"])

    assert here.take(Presence(joined=["Carol"], left=["BOB"]))
    assert list(here.online.values()) == ["alice", "Carol"]
    assert here.take(Presence(online=["dave"])) == []
    assert list(here.online.values()) == ["dave"]


def test_members_come_and_go_in_their_room():
    here = view()

    assert here.take(Presence(joined=["bob"], room="#ops")) == []
    assert here.take(Presence(joined=["bob"], room="#Lobby"))
    assert not here.online


def test_tab_knows_the_latest_speakers_first_then_who_is_online_then_who_wrote():
    here = view()
    here.meet(["dave", "bob"])
    here.take(Conversation(conversation=DIRECT, peer="eve"))
    for seq, name in enumerate(("bob", "carol", "alice", "bob"), 1):
        here.take(entry("x", name=name, seq=seq))
    here.name_room("#ops")

    assert here.known.names == ["bob", "carol", "dave", "eve"]
    assert here.known.rooms == ["#lobby", "#ops"]


def test_a_link_that_is_lost_is_told_once_until_it_is_back():
    here = view()
    lost = [LinkLost(reason="x", delay=1.0, attempt=number) for number in (1, 2, 3)]
    back = LinkBack(missed=0, sent=0)

    assert [here.take(event) for event in (*lost[:2], back, lost[2])] == [[lost[0]], [], [back], [lost[2]]]


def test_it_is_known_whether_the_server_stores():
    here = view()
    told = [NotStored(StorageProblem("Full.")), entry("x"), StoredAgain()]

    assert [here.refuses for event in told if here.take(event)] == [True, True, False]


def test_another_key_is_told_once_whatever_was_told_before():
    here = view()
    lost = LinkLost(reason="x", delay=1.0, attempt=1)
    met, another = (LinkLost(reason=reason, delay=1.0, attempt=2, other_key=True) for reason in "yz")
    back = LinkBack(missed=0, sent=0)
    told = [lost, met, met, lost, met, another, back, met]

    assert [bool(here.take(event)) for event in told] == [True, True, False, False, False, True, True, True]
    assert here.other_key
    here.take(lost)
    assert not here.other_key


def test_rooms_in_events_get_their_names():
    here = view("#Ops")

    assert here.named(Left(conversation="#ops")) == Left(conversation="#Ops")
    assert here.named(Presence(joined=["bob"], room="#ops")).room == "#Ops"
    assert here.named(Presence(joined=["bob"])) == Presence(joined=["bob"])
    assert here.named(Left(conversation="#other")) == Left(conversation="#other")


def test_older_direct_messages_belong_above_the_last_line_of_a_room():
    past = [entry("a", ts=NOON, of=Past)]
    older, newer = entry("b", room=DIRECT, ts=NOON - 1), entry("c", room=DIRECT, ts=NOON, seq=2)
    held = [LinkBack(missed=0, sent=0), older, newer, entry("d", ts=NOON - 1, seq=2)]

    assert before(past, held) == ([older], [held[0], *held[2:]])
    assert before([], held) == ([], held)


def test_a_server_without_end_fills_no_memory(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 10)
    here = view()

    for number in range(100):
        here.take(Presence(joined=[f"came{number}", "x" * 100_000]))
        here.take(entry("a", seq=number + 1, name=f"said{number}"))
        here.take(Conversation(conversation=f"#r{number}"))
        here.take(entry("b", room=f"#r{number}"))
        here.take(Left(conversation=f"#r{number}"))

    assert here.online == {f"came{number}": f"came{number}" for number in range(90, 100)}
    assert len(here.rooms) == len(here._speakers) == 10
    assert not here.unread
    assert set(here._newest) == {"#lobby"}


def test_no_more_is_taken_where_much_is_held_back(monkeypatch):
    monkeypatch.setattr(module, "HELD", 3)
    here = view()
    here.enter()
    told = [entry("a", seq=number) for number in (1, 2, 3)]

    assert [here.is_full for event in told if not here.take(event)] == [False, False, True]
    assert here.stayed() == told
    assert not here.is_full
