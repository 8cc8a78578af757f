from itertools import product

from socketchat.hub import Admission, Channel

LOOPBACK = Channel("127.0.0.1", is_loopback=True)
LOOPBACK_TLS = Channel("127.0.0.1", is_loopback=True, binding=b"b" * 32)
REMOTE = Channel("192.0.2.1")
REMOTE_TLS = Channel("192.0.2.1", binding=b"b" * 32)

WHERE = (LOOPBACK, LOOPBACK_TLS, REMOTE, REMOTE_TLS)
ADMITTED = {
    ("owner", None): WHERE,
    ("owner", "local"): WHERE,
    ("owner", "code"): WHERE,
    ("owner", "invite"): WHERE,
    ("known", None): WHERE,
    ("known", "local"): WHERE,
    ("known", "code"): WHERE,
    ("known", "invite"): WHERE,
    ("newcomer", None): (),
    ("newcomer", "local"): WHERE,
    ("newcomer", "code"): (LOOPBACK_TLS, REMOTE_TLS),
    ("newcomer", "invite"): (LOOPBACK, LOOPBACK_TLS, REMOTE_TLS),
    ("guest", None): (LOOPBACK, LOOPBACK_TLS),
}


def test_the_table_decides_who_is_admitted() -> None:
    for who, shown, channel in product(
        ("owner", "known", "newcomer", "guest"), (None, "local", "code", "invite"), WHERE
    ):
        expected = channel in ADMITTED.get((who, shown), ())
        assert Admission().admits(who, channel, shown) == expected, (who, shown, channel)


def test_an_open_server_admits_every_user() -> None:
    for (who, shown), channel in product(ADMITTED, WHERE):
        assert Admission(is_open=True).admits(who, channel, shown)


def test_an_unknown_case_is_not_admitted() -> None:
    for channel in WHERE:
        assert not Admission(is_open=True).admits("stranger", channel)
        assert not Admission().admits("newcomer", channel, "smile")
        assert not Admission().admits("guest", channel, "smile")
