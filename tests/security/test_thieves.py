"""A real server, and attempts to be another user: by a stolen name, an overheard proof, a device or an invite."""

from pathlib import Path

import pytest

from socketchat.client.identity.invitation import parse_invitation
from socketchat.client.identity.keys import Key
from socketchat.protocol import commands, events
from socketchat.protocol.authentication.proofs import fingerprint
from socketchat.protocol.codec import encode
from tests.client.serving import serving
from tests.keys import hello_of, key_of, proof_of
from tests.security.callers import Caller, invite, join_code, local_secret

PASSWORD = "correct horse battery"

LOOK_ALIKES = {
    "case": "ALICE",
    "width": "ａｌｉｃｅ",
    "another script's letter": "\u0430lice",
    "a letter that reads like another": "aIice",
    "a digit": "a1ice",
    "an invisible character": "ali\u200bce",
    "an invisible hyphen": "ali\u00adce",
    "the end of a line": "alice\n",
    "a blank": "alice ",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """Return a server that requires a join code, and its data directory."""
    directory = tmp_path_factory.mktemp("host")
    with serving(directory, environment=lambda: {"XDG_DATA_HOME": str(directory)}) as served:
        yield House(served.port, directory / "data")


class House:
    def __init__(self, port: int, data: Path) -> None:
        self.port = port
        self.data = data

    def call(self, *, tls: bool = True) -> Caller:
        return Caller(self.port, tls=tls)

    def owner(self, name: str) -> Key:
        """Register a name, log out, and return its key."""
        key = key_of(name)
        with self.call() as caller:
            assert caller.comes(name, key, local=local_secret(self.data)) == name
        return key


@pytest.fixture(scope="module")
def alice(host):
    return host.owner("alice")


@pytest.mark.parametrize("online", [True, False])
def test_a_name_belongs_to_its_owner_online_and_offline(host, alice, online) -> None:
    token = parse_invitation(invite(host.data)).token
    with host.call() as owner:
        if online:
            assert owner.comes("alice", alice) == "alice"
        for shown in ({}, {"local": local_secret(host.data)}, {"code": join_code(host.data)}, {"invite": token}):
            with host.call() as thief:
                assert thief.comes("alice", key_of("thief"), **shown) == "name_taken"
        with host.call() as guest:
            guest.say(commands.Hello(name="alice", id=1))
            assert guest.answer() == "name_taken"
        with host.call(tls=False) as guest:
            guest.write(b"alice\n")
            assert b"The name alice belongs to another user" in guest.line()
    with host.call() as newcomer:
        assert newcomer.comes(f"new{online}", key_of(f"new{online}"), invite=token) == f"new{online}"  # is not spent


@pytest.mark.parametrize("name", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
@pytest.mark.usefixtures("alice")
def test_look_alikes_of_a_name_are_refused(host, name) -> None:
    with host.call() as thief:
        thief.say(hello_of(key_of("thief"), name=name, id=1))
        told = thief.hears(events.Challenge, events.Error)
        if isinstance(told, events.Challenge):
            thief.say(proof_of(key_of("thief"), told, name, binding=thief.binding, id=2))
            told = thief.hears(events.Welcome, events.Error)
        assert isinstance(told, events.Error)
        assert told.code in {"name_taken", "bad_name"}


def test_an_overheard_proof_is_refused_on_every_connection(host, alice) -> None:
    with host.call() as owner:
        challenge = owner.asks("alice", alice)
        proof = encode(proof_of(alice, challenge, "alice", binding=owner.binding, id=2))
        owner.write(proof)
        assert owner.answer() == "alice"
        owner.write(proof)  # also its owner answers a challenge once
        assert owner.answer() == "usage"
    for tls in (True, False):
        with host.call(tls=tls) as thief:
            thief.asks("alice", alice)
            thief.write(proof)
            assert thief.answer() == "bad_proof"
            thief.write(proof)
            assert thief.answer() == "usage"
    with host.call() as thief:
        thief.write(proof)
        assert thief.answer() == "usage"


def test_a_challenge_is_valid_only_on_its_connection(host, alice) -> None:
    """A proof of the owner for another connection is invalid for this one, even if everything else is the same."""
    with host.call() as owner, host.call() as thief:
        challenge = owner.asks("alice", alice)
        thief.asks("alice", alice)
        thief.say(proof_of(alice, challenge, "alice", binding=thief.binding, id=2))
        assert thief.answer() == "bad_proof"


def test_a_revoked_device_is_disconnected_and_cannot_return(host) -> None:
    key, laptop = host.owner("ben"), key_of("laptop")
    with host.call() as owner, host.call() as lost, host.call() as again:
        assert owner.comes("ben", key) == "ben"
        owner.say(commands.Password(password=PASSWORD, id=3))
        assert isinstance(owner.hears(events.Ok, events.Error), events.Ok)
        challenge = lost.asks("ben", laptop)
        lost.say(proof_of(laptop, challenge, "ben", binding=lost.binding, id=2, password=PASSWORD))
        token = lost.hears(events.Welcome).token
        assert again.comes("ben", laptop) == "ben"
        again.say(commands.Revoke(device=fingerprint(laptop.public), id=4))  # another key would stay for a day
        assert lost.hears(events.Bye).code == "refused"
        assert lost.rest() == b""
        assert again.hears(events.Bye).code == "refused"
    with host.call() as lost:
        assert lost.comes("ben", laptop) == "name_taken"
    with host.call() as lost:
        lost.say(commands.Hello(token=token, name="ben", id=1))
        assert lost.answer() == "name_taken"


@pytest.mark.parametrize("uses", [1, 3])
def test_a_hundred_concurrent_uses_of_an_invite_admit_its_number_of_users(host, uses) -> None:
    token = parse_invitation(invite(host.data, "--uses", str(uses))).token
    callers = [host.call() for _ in range(100)]
    try:
        challenges = []
        for number, caller in enumerate(callers):
            challenges.append(caller.asks(f"guest{uses}-{number}", key_of(f"{uses} {number}")))
        for number, (caller, challenge) in enumerate(zip(callers, challenges, strict=True)):
            name, key = f"guest{uses}-{number}", key_of(f"{uses} {number}")
            caller.say(proof_of(key, challenge, name, binding=caller.binding, id=2, invite=token))
        answers = [caller.answer() for caller in callers]
    finally:
        for caller in callers:
            caller.__exit__()
    assert sum(answer.startswith("guest") for answer in answers) == uses
    assert {answer for answer in answers if not answer.startswith("guest")} == {"bad_invite"}
