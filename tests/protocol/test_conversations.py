import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import NotFound
from socketchat.protocol.conversations import LOBBY, is_room, pair_id, pair_users, room_id

user_ids = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1)


def test_a_room_has_one_id_however_it_is_written():
    assert room_id("Ops") == room_id("#ops") == room_id("#OPS") == "#ops"
    assert room_id("lobby") == LOBBY


@given(user_ids, user_ids)
def test_a_pair_has_one_id_that_tells_its_users(one, other):
    pair = pair_id(one, other)

    assert pair == pair_id(other, one)
    assert pair_users(pair) == tuple(sorted((one, other)))
    assert not is_room(pair)


def test_a_room_is_no_pair():
    assert is_room("#ops")


@pytest.mark.parametrize("conversation", ["", "@", "@a", "@:b", "@a:", "#ops", "a:b", "*"])
def test_what_is_no_pair_has_no_users(conversation):
    with pytest.raises(NotFound):
        pair_users(conversation)
