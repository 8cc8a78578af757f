import pytest

from socketchat.protocol.events import Conversation
from socketchat.terminal.screen.bell import QUIET_SECONDS, Bell
from tests.presence import presence

from ..events import DIRECT, entry


class Rings:
    """A bell that counts, and its clock."""

    def __init__(self):
        self.count = 0
        self.now = 100.0
        self.bell = Bell("alice", "Alice", self.ring, lambda: self.now)

    def ring(self):
        self.count += 1


@pytest.fixture
def rings():
    return Rings()


def test_the_bell_rings_for_direct_messages_and_mentions(rings):
    rings.bell.note(entry("hello"), {})
    rings.bell.note(presence(appeared=["alice"]), {})
    assert rings.count == 0
    rings.bell.note(entry("psst", room=DIRECT, to="alice"), {})
    rings.now += QUIET_SECONDS
    rings.bell.note(entry("alice?", room="#ops"), {})
    assert rings.count == 2


def test_the_bell_rings_once_for_a_burst(rings):
    for seq in range(100):
        rings.bell.note(entry("psst", room=DIRECT, to="alice", seq=seq), {})

    assert rings.count == 1


def test_the_bell_does_not_ring_for_missed_lines(rings):
    heard = {DIRECT: Conversation(conversation=DIRECT, head=5)}

    rings.bell.note(entry("old", room=DIRECT, to="alice", seq=5), heard)
    assert rings.count == 0
    rings.bell.note(entry("new", room=DIRECT, to="alice", seq=6), heard)
    assert rings.count == 1


BEL = b"\x07"


def test_the_terminal_rings_only_for_new_lines(own_server, sit):
    ann, bob = sit(own_server, "ann", home="ann"), sit(own_server, "bob")
    for seat in (ann, bob):
        seat.shows("Welcome")
    bob.type("\x1b[200~no\x07bell\x1b[201~\r")
    ann.shows("bob: no^Gbell")
    assert BEL not in ann.written
    ann.says("/join #ops")
    ann.shows("#ops ann>")
    bob.says("hello", "ann: look", "/dm ann psst")
    ann.shows("#lobby 2, 1 to you · ")
    ann.shows("[DM from bob] psst")
    ann.says("/join #lobby")
    ann.shows("» bob: ann: look")
    ann.lacks("to you · ")
    assert ann.written.count(BEL) == 1
    ann.leaves()
    bob.shows("ann has left")
    bob.says("/dm ann again")
    bob.shows("[DM to ann] again")

    again = sit(own_server, "ann", home="ann")
    again.shows("[DM from bob] again")
    assert BEL not in again.written
    assert BEL not in bob.written


@pytest.mark.parametrize(("arguments", "environ"), [(["--no-bell"], {}), ([], {"SOCKETCHAT_NO_BELL": "1"})])
def test_the_bell_can_be_switched_off(server, sit, arguments, environ):
    name = f"ann{len(arguments)}"
    ann, bob = sit(server, name, *arguments, **environ), sit(server, f"bob{len(arguments)}")
    for seat in (ann, bob):
        seat.shows("Welcome")
    bob.says(f"/dm {name} psst")
    ann.shows("psst")
    assert ann.leaves() == 0
    assert BEL not in ann.written
