import apsw
import pytest

from socketchat.journal.sqlite import schema
from socketchat.journal.sqlite.read_markers import MARK_SECONDS, ReadMarker, ReadMarkers, load


@pytest.fixture
def db() -> apsw.Connection:
    db = apsw.Connection(":memory:")
    schema.migrate(db)
    return db


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_read_markers_are_written_together_and_seldom_under_load(db: apsw.Connection) -> None:
    clock = Clock()
    marks = ReadMarkers(clock)
    marks.add(ReadMarker("u1", "#a", 1))
    marks.write(db, idle=False)
    assert load(db) == {"u1": {"#a": 1}}
    marks.add(ReadMarker("u1", "#a", 7))
    marks.add(ReadMarker("u1", "#a", 5))
    marks.write(db, idle=False)
    assert load(db) == {"u1": {"#a": 1}}
    clock.now += MARK_SECONDS
    marks.write(db, idle=False)
    assert load(db) == {"u1": {"#a": 7}}


def test_read_markers_are_written_immediately_when_idle(db: apsw.Connection) -> None:
    marks = ReadMarkers(Clock())
    for seq in (1, 2):
        marks.add(ReadMarker("u1", "#a", seq))
        marks.write(db, idle=True)
        assert load(db) == {"u1": {"#a": seq}}


def test_read_markers_that_could_not_be_written_are_kept(db: apsw.Connection) -> None:
    marks = ReadMarkers(Clock())
    marks.add(ReadMarker("u1", "#a", 1))
    db.pragma("query_only", 1)
    with pytest.raises(apsw.ReadOnlyError):
        marks.write(db, idle=True)
    assert not db.in_transaction
    db.pragma("query_only", 0)
    marks.write(db, idle=True)
    assert load(db) == {"u1": {"#a": 1}}
