import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadName, ChatError, NoSuchCommand, UsageProblem
from socketchat.protocol.commands import (
    Access,
    Away,
    Ban,
    Delete,
    Devices,
    Edit,
    Help,
    History,
    Ignore,
    Invite,
    Join,
    KeepDevice,
    Kick,
    Leave,
    Login,
    Mod,
    Mute,
    Password,
    Quit,
    React,
    Read,
    Revoke,
    Rooms,
    Search,
    Send,
    Settings,
    Topic,
    Unban,
    Unignore,
    Unmod,
    Unmute,
    Unread,
    Unvoice,
    Users,
    Voice,
)
from socketchat.protocol.slash.arguments import NEWEST
from socketchat.protocol.slash.parsing import is_command, is_for_room, parse
from socketchat.protocol.slash.table import SLASHES
from socketchat.protocol.text.hygiene import clean_line
from tests.hostile import CORPUS

ROOM = "#ops"

CASES = {
    "/login alice": Login(name="alice"),
    "/password": Password(),
    "/devices": Devices(),
    "/devices revoke 3f2a": Revoke(device="3f2a"),
    "/devices keep 3f2a": KeepDevice(device="3f2a"),
    "hello": Send(to=ROOM, text="hello"),
    " //users": Send(to=ROOM, text=" //users"),
    " /usr/lib is full": Send(to=ROOM, text=" /usr/lib is full"),
    "  / or not": Send(to=ROOM, text="  / or not"),
    "two\nlines": Send(to=ROOM, text="two\nlines"),
    "//etc/hosts": Send(to=ROOM, text="/etc/hosts"),
    "//": Send(to=ROOM, text="/"),
    "///": Send(to=ROOM, text="//"),
    "/help": Help(),
    "/help dm": Help(topic="dm"),
    "/help /dm": Help(topic="/dm"),
    "/users": Users(),
    "/USERS": Users(),
    "/users ": Users(),
    "/users #dev": Users(room="#dev"),
    "/users Dev": Users(room="#Dev"),
    "/dm bob hi": Send(to="@bob", text="hi"),
    "/dm @bob hi": Send(to="@bob", text="hi"),
    "/dm  bob   hi  there": Send(to="@bob", text="hi  there"),
    "/dm bob two\nlines": Send(to="@bob", text="two\nlines"),
    "/dm\tbob\thi": Send(to="@bob", text="hi"),
    "/dm bob /quit": Send(to="@bob", text="/quit"),
    "/me waves": Send(to=ROOM, text="waves", kind="action"),
    "/rooms": Rooms(),
    "/away": Away(),
    "/away back at 3": Away(text="back at 3"),
    "/unread": Unread(),
    "/read": Read(),
    "/read #dev": Read(conversation="#dev"),
    "/read @bob": Read(conversation="@bob"),
    "/history": History(conversation=ROOM),
    "/history 20": History(conversation=ROOM, before=NEWEST, limit=20),
    "/history #dev": History(conversation="#dev"),
    "/history @bob 5": History(conversation="@bob", before=NEWEST, limit=5),
    "/history #dev/42": History(conversation="#dev", before=42),
    "/history @bob/7 3": History(conversation="@bob", before=7, limit=3),
    "/history 99999999999999999999": History(conversation=ROOM, before=NEWEST, limit=999_999_999),
    "/history before #dev/42": History(conversation="#dev", before=42),
    "/history before @bob/7 3": History(conversation="@bob", before=7, limit=3),
    "/show #dev/42": History(conversation="#dev", around=42),
    "/show @bob/7": History(conversation="@bob", around=7),
    "/search deploy failed": Search(words="deploy failed"),
    "/search from:@bob deploy in:dev failed before:2d AFTER:2026-11-25T14:30": Search(
        words="deploy failed", name="bob", conversation="#dev", before="2d", after="2026-11-25T14:30"
    ),
    "/search from:bob": Search(name="bob"),
    "/search after:2d": Search(after="2d"),
    "/search in:dev after:2d": Search(conversation="#dev", after="2d"),
    '/search "link  down from:bob" rest* from:@eve': Search(words='"link  down from:bob" rest*', name="eve"),
    "/search in:@bob at 12:30 http://x": Search(words="at 12:30 http://x", conversation="@bob"),
    "/edit better text": Edit(conversation=ROOM, text="better text"),
    "/edit two\n lines": Edit(conversation=ROOM, text="two\n lines"),
    "/edit #dev/42 better  text": Edit(conversation="#dev", seq=42, text="better  text"),
    "/edit #dev/x text": Edit(conversation=ROOM, text="#dev/x text"),
    "/delete": Delete(conversation=ROOM),
    "/delete @bob/7": Delete(conversation="@bob", seq=7),
    "/join #dev": Join(room="#dev"),
    "/join dev": Join(room="#dev"),
    "/leave": Leave(room=ROOM),
    "/topic": Topic(room=ROOM),
    "/topic Release on Friday": Topic(room=ROOM, text="Release on Friday"),
    '/topic ""': Topic(room=ROOM, text=""),
    "/ignore": Ignore(),
    "/ignore bob": Ignore(name="bob"),
    "/ignore @bob": Ignore(name="bob"),
    "/unignore bob": Unignore(name="bob"),
    "/kick bob": Kick(room=ROOM, name="bob"),
    "/kick @bob  no spam,  please": Kick(room=ROOM, name="bob", reason="no spam,  please"),
    "/ban bob": Ban(room=ROOM, name="bob"),
    "/ban bob 2h": Ban(room=ROOM, name="bob", seconds=7200),
    "/ban bob 2h spam": Ban(room=ROOM, name="bob", seconds=7200, reason="spam"),
    "/ban @bob too much spam": Ban(room=ROOM, name="bob", reason="too much spam"),
    "/unban bob": Unban(room=ROOM, name="bob"),
    "/mute bob 10m": Mute(room=ROOM, name="bob", seconds=600),
    "/mute bob 10m all caps": Mute(room=ROOM, name="bob", seconds=600, reason="all caps"),
    "/unmute bob": Unmute(room=ROOM, name="bob"),
    "/mod bob": Mod(room=ROOM, name="bob"),
    "/unmod bob": Unmod(room=ROOM, name="bob"),
    "/invite bob": Invite(room=ROOM, name="bob"),
    "/room private": Access(room=ROOM, private=True),
    "/room public": Access(room=ROOM, private=False),
    "/room": Settings(room=ROOM),
    "/room announce on": Settings(room=ROOM, announce=True),
    "/room announce OFF": Settings(room=ROOM, announce=False),
    "/room slow 30s": Settings(room=ROOM, slow=30),
    "/room rename #New": Settings(room=ROOM, name="#New"),
    "/room slow off": Settings(room=ROOM, slow=0),
    "/voice @bob": Voice(room=ROOM, name="bob"),
    "/unvoice bob": Unvoice(room=ROOM, name="bob"),
    "/reply 42 yes, now": Send(to=ROOM, text="yes, now", of=42),
    "/reply #dev/42 yes": Send(to="#dev", text="yes", of=42),
    "/reply @bob/7 yes": Send(to="@bob", text="yes", of=7),
    "/react 42 👍": React(conversation=ROOM, seq=42, text="👍"),
    "/react @bob/7 👍": React(conversation="@bob", seq=7, text="👍"),
    "/unreact #dev/42 👍": React(conversation="#dev", seq=42, text="👍", remove=True),
    "/quit": Quit(),
}


