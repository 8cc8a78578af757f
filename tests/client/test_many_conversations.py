"""The client and the server as they are, over real sockets, with a user who has messages from thousands of others."""

import asyncio
import signal
from pathlib import Path

import msgspec
import pytest

from socketchat import connect
from socketchat.client.session.client_events import Gap, LinkBack
from socketchat.client.timeouts import Timeouts
from socketchat.hub.state import facts
from socketchat.journal import SERVER_LOG, Proposal
from socketchat.journal.sqlite.journal import SQLiteJournal
from socketchat.protocol import events
from socketchat.protocol.codec import encode_text
from socketchat.protocol.conversations import pair_id
from tests.client.serving import serving
from tests.journal.desk import opened
from tests.keys import key_of

PAIRS = 9_300


def registration(user: str, name: str, key: str) -> Proposal:
    return Proposal(SERVER_LOG, user, name, "user", msgspec.json.encode(facts.UserFact(user, name, key)))


async def fill(data: Path) -> None:
    """Store a victim, and other users who each wrote to the victim."""
    proposals = [registration("victim00000", "victim", key_of("v").public)]
    for n in range(PAIRS):
        user, name = f"other{n:06}", f"u{n}"
        proposals.append(registration(user, name, name))
        text = encode_text(events.Text("hi", "victim"))
        proposals.append(Proposal(pair_id(user, "victim00000"), user, name, "message", text))
    async with opened(SQLiteJournal(str(data), asyncio.get_running_loop())) as desk:
        await desk.store(*proposals)


@pytest.mark.faults
def test_a_user_with_messages_from_thousands_joins_and_reconnects(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    asyncio.run(fill(data))

    async def scene() -> None:
        timeouts = Timeouts(first_delay=0.05, longest_delay=0.2)
        async with connect("127.0.0.1", server.port, name="victim", key=key_of("v"), timeouts=timeouts) as client:
            assert len(client.conversations) == PAIRS + 1
            server.end(signal.SIGKILL)
            server.begin()
            async for event in client:
                assert not isinstance(event, events.Entry | Gap)
                if isinstance(event, LinkBack):
                    break
            await client.send("@u1", "hello")
            assert len(client.conversations) == PAIRS + 1

    with serving(tmp_path) as server:
        asyncio.run(scene())
