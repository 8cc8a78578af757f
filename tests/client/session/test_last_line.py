import pytest
from msgspec import Raw

from socketchat.client.session.client_events import Gap, Reset
from socketchat.client.session.last_line import LastLine
from socketchat.protocol import events
from socketchat.protocol.codec import encode_text

PAIR = "@ua:ub"
HEARD = {
    PAIR: events.Conversation(conversation=PAIR, peer="Bob"),
    "#ops": events.Conversation(conversation="#ops", name="#Ops"),
}


def entry(
    seq: int, kind: str = "message", conversation: str = "#ops", author: str = "ua", ts: int = 1, **text
) -> events.Entry:
    body = Raw(encode_text(events.Text(**({"text": "hi"} | text))))
    return events.Entry(
        conversation=conversation, seq=seq, ts=ts, author=author, name=author, kind=kind, body=body
    )  # fmt: skip


def found(*happened: object, name: str = "#Ops") -> int | None:
    last_line = LastLine()
    for each in happened:
        last_line.note(each, "ua")
    return last_line.find(name, HEARD)


def test_the_last_line_is_the_user_s_last_message_or_action() -> None:
    assert found() is None
    assert found(entry(1), entry(2, "action"), entry(3, author="ub"), entry(4, "edit", of=2), entry(5, "topic")) == 2
    assert found(entry(1, conversation=PAIR), name="@bob") == 1
    assert found(entry(1, conversation=PAIR), name="#ops") is None


@pytest.mark.parametrize(
    "happened",
    [
        entry(3, "delete", text="", of=2),
        Gap("#ops", 3, 9),
        Reset("e"),
        events.Left(conversation="#ops"),
    ],
)
def test_the_last_line_is_unknown_if_it_is_gone_or_uncertain(happened: object) -> None:
    assert found(entry(1), entry(2), happened) is None
    assert found(entry(1), entry(2), happened, entry(10)) == 10


def test_a_deleted_line_is_not_the_last_line() -> None:
    broken = events.Entry(conversation="#ops", seq=3, ts=1, author="ua", name="ua", kind="message", body=Raw(b"7"))
    assert found(entry(1), entry(2, text="", deleted=True), broken) == 1
    assert found(entry(2), entry(3, "delete", text="", of=1), Gap("#dev", 1, 2)) == 2


@pytest.mark.parametrize("of", [None, 0, 5])
def test_a_delete_of_an_unknown_line_is_harmless(of: int | None) -> None:
    assert found(entry(1, "delete", text="", of=of)) is None


def test_a_stored_line_counts_before_its_entry_arrives() -> None:
    last_line = LastLine()
    last_line.said("#ops", 7)
    last_line.note(entry(6), "ua")
    assert last_line.find("#ops", HEARD) == 7


def test_a_line_is_recent_for_five_minutes() -> None:
    last_line = LastLine(lambda: 1000.0)
    last_line.note(entry(1, ts=700_000), "ua")
    assert last_line.find("#ops", HEARD, recent=True) == 1
    last_line.note(entry(2, ts=699_999), "ua")
    assert last_line.find("#ops", HEARD, recent=True) is None
    assert last_line.find("#ops", HEARD) == 2
    last_line.said("#ops", 3)
    assert last_line.find("#ops", HEARD, recent=True) == 3


@pytest.mark.parametrize("name", ["#", "@", "@nobody", "#not a room", "@a/b"])
def test_an_unknown_conversation_has_no_last_line(name: str) -> None:
    assert found(entry(1), name=name) is None
