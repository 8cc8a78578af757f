"""However the program is stopped, its terminal is raw and without echo when it continues: no password is shown."""

import signal
import termios

import pytest

LFLAG = 3


def is_raw(seat):
    return not seat.settings[LFLAG] & (termios.ICANON | termios.ECHO)


def test_after_a_stop_from_outside_the_terminal_is_raw_again(server, sit):
    seat = sit(server, "stella")
    seat.shows("Welcome, stella.")
    assert is_raw(seat)
    seat.signal(signal.SIGSTOP)
    termios.tcsetattr(seat.slave, termios.TCSANOW, seat.before)  # as the shell does meanwhile
    seat.show("[1]+  Stopped\r\n")
    seat.signal(signal.SIGCONT)
    seat.until(lambda: is_raw(seat) and seat.lines[-1].endswith("Ctrl+D leaves"))
    seat.says("/password")
    seat.shows("New password:")
    seat.type("topsecret")
    seat.shows("New password: *********")
    assert "topsecret" not in seat.text
    seat.type("\x03")
    seat.shows("Nothing was changed.")
    assert seat.leaves() == 0


def test_a_secret_is_asked_for_without_an_echo_whatever_another_program_has_set(server, sit):
    seat = sit(server, "thea")
    seat.shows("Welcome, thea.")
    seat.says("/password")
    seat.shows("New password:")
    seat.type("\x03")
    seat.shows("Nothing was changed.")
    assert is_raw(seat)
    seat.type("/password")
    seat.shows("> /password")
    termios.tcsetattr(seat.slave, termios.TCSANOW, seat.before)
    seat.type("\n")
    seat.until(lambda: is_raw(seat))
    seat.type("topsecret")
    seat.shows("New password: *********")
    assert "topsecret" not in seat.text


@pytest.mark.parametrize("question", ["Password (Enter to choose another name):"])
def test_a_stop_at_a_question_before_the_chat_leaves_no_echo_either(server, sit, question):
    first = sit(server, "ulla", home="first")
    first.shows("Welcome, ulla.")
    seat = sit(server, "ulla", home="second")
    seat.shows(question)
    seat.signal(signal.SIGSTOP)
    termios.tcsetattr(seat.slave, termios.TCSANOW, seat.before)
    seat.signal(signal.SIGCONT)
    seat.until(lambda: is_raw(seat))
    seat.type("topsecret")
    seat.shows("*********")
    assert "topsecret" not in seat.text
