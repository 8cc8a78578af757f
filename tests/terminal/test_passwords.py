"""Passwords at a terminal: never shown, never recalled, and enough to log in another device."""

import subprocess
from pathlib import Path

import pytest

from .seats import PROGRAM

SECRET = "correct horse"


def everything_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize("secret", [SECRET, " blanks at the ends "])
def test_a_password_adds_a_second_device_and_is_never_shown(server, sit, tmp_path, secret):
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
    second.shows(f"The name '{name}' is taken. If it is yours, type its password.\nPassword (Enter to ")
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


def test_another_user_of_a_taken_name_chooses_another_one(server, sit):
    sit(server, "quinn", home="one").shows("Welcome, quinn.")
    other = sit(server, "quinn", home="other")
    other.shows("type its password.\nPassword (Enter to choose another name):")
    other.says("")
    other.shows("Your name:")
    other.says("quincy")
    other.shows("Welcome, quincy.")


def test_a_revoked_device_is_notified_and_ends(server, sit):
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
    first.shows("Your password, to revoke the key at once (Enter: in 24 hours):")
    first.says(SECRET)  # which is younger than a day
    first.shows("is revoked in 24 hours")
    first.shows("unless you keep it")
    second.shows("A session of yours asked to revoke your device")
    first.says(f"/devices keep {other}")
    second.shows("its revocation was refused")
    second.says(f"/devices revoke {other}")  # its own key
    assert second.ends() == 4
    second.shows("This device of rita was revoked.")


def test_different_or_empty_new_passwords_change_nothing(server, sit):
    seat = sit(server, "sid", home="sid")
    seat.shows("Welcome, sid.")
    seat.says("/password")
    seat.shows("New password:")
    seat.says(SECRET)
    seat.shows("Once more:")
    seat.says("correct house")
    seat.shows("The two passwords differ. Try again, or press Enter to cancel.")
    seat.shows("\nNew password:")
    seat.type("half\x03")
    seat.shows("Nothing was changed.")
    seat.says("hello")
    seat.shows("sid: hello")
    assert "half" not in seat.text
    assert seat.leaves() == 0


@pytest.mark.parametrize("key", ["\r", "\x03", "\x04"])
def test_input_after_a_refused_password_is_not_sent_to_the_room(server, sit, key):
    name = f"ugo{ord(key)}"
    seat = sit(server, name)
    seat.shows("Welcome, ")
    seat.says("/password")
    seat.shows("New password:")
    seat.says("short12", "password", name)  # together, as a slow terminal delivers them
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


def test_input_before_the_password_prompt_is_not_sent_to_the_room(server, sit):
    seat = sit(server, "vic")
    seat.shows("Welcome, vic.")
    seat.says("/password", SECRET)
    seat.shows("Not sent: what you type after /password is not a message.")
    seat.shows("\nNew password:")
    seat.says("")
    seat.shows("Nothing was changed.")
    seat.says("/login wanda", SECRET)
    seat.shows("Not here: your next line would be sent to #lobby.")
    seat.shows("Not sent: what you type after /login is not a message.")
    seat.says("/help login")
    seat.shows("Log in as NAME from nc or telnet")
    assert SECRET not in seat.text
    assert seat.leaves() == 0


def test_leaving_at_the_password_prompt_cancels_it_first(server, sit):
    seat = sit(server, "tim", home="tim")
    seat.shows("Welcome, tim.")
    seat.says("/password")
    seat.shows("New password:")
    seat.type("\x04")
    seat.shows("Nothing was changed.")
    assert seat.leaves() == 0


def test_a_reset_link_gives_a_name_to_a_new_key(own_server, sit, tmp_path):
    first = sit(own_server, "uma", home="first")
    first.shows("Welcome, uma.")
    command = [*PROGRAM, "admin", "--data", str(tmp_path / "server"), "users", "reset", "uma", "--host", "127.0.0.1"]
    url = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    second = sit(None, url, home="second")
    second.shows("Welcome, uma.")
    assert first.ends() == 4
    first.shows("uma was taken back with another key.")
    third = sit(None, url, home="third")
    third.shows("This server does not know the invite")
