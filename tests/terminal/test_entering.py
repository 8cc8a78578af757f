"""Joining a server as a newcomer: the join code and invites, at a terminal."""

import asyncio
import os
import re
import subprocess

import pytest

from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.keys import Key
from socketchat.client.identity.profiles import Profiles
from socketchat.client.session.credentials import Credentials
from socketchat.exceptions import BadCode
from socketchat.hub.policy.limits import LOOPBACK_TIMES, MOST_GUESSES
from socketchat.terminal.visit import CODE_WANTED

from .seats import PROGRAM, Server, environment

KEY = Key(bytes(32))


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """Return a server that treats no connection as local, as behind a tunnel, and its data directory."""
    directory = tmp_path_factory.mktemp("closed")
    server = Server(str(directory), "--tunnel")
    server.directory = directory
    yield server
    server.stop()


def code_of(server):
    return (server.directory / "join-code").read_text().strip()


def write(path, text):
    path.write_text(f"{text}\n")
    return str(path)


def invite(server, *options):
    """Return the URL of an invite to the server."""
    command = [*PROGRAM, "invite", "--data", str(server.directory), "--host", "127.0.0.1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def test_login_texts_are_wrapped_between_words_and_fingerprints_stay_whole(closed, server, sit):
    narrow = sit(closed, "nora", columns=44)
    narrow.until(lambda: narrow.row == "Join code:")
    assert " ".join(line for line in narrow.lines[:-1] if not line.startswith("Connecting to ")) == CODE_WANTED

    wide = sit(server, "wanda", columns=90)
    wide.shows("Welcome, wanda.")
    at = wide.lines.index("Remembering this server by its fingerprint:")
    assert re.fullmatch(r"  SHA256:\S{43}", wide.lines[at + 1])


def test_a_newcomer_is_asked_for_the_join_code_until_it_is_right(closed, sit):
    seat = sit(closed, "ann", home="ann")
    seat.shows("This server needs a join code")
    seat.shows("Join code:")
    seat.says("")
    seat.shows("This is not a join code.")
    seat.says("socketchat://chat.example.org:5000/#key.token")
    seat.until(lambda: seat.text.count("If you have an invite") == 2)
    seat.says("wrong words are no code")
    seat.shows("Wrong join code")
    seat.says(f"  {code_of(closed).upper().replace('-', ' ')} ")
    seat.shows("Welcome, ann.")
    assert seat.leaves() == 0

    again = sit(closed, "ann", home="ann")
    again.shows("Welcome, ann.")
    assert "Join code" not in again.text


@pytest.mark.faults
def test_a_newcomer_logs_in_by_the_code_after_others_guessed_at_it_through_the_tunnel(tmp_path, sit):
    server = Server(str(tmp_path / "server"), "--tunnel", "--no-limits")
    guess_wrong(server.port, 2 * MOST_GUESSES * LOOPBACK_TIMES)
    seat = sit(server, "kim")
    seat.shows("Join code:")
    seat.says("wrong words are no code")
    seat.until(lambda: seat.text.count("Join code:") == 2)
    seat.says((tmp_path / "server" / "join-code").read_text().strip())
    seat.shows("Welcome, kim.")
    assert seat.leaves() == 0
    server.stop()


def guess_wrong(port, times):
    """Try this many wrong join codes."""

    async def guess():
        for _ in range(times):
            client = connect("127.0.0.1", port, name="kim", profile=None, key=KEY, credentials=Credentials(code="no"))
            with pytest.raises(BadCode):
                await client.__aenter__()

    asyncio.run(guess())


def test_the_code_is_asked_for_after_the_name_and_not_for_a_taken_name(closed, sit):
    seat = sit(closed, home="bob")
    seat.shows("Your name:")
    seat.says("bob")
    seat.shows("Join code:")
    seat.says(code_of(closed))
    seat.shows("Welcome, bob.")

    other = sit(closed, "bob", home="thief")
    other.shows("The name 'bob' is taken.")
    other.says("")
    other.shows("Your name:")
    assert "Join code" not in other.text


def test_the_newcomer_can_give_up_at_the_code(closed, sit):
    seat = sit(closed, "cleo")
    seat.shows("Join code:")
    seat.type("\x04")
    assert seat.ends() == 130


def test_an_invite_url_lets_a_newcomer_in_without_questions(closed, sit):
    seat = sit(None, "dora", invite(closed))
    seat.shows("Welcome, dora.")
    assert "Join code" not in seat.text


def test_an_invite_stays_valid_if_the_newcomer_chooses_another_name(closed, sit):
    owner = sit(None, "jack", invite(closed), home="jack")
    owner.shows("Welcome, jack.")
    owner.says("/password")
    owner.shows("New password")
    owner.says("correct horse")
    owner.shows("Once more")
    owner.says("correct horse")
    owner.shows("Your password is set")
    seat = sit(None, "jack", invite(closed), home="other")
    seat.shows("The name 'jack' is taken.")
    seat.says("")
    seat.shows("Your name:")
    seat.says("jill")
    seat.shows("Welcome, jill.")


def test_an_invite_can_be_read_from_stdin_of_an_interactive_chat(closed, sit, tmp_path):
    url = tmp_path / "url"
    url.write_text(invite(closed) + "\n")
    seat = sit(None, "-", "emil", stdin=str(url))
    seat.shows("Welcome, emil.")
    seat.says("hello")
    seat.shows("emil: hello")
    assert seat.leaves() == 0


def test_the_error_for_a_used_invite_says_so(closed, sit):
    url = invite(closed)
    sit(None, "fred", url).shows("Welcome, fred.")
    seat = sit(None, "gina", url)
    seat.shows("This invite is used up; ask for a new one.")
    assert seat.ends() == 4


def test_an_invite_for_another_server_key_is_refused_before_anything_is_sent(closed, sit):
    where, _, fragment = invite(closed).partition("#")
    seat = sit(None, "hugo", f"{where}#{'A' * 43}.{fragment.partition('.')[2]}")
    seat.shows("The invite is for a server with the fingerprint")
    assert seat.ends() == 7


def test_a_script_uses_an_invite_in_a_file_once(closed, tmp_path):
    url = tmp_path / "invite"
    url.write_text(invite(closed) + "\n")
    environ = environment(tmp_path / "home") | {"XDG_DATA_HOME": str(tmp_path / "data")}

    def send(*options):
        command = [*PROGRAM, "send", "--as", "jobbot", *options, "hi"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, env=environ)

    without = send("--port", str(closed.port))
    assert without.returncode == 4
    assert f"'jobbot' is a new name on 127.0.0.1:{closed.port}, and" in without.stderr
    assert "--invite-file" in without.stderr
    for _ in range(2):
        done = send("--invite-file", str(url))
        assert (done.returncode, done.stderr) == (0, "")
    assert send("--port", str(closed.port)).returncode == 0
    again = subprocess.run([*PROGRAM, "send", "hi"], capture_output=True, text=True, check=False, env=environ)
    assert (again.returncode, again.stderr) == (0, "")
    profiles = Profiles(str(tmp_path / "data" / "socketchat" / "client"))
    assert profiles.default() == ("127.0.0.1", closed.port)
    assert profiles.server("127.0.0.1", closed.port).name == "jobbot"
    missing = send("--invite-file", os.devnull)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert send("--invite-file", str(tmp_path / "nowhere")).returncode == 8
