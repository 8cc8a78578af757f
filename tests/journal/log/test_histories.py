"""Whatever happens to the process and its disk, the log holds what it acknowledged, in order, and nothing else."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from socketchat.journal.log import Failed, Full
from socketchat.journal.log.file import SEGMENTS, FileLog
from tests.journal.log.sim_disk import NEVER, Crash, Deferred, SimDisk

SEGMENT_BYTES = 8 * 4096

Known = list[tuple[int, bytes]]


class Histories(RuleBasedStateMachine):
    """Appends, rolls, trims, restarts, kills, power cuts, failing calls and a full disk, in any order."""

    log: FileLog

    @initialize(is_direct=st.booleans())
    def begin(self, *, is_direct: bool) -> None:
        self.disk = SimDisk(is_direct=is_direct)
        self.acknowledged: Known = []
        self.doubtful: list[Known] = []  # appends that may be found, all of one or none
        self.trimmed = 0
        self.written = 0
        self.open()

    def open(self) -> None:
        """Open the log again, and compare it with what was acknowledged."""
        self.worker = Deferred()
        self.log = FileLog(self.disk, segment_bytes=SEGMENT_BYTES, worker=self.worker)
        assert self.log.damage == []
        found = [(record.time, record.payload) for record in self.log.read(self.log.first - 1)]
        assert self.log.first - 1 <= self.trimmed
        whole = self.acknowledged[: self.log.first - 1] + found
        assert whole in [self.acknowledged, *(self.acknowledged + extra for extra in self.doubtful)]
        self.acknowledged = whole
        self.doubtful = []
        assert self.log.last == len(whole)

    @rule(sizes=st.lists(st.sampled_from([0, 10, 300, 4000, 9000]), min_size=1, max_size=3), zeros=st.booleans())
    def append(self, sizes: list[int], *, zeros: bool) -> None:
        records: Known = []
        for size in sizes:
            self.written += 1
            mark = b"<%08d>" % self.written
            records.append((self.written // 3, mark + (b"\0" if zeros else mark[:1]) * size))
        time = records[0][0]
        records = [(time, payload) for _, payload in records]
        self.doubtful = [*self.doubtful, records]
        acknowledged = len(self.acknowledged)
        try:
            self.log_append(records, time)
        finally:
            assert len(self.acknowledged) >= acknowledged

    def log_append(self, records: Known, time: int) -> None:
        log = self.log
        segments = max(SEGMENTS, len(log._segments))
        try:
            last = log.append([payload for _, payload in records], time)
        except Full:
            self.doubtful = []  # nothing is on disk, of earlier failed appends neither
        except Failed:
            pass
        except Crash:
            self.crash()
        else:
            self.acknowledged += records
            self.doubtful = []
            assert last == len(self.acknowledged)
            assert len(log._segments) <= segments

    def crash(self) -> None:
        """Stop the process, and start it again until it stays."""
        if not self.disk.is_direct:
            self.disk.capacity = NEVER  # or the last record is written again only when there is space
        while True:
            self.disk.chance.choice([self.disk.kill, self.disk.power_cut])()
            if self.disk.chance.random() < 0.3:
                self.disk.stop_in = self.disk.chance.randrange(1, 30)
            try:
                self.open()
            except Crash:
                continue
            self.disk.settle()
            return

    @rule()
    def roll(self) -> None:
        try:
            self.log.roll()
        except (Full, Failed):
            pass
        except Crash:
            self.crash()
        else:
            if self.log._segments[-1].firsts[-1] > self.log.last:
                self.doubtful = []

    @rule(back=st.integers(0, 6))
    def trim(self, back: int) -> None:
        upto = max(0, self.log.last - back)
        self.trimmed = max(self.trimmed, upto)
        first = self.log.first
        self.log.trim(upto)
        assert first <= self.log.first <= upto + 1 or self.log.first == first

    @rule(most=st.integers(1, 5))
    def work(self, most: int) -> None:
        try:
            self.worker.work(most)
        except Crash:
            self.crash()

    @rule(seed=st.integers(0, 1 << 30), steps=st.integers(1, 12))
    def stop_soon(self, seed: int, steps: int) -> None:
        self.disk.chance = random.Random(seed)
        self.disk.stop_in = steps

    @rule(seed=st.integers(0, 1 << 30), steps=st.integers(1, 8), failures=st.integers(1, 4))
    def fail_soon(self, seed: int, steps: int, failures: int) -> None:
        self.disk.chance = random.Random(seed)
        self.disk.fail_in = steps
        self.disk.failures = failures

    @rule()
    def fill(self) -> None:
        self.disk.capacity = 0

    @rule()
    def make_room(self) -> None:
        self.disk.capacity = NEVER

    @rule(seed=st.integers(0, 1 << 30))
    def crash_now(self, seed: int) -> None:
        self.disk.capacity = NEVER
        self.disk.chance = random.Random(seed)
        self.crash()

    @precondition(lambda self: self.disk.stop_in == self.disk.fail_in == self.disk.capacity == NEVER)
    @rule()
    def restart(self) -> None:
        self.log.close()
        self.open()

    @precondition(lambda self: self.disk.stop_in == NEVER)
    @rule()
    def tidy(self) -> None:
        """What was trimmed is gone from all files, once the log says so."""
        self.disk.settle()
        self.worker.work()
        self.log._supply.clean()
        self.worker.work()
        assert self.log.uncleaned == 0
        for _, payload in self.acknowledged[: self.log.first - 1]:
            for content in self.disk.files.values():
                assert payload[:10] not in content.cached
                assert payload[:10] not in content.durable

    @invariant()
    def what_was_acknowledged_is_read(self) -> None:
        if self.disk.stop_in == self.disk.fail_in == NEVER:
            after = self.log.first - 1
            assert [(r.time, r.payload) for r in self.log.read(after)] == self.acknowledged[after:]


LONG = bool(os.environ.get("SOCKETCHAT_LONG"))
FEW = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=20_000 if LONG else 1000, stateful_step_count=60)


def test_some_histories_keep_what_was_acknowledged() -> None:
    run_state_machine_as_test(Histories, settings=FEW)


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_many_histories_keep_what_was_acknowledged() -> None:
    run_state_machine_as_test(Histories, settings=MANY)
