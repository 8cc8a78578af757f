"""Only shown messages are read: after an absence, in a room with many unread ones, and after a disconnection."""

import asyncio

import pytest

from socketchat.client.asyncio.connect import connect
from socketchat.protocol.commands import Join


def talk(port, room, lines, name="dave"):
    """Send lines to a room, like a user without a terminal."""

    async def run():
        async with connect("127.0.0.1", port, name=name, profile=None, listen="none") as client:
            await client.request(Join(room=room))
            for start in range(0, len(lines), 50):
                await asyncio.gather(*(client.send(room, line) for line in lines[start : start + 50]))

    asyncio.run(run())


def lines_of(count, mention_at=0):
    """Return lines, one of which may mention ann."""
    return [f"ann: line {number}" if number == mention_at else f"line {number}" for number in range(1, count + 1)]


def arrive(sit, server, home="ann"):
    ann = sit(server, "ann", home=home)
    ann.shows("Welcome")
    return ann


def test_after_an_absence_only_shown_messages_are_read_and_the_place_of_the_rest_is_told(own_server, sit):
    ann = arrive(sit, own_server)
    ann.says("here")
    ann.shows("ann: here")
    ann.leaves()
    talk(own_server.port, "#lobby", lines_of(121, mention_at=20))

    ann = arrive(sit, own_server)
    ann.shows("-- 71 more above, 1 to you: /show #lobby/21")
    ann.shows("#lobby 71, 1 to you · ")
    ann.says("/show #lobby/21")
    ann.shows("#lobby/21 » dave: ann: line 20")
    ann.says("/unread")
    ann.shows("-- Unread: #lobby 121 (1 to you: #lobby/21)")
    ann.shows("#lobby 71, 1 to you · ")  # as before
    for seat in (ann, arrive(sit, own_server)):
        seat.shows("#lobby 71, 1 to you · ")

    ann.says("/history", "/history", "/history")
    ann.lacks("to you · ")
    ann.says("/unread")
    ann.shows("-- Nothing is unread.")


def test_in_a_room_with_many_unread_messages_hidden_ones_stay_unread_until_marked(own_server, sit):
    ann = arrive(sit, own_server)
    ann.says("/join #ops")
    ann.shows("no messages in #ops")
    ann.says("first")
    ann.shows("ann: first")
    ann.says("/join #lobby")
    ann.shows("#lobby ann>")
    talk(own_server.port, "#ops", lines_of(60))
    ann.shows("#ops 60 · ")
    ann.says("/join #ops")
    ann.shows("-- 10 more above: /show #ops/2")
    ann.shows("#ops 10 · ")
    ann.says("/join #lobby", "/join #ops")
    ann.until(lambda: ann.text.count("-- 10 more above: /show #ops/2") == 2)
    ann.says("/read #ops")
    ann.shows("-- Marked #ops as read.")
    ann.lacks("#ops 10 · ")
    ann.says("/unread")
    ann.shows("-- Nothing is unread.")


@pytest.mark.faults
def test_after_a_disconnection_missed_messages_are_counted_and_skipped_ones_stay_unread(own_server, sit):
    ann = arrive(sit, own_server)
    ann.says("here")
    ann.shows("ann: here")
    ann.says("/unread")
    ann.shows("-- Nothing is unread.")
    own_server.kill()
    ann.shows("not connected")
    ann.signal(19)  # SIGSTOP
    own_server.start()
    talk(own_server.port, "#lobby", lines_of(1300, mention_at=900))
    ann.signal(18)  # SIGCONT
    ann.type("\r")  # tries immediately
    ann.shows("-- Reconnected: 1,30")
    ann.shows(" missed, the newest ")
    ann.shows("dave: line 1300")
    ann.shows("-- 1,100 more above, 1 to you: /show #lobby/90")
    ann.shows("#lobby 1,100, 1 to you · ")


def test_history_n_shows_the_newest_n_lines_however_often_it_is_asked_for(own_server, sit):
    ann = arrive(sit, own_server)
    talk(own_server.port, "#lobby", lines_of(30))
    ann.shows("line 30")
    for count in (1, 2):
        ann.says("/history 5")
        ann.until(lambda count=count: ann.text.count("── #lobby/26 to #lobby/30; /history shows") == count)
    ann.says("/history before #lobby/11 3")
    ann.shows("── #lobby/8 to #lobby/10; /history shows what came before ──")
    ann.says("/history")
    ann.shows("── #lobby/1 to #lobby/7; this is the beginning of #lobby ──")
    ann.says("/search line")
    ann.shows("the newest 20 found: line")
    places = [line.split()[1] for line in ann.lines if " #lobby/" in line and "──" not in line]
    assert places[:5] == [f"#lobby/{number}" for number in range(26, 31)]
    assert places[-20:] == [f"#lobby/{number}" for number in range(11, 31)]  # the newest last, as in the history


def test_history_says_what_it_cannot_show(own_server, sit):
    ann = arrive(sit, own_server)
    talk(own_server.port, "#lobby", lines_of(230))
    ann.shows("line 230")
    ann.says("/history 5000")
    ann.shows("── #lobby/31 to #lobby/230 (200 of 5,000: a page holds no more);")


def test_a_line_that_is_not_stored_after_a_second_is_shown_as_waiting(own_server, sit):
    ann = arrive(sit, own_server)
    own_server.freeze()
    ann.says("hello")
    ann.shows("      waiting: hello\n")
    own_server.thaw()
    ann.shows("ann: hello")
    assert ann.text.count("waiting: hello") == 1


def test_a_command_after_a_blank_is_refused_and_comes_back(own_server, sit):
    ann = arrive(sit, own_server)
    ann.says(" /dm bob secret")
    ann.shows("!! Not sent: a command must start with /. Use // to send it as text.")
    ann.shows(">  /dm bob secret")
    ann.type("\x03")
    ann.says("//dm is a command")
    ann.shows("ann: /dm is a command")
