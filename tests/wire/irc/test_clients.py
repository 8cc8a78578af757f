"""What IRC clients ask for: coming in, rooms, queries, history and accounts."""

from __future__ import annotations

from base64 import b64encode

import pytest

from socketchat.hub import Admission, Channel
from socketchat.protocol import commands, events, operator
from tests.hub.stage import Stage
from tests.wire.irc.crew import Irc, bare, irc

TLS = Channel("203.0.113.9", binding=b"x" * 32)
CAPS = "message-tags server-time batch echo-message draft/chathistory draft/message-redaction draft/multiline"


def numerics(lines: list[str]) -> list[str]:
    """Return the commands of lines."""
    return [line.split(" ")[1] for line in bare(lines)]


def with_account(stage: Stage, name: str = "ann", password: str = "a secret word") -> None:
    stage.order(operator.AddUser(id=1, name=name, password=password))


def plain(name: str, password: str) -> str:
    return b64encode(f"\0{name}\0{password}".encode()).decode()


def test_registration_works_in_any_order() -> None:
    stage = Stage()
    client = Irc(stage)
    assert numerics(client.types("JOIN :", "USER a 0 * :A", "CAP LS 302")) == ["451", "CAP", "CAP"]
    assert client.types("NICK ann") == []
    assert numerics(client.types("CAP END"))[:4] == ["001", "002", "003", "004"]


def test_a_taken_nick_is_433_and_the_text_names_a_free_one() -> None:
    stage = Stage()
    with_account(stage)
    client = Irc(stage)
    (line,) = client.types("NICK ann_", "USER a 0 * :A")
    assert " 433 * ann_ :" in line
    assert "ann_-guest2" in line


@pytest.mark.parametrize("sent", ["PASS ann:a secret word", "PASS :ann:a secret word"])
def test_pass_logs_in_to_an_account(sent: str) -> None:
    stage = Stage()
    with_account(stage, password="word1234")
    client = Irc(stage)
    lines = client.types(sent.replace("a secret word", "word1234"), "NICK ann", "USER a 0 * :A")
    assert "001" in numerics(lines)
    assert not client.session.user.is_guest


def test_a_wrong_password_closes_the_connection() -> None:
    stage = Stage()
    with_account(stage)
    client = Irc(stage)
    assert numerics(client.types("PASS ann:wrong", "NICK ann", "USER a 0 * :A"))[0] == "464"
    assert client.closed


def test_sasl_works_over_tls_and_loopback_only() -> None:
    stage = Stage()
    with_account(stage)
    for channel, offered in ((TLS, True), (Channel("203.0.113.9"), False)):
        client = Irc(stage, channel)
        lines = client.types("CAP LS 302")
        assert ("sasl=PLAIN" in "".join(lines)) == offered
    client = Irc(stage, TLS)
    client.types("CAP REQ :sasl", "NICK ann", "USER a 0 * :A")
    lines = client.types("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'a secret word')}", "CAP END")
    assert numerics(lines)[1:4] == ["900", "903", "001"]


def test_the_servers_password_lets_guests_in_and_others_not() -> None:
    stage = Stage(admission=Admission(is_open=True, password="open sesame"))
    client = Irc(stage)
    assert numerics(client.types("NICK ann", "USER a 0 * :A"))[0] == "464"
    other = Irc(stage)
    assert "001" in numerics(other.types("PASS :open sesame", "NICK ann", "USER a 0 * :A"))
    peer = stage.plain("dave")
    assert b"password of this server" in peer.take()


def test_register_makes_an_account_of_the_nick() -> None:
    stage = Stage()
    client, bob = irc(stage, "ann"), irc(stage, "bob")
    client.types("JOIN #ops"), bob.types("JOIN #ops")
    lines = client.types("REGISTER * * correcthorse")
    assert ":socketchat REGISTER SUCCESS ann :The account ann is yours." in lines
    assert not client.session.user.is_guest
    bob.reads()
    client.types("PRIVMSG #ops :still here")
    assert bare(bob.reads())[-1] == ":ann PRIVMSG #ops :still here"


