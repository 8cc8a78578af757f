"""Every play, in every dialect that its actors may have, over both journals and under both event loops."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from socketchat.hub.delivery import presence
from tests.plays.script import PLAYS, Play
from tests.plays.theatre import Theatre
from tests.server.house import House, run

STAGES = [("memory", "asyncio"), ("sqlite", "uvloop"), ("memory", "uvloop"), ("sqlite", "asyncio")]


def performances() -> Iterator[object]:
    """Return every cast on two of the stages, and the first cast on all of them."""
    for play in PLAYS:
        for number, cast in enumerate(play.casts()):
            for journal, loop in STAGES if number == 0 else STAGES[:2]:
                name = "-".join([play.name, *map("=".join, cast.items()), journal, loop])
                yield pytest.param(play, cast, journal, loop, id=name)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announce joins and leaves sooner, because every play waits for them."""
    monkeypatch.setattr(presence, "COALESCE_SECONDS", 0.005)


@pytest.mark.parametrize(("play", "cast", "journal", "loop"), list(performances()))
def test_a_play_works_as_written(play: Play, cast: dict[str, str], journal: str, loop: str, tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        await Theatre(house, cast).play(play)

    run(loop, scene, journal="memory:" if journal == "memory" else f"sqlite:{tmp_path / 'data'}")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("ann comes by native\nann dances", "no such step"),
        ("ann comes by native\nann types /topic", "does not tell"),
        ("ann comes by native\nbob comes by plain\nann says hi\nbob sees ann: bye", "bob saw 'ann: hi'"),
        ("ann comes by native\nbob comes by plain\nann says hi\nbob does not see hi", "AssertionError"),
    ],
)
def test_a_play_with_a_wrong_line_fails(script: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.play"
    path.write_text(script)

    async def scene(house: House) -> None:
        with pytest.raises(AssertionError, match=complaint):
            await Theatre(house, {}).play(Play.read(path))

    run("asyncio", scene)


def test_every_play_begins_with_a_comment() -> None:
    for path in Path(__file__).parent.glob("*.play"):
        assert re.match(r"# [A-Z].*\.\n", path.read_text()), path
    assert len(PLAYS) >= 10
