from hypothesis import given
from hypothesis import strategies as st

from socketchat.hub import Session, User
from socketchat.protocol.commands import Send
from socketchat.wire import Wire
from socketchat.wire.irc import STRANGER, wire
from tests.hub.stage import Stage
from tests.wire.splits import cut_at, read_all

LINES = (
    b"PRIVMSG #ops :hi there\r\n",
    b"PRIVMSG bob hi\n",
    b"PRIVMSG #ops :\x01ACTION waves\x01\r\n",
    b"PRIVMSG #ops :\x01VERSION\x01\r\n",
    b"PRIVMSG #ops :\x02bold\x02\r\n",
    b"PRIVMSG #ops,#dev :hi\r\n",
    b"PRIVMSG #ops :\r\n",
    b"PRIVMSG #ops :caf\xe9\r\n",
    b"PRIVMSG #ops :" + b"x" * 600 + b"\r\n",
    b"PRIVMSG \r\n",
    b"@+draft/reply=7 PRIVMSG #ops :yes\r\n",
    b"NOTICE #ops :hi\r\n",
    b"PING x\r\n",
    b"\r\n",
)


def client() -> tuple[Wire, Session]:
    session = Session(STRANGER, Stage().connect(), bytearray().extend)
    session.user = User("u1", "dave", "dave")
    return wire(), session


@given(st.lists(st.sampled_from(LINES)), st.integers(1, 9), st.lists(st.integers(0, 3000)))
def test_messages_taken_together_are_those_taken_one_by_one(lines: list[bytes], most: int, cuts: list[int]) -> None:
    stream = b"".join(lines)
    together = read_all(*client(), cut_at(stream, cuts), most)
    assert list(map(repr, together)) == list(map(repr, read_all(*client(), [stream])))


def test_messages_to_rooms_and_users_are_taken_together() -> None:
    irc, session = client()
    irc.begin(session)
    irc.receive_data(LINES[0] + LINES[1] + LINES[2] + LINES[11] + LINES[0])
    assert irc.next_messages(9) == [
        Send(id=1, to="#ops", text="hi there"),
        Send(id=2, to="@bob", text="hi"),
        Send(id=3, to="#ops", text="waves", kind="action"),
    ]