def test_join_tells_topic_and_names_and_part_and_quit_have_reasons() -> None:
    stage = Stage()
    ann = irc(stage, "ann")
    assert numerics(ann.types("JOIN #ops")) == ["JOIN", "353", "366"]
    ann.types("TOPIC #ops :all is well")
    bob = irc(stage, "bob")
    assert numerics(bob.types("JOIN #ops")) == ["JOIN", "332", "333", "353", "366"]
    assert bare(ann.reads())[-1] == ":bob JOIN #ops"
    bob.types("PART #ops :lunch")
    assert bare(ann.reads()) == [":bob PART #ops :lunch"]
    bob.types("JOIN #ops")
    bob.types("QUIT :home")
    assert bare(ann.reads()) == [":bob JOIN #ops", ":bob QUIT :home"]


def test_a_quit_is_told_once_to_who_shares_two_rooms() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann"), irc(stage, "bob")
    for client in (ann, bob):
        client.types("JOIN #ops,#dev")
    ann.reads()
    bob.types("QUIT")
    assert bare(ann.reads()) == [":bob QUIT :Quit"]


def test_modes_hold_for_every_dialect() -> None:
    stage = Stage()
    ann, dan, cat = irc(stage, "ann"), stage.plain("dan"), stage.native("cat")
    ann.types("JOIN #ops")
    assert bare(ann.types("MODE #ops +k beer")) == [":ann MODE #ops +k beer"]
    dan.do(commands.Join, room="#ops")
    assert b"needs a key" in dan.take()
    cat.do(commands.Join, room="#ops", key="beer")
    ann.types("MODE #ops -k *", "MODE #ops +nb eve!*@*")
    dan.do(commands.Send, to="#ops", text="hi")
    assert b"Join #ops first" in dan.take()
    eve = stage.native("eve")
    eve.do(commands.Join, room="#ops")
    assert eve.told(events.Error)[-1].code == "banned"


def test_a_guest_is_operator_until_it_leaves() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann"), irc(stage, "bob")
    for client in (ann, bob):
        client.types("JOIN #ops")
    bob.reads()
    assert bare(ann.types("MODE #ops +o bob"))[-1] == ":ann MODE #ops +o bob"
    assert any("@bob" in line for line in bob.types("NAMES #ops"))
    lines = bob.types("PART #ops", "JOIN #ops")
    assert not any("@bob" in line for line in lines)


def test_kick_tells_everyone_who_and_why() -> None:
    stage = Stage()
    ann, bob, cat = irc(stage, "ann"), irc(stage, "bob"), irc(stage, "cat")
    for client in (ann, bob, cat):
        client.types("JOIN #ops")
    for client in (ann, bob, cat):
        client.reads()
    assert bare(ann.types("KICK #ops bob :spam")) == [":ann KICK #ops bob :spam"]
    assert bare(bob.reads()) == [":ann KICK #ops bob :spam"]
    assert bare(cat.reads()) == [":ann KICK #ops bob :spam"]


def test_history_is_read_by_id_and_by_time() -> None:
    stage = Stage()
    ann = irc(stage, "ann", CAPS)
    ann.types("JOIN #ops")
    times = []
    for number in range(5):
        (line,) = ann.types(f"PRIVMSG #ops :m{number}")
        times.append(line.partition("time=")[2].partition(";")[0])

    def texts(asked: str) -> list[str]:
        return [line.rpartition(":")[2] for line in ann.types(asked) if " PRIVMSG " in line]

    assert texts("CHATHISTORY LATEST #ops * 2") == ["m3", "m4"]
    assert texts("CHATHISTORY BEFORE #ops msgid=#ops/3 10") == ["m0", "m1"]
    assert texts(f"CHATHISTORY AFTER #ops timestamp={times[2]} 10") == ["m3", "m4"]
    assert texts("CHATHISTORY BETWEEN #ops msgid=#ops/1 msgid=#ops/5 10") == ["m1", "m2", "m3"]
    assert texts("CHATHISTORY AROUND #ops msgid=#ops/3 3") == ["m1", "m2", "m3"]
    assert "FAIL CHATHISTORY INVALID_TARGET" in ann.types("CHATHISTORY LATEST #secret * 5")[0]


