"""``join`` in a pipe: lines of stdin are sent, events are written, and the exit code is the result."""

import asyncio
import io
import itertools
import os
import re
import threading
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profiles
from socketchat.client.outbox_file import count_kept
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import BadText, ChatError, TooLong, Unconfirmed
from socketchat.protocol.commands import Away, History, Ping, Send
from socketchat.protocol.limits import TEXT_BYTES
from socketchat.protocol.transcript import text_lines
from socketchat.terminal.pipe import LINE_BYTES, Pipe, read_lines
from tests.client.scripted import error, scripted
from tests.hostile import CORPUS, dangerous

QUICK = Timeouts(first_delay=0.001, longest_delay=0.002, quit=0.01)

names = (f"user{number}" for number in itertools.count())


def visit(server, stdin, *, name=None, play=None):
    """Run ``join`` with this stdin while ``play`` runs; return exit code, stdout and stderr."""

    async def run():
        out, err = Paper(), Paper()
        async with connect("127.0.0.1", server.port, name=name or next(names), profile=None) as client:
            pipe = Pipe(client, stdin=stdin, stdout=out, stderr=err)
            code, *_ = await asyncio.gather(pipe.run(), *([play(out, err)] if play else []))
        return code, out.getvalue(), err.getvalue()

    return asyncio.run(run())


def without_presence(done):
    """Return the output without joins and leaves of other users, as other tests end at any time."""
    code, out, err = done
    return code, re.sub(r"^\[(join|leave)\] .*\n", "", out, flags=re.MULTILINE), err


def history(server, room):
    """Return the messages of a room, as plain lines."""

    async def run():
        async with connect("127.0.0.1", server.port, name=next(names), profile=None) as client:
            answer = await client.request(History(conversation=room, limit=200))
            return "".join(text_lines(replace(event, place=""), me=None) for event in answer.events)

    return asyncio.run(run())


@asynccontextmanager
async def guest(server, name):
    """Have another user online."""
    async with connect("127.0.0.1", server.port, name=name, profile=None) as client:
        await client.request(Ping())
        yield client


class Keyboard:
    """A stdin that is written to while it is read."""

    def __init__(self):
        reading, writing = os.pipe()
        self.stdin = os.fdopen(reading, "rb")
        self._writing = os.fdopen(writing, "wb", buffering=0)

    def type(self, text):
        """Write to it."""
        self._writing.write(text.encode())

    def end(self):
        """End the input."""
        self._writing.close()


@pytest.fixture
def keyboard():
    """Return a stdin that is closed at the end."""
    keyboard = Keyboard()
    yield keyboard
    keyboard.end()
    for thread in threading.enumerate():
        if thread.name == "stdin":  # on a busy machine it may only begin to read when the visit is over
            thread.join()
    keyboard.stdin.close()


class Paper(io.StringIO):
    """An output that a test can wait for."""

    def __init__(self):
        super().__init__()
        self._changed = asyncio.Event()

    def write(self, text):
        """Take the output."""
        self._changed.set()
        return super().write(text)

    async def has(self, text):
        """Wait until this was written."""
        async with asyncio.timeout(10):
            while text not in self.getvalue():
                self._changed.clear()
                await self._changed.wait()


def test_each_line_is_a_message_and_all_are_stored_at_exit(server):
    lines = "".join(f"line {number}\n" for number in range(200))

    assert without_presence(visit(server, io.BytesIO(b"/join #lines\n" + lines.encode()), name="liner")) == (
        0,
        "[room] You are now in #lines.\n",
        "",
    )
    assert history(server, "#lines") == "".join(f"liner: line {number}\n" for number in range(200))


def test_blank_lines_and_line_ends_are_not_sent(server):
    visit(server, io.BytesIO(b"/join #ends\n\n  \na\r\n b \n//c\nd"), name="ender")

    assert history(server, "#ends") == "ender: a\nender:  b \nender: /c\nender: d\n"


def test_lines_and_commands_keep_their_order(server):
    lines = b"one\n/topic two\nthree\n/topic four\nfive\n"

    visit(server, io.BytesIO(b"/join #order\n" + lines), name="orderly")

    assert history(server, "#order") == (
        "orderly: one\n"
        "[topic] orderly set the topic of #order: two\n"
        "orderly: three\n"
        "[topic] orderly set the topic of #order: four\n"
        "orderly: five\n"
    )


