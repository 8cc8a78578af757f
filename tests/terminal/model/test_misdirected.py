from socketchat.terminal.model import misdirected as module
from socketchat.terminal.model.misdirected import Misdirected


def put_out():
    misdirected = Misdirected()
    misdirected.put_out("#secret")
    return misdirected


def test_a_line_typed_in_a_chosen_room_is_sent():
    assert Misdirected().doubt("hello", "#lobby") == ""


def test_after_being_removed_only_a_repeated_line_is_sent():
    misdirected = put_out()
    doubt = "You are no longer in #secret. Press Enter again to send this to #lobby."

    assert misdirected.doubt("one", "#lobby") == doubt
    assert misdirected.doubt("two", "#lobby") == doubt  # typed on without looking
    assert misdirected.doubt("two", "#lobby") == ""
    assert misdirected.doubt("three", "#lobby") == ""


def test_only_lines_for_the_room_need_to_be_repeated():
    misdirected = put_out()

    assert misdirected.doubt("/dm bob psst", "#lobby") == ""
    assert misdirected.doubt("/help", "#lobby") == ""
    assert misdirected.doubt("/ban eve", "#lobby").endswith("Press Enter again to do this in #lobby.")
    assert misdirected.doubt("//etc", "#lobby").endswith("Enter again to send this to #lobby.")


def test_after_choosing_a_room_no_line_needs_to_be_repeated():
    misdirected = put_out()
    assert misdirected.doubt("one", "#lobby")
    misdirected.chose()

    assert misdirected.doubt("one", "#ops") == ""


def test_a_refused_line_stays_for_its_room():
    misdirected = Misdirected()
    misdirected.refused("words", "#ops")

    assert misdirected.doubt("words", "#ops") == ""
    misdirected.refused("words", "#ops")
    assert misdirected.doubt("words", "#lobby") == "You typed this for #ops. Press Enter again to send this to #lobby."
    assert misdirected.doubt("words", "#lobby") == ""


def test_a_refused_line_stays_for_a_room_that_the_user_was_removed_from():
    misdirected = Misdirected()
    misdirected.refused("words", "#secret")
    misdirected.put_out("#secret")

    assert (
        misdirected.doubt("words", "#lobby")
        == "You are no longer in #secret. Press Enter again to send this to #lobby."
    )
    assert misdirected.doubt("words", "#lobby") == ""


def test_the_memory_of_refused_lines_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REFUSED", 2)
    misdirected = Misdirected()
    for word in ("one", "two", "three"):
        misdirected.refused(word, "#ops")

    assert misdirected.doubt("one", "#lobby") == ""
    assert misdirected.doubt("two", "#lobby")
