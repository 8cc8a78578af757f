import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import NotFound
from socketchat.protocol.conversations import LOBBY, is_room, pair_id, pair_users, room_id

user_ids = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1)


def test_every_spelling_of_a_room_has_the_same_id():
    assert room_id("Ops") == room_id("#ops") == room_id("#OPS") == "#ops"
    assert room_id("lobby") == LOBBY


@given(user_ids, user_ids)
def test_the_id_of_a_pair_contains_both_users_in_any_order(one, other):
    pair = pair_id(one, other)

    assert pair == pair_id(other, one)
    assert pair_users(pair) == tuple(sorted((one, other)))
    assert not is_room(pair)


def test_a_room_is_not_a_pair():
    assert is_room("#ops")


@pytest.mark.parametrize("conversation", ["", "@", "@a", "@:b", "@a:", "#ops", "a:b", "*"])
def test_an_invalid_pair_id_is_refused(conversation):
    with pytest.raises(NotFound):
        pair_users(conversation)
