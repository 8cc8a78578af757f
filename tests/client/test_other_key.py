"""Another server at the address while reconnecting: it is sent nothing, and an attended client stays."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import pytest

from socketchat.client.asyncio.client import Client
from socketchat.client.asyncio.connect import connect
from socketchat.client.identity.profiles import Profile, Profiles
from socketchat.client.identity.trust import Trust
from socketchat.client.session.client_events import LinkBack, LinkLost
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import CertificateChanged, Unconfirmed
from socketchat.server.tls.certificate import Identity, own_identity
from tests.certificate import identity
from tests.client.scripted import Peer, Scripted, challenge, ok, scripted, welcome

QUICK = Timeouts(first_delay=0.01, longest_delay=0.02, quit=0.01)
OURS = identity().certificate.fingerprint


@pytest.fixture
def other(tmp_path: Path) -> Identity:
    """Return the identity of another server."""
    (tmp_path / "other").mkdir()
    return own_identity(tmp_path / "other")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profiles(str(tmp_path / "client")).server("127.0.0.1", 1)


def run(scene: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 30))


async def heard(peer: Peer) -> dict:
    """Return the first command that a server gets, or {} if it gets none."""
    with suppress(ConnectionResetError):
        return await peer.read()
    return {}


async def told(client: Client) -> None:
    """Take all events of the client."""
    async for _ in client:
        pass


async def enter(client: Client, script: Scripted) -> None:
    entering = asyncio.create_task(client.__aenter__())
    peer = await script.accept()
    peer.write(challenge((await peer.read())["id"]))
    peer.write(welcome(hello=(await peer.read())["id"]))
    await entering


def test_an_attended_client_waits_out_a_wrong_key_and_then_sends_everything(other: Identity, profile: Profile) -> None:
    async def scene() -> None:
        async with scripted() as script:
            port = script.port
            client = connect("127.0.0.1", port, name="ann", profile=profile, attended=True, timeouts=QUICK)
            await enter(client, script)
        sending = asyncio.create_task(client.send("#lobby", "secret"))
        async with scripted(port, other) as stranger:
            while not (lost := await anext(client)).other_key:
                assert isinstance(lost, LinkLost)
            assert OURS in lost.reason
            assert other.certificate.fingerprint in lost.reason
            for _ in range(2):
                assert (await anext(client)).other_key
            for peer in stranger.all:
                assert await heard(peer) == {}
        assert (client.waiting, client.online) == (1, False)
        async with scripted(port) as script:
            peer = await script.accept()
            peer.write(welcome(hello=(await peer.read())["id"]))
            while not isinstance(await anext(client), LinkBack):
                pass
            message = await peer.read()
            assert message["text"] == "secret"
            peer.write(ok(message["id"], seq=1))
            assert (await sending).seq == 1
            await client.quit()

    run(scene())


def test_after_the_user_accepts_the_new_key_the_client_reconnects(other: Identity, profile: Profile) -> None:
    async def scene() -> None:
        profile.trust.accept(OURS)  # as with an invite, which counts no more once it was followed
        async with scripted() as script:
            client = connect("127.0.0.1", script.port, name="ann", profile=profile, attended=True, timeouts=QUICK)
            await enter(client, script)
        async with scripted(script.port, other) as renewed:
            while not (await anext(client)).other_key:
                pass
            Trust(profile.address, profile).replace(other.certificate.fingerprint)
            peer = await renewed.accept()
            while not (hello := await heard(peer)):
                peer = await renewed.accept()
            peer.write(welcome(hello=hello["id"]))
            while not isinstance(await anext(client), LinkBack):
                pass
            await client.quit()

    run(scene())


def test_an_unattended_client_ends_at_a_wrong_key_and_keeps_its_messages(other: Identity, profile: Profile) -> None:
    async def scene() -> None:
        async with scripted() as script:
            client = connect("127.0.0.1", script.port, name="ann", profile=profile, timeouts=QUICK)
            await enter(client, script)
        sending = asyncio.create_task(client.send("#lobby", "secret"))
        async with scripted(script.port, other):
            with pytest.raises(CertificateChanged, match="Nothing was sent"):
                await told(client)
            with pytest.raises(Unconfirmed, match="The message is kept"):
                await sending
            await client.quit()

    run(scene())
