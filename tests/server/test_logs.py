"""Text from a peer cannot forge a line of the log."""

import logging
import re
import signal
from io import StringIO
from pathlib import Path

import pytest

from socketchat.commands import COMMANDS
from socketchat.commands.handler import OK, Answer
from socketchat.protocol import commands, events
from socketchat.server.logs import BELOW, LINE_CHARACTERS, LINES, SafeFormatter
from socketchat.server.tls.certificate import own_identity
from tests.hostile import CORPUS, dangerous

from .house import House, run
from .test_serve import Serving

FORGED = "x\n2026-11-25 12:00:00,000 ERROR admin login\r\n\x1b[2J\x9b2J\u202e\ud800"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:WARNING|ERROR) ")


@pytest.fixture
def log():
    """The log of a test, as ``serve`` writes it."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SafeFormatter())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def check(log: StringIO, *, records: int) -> str:
    """Return the log, after checking that no text in it controls a terminal or forges a record."""
    text = log.getvalue()
    assert dangerous(text) == set()
    assert "\t" not in text
    lines = text.splitlines()
    assert len([line for line in lines if RECORD.match(line)]) == records
    assert all(RECORD.match(line) or line.startswith(BELOW) for line in lines)
    assert max(map(len, lines)) <= LINE_CHARACTERS
    assert len(lines) <= records * (LINES + 2)
    return text


TEXTS = {**CORPUS, "a forged record": FORGED, "line ends": "\n" * 10_000, "long": "x" * 100_000}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_text_stays_in_its_log_line(log: StringIO, text: str) -> None:
    logger = logging.getLogger("socketchat.test")
    logger.error("%s was said", text)
    error = ValueError(text)
    error.add_note(text)
    error.__cause__ = RuntimeError(text)
    logger.error("a command failed", exc_info=error)
    assert "a command failed" in check(log, records=2)


def test_a_traceback_is_readable(log: StringIO) -> None:
    try:
        int("ten")
    except ValueError:
        logging.getLogger("socketchat.test").exception("a command failed")
    lines = log.getvalue().splitlines()
    assert lines[0].endswith(" ERROR a command failed")
    assert lines[1] == "  | Traceback (most recent call last):"
    assert lines[-1] == "  | ValueError: invalid literal for int() with base 10: 'ten'"


async def at_once(_hub, _session, command: commands.Topic) -> None:
    raise ValueError(command.text)


async def in_a_task(hub, _session, command: commands.Topic) -> Answer:
    async def late() -> None:
        raise ValueError(command.text)

    hub.spawn(late())
    return OK


@pytest.mark.parametrize("handler", [at_once, in_a_task])
def test_text_of_a_peer_in_a_traceback_starts_no_log_line(
    handler, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, commands.Topic, COMMANDS[commands.Topic]._replace(handler=handler))

    async def scene(house: House) -> None:
        eve, bob = await house.native("eve"), await house.native("bob")
        await eve.say(commands.Topic(id=5, room="#lobby", text=FORGED.removesuffix("\ud800")))
        await eve.hears(events.Bye if handler is at_once else events.Ok)
        while not log.getvalue():
            await bob.barrier()

    run("uvloop", scene)
    assert "ValueError: x" in check(log, records=1)


def test_serve_uses_this_log_format(tmp_path: Path) -> None:
    own_identity(tmp_path)
    path = tmp_path / "a\n2026-11-25 12:00:00,000 ERROR admin login\x1b[2J.pem"
    (tmp_path / "tls.pem").rename(path)
    serving = Serving(tmp_path / "data", "--tls-cert", str(path), "--tls-key", str(path))
    path.write_text("nonsense")
    serving.process.send_signal(signal.SIGHUP)
    first = serving.process.stderr.readline()
    assert "kept the old certificate" in first
    assert "a 2026-11-25 12:00:00,000 ERROR admin login^[[2J.pem" in first
    code, _, more = serving.end(signal.SIGTERM)
    assert (code, more) == (0, "")
