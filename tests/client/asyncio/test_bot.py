"""The bot in the help, run as a user would copy and run it."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from socketchat import Client, Entry, connect, text_of
from socketchat.exceptions import NameTaken
from tests.client.serving import serving
from tests.terminal.events import entry

BOTS = Path(__file__).parents[3] / "socketchat" / "help" / "bots.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


async def said(client: Client, text: str) -> Entry:
    """Return the entry that says this."""
    async with asyncio.timeout(20):
        async for event in client:
            if isinstance(event, Entry) and text_of(event) == text:
                return event
    raise AssertionError


@pytest.mark.usefixtures("home")
def test_the_example_bot_answers_prints_and_keeps_its_name_after_a_restart(server):
    code = re.findall(r"```python\n(.*?)```", BOTS.read_text(), re.DOTALL)[0].replace("5000", str(server.port))
    assert f", {server.port}," in code

    async def ask() -> Entry:
        async with connect("127.0.0.1", server.port, name="asker", profile=None) as asker:
            # The bot may not be there yet, so ask until it answers.
            answer = asyncio.create_task(said(asker, "pong"))
            while not answer.done():
                await asker.send("#lobby", "ping")
                await asyncio.wait([answer], timeout=0.1)
            return answer.result()

    authors = []
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as bot:
            authors.append(asyncio.run(ask()).author)
            bot.kill()
            assert "asker: ping\n" in bot.stdout.read()
    assert authors[0] == authors[1]


def test_a_bot_owns_its_name_unless_it_is_a_guest(server, tmp_path, monkeypatch):
    async def come(**options) -> str:
        async with connect("127.0.0.1", server.port, name="owned", listen="none", **options) as client:
            await client.send("#lobby", "the first message claims the name")
            return client.user

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "one"))
    first = asyncio.run(come())
    assert asyncio.run(come()) == first
    kept = {path.suffix for path in (tmp_path / "one" / "socketchat" / "client").iterdir()}
    assert kept == {"", ".outbox", ".pin"}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    for options in ({}, {"profile": None}):
        with pytest.raises(NameTaken):
            asyncio.run(come(**options))


def test_the_text_of_an_entry_is_cleaned():
    assert text_of(entry("hello")) == "hello"
    assert "\x1b" not in text_of(entry("\x1b[2J"))
    assert text_of(entry("", kind="novelty")) == ""
