from msgspec.structs import replace

from socketchat.client.session.client_events import Gap, Reset
from socketchat.protocol.commands import History
from socketchat.protocol.events import Conversation, Past
from socketchat.terminal.model.paging import Paging

from ..events import DIRECT, entry

ROOM = History(conversation="#Ops")


def page(first, last, room="#ops", name="#Ops"):
    return [replace(entry("x", room=room, seq=seq, of=Past), place=f"{name}/{seq}") for seq in range(first, last + 1)]


def test_the_first_page_is_the_newest_and_each_further_one_is_older():
    paging = Paging({})
    assert paging.next(ROOM) == ROOM
    assert paging.told(ROOM, page(51, 100), more=True) == "#Ops/51 to #Ops/100; /history shows what came before"
    asked = paging.next(ROOM)
    assert asked == replace(ROOM, before=51)
    assert paging.told(asked, page(1, 50), more=False) == "#Ops/1 to #Ops/50; this is the beginning of #Ops"
    assert paging.next(ROOM) == ROOM


def test_paging_restarts_when_the_user_enters_a_room():
    paging = Paging({})
    paging.told(ROOM, page(51, 100), more=True)
    paging.begin("#ops")
    assert paging.next(ROOM) == ROOM


def test_paging_continues_before_a_named_place():
    paging = Paging({})
    paging.told(ROOM, page(51, 100), more=True)
    named = replace(ROOM, before=30)
    assert paging.next(named) == named
    paging.told(named, page(21, 29), more=True)
    assert paging.next(ROOM).before == 21


def test_paging_reports_an_empty_or_shortened_history():
    paging = Paging({})
    assert paging.told(ROOM, page(30, 31), more=False) == "#Ops/30 to #Ops/31; lines before #Ops/30 are no longer kept"
    assert paging.told(ROOM, [], more=False) == "no messages in #Ops"
    assert paging.told(replace(ROOM, before=30), [], more=False) == "no messages before that in #Ops"


def test_direct_messages_are_paged_by_the_name_of_the_peer():
    paging = Paging({DIRECT: Conversation(conversation=DIRECT, peer="Bob")})
    asked = History(conversation="@bob")
    paging.told(asked, page(8, 9, DIRECT, "@Bob"), more=True)
    assert paging.next(asked) == replace(asked, before=8)
    assert paging.next(History(conversation="@carol")).before is None


def test_showing_a_place_does_not_move_the_paging():
    paging = Paging({})
    paging.told(ROOM, page(51, 100), more=True)
    around = replace(ROOM, around=7)
    assert paging.next(around) == around
    assert paging.told(around, page(2, 12), more=True) == "around #Ops/7"
    assert paging.next(ROOM).before == 51


def test_paging_restarts_in_another_epoch():
    paging = Paging({})
    paging.told(ROOM, page(51, 100), more=True)
    paging.note(Reset("other"))
    assert paging.next(ROOM) == ROOM


def test_paging_continues_at_skipped_lines():
    paging = Paging({})
    paging.told(ROOM, page(51, 100), more=True)
    paging.note(Gap("#ops", 101, 2000, "skipped"))
    assert paging.next(ROOM).before == 2001
    paging.note(Gap("#ops", 2001, 2002, "missing"))
    assert paging.next(ROOM).before == 2001


def test_a_page_includes_all_deleted_lines_at_its_end():
    past = page(51, 60)
    past[-1] = replace(past[-1], deleted=41, last=100)
    assert Paging({}).told(ROOM, past, more=True).startswith("#Ops/51 to #Ops/100;")
