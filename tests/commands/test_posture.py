"""The table of logins, cell by cell: which proof is accepted on which connection in which mode."""

from itertools import product

import pytest

from socketchat.hub import Admission, Channel
from socketchat.protocol import commands, events, operator
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.commands.account.test_newcomers import CODE, SECRET, SECRET_FILE, TOKEN, WRONG, answer, come, invite
from tests.hub.stage import Stage
from tests.keys import key_of

BINDING = b"b" * 32
WAYS = ("loopback over TLS", "loopback in plaintext", "remote over TLS", "remote in plaintext")
MODES = ("default", "--open", "--tunnel")

IN, NEEDED, CODE_WRONG, INVITE_WRONG, NO_GUESTS = "in", "code_needed", "bad_code", "bad_invite", "no_guests"
PASSWORD_WRONG, REFUSED, BANNED = "wrong_password", "refused", "banned"
FOUR_IN = (IN,) * 4

# For each proof: the result on each of the four kinds of connection, in each of the three modes.
NATIVE_TABLE = {
    "nothing": ((NEEDED,) * 4, FOUR_IN, (NEEDED,) * 4),
    "the local secret": (FOUR_IN, FOUR_IN, FOUR_IN),
    "a wrong code": ((CODE_WRONG,) * 4, (CODE_WRONG,) * 4, (CODE_WRONG,) * 4),
    "the code": ((IN, NEEDED, IN, NEEDED), FOUR_IN, (IN, NEEDED, IN, NEEDED)),
    "an invite": ((IN, IN, IN, NEEDED), FOUR_IN, (IN, NEEDED, IN, NEEDED)),
    "a spent invite": (
        (INVITE_WRONG, INVITE_WRONG, INVITE_WRONG, NEEDED),
        (INVITE_WRONG,) * 4,
        (INVITE_WRONG, NEEDED, INVITE_WRONG, NEEDED),
    ),
    "the key of the name": (FOUR_IN, FOUR_IN, FOUR_IN),
    "the key of another name": (FOUR_IN, FOUR_IN, FOUR_IN),
    "the key of another name, banned": ((BANNED,) * 4,) * 3,
}
# A password is accepted wherever no other party can read it.
RIGHT_PASSWORD = ((IN, IN, IN, REFUSED), (IN, IN, IN, REFUSED), (IN, REFUSED, IN, REFUSED))
WRONG_PASSWORD = (
    (PASSWORD_WRONG, PASSWORD_WRONG, PASSWORD_WRONG, REFUSED),
    (PASSWORD_WRONG, PASSWORD_WRONG, PASSWORD_WRONG, REFUSED),
    (PASSWORD_WRONG, REFUSED, PASSWORD_WRONG, REFUSED),
)
GUEST_TABLE = ((IN, IN, NO_GUESTS, NO_GUESTS), FOUR_IN, (NO_GUESTS,) * 4)

CELLS = [
    pytest.param(shown, mode, way, rows[MODES.index(mode)][WAYS.index(way)], id=f"{shown}, {way}, {mode}")
    for (shown, rows), mode, way in product(NATIVE_TABLE.items(), MODES, WAYS)
]
PASSWORDS = [
    pytest.param(rendering, right, mode, way, rows[MODES.index(mode)][WAYS.index(way)], id=f"{name}, {way}, {mode}")
    for (name, rendering), (right, rows), mode, way in product(
        {"native": NATIVE, "plain": PLAIN}.items(), ((True, RIGHT_PASSWORD), (False, WRONG_PASSWORD)), MODES, WAYS
    )
]
GUESTS = [
    pytest.param(rendering, mode, way, GUEST_TABLE[MODES.index(mode)][WAYS.index(way)], id=f"{name}, {way}, {mode}")
    for (name, rendering), mode, way in product({"native": NATIVE, "plain": PLAIN}.items(), MODES, WAYS)
]


def channel(way: str, mode: str) -> Channel:
    """Return the channel of a peer; with a tunnel, no connection counts as local."""
    local = way.startswith("loopback")
    return Channel(
        "127.0.0.1" if local else "192.0.2.1",
        is_loopback=local and mode != "--tunnel",
        binding=BINDING if way.endswith("TLS") else b"",
    )


def hosted(mode: str) -> Stage:
    is_open = mode == "--open"
    return Stage(admission=Admission(is_open=is_open, code_key=CODE, local_secret=SECRET, secret_file=SECRET_FILE))


@pytest.mark.parametrize(("shown", "mode", "way", "expected"), CELLS)
def test_the_table_decides_the_login_of_a_native_newcomer(shown: str, mode: str, way: str, expected: str) -> None:
    stage = hosted(mode)
    how: dict = {
        "the local secret": {"local": SECRET},
        "a wrong code": {"code": WRONG},
        "the code": {"code": CODE},
        "an invite": {"invite": TOKEN},
        "a spent invite": {"invite": TOKEN},
    }.get(shown, {})
    if "invite" in how:
        invite(stage)
    if shown == "a spent invite":
        come(stage, "first", invite=TOKEN)
    if shown == "the key of the name":
        come(stage, "alice", local=SECRET)
    if shown.startswith("the key of another name"):
        come(stage, "alfred", key_of("alice"), local=SECRET)
    if shown.endswith("banned"):
        stage.order(operator.BanUser(id=1, name="alfred"))
    got = answer(come(stage, "alice", channel=channel(way, mode), **how))
    assert got == ("alice" if expected == IN else expected)
    assert (stage.hub.directory.lookalike("alice") is not None) == (expected == IN)


@pytest.mark.parametrize(("rendering", "right", "mode", "way", "expected"), PASSWORDS)
def test_the_table_decides_the_login_by_password(rendering, *, right: bool, mode: str, way: str, expected: str) -> None:
    stage = hosted(mode)
    owner = come(stage, "alice", channel=channel("loopback over TLS", mode), local=SECRET)
    owner.do(commands.Password, password="correct horse")
    typed = "correct horse" if right else "wrong horse"
    if rendering is NATIVE:
        peer = come(stage, "alice", key_of("new"), channel=channel(way, mode), password=typed)
        got = answer(peer)
    else:
        peer = stage.connect(rendering, channel(way, mode))
        peer.ask(commands.Login(name="alice", password=typed))
        stage.settle()
        got = "alice" if peer.session.user is not None else expected
        assert peer.take()
    assert got == ("alice" if expected == IN else expected)
    assert (peer.session.user is owner.session.user) == (expected == IN)


@pytest.mark.parametrize(("rendering", "mode", "way", "expected"), GUESTS)
def test_the_table_decides_the_login_of_a_guest(rendering, mode: str, way: str, expected: str) -> None:
    stage = hosted(mode)
    peer = stage.connect(rendering, channel(way, mode))
    peer.ask(commands.Hello(name="gus"))
    stage.settle()
    assert (stage.hub.directory.lookalike("gus") is not None) == (expected == IN)
    if expected != IN:
        assert b"Guests can only log in from the server's own machine" in peer.take()


@pytest.mark.parametrize(("mode", "way"), list(product(MODES, WAYS)))
def test_only_local_connections_get_the_path_of_the_local_secret(mode: str, way: str) -> None:
    stage = hosted(mode)
    peer = stage.connect(channel=channel(way, mode))
    peer.ask(commands.Hello(id=1, name="alice", key="A" * 43, nonce="A" * 22))
    (challenge,) = peer.told(events.Challenge)
    told = mode == "default" and way.startswith("loopback")
    assert challenge.secret_file == (SECRET_FILE if told else None)
