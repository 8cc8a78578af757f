"""A stream of bytes, cut in every way that a network may cut it."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from socketchat.exceptions import BadLine, ChatError, ProtocolError
from socketchat.hub import Session
from socketchat.wire import Wire


def splits(stream: bytes) -> Iterator[list[bytes]]:
    """Return the stream whole, byte by byte, and in two parts cut at each place."""
    yield [stream]
    yield [stream[at : at + 1] for at in range(len(stream))]
    for at in range(1, len(stream)):
        yield [stream[:at], stream[at:]]


def cut_at(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[start:end] for start, end in pairwise(places)]


def read_all(wire: Wire, session: Session, reads: Iterable[bytes], together: int = 0) -> list:
    """Return the commands and errors in the data, in order, up to an error that ends the connection.

    Take up to ``together`` short messages at a time.
    """
    found: list = []
    wire.begin(session)

    def read() -> object:
        try:
            return wire.next_command()
        finally:
            if wire.dialect.to_send:
                session.write(wire.data_to_send())

    for data in reads:
        wire.receive_data(data)
        while True:
            if together:
                found += wire.next_messages(together)
            try:
                command = read()
            except ChatError as error:
                found.append(error)
                if isinstance(error, ProtocolError) and not isinstance(error, BadLine) and error.code == "protocol":
                    return found
                continue
            if command is not None:
                found.append(command)
            elif wire.needs_data:
                break
    return found
