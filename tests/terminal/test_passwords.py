"""Passwords at a terminal: never seen, never brought back, and another device is let in by them."""

import subprocess
from pathlib import Path

import pytest

from .seats import PROGRAM

SECRET = "correct horse"


def everything_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize("secret", [SECRET, " blanks at the ends "])
def test_a_password_lets_a_second_device_in_and_is_seen_nowhere(server, sit, tmp_path, secret):
    name = f"pat{len(secret)}"
    first = sit(server, name, home="first")
    first.shows("Welcome, ")
    first.says("/password")
    first.shows("New password:")
    first.says(secret)
    first.shows("Once more:")
    first.says(secret)
    first.shows(f"Your password is set. On another device: `socketchat join {name}`, or")
    first.type("\x1b[A")
    first.shows("> /password")
    first.type("\x03")

    second = sit(server, name, home="second")
    second.shows(f"The name '{name}' belongs to somebody. If that is you, type its password.\nPassword (Enter to ")
    second.says("wrong horse")
    second.shows("The name or the password is wrong.\nPassword (Enter to choose another name):")
    second.says(secret)
    second.shows(f"Welcome, {name}.")
    second.says("/devices")
    second.shows("=== Devices (2) ===")
    second.shows("A password is set.")
    for seat in (first, second):
        assert secret not in seat.text
        assert "wrong horse" not in seat.text
        assert seat.leaves() == 0
    assert secret.encode() not in everything_below(tmp_path)

    again = sit(server, name, home="second")
    again.shows(f"Welcome, {name}.")
    assert again.leaves() == 0


def test_whoever_is_somebody_else_chooses_another_name(server, sit):
    sit(server, "quinn", home="one").shows("Welcome, quinn.")
    other = sit(server, "quinn", home="other")
    other.shows("type its password.\nPassword (Enter to choose another name):")
    other.says("")
    other.shows("Your name:")
    other.says("quincy")
    other.shows("Welcome, quincy.")


def test_a_revoked_device_is_told_so_and_ends(server, sit):
    first = sit(server, "rita", home="first")
    first.shows("Welcome, rita.")
    first.says("/password")
    first.shows("New password:")
    first.says(SECRET)
    first.shows("Once more:")
    first.says(SECRET)
    first.shows("Your password is set")
    second = sit(server, "rita", home="second")
    second.shows("type its password.\nPassword (Enter to choose another name):")
    second.says(SECRET)
    second.shows("Welcome, rita.")
    first.shows("-- New device ")
    first.says("/devices")
    first.shows("=== Devices (2) ===")
    first.shows(", online")
    other = next(line for line in first.lines if ", online" in line).split()[1]
    first.says(f"/devices revoke {other}")
    first.shows("The device can log in again with the password; /password changes it.")
    first.shows("=== Devices (1) ===")
    assert second.ends() == 4
    second.shows("This device of rita was revoked.")


def test_two_that_are_not_the_same_and_none_at_all_change_nothing(server, sit):
    seat = sit(server, "sid", home="sid")
    seat.shows("Welcome, sid.")
    seat.says("/password")
    seat.shows("New password:")
    seat.says(SECRET)
    seat.shows("Once more:")
    seat.says("correct house")
    seat.shows("The two are not the same. Choose one of at least 8 bytes")
    seat.shows("\nNew password:")
    seat.type("half\x03")
    seat.shows("Nothing was changed.")
    seat.says("hello")
    seat.shows("sid: hello")
    assert "half" not in seat.text
    assert seat.leaves() == 0


@pytest.mark.parametrize("key", ["\r", "\x03", "\x04"])
def test_what_is_typed_after_a_password_that_may_not_be_set_is_another_one_and_never_published(server, sit, key):
    name = f"ugo{ord(key)}"
    seat = sit(server, name)
    seat.shows("Welcome, ")
    seat.says("/password")
    seat.shows("New password:")
    seat.says("short12", "password", name)  # all at once, as a terminal that is slow hands them over
    seat.shows("The password is too short. Use 8 to 1,024 bytes.")
    seat.shows("a common password")
    seat.shows("must not be your name" if len(name) > 7 else "too short")
    seat.shows("\nNew password:")
    seat.type(key)
    seat.shows("Nothing was changed.")
    seat.says("hello")
    seat.shows(f"{name}: hello")
    assert "short12" not in seat.text
    assert f"{name}: password" not in seat.text
    assert seat.leaves() == 0


def test_what_is_typed_before_the_password_is_asked_for_is_not_published(server, sit):
    seat = sit(server, "vic")
    seat.shows("Welcome, vic.")
    seat.says("/password", SECRET)
    seat.shows("Not sent, as what is typed behind /password is no message.")
    seat.shows("\nNew password:")
    seat.says("")
    seat.shows("Nothing was changed.")
    seat.says("/login wanda", SECRET)
    seat.shows("Nobody is asked for a password here: what you type next goes to #lobby.")
    seat.shows("Not sent, as what is typed behind /login is no message.")
    seat.says("/help login")
    seat.shows("In nc and telnet")
    assert SECRET not in seat.text
    assert seat.leaves() == 0


def test_leaving_while_a_password_is_asked_for_takes_giving_up_first(server, sit):
    seat = sit(server, "tim", home="tim")
    seat.shows("Welcome, tim.")
    seat.says("/password")
    seat.shows("New password:")
    seat.type("\x04")
    seat.shows("Nothing was changed.")
    assert seat.leaves() == 0


def test_a_link_gives_a_name_back_to_a_new_key(own_server, sit, tmp_path):
    first = sit(own_server, "uma", home="first")
    first.shows("Welcome, uma.")
    command = [*PROGRAM, "admin", "--data", str(tmp_path / "server"), "users", "reset", "uma", "--host", "127.0.0.1"]
    url = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    second = sit(None, url, home="second")
    second.shows("Welcome, uma.")
    assert first.ends() == 4
    first.shows("uma was taken back with another key.")
    third = sit(None, url, home="third")
    third.shows("This server has no such invite")
