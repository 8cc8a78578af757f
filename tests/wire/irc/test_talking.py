"""IRC clients talk with each other, and with clients of the other dialects."""

from __future__ import annotations

from socketchat.protocol import commands, events
from tests.hub.stage import Stage
from tests.wire.irc.crew import bare, irc


def test_a_message_reaches_all_dialects_once_and_not_its_author() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann"), irc(stage, "bob")
    cat, dan = stage.native("cat"), stage.plain("dan")
    for client in (ann, bob):
        client.types("JOIN #ops")
    for peer in (cat, dan):
        peer.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    ann.reads(), bob.reads(), cat.take(), dan.take()
    assert ann.types("PRIVMSG #ops :hello all") == []
    assert bare(bob.reads()) == [":ann PRIVMSG #ops :hello all"]
    assert [(entry.name, entry.seq) for entry in cat.told(events.Entry)] == [("ann", 1)]
    assert dan.take() == b"ann: hello all\n"


def test_the_other_dialects_reach_irc() -> None:
    stage = Stage()
    ann, dan = irc(stage, "ann"), stage.plain("dan")
    ann.types("JOIN #ops")
    dan.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    ann.reads()
    dan.do(commands.Send, to="#ops", text="one\ntwo")
    dan.do(commands.Send, to="@ann", text="psst")
    assert bare(ann.reads()) == [
        ":dan PRIVMSG #ops :one",
        ":dan PRIVMSG #ops :two",
        ":dan PRIVMSG ann :psst",
    ]


def test_an_echo_comes_only_when_the_message_is_stored_and_has_its_place() -> None:
    stage = Stage()
    ann = irc(stage, "ann", "echo-message message-tags server-time")
    ann.types("JOIN #ops")
    ann.wire.receive_data(b"PRIVMSG #ops :hello\r\n")
    ann.proceed()
    assert ann.reads() == []
    stage.settle()
    (line,) = ann.reads()
    assert "msgid=#ops/1" in line.split(" ")[0]
    assert bare([line]) == [":ann PRIVMSG #ops :hello"]


def test_a_label_is_on_the_echo_of_its_message_alone() -> None:
    stage = Stage()
    caps = "echo-message labeled-response message-tags batch"
    ann, bob = irc(stage, "ann", caps), irc(stage, "bob", caps)
    for client in (ann, bob):
        client.types("JOIN #ops")
    ann.reads()
    lines = ann.types("PRIVMSG #ops :one", "@label=x PRIVMSG #ops :two", "PRIVMSG #ops :three")
    assert [("label=x" in line, line.rpartition(":")[2]) for line in lines] == [
        (False, "one"),
        (True, "two"),
        (False, "three"),
    ]
    assert not any("label" in line for line in bob.reads())


def test_a_label_without_an_echo_is_acknowledged() -> None:
    stage = Stage()
    ann = irc(stage, "ann", "labeled-response batch")
    ann.types("JOIN #ops")
    assert ann.types("@label=x PRIVMSG #ops :one") == ["@label=x :socketchat ACK"]
    assert ann.types("@label=y PRIVMSG nobody :one") == ["@label=y :socketchat 401 ann nobody :No such nick or channel"]


def test_formatting_codes_go_to_irc_only() -> None:
    stage = Stage()
    ann, bob, cat = irc(stage, "ann"), irc(stage, "bob"), stage.native("cat")
    ann.types("JOIN #ops"), bob.types("JOIN #ops")
    cat.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    bob.reads(), cat.take()
    ann.types("PRIVMSG #ops :\x02bold\x0f \x0304,01red\x03 \x1bplain")
    assert bare(bob.reads()) == [":ann PRIVMSG #ops :\x02bold\x0f \x0304,01red\x03 ^[plain"]
    data = cat.take()
    assert b'"text":"bold red ^[plain"' in data
    assert b"\\u00" not in data


def test_an_action_is_an_action_everywhere() -> None:
    stage = Stage()
    ann, bob, dan = irc(stage, "ann"), irc(stage, "bob"), stage.plain("dan")
    ann.types("JOIN #ops"), bob.types("JOIN #ops")
    dan.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    bob.reads(), dan.take()
    ann.types("PRIVMSG #ops :\x01ACTION waves\x01")
    assert bare(bob.reads()) == [":ann PRIVMSG #ops :\x01ACTION waves\x01"]
    assert dan.take() == b"* ann waves\n"
    dan.ask(commands.Send(to="#ops", text="waves back", kind="action"))
    stage.settle()
    assert bare(bob.reads()) == [":dan PRIVMSG #ops :\x01ACTION waves back\x01"]


def test_a_line_break_of_another_dialect_is_no_line_of_irc() -> None:
    stage = Stage()
    ann, cat = irc(stage, "ann"), stage.native("cat")
    ann.types("JOIN #ops")
    cat.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    ann.reads()
    cat.do(commands.Send, to="#ops", text="a\nQUIT\r\nNICK x\rKILL y\0")
    cat.do(commands.Topic, room="#ops", text="a\r\nQUIT")
    lines = bare(ann.reads())
    assert lines == [
        ":cat PRIVMSG #ops :a",
        ":cat PRIVMSG #ops :QUIT",
        ":cat PRIVMSG #ops :NICK x^MKILL y^@",
        ":cat TOPIC #ops :a QUIT",
    ]


def test_a_long_text_is_split_at_words_and_characters() -> None:
    stage = Stage()
    ann, cat = irc(stage, "ann"), stage.native("cat")
    ann.types("JOIN #ops")
    cat.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    ann.reads()
    for text in ("word " * 300, "é" * 900, "x" * 2000):
        cat.do(commands.Send, to="#ops", text=text)
        data = bytes(ann.data)
        lines = bare(ann.reads())
        assert all(len(line) <= 510 for line in data.split(b"\r\n"))
        assert "".join(line.partition(" :")[2] for line in lines).replace(" ", "") == text.replace(" ", "")
        assert len(lines) < 6