def test_an_empty_stdin_is_accepted(server):
    assert without_presence(visit(server, io.BytesIO())) == (0, "", "")


@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        (b"/nonsense", 5, "No such command: /nonsense. "),
        (b"/dm nobody-of-that-name hi", 5, "No such user: nobody-of-that-name"),
        (b"/dm", 2, "Usage: /dm NAME TEXT"),
        (b"x" * (TEXT_BYTES + 1), 4, "Too long: 32,769 bytes; the limit is 32,768. Send it as a file or split it."),
        (b"\xff", 2, "A line of stdin is not valid UTF-8."),
        (b"/topic", 0, ""),
    ],
)
def test_a_refused_line_is_reported_and_the_rest_is_sent(server, line, code, complaint):
    name = next(names)

    got, _, err = visit(server, io.BytesIO(b"/join #rest-%s\n%s\nafter\n" % (name.encode(), line)), name=name)

    assert got == code
    assert err.startswith(f"socketchat: {complaint}" if complaint else "")
    assert err.count("\n") == bool(complaint)
    assert history(server, f"#rest-{name}") == f"{name}: after\n"


def test_the_exit_code_is_that_of_the_first_refusal(server):
    assert visit(server, io.BytesIO(b"/dm\n/nonsense\nfine\n"))[0] == 2


def test_a_failed_room_change_ends_the_run_because_later_lines_are_for_that_room(server):
    with pytest.raises(ChatError, match="You cannot leave #lobby"):
        visit(server, io.BytesIO(b"/leave\nsecret\n"), name="leaver")

    assert "leaver: secret" not in history(server, "#lobby")


def test_quit_ends_the_run_before_the_end_of_stdin(server, keyboard):
    keyboard.type("/quit\n")

    assert without_presence(visit(server, keyboard.stdin)) == (0, "", "")


def test_commands_are_answered_in_plain_lines(server):
    room = f"#answers-{next(names)}"
    stdin = f"/join {room}\n/topic pumps\n/topic\n/users {room}\n/rooms\n/help me\n/leave\n".encode()

    code, out, err = without_presence(visit(server, io.BytesIO(stdin), name="asker"))

    assert (code, err) == (0, "")
    assert f"[topic] {room}: pumps\n" in out
    assert f"=== Online Users in {room} (1) ===\n  - asker\n" in out
    assert f"  - {room} (1 online) pumps\n" in out
    assert "/me TEXT\nDescribe an action: /me waves.\n" in out
    assert out.endswith("[room] You are now in #lobby.\n")


def test_events_are_written_except_own_messages(server, keyboard):
    bob = next(names)
    keyboard.type("mine\n")

    async def play(out, _err):
        async with guest(server, bob) as client:
            await client.send("#lobby", "one\ntwo")
            await client.send("#lobby", "waves", "action")
            await client.send("@piper", "psst")
        await out.has(f"[leave] {bob} has left the chat.\n")
        keyboard.end()

    code, out, _ = visit(server, keyboard.stdin, name="piper", play=play)

    assert code == 0
    assert [line for line in out.splitlines() if bob in line] == [
        f"[join] {bob} has joined the chat.",
        f"{bob}: one",
        f"{bob}: two",
        f"* {bob} waves",
        f"[DM from {bob}] psst",
        f"[leave] {bob} has left the chat.",
    ]
    assert "mine" not in out


@pytest.mark.parametrize("name", ["title", "clear the screen", "C1 CSI", "bidi override", "bells"])
def test_the_output_has_nothing_dangerous(server, keyboard, name):
    bob = next(names)

    async def play(out, _err):
        async with guest(server, bob) as client:
            await client.send("#lobby", CORPUS[name])
            await client.send("#lobby", "done")
        await out.has(f"{bob}: done\n")
        keyboard.end()

    _, out, _ = visit(server, keyboard.stdin, play=play)

    assert dangerous(out) == set()


