"""Settings for the whole suite: hypothesis repeats itself and is short, unless SOCKETCHAT_LONG is set."""

import os
import signal
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

# No deadline: a busy machine must not fail a test. No database: a failure must be the same everywhere.
settings.register_profile("short", max_examples=80, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=5000, deadline=None, database=None)
settings.load_profile("long" if os.environ.get("SOCKETCHAT_LONG") else "short")

# The programs under test start, and the tests are collected, in half the time if Python keeps its bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell starts what runs in the background with Ctrl+C ignored, and the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

MOST_WORKERS = 4
"""Processes that share the tests. With more, collecting the tests in each costs more than it saves."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share the suite among processes: one per core and at least two, for most tests wait for programs.

    Named files run in one process, so that ``-s`` and the order of tests are as you expect.
    """
    if config.option.capture == "no" or all(".py" in name for name in config.args):
        return 0
    return min(max(2, os.cpu_count() or 2), MOST_WORKERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape lone surrogates in captured output: a report goes to another process as UTF-8."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the suite's keys and outboxes away from those of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def _home_of_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Forget known servers before each test: an earlier test's may have had the same port and another key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / f"home-{os.urandom(8).hex()}"))
