import pytest

from socketchat.client.outbox import Outbox
from socketchat.protocol.limits import UNACKNOWLEDGED_BYTES, UNACKNOWLEDGED_ENTRIES


def outbox_of(count: int) -> Outbox:
    outbox = Outbox("f" * 16)
    for number in range(1, count + 1):
        outbox.add(number, "#lobby", f"text {number}", "message")
    return outbox


def due(outbox: Outbox) -> list[int]:
    return [command.n for command in outbox.due()]


def test_messages_go_out_once_in_order_under_rising_keys() -> None:
    outbox = outbox_of(3)
    commands = outbox.due()
    assert [(command.id, command.outbox, command.n) for command in commands] == [
        (1, "f" * 16, 1),
        (2, "f" * 16, 2),
        (3, "f" * 16, 3),
    ]
    assert outbox.due() == []


def test_a_key_is_never_used_twice() -> None:
    outbox = outbox_of(2)
    outbox.settle(1)
    outbox.settle(2)
    outbox.add(9, "#lobby", "more", "message")
    assert due(outbox) == [3]


def test_after_a_lost_link_what_is_not_settled_goes_out_again_under_the_same_keys() -> None:
    outbox = outbox_of(3)
    first = outbox.due()
    outbox.settle(1)
    outbox.link_lost()
    assert outbox.due() == first[1:]


def test_a_refused_message_is_not_overtaken() -> None:
    outbox = outbox_of(3)
    outbox.due()
    outbox.hold(1)
    outbox.add(4, "#lobby", "later", "message")
    assert due(outbox) == []
    outbox.release()
    assert due(outbox) == []  # 2 and 3 are still on the wire, and the server refuses them too
    outbox.hold(2)
    outbox.hold(3)
    assert due(outbox) == []
    outbox.release()
    assert due(outbox) == [1, 2, 3, 4]


def test_what_is_on_the_wire_may_also_be_settled_before_the_refused_one_goes_again() -> None:
    outbox = outbox_of(3)
    outbox.due()
    outbox.hold(1)
    outbox.release()
    outbox.settle(2)
    outbox.settle(3)
    assert due(outbox) == [1]


def test_a_new_link_does_not_wait_for_a_release() -> None:
    outbox = outbox_of(2)
    outbox.due()
    outbox.hold(1)
    outbox.link_lost()
    assert due(outbox) == [1, 2]


def test_as_many_messages_fit_as_the_server_lets_wait() -> None:
    outbox = outbox_of(UNACKNOWLEDGED_ENTRIES - 1)
    assert outbox.has_room("x")
    outbox.add(99, "#lobby", "x", "message")
    assert not outbox.has_room("x")
    outbox.settle(99)
    assert outbox.has_room("x")


@pytest.mark.parametrize("letter", ["x", "é"])
def test_bytes_are_bounded_too_but_one_message_always_fits(letter: str) -> None:
    outbox = Outbox("f" * 16)
    half = letter * (UNACKNOWLEDGED_BYTES // 2 // len(letter.encode()))
    assert outbox.has_room(half * 3)
    outbox.add(1, "#lobby", half, "message")
    assert outbox.has_room(half)
    assert not outbox.has_room(half + letter)


def test_what_was_never_on_the_wire_is_known_not_to_be_stored() -> None:
    outbox = outbox_of(1)
    assert not outbox.was_tried(1)
    outbox.due()
    outbox.link_lost()
    assert outbox.was_tried(1)