def test_a_long_line_of_a_message_is_one_line_for_a_program(server, keyboard):
    link = "see https://example.org/" + "x" * 200

    async def play(out, _err):
        async with guest(server, "linker") as linker:
            await linker.request(Send(to="#lobby", text=link))
            await out.has(f"linker: {link}\n")
            keyboard.end()

    code, _, _ = visit(server, keyboard.stdin, play=play)
    assert code == 0


def test_a_lost_connection_is_reported_and_restored(own_server, keyboard):
    async def play(out, err):
        keyboard.type("/help quit\n")
        await out.has("/quit\n")
        own_server.kill()
        await err.has("socketchat: Connection lost; reconnecting. ")
        keyboard.type("typed meanwhile\n")
        keyboard.end()
        await asyncio.to_thread(own_server.start)

    code, _, err = visit(own_server, keyboard.stdin, name="mender", play=play)

    assert code == 0
    assert "socketchat: Reconnected: " in err
    assert "mender: typed meanwhile\n" in history(own_server, "#lobby")


def test_messages_that_cannot_be_stored_are_reported_and_kept_after_a_timeout(tmp_path):
    """The server's disk stays full."""
    profiles = Profiles(str(tmp_path))
    out, err = Paper(), Paper()

    async def refuse(peer):
        while (command := await peer.read()) and command["type"] == "send":
            peer.write(error(command["id"], "storage", "The disk is full; try again later.", retry=True))

    async def run():
        async with scripted() as script:
            profile = profiles.server("127.0.0.1", script.port)
            client = connect("127.0.0.1", script.port, name="ann", profile=profile, timeouts=QUICK)
            entering = asyncio.create_task(client.__aenter__())
            peer = await script.accept()
            await peer.log_in()
            await entering
            refusing = asyncio.create_task(refuse(peer))
            lines = io.BytesIO(b"hi\n/topic pumps\nho\n")
            pipe = Pipe(client, stdin=lines, stdout=out, stderr=err, give_up_after=0.2)
            with pytest.raises(Unconfirmed) as ended:
                await pipe.run()
            await client.quit()
            await refusing
            return ended.value, count_kept(profile.outbox("ann"))

    ended, kept = asyncio.run(run())

    assert ended.exit_code == 3
    assert str(ended) == (
        "A message is not confirmed yet; the next `join` as ann sends what is left. 2 lines were not sent."
    )
    assert kept == 1
    assert err.getvalue() == "socketchat: The disk is full; what you send waits until the server stores it.\n"


def test_edits_are_sent_in_the_order_of_the_lines(own_server):
    lines = b"first\n/edit second\nthird\n/delete\n/edit #lobby/1 fourth\n/edit #lobby/99 fifth\n"

    code, _, err = visit(own_server, io.BytesIO(lines), name="mender")

    assert (code, err) == (5, "socketchat: Message #lobby/99 does not exist, or was deleted.\n")
    assert "mender: fourth (edited)\n" in history(own_server, "#lobby")
    assert "third" not in history(own_server, "#lobby")


def test_lines_are_processed_one_by_one_and_errors_keep_their_place():
    too_long = b"y" * (2 * LINE_BYTES)
    lines = list(read_lines(io.BytesIO(b"a\n" + too_long + b"\nb\n\xff\nc\r\n" + too_long)))

    assert [line if isinstance(line, str) else type(line) for line in lines] == [
        "a",
        TooLong,
        "b",
        BadText,
        "c",
        TooLong,
    ]


def test_an_endless_line_does_not_fill_the_memory():
    class Endless(io.RawIOBase):
        def __init__(self):
            self.left = 64

        def readable(self):
            return True

        def readline(self, size=-1):
            assert 0 < size <= LINE_BYTES
            self.left -= 1
            return b"x" * size if self.left > 0 else b""

    (line,) = read_lines(Endless())

    assert isinstance(line, TooLong)


def test_an_offline_addressee_is_reported_on_stderr(server, keyboard):
    async def play(out, err):
        async with guest(server, "absentee") as absentee:
            await absentee.request(Away(text="lunch"))
            keyboard.type("/dm absentee hi\n")
            await err.has("\n")
            await out.has("[DM to absentee] hi\n")
        keyboard.end()

    code, out, err = without_presence(visit(server, keyboard.stdin, play=play))
    assert (code, out, err) == (0, "[DM to absentee] hi\n", "socketchat: absentee is away: lunch\n")
