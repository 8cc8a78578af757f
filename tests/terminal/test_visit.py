"""Logging in: the name, and the errors if it fails."""

import re
import shutil
import socket
import subprocess
from contextlib import closing

import pytest

from socketchat.client.address import Address
from socketchat.client.identity.profiles import Profiles
from socketchat.exceptions import UsageProblem
from socketchat.terminal.screen.theme import Look
from socketchat.terminal.visit import Visit

from .seats import PROGRAM, Server, environment

CTRL_C, CTRL_D = "\x03", "\x04"


class Silence:
    """A server that accepts and never says a word, or one that is not there."""

    def __init__(self, *, accepts):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        if not accepts:
            self._socket.close()

    def close(self):
        """Stop listening."""
        self._socket.close()


def test_a_missing_name_is_asked_for_until_one_is_free(server, sit):
    taken = sit(server, "taken")
    taken.shows("Welcome")

    seat = sit(server)
    seat.shows("Your name:")
    seat.says("not a name")
    seat.shows("A name cannot contain ' '")
    seat.says("")
    seat.shows("A name is missing")
    seat.says("Taken")
    seat.shows("type its password.\nPassword (Enter to choose another name):")
    seat.says("")
    seat.until(lambda: seat.row == "Your name:")
    seat.says("newcomer")
    seat.shows("Welcome, newcomer.")

    assert seat.leaves() == 0


def test_a_taken_name_on_the_command_line_asks_for_another(server, sit):
    seat = sit(server, "--", "-x-")
    seat.shows("Your name:")
    seat.says("dora")
    seat.shows("Welcome, dora.")


def test_the_name_can_come_from_the_environment(server, sit):
    sit(server, SOCKETCHAT_NAME="enno").shows("Welcome, enno.")


def test_the_last_name_is_suggested_and_its_server_used(server, sit):
    first = sit(server, "fred", home="fred")
    first.shows("Welcome, fred.")
    first.leaves()

    again = sit(None, home="fred")
    again.shows("Your name [fred]:")
    again.says("")
    again.shows("Welcome, fred.")


def test_losing_the_name_while_disconnected_is_an_error_without_a_question(own_server, sit, tmp_path):
    other = Server(str(tmp_path / "other"))
    sit(other, "hugo").shows("Welcome")
    other.stop()
    hugo = sit(own_server, "hugo")
    hugo.shows("Welcome")
    own_server.kill()
    shutil.copy(tmp_path / "server" / "tls.pem", tmp_path / "other")
    own_server.start(str(tmp_path / "other"))

    assert hugo.ends() == 4
    assert hugo.lines[-1] == "socketchat: The name hugo belongs to another user; choose another name."


@pytest.fixture
def ida(own_server, sit):
    """Return the seat of a user with a waiting message and a half-typed one."""
    ida = sit(own_server, "ida", home="ida", columns=100)
    ida.shows("Welcome")
    own_server.kill()
    ida.shows("not connected, ")
    ida.says("hello")
    ida.shows("1 waiting")
    ida.type("half ")
    return ida


def test_a_wrong_key_while_reconnecting_is_reported_and_nothing_is_lost(own_server, ida, tmp_path):
    own_server.start(str(tmp_path / "other"))
    ida.shows("the server has another key")
    told = re.sub(r"\s+", " ", ida.text)
    assert (
        "!! The server showed another key. You stay disconnected, and what you type waits. The key of 127.0.0.1:"
        in told
    )
    assert told.partition("!! The server showed another key")[2].count("SHA256:") == 3
    assert re.search(r"\n   socketchat trust 127.0.0.1:\d+ SHA256:\S{43}\n", ida.text)
    assert ida.row.endswith("> half")
    own_server.kill()
    own_server.start(str(tmp_path / "server"))
    ida.says("typed")
    ida.shows("-- Reconnected")
    ida.shows("ida: hello")
    ida.shows("ida: half typed")

    assert ida.leaves() == 0
    assert ida.text.count("!! The server showed another key") == 1


def test_a_wrong_key_at_the_start_ends_the_run_and_reports_waiting_messages(own_server, ida, sit, tmp_path):
    own_server.start(str(tmp_path / "other"))
    ida.shows("the server has another key")
    ida.type(CTRL_C)
    assert ida.leaves() == 3

    again = sit(own_server, "ida", home="ida")
    assert again.ends() == 7
    told = again.text.replace("\n", "")
    assert "A message waits and is kept on this machine." in told
    assert "Nothing was sent." in told


def test_a_newly_accepted_key_is_used_to_reconnect(own_server, ida, tmp_path):
    own_server.start(str(tmp_path / "other"))
    ida.shows("   socketchat trust ")
    command = ida.text.partition("   socketchat trust ")[2].split()[:2]
    subprocess.run([*PROGRAM, "trust", *command], env=environment(tmp_path / "ida"), check=True, timeout=20)
    ida.says("typed")
    ida.shows("-- Reconnected")
    ida.shows("ida: hello")
    ida.shows("ida: half typed")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_the_user_can_leave_at_the_question_for_the_name(server, sit, key):
    seat = sit(server)
    seat.shows("Your name:")
    seat.type(key)

    assert seat.ends() == 130
    assert "Traceback" not in seat.text


def test_an_unreachable_server_is_one_clear_line(sit):
    seat = sit(Silence(accepts=False), "ann")

    assert seat.ends() == 6
    assert "connection refused. Is `socketchat serve` running there?" in seat.text.replace("\n", "")


def test_a_silent_server_is_reported_and_can_be_given_up(sit):
    with closing(Silence(accepts=True)) as silence:
        seat = sit(silence, "ann")
        seat.shows(f"Connecting to 127.0.0.1:{silence.port} …")
        seat.type(CTRL_C)

        assert seat.ends() == 130
        assert "Traceback" not in seat.text


def test_without_a_terminal_a_new_user_must_give_a_name(tmp_path):
    address = Address("127.0.0.1", 1)
    visit = Visit(address, Profiles(str(tmp_path)).server(*address), Look(edits=False, colors="none"), {})

    with pytest.raises(UsageProblem, match="socketchat join NAME"):
        visit.run(None)


def test_a_dumb_terminal_gets_plain_lines_and_a_welcome(server, sit):
    seat = sit(server, "gudrun", TERM="dumb")
    seat.shows("=== Connected! Type /help for commands ===")
    seat.type("/dm gudrun note\n")
    seat.shows("[DM to gudrun] note")
    seat.type("\x04")

    assert seat.ends() == 0
    assert b"\x1b" not in seat.written
