"""A user is removed from a room while typing: the line is not sent to another room."""

import signal

import pytest

PUT_OUT = "!! You are no longer in #secret. Press Enter again to send this to #lobby."


@pytest.fixture
def three(own_server, sit):
    """Return the seats of ann in the lobby, of bob, who owns #secret, and of carol, its member."""
    seats = [sit(own_server, name) for name in ("ann", "bob", "carol")]
    for seat in seats:
        seat.shows("Welcome")
    ann, bob, carol = seats
    ann.says(*(f"line {number}" for number in range(23)))
    ann.shows("line 22")
    bob.says("/join #secret", "/room private", "/invite carol")
    bob.shows("bob invited carol to #secret")
    carol.says("/join #secret")
    carol.shows("#secret carol>")
    return seats


def test_a_half_typed_line_for_a_lost_room_needs_a_second_enter(three):
    ann, bob, carol = three
    carol.type("secret stuff")
    carol.shows("> secret stuff")
    bob.says("/kick carol spam")
    carol.shows("bob kicked you from #secret: spam.\n#lobby carol> secret stuff")
    carol.type("\r")
    carol.shows(PUT_OUT)
    carol.shows("#lobby carol> secret stuff")
    carol.says("/dm ann fine")  # typing begins anew
    ann.shows("[DM from carol] fine")
    assert "secret stuff" not in ann.text
    carol.says("more", "more")
    ann.shows("carol: more")
    assert carol.text.count("!! You are no longer in #secret") == 2


def test_after_rejoining_a_room_no_second_enter_is_needed(three):
    ann, bob, carol = three
    bob.says("/kick carol", "/invite carol")
    bob.until(lambda: bob.text.count("bob invited carol") == 2)
    carol.shows("bob kicked you from #secret.")
    carol.shows("#lobby carol>")
    carol.says("/join #secret", "still secret")
    bob.shows("carol: still secret")
    assert "still secret" not in ann.text


def test_leaving_and_rejoining_a_room_quickly_works(three):
    ann, bob, carol = three
    bob.says("/join #lobby")
    bob.shows("#lobby bob>")
    carol.says("/join #mine", "/leave", "/join #mine", "/me waits", "/help quit")
    carol.shows("* carol waits")
    carol.shows("Leave the chat.")
    carol.says("own words", "/help away")
    carol.shows("carol: own words")
    carol.shows("#mine carol>")
    assert "own words" not in ann.text


def test_messages_waiting_for_a_room_return_if_the_user_was_banned_meanwhile(own_server, three):
    ann, bob, carol = three
    own_server.kill()
    for seat in three:
        seat.shows("not connected")
    carol.says("secret stuff")
    carol.shows("1 waiting")
    carol.signal(signal.SIGSTOP)
    own_server.start()
    for seat in (ann, bob):
        seat.type("\r")  # tries immediately
        seat.shows("-- Reconnected")
    bob.says("/ban carol")
    bob.shows("bob banned carol")
    carol.signal(signal.SIGCONT)
    carol.shows("-- You are no longer in #secret.")
    carol.shows("#lobby carol> secret stuff")
    carol.type("\r")
    carol.shows(PUT_OUT)
    carol.shows("#lobby carol> secret stuff")
    carol.type("\r")
    ann.shows("carol: secret stuff")
