"""IRC clients on a stage: real wires, sessions and hub, without sockets."""

from __future__ import annotations

from socketchat.commands import handle
from socketchat.exceptions import ChatError
from socketchat.hub import Channel, Session
from socketchat.wire.irc import wire as irc_wire
from tests.hub.stage import Stage

HERE = Channel("127.0.0.1", is_loopback=True)


class Irc:
    """An IRC client: it types lines, and reads the lines of the server."""

    def __init__(self, stage: Stage, channel: Channel = HERE) -> None:
        self.stage = stage
        self.wire = irc_wire()
        self.data = bytearray()
        self.closed = False
        self.session = Session(self.wire.rendering, self, self.data.extend, channel)
        self.wire.begin(self.session)

    def types(self, *lines: str) -> list[str]:
        """Type lines, and return what the server says until nothing is left to do."""
        self.wire.receive_data("".join(f"{line}\r\n" for line in lines).encode())
        self.proceed()
        self.stage.turns.wait(1)
        return self.reads()

    def reads(self) -> list[str]:
        """Return the lines since the last call."""
        data, self.data[:] = bytes(self.data).decode(), b""
        assert data == "" or data.endswith("\r\n")
        return data.split("\r\n")[:-1]

    # What the hub needs of a link

    def proceed(self) -> None:
        hub = self.stage.hub
        while not self.closed and hub.takes(self.session):
            try:
                command = self.held if self.held is not None else self.wire.next_command()
            except ChatError as error:
                self.session.refuse(error, None)
                continue
            self.held = None
            if command is None:
                if self.wire.needs_data:
                    return
            elif not handle(hub, self.session, command):
                self.held = command
                return

    held = None

    def close(self, last_words: bytes) -> None:
        self.data.extend(last_words)
        self.closed = True

    def fail(self, error: Exception) -> None:
        raise error


def irc(stage: Stage, name: str, caps: str = "", channel: Channel = HERE) -> Irc:
    """Return a client that has come in under a name, with these capabilities."""
    client = Irc(stage, channel)
    negotiation = [f"CAP REQ :{caps}", "CAP END"] if caps else []
    lines = client.types(*negotiation, f"NICK {name}", f"USER {name} 0 * :{name.title()}")
    assert any(f" 001 {name} " in line for line in lines), lines
    return client


def bare(lines: list[str]) -> list[str]:
    """Return lines without tags, and with sources cut to the nick."""
    found = []
    for line in lines:
        words = line.split(" ", 1)[1] if line.startswith("@") else line
        source, _, rest = words.partition(" ")
        found.append(f"{source.partition('!')[0]} {rest}")
    return found
