"""Settings for the whole suite: hypothesis repeats itself and is short, unless SOCKETCHAT_LONG is set."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline: a busy machine must not fail a test. No database: a failure must be the same everywhere.
settings.register_profile("short", max_examples=80, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=5000, deadline=None, database=None)
settings.load_profile("long" if os.environ.get("SOCKETCHAT_LONG") else "short")

# A shell starts what runs in the background with Ctrl+C ignored, and the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
