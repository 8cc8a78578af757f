from socketchat.terminal.model import misdirected as module
from socketchat.terminal.model.misdirected import Misdirected


def put_out():
    misdirected = Misdirected()
    misdirected.put_out("#secret")
    return misdirected


def test_what_is_typed_where_one_chose_to_be_is_taken():
    assert Misdirected().doubt("hello", "#lobby") == ""


def test_after_being_put_out_only_the_same_line_again_is_taken():
    misdirected = put_out()
    doubt = "You are no longer in #secret; Enter again sends this to #lobby."

    assert misdirected.doubt("one", "#lobby") == doubt
    assert misdirected.doubt("two", "#lobby") == doubt  # typed on without looking
    assert misdirected.doubt("two", "#lobby") == ""
    assert misdirected.doubt("three", "#lobby") == ""


def test_what_acts_on_the_room_is_doubted_and_what_is_for_no_room_is_not():
    misdirected = put_out()

    assert misdirected.doubt("/dm bob psst", "#lobby") == ""
    assert misdirected.doubt("/help", "#lobby") == ""
    assert misdirected.doubt("/ban eve", "#lobby") == "You are no longer in #secret; Enter again does this in #lobby."
    assert misdirected.doubt("//etc", "#lobby").endswith("Enter again sends this to #lobby.")


def test_who_chooses_a_room_is_not_doubted():
    misdirected = put_out()
    assert misdirected.doubt("one", "#lobby")
    misdirected.chose()

    assert misdirected.doubt("one", "#ops") == ""


def test_a_refused_line_is_for_its_room():
    misdirected = Misdirected()
    misdirected.refused("words", "#ops")

    assert misdirected.doubt("words", "#ops") == ""
    misdirected.refused("words", "#ops")
    assert misdirected.doubt("words", "#lobby") == "This was for #ops; Enter again sends this to #lobby."
    assert misdirected.doubt("words", "#lobby") == ""


def test_a_refused_line_is_for_a_room_that_one_was_put_out_of():
    misdirected = Misdirected()
    misdirected.refused("words", "#secret")
    misdirected.put_out("#secret")

    assert misdirected.doubt("words", "#lobby") == "You are no longer in #secret; Enter again sends this to #lobby."
    assert misdirected.doubt("words", "#lobby") == ""


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REFUSED", 2)
    misdirected = Misdirected()
    for word in ("one", "two", "three"):
        misdirected.refused(word, "#ops")

    assert misdirected.doubt("one", "#lobby") == ""
    assert misdirected.doubt("two", "#lobby")