@pytest.mark.parametrize(
    ("word", "meant"),
    {
        "msg": "/dm",
        "query": "/dm",
        "part": "/leave",
        "NAMES": "/users",
        "who": "/users",
        "list": "/rooms",
        "nick": "/quit",
        "exit": "/quit",
        "clear": "Ctrl+L",
    }.items(),
)
def test_commands_of_other_chats_point_to_the_equivalent(word: str, meant: str) -> None:
    with pytest.raises(NoSuchCommand, match=re.escape(f"No such command: /{word}. ")) as told:
        parse(f"/{word} something", ROOM)
    assert meant in str(told.value)


@pytest.mark.parametrize(("line", "command"), CASES.items())
def test_a_typed_line_becomes_its_command(line, command):
    assert parse(line, ROOM) == command


def test_every_slash_command_is_tested():
    assert {line.split()[0].lower()[1:] for line in CASES if line.startswith("/")} - {"", "/"} >= set(SLASHES)


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("/login", "/login NAME"),
        ("/login a b", "/login NAME"),
        ("/password secret", "/password"),
        ("/devices 3f2a", "/devices"),
        ("/dm", "/dm NAME TEXT"),
        ("/reply 42", "/reply N TEXT"),
        ("/reply bob yes", "/reply N TEXT"),
        ("/react 42", "/react N EMOJI"),
        ("/react 42 👍 👍", "/react N EMOJI"),
        ("/unreact x 👍", "/unreact N EMOJI"),
        ("/dm bob", "/dm NAME TEXT"),
        ("/dm bob  ", "/dm NAME TEXT"),
        ("/me", "/me TEXT"),
        ("/join", "/join #ROOM"),
        ("/join #a #b", "/join #ROOM"),
        ("/users #a #b", "/users [#ROOM]"),
        ("/help a b", "/help [COMMAND]"),
        ("/rooms x", "/rooms"),
        ("/unread #ops", "/unread"),
        ("/read a b", "/read [#ROOM]"),
        ("/history 0", "/history [N]"),
        ("/history -1", "/history [N]"),
        ("/history x", "/history [N]"),
        ("/history before", "/history [N]"),
        ("/history before #dev", "/history [N]"),
        ("/history #dev 5 6", "/history [N]"),
        ("/show", "/show PLACE"),
        ("/show 42", "/show PLACE"),
        ("/show #dev/42 x", "/show PLACE"),
        ("/show #dev", "/show PLACE"),
        ("/search", "/search WORDS"),
        ("/search deploy from:", "/search WORDS"),
        ("/edit", "/edit TEXT"),
        ("/edit #dev/42", "/edit TEXT"),
        ("/delete 42", "/delete [PLACE]"),
        ("/leave #dev", "/leave"),
        ("/quit now", "/quit"),
        ("/kick", "/kick NAME [REASON]"),
        ("/ban", "/ban NAME [TIME] [REASON]"),
        ("/ban @", "/ban NAME [TIME] [REASON]"),
        ("/unban a b", "/unban NAME"),
        ("/mod", "/mod NAME"),
        ("/room secret", "/room [SETTING]"),
        ("/room announce", "/room [SETTING]"),
        ("/room rename", "/room [SETTING]"),
        ("/room rename a b", "/room [SETTING]"),
        ("/room slow", "/room [SETTING]"),
        ("/room slow 30", "/room [SETTING]"),
        ("/room slow 0s", "/room [SETTING]"),
        ("/voice", "/voice NAME"),
        ("/ignore a b", "/ignore [NAME]"),
        ("/unignore", "/unignore NAME"),
    ],
)
def test_the_error_for_wrong_arguments_shows_the_usage(line, usage):
    with pytest.raises(UsageProblem) as refusal:
        parse(line, ROOM)

    assert str(refusal.value) == f"Usage: {usage}"