def test_a_multiline_batch_is_one_message() -> None:
    stage = Stage()
    ann, cat = irc(stage, "ann", CAPS), stage.native("cat")
    ann.types("JOIN #ops")
    cat.do(commands.Join, room="#ops")
    stage.turns.wait(1)
    ann.reads()
    lines = ann.types(
        "BATCH +1 draft/multiline #ops", "@batch=1 PRIVMSG #ops :one", "@batch=1 PRIVMSG #ops :two", "BATCH -1"
    )
    assert numerics(lines) == ["BATCH", "PRIVMSG", "PRIVMSG", "BATCH"]
    (entry,) = cat.told(events.Entry)
    assert b'"text":"one\\ntwo"' in bytes(entry.body)


def test_a_redaction_deletes_the_message() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann", CAPS), irc(stage, "bob", CAPS)
    for client in (ann, bob):
        client.types("JOIN #ops")
    ann.types("PRIVMSG #ops :oops")
    bob.reads()
    ann.types("REDACT #ops #ops/1 :typo")
    assert bare(bob.reads()) == [":ann REDACT #ops #ops/1 typo"]
    ann.types("PRIVMSG #ops :another")
    assert "FAIL REDACT REDACT_FORBIDDEN" in bob.types("REDACT #ops #ops/3")[-1]


def test_whois_and_whowas_show_a_cloak_and_no_address() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann"), irc(stage, "bob", channel=TLS)
    lines = ann.types("WHOIS bob")
    assert numerics(lines)[0] == "311"
    assert "671" in numerics(lines)
    bob.types("QUIT")
    assert numerics(ann.types("WHOWAS bob")) == ["314", "312", "369"]
    assert not any("203.0.113" in line for line in [*lines, *ann.types("WHOWAS bob", "WHO *")])


def test_ctcp_other_than_action_does_not_reach_a_room() -> None:
    stage = Stage()
    ann, bob = irc(stage, "ann"), irc(stage, "bob")
    for client in (ann, bob):
        client.types("JOIN #ops")
    bob.reads()
    ann.types("PRIVMSG #ops :\x01VERSION\x01")
    assert bob.reads() == []


def test_operators_kill_and_others_do_not() -> None:
    stage = Stage()
    stage.hub.about.operators = {"root": "secret"}
    ann, bob = irc(stage, "ann"), irc(stage, "bob")
    assert numerics(ann.types("KILL bob :bye")) == ["481"]
    assert numerics(ann.types("OPER root wrong")) == ["464"]
    assert numerics(ann.types("OPER root secret")) == ["381", "MODE"]
    ann.types("KILL bob :bye")
    assert bob.closed


def test_monitor_tells_who_comes_and_goes() -> None:
    stage = Stage()
    ann = irc(stage, "ann")
    assert numerics(ann.types("MONITOR + bob")) == ["731"]
    bob = irc(stage, "bob")
    assert numerics(ann.reads()) == ["730"]
    bob.types("QUIT")
    assert numerics(ann.reads()) == ["731"]


def test_a_line_of_another_encoding_is_refused_and_the_next_is_read() -> None:
    stage = Stage()
    ann = irc(stage, "ann")
    ann.wire.receive_data(b"PRIVMSG ann :caf\xe9\r\n")
    ann.proceed()
    (line,) = ann.reads()
    assert "FAIL * INVALID_UTF8" in line
    assert numerics(ann.types("PING x")) == ["PONG"]
