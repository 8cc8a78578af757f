from collections.abc import Sequence

import pytest

from socketchat.exceptions import BadLine, ProtocolError, TooLong
from socketchat.hub import Session
from socketchat.hub.policy.limits import COMMAND_BYTES
from socketchat.protocol import commands
from socketchat.protocol.framing import LineBuffer
from socketchat.wire import Wire
from socketchat.wire.native import NATIVE
from tests.hub.stage import Stage


class Counting:
    """A dialect in which a number N stands for N pings, and is echoed."""

    rendering = NATIVE
    greeting_seconds = 1.0

    def __init__(self, *, is_strict: bool = False) -> None:
        self.is_strict = is_strict
        self.to_send = b""

    def read(self, line: bytes, session: Session) -> Sequence[commands.Command]:  # noqa: ARG002 - a number says it all
        self.to_send += b"heard " + line + b"\n"
        if not line.isdigit():
            raise BadLine("no number")
        return [commands.Ping(id=number) for number in range(int(line))]


def wire_of(data: bytes, *, is_strict: bool = False) -> Wire:
    wire = Wire(LineBuffer(2 * COMMAND_BYTES), Counting(is_strict=is_strict))
    wire.begin(Session(NATIVE, Stage().connect(), bytearray().extend))
    wire.receive_data(data)
    return wire


def test_a_line_can_become_several_commands_or_none() -> None:
    wire = wire_of(b"2\n0\n1\n")
    assert [wire.next_command() for _ in range(4)] == [
        commands.Ping(id=0),
        commands.Ping(id=1),
        None,
        commands.Ping(id=0),
    ]
    assert not wire.needs_data
    assert wire.next_command() is None
    assert wire.needs_data


def test_data_of_a_wire_is_sent_once() -> None:
    wire = wire_of(b"0\nx\n")
    assert not wire.dialect.to_send
    wire.next_command()
    assert wire.dialect.to_send
    assert (wire.data_to_send(), wire.data_to_send()) == (b"heard 0\n", b"")
    with pytest.raises(BadLine):
        wire.next_command()
    assert wire.dialect.to_send
    assert wire.data_to_send() == b"heard x\n"


@pytest.mark.parametrize(("is_strict", "kind"), [(False, TooLong), (True, ProtocolError)])
def test_a_long_line_ends_the_connection_only_in_a_strict_dialect(*, is_strict: bool, kind: type) -> None:
    wire = wire_of(b"1" * (2 * COMMAND_BYTES + 1) + b"\n1\n", is_strict=is_strict)
    with pytest.raises(kind) as caught:
        wire.next_command()
    assert type(caught.value) is kind
    assert wire.next_command() == commands.Ping(id=0)


def test_a_long_line_is_counted_as_heavy() -> None:
    wire = wire_of(b"0" * (COMMAND_BYTES - 1) + b"\n" + b"0" * COMMAND_BYTES + b"\n")
    wire.next_command()
    assert wire.heavy == 0
    wire.next_command()
    assert wire.heavy == COMMAND_BYTES