@pytest.mark.parametrize("command", ["ban", "mute"])
@pytest.mark.parametrize("time", ["5x", "0m", "0", "10", "2hours", "1.5h", "-1h", "२h", "2h,"])
def test_an_invalid_time_is_not_taken_as_a_reason(command, time):
    with pytest.raises(UsageProblem, match=r"is not a time\. A TIME is a number and s, m, h, d or w, such as 10m"):
        parse(f"/{command} eve {time} spam", ROOM)
    assert parse(f"/{command} eve spam {time}", ROOM).reason == f"spam {time}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/uesrs", "No such command: /uesrs. Did you mean /users? /help lists the commands."),
        ("/Quti", "No such command: /Quti. Did you mean /quit? /help lists the commands."),
        ("/etc/x y", "No such command: /etc/x. /help lists the commands. To send text that starts with /, type //."),
        ("/", "No such command: /. /help lists the commands. To send text that starts with /, type //."),
        ("/ users", "No such command: /. /help lists the commands. To send text that starts with /, type //."),
    ],
)
def test_an_unknown_command_is_not_sent_as_text(line, sentence):
    with pytest.raises(NoSuchCommand) as refusal:
        parse(line, ROOM)

    assert str(refusal.value) == sentence


def test_a_bad_room_name_is_refused():
    with pytest.raises(BadName):
        parse("/join a:b", ROOM)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_an_error_repeats_nothing_dangerous(text):
    for line in (
        f"/{text}",
        f"/join {text}",
        f"/help {text}",
        f"/users {text}",
        f"/show #{text}/1",
        f"/search a in:{text}",
    ):
        try:
            parse(line, ROOM)
        except ChatError as refusal:
            assert clean_line(str(refusal)) == str(refusal)  # noqa: PT017 - most lines raise, some do not


@given(st.text())
def test_any_line_becomes_a_command_or_an_error(line):
    for text in (
        line,
        "/" + line,
        "/dm " + line,
        "/join " + line,
        "/search " + line,
        "/show #" + line,
        "/history " + line,
    ):
        try:
            parse(text, ROOM)
        except ChatError:
            continue


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hi", True),
        ("/me waves", True),
        ("/kick bob", True),
        ("/delete", True),
        ("/rooms", False),
        ("/dm bob hi", False),
        ("/delete #ops/42", False),
        ("/nope", False),
    ],
)
def test_text_and_room_commands_depend_on_the_current_room(line, expected):
    assert is_for_room(line) == expected


@pytest.mark.parametrize("line", [" /dm bob secret", "\t/quit", "\u00a0/me waves", "\ufeff/dm bob hi"])
def test_a_command_after_a_space_is_refused_and_not_sent_to_the_room(line: str) -> None:
    with pytest.raises(UsageProblem, match="Not sent: a command must start with /"):
        parse(line, ROOM)
    assert is_command(line)
    assert parse("/" + line.lstrip(" \t\u00a0\ufeff"), ROOM) == Send(to=ROOM, text=line.lstrip(" \t\u00a0\ufeff"))
