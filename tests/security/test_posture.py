"""The table of tests/commands/test_posture.py, tested between two machines."""

from __future__ import annotations

from itertools import count, product

import pytest

from socketchat.protocol import commands, events, operator
from socketchat.server.admin import ask
from tests.commands.test_posture import GUEST_TABLE, IN, MODES, NATIVE_TABLE, RIGHT_PASSWORD, WAYS, WRONG_PASSWORD
from tests.keys import key_of
from tests.security.callers import Caller, join_code, local_secret
from tests.security.hosts import Host
from tests.security.machines import CLIENT, ELSEWHERE, SERVER, Machines, can_make_machines

pytestmark = pytest.mark.skipif(not can_make_machines(), reason="network namespaces need root and iproute2")

PASSWORD = "correct horse battery"
HERE = "127.0.0.2"  # a loopback address that may use plaintext even if loopback is not trusted
_number = count()


@pytest.fixture(scope="module")
def machines():
    machines = Machines()
    yield machines
    machines.end()


@pytest.fixture(
    scope="module", params=[MODES[0], *(pytest.param(mode, marks=pytest.mark.faults) for mode in MODES[1:])]
)
def house(request, machines, tmp_path_factory):
    house = House(machines, tmp_path_factory.mktemp("host"), request.param)
    yield house
    house.host.end()


class House:
    """A server in one of the modes, with accounts of ann and alfred; ann has a password."""

    def __init__(self, machines: Machines, directory, mode: str) -> None:
        self.mode = mode
        networks = [f"--plaintext-from={address}/32" for address in (HERE, ELSEWHERE)]
        self.host = Host(machines, directory, *networks, *([] if mode == "default" else [mode]))
        for name in ("ann", "alfred"):
            with self.call(WAYS[0]) as caller:
                assert caller.comes(name, key_of(name), local=local_secret(self.host.data)) == name
                caller.say(commands.Password(password=PASSWORD, id=3))
                assert isinstance(caller.hears(events.Ok, events.Error), events.Ok)
                self.host_key = caller.host_key
        self.code = join_code(self.host.data)

    def order(self, order: commands.Command) -> list[str]:
        return list(ask(self.host.data, order))

    def call(self, way: str) -> Caller:
        local, tls = way.startswith("loopback"), way.endswith("TLS")
        source = "" if tls else HERE if local else ELSEWHERE
        caller = self.host.call(tls=tls, machine=SERVER if local else CLIENT, source=source)
        if not tls:
            caller.host_key = self.host_key  # a code is of no use without
        return caller

    def come(self, shown: str, way: str) -> tuple[str, str]:
        """Log in as a native newcomer, under a new name; return the name and the result."""
        name = f"n{next(_number)}"
        key, how = key_of(name), {}
        if shown.endswith("code"):
            how = {"code": "wrong-words-are-no-code" if "wrong" in shown else self.code}
        elif shown.endswith("invite"):
            _, _, token = self.order(operator.CreateInvite(id=1, seconds=60))
            how = {"invite": token}
        elif shown == "the local secret":
            how = {"local": local_secret(self.host.data)}
        elif shown == "the key of the name":
            name, key = "ann", key_of("ann")
        elif shown.startswith("the key of another name"):
            key = key_of("alfred")
        if shown == "a spent invite":
            with self.call(WAYS[0]) as caller:
                assert caller.comes(f"first{name}", key_of(f"first{name}"), **how) == f"first{name}"
        with self.call(way) as caller:
            return name, caller.comes(name, key, **how)


def expected(table, way: str, mode: str) -> str:
    return table[MODES.index(mode)][WAYS.index(way)]


def is_let_in(caller: Caller) -> bool:
    """Tell whether a plaintext login succeeded."""
    while not (line := caller.line()).startswith(b"=== Connected!"):
        assert line
        if b"[error]" in line:
            return False
    return True


def test_the_table_decides_each_login_with_a_proof(house) -> None:
    for shown, way in product(NATIVE_TABLE, WAYS):
        if shown.endswith("banned"):
            continue
        cell = expected(NATIVE_TABLE[shown], way, house.mode)
        name, got = house.come(shown, way)
        assert got == (name if cell == IN else cell), (shown, way)


def test_a_banned_user_cannot_log_in_anywhere(house) -> None:
    house.order(operator.BanUser(id=1, name="alfred"))
    for way in WAYS:
        assert house.come("the key of another name, banned", way)[1] == "banned"
    house.order(operator.UnbanUser(id=1, name="alfred"))


@pytest.mark.parametrize(("password", "table"), [(PASSWORD, RIGHT_PASSWORD), ("wrong horse", WRONG_PASSWORD)])
def test_the_table_decides_each_login_with_a_password(house, password: str, table) -> None:
    for way in WAYS:
        cell = expected(table, way, house.mode)
        with house.call(way) as caller:
            device = key_of(f"device {next(_number)}")
            assert caller.comes("ann", device, password=password) == ("ann" if cell == IN else cell)
        with house.call(way) as caller:
            caller.write(f"/login ann\n{password}\n".encode())
            assert is_let_in(caller) == (cell == IN)


def test_the_table_decides_each_login_of_a_guest(house) -> None:
    for way in WAYS:
        cell = expected(GUEST_TABLE, way, house.mode)
        name = f"gus{next(_number)}"
        with house.call(way) as caller:
            caller.say(commands.Hello(name=name, id=1))
            assert caller.answer() == (name if cell == IN else cell)
        with house.call(way) as caller:
            caller.write(f"x{name}\n".encode())
            assert is_let_in(caller) == (cell == IN)


def test_plaintext_is_served_to_loopback_and_named_networks(house) -> None:
    for machine, served in ((SERVER, house.mode != "--tunnel"), (CLIENT, False)):
        with house.host.call(tls=False, machine=machine) as caller:
            caller.write(f"tom{next(_number)}\n".encode())
            assert (b"This server accepts plaintext from its own machine only" not in caller.line()) == served
