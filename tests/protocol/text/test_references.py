import pytest

from socketchat.exceptions import BadName
from socketchat.protocol.text.references import conversation_of, place, place_of


@pytest.mark.parametrize(
    ("word", "named"), [("#ops/42", ("#ops", 42)), ("#Größe/1", ("#Größe", 1)), ("@bob/7", ("@bob", 7))]
)
def test_a_place_names_a_conversation_and_a_seq(word, named):
    assert place_of(word) == named
    assert place(*named) == word


@pytest.mark.parametrize(
    "word",
    ["", "#ops", "ops/42", "#ops/", "#/42", "#ops/x", "#ops/-1", "#ops/4 2", "#ops/42/1", "#ops/9999999999999999"],
)
def test_anything_else_is_not_a_place(word):
    assert place_of(word) is None


def test_a_bad_room_name_is_refused():
    with pytest.raises(BadName):
        place_of("#a:b/42")


def test_a_room_can_be_named_without_its_hash():
    assert [conversation_of(word) for word in ("ops", "#ops", "@bob")] == ["#ops", "#ops", "@bob"]
