from socketchat.terminal.model import misdirected as module
from socketchat.terminal.model.misdirected import Astray


def put_out():
    astray = Astray()
    astray.put_out("#secret")
    return astray


def test_what_is_typed_where_one_chose_to_be_is_taken():
    assert Astray().doubt("hello", "#lobby") == ""


def test_after_being_put_out_only_the_same_line_again_is_taken():
    astray = put_out()
    doubt = "You are no longer in #secret; Enter again sends this to #lobby."

    assert astray.doubt("one", "#lobby") == doubt
    assert astray.doubt("two", "#lobby") == doubt  # typed on without looking
    assert astray.doubt("two", "#lobby") == ""
    assert astray.doubt("three", "#lobby") == ""


def test_what_acts_on_the_room_is_doubted_and_what_is_for_no_room_is_not():
    astray = put_out()

    assert astray.doubt("/dm bob psst", "#lobby") == ""
    assert astray.doubt("/help", "#lobby") == ""
    assert astray.doubt("/ban eve", "#lobby") == "You are no longer in #secret; Enter again does this in #lobby."
    assert astray.doubt("//etc", "#lobby").endswith("Enter again sends this to #lobby.")


def test_who_chooses_a_room_is_not_doubted():
    astray = put_out()
    assert astray.doubt("one", "#lobby")
    astray.chose()

    assert astray.doubt("one", "#ops") == ""


def test_a_refused_line_is_for_its_room():
    astray = Astray()
    astray.refused("words", "#ops")

    assert astray.doubt("words", "#ops") == ""
    astray.refused("words", "#ops")
    assert astray.doubt("words", "#lobby") == "This was for #ops; Enter again sends this to #lobby."
    assert astray.doubt("words", "#lobby") == ""


def test_a_refused_line_is_for_a_room_that_one_was_put_out_of():
    astray = Astray()
    astray.refused("words", "#secret")
    astray.put_out("#secret")

    assert astray.doubt("words", "#lobby") == "You are no longer in #secret; Enter again sends this to #lobby."
    assert astray.doubt("words", "#lobby") == ""


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REFUSED", 2)
    astray = Astray()
    for word in ("one", "two", "three"):
        astray.refused(word, "#ops")

    assert astray.doubt("one", "#lobby") == ""
    assert astray.doubt("two", "#lobby")
