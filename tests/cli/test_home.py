"""A home on a full or read-only disk: known servers work, and no file is lost or left behind."""

import os
import subprocess
import sys

import pytest

from socketchat.client.identity.profiles import Profiles
from tests.client.serving import serving
from tests.faults.tmpfs import fill, small_disk


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Provide a home on a separate disk."""
    with small_disk(tmp_path / "disk", 2) as disk:
        monkeypatch.setenv("XDG_DATA_HOME", str(disk / "data"))
        monkeypatch.delenv("SOCKETCHAT_NAME", raising=False)
        yield disk


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path) as started:
        yield started


def call(*arguments, stdin=""):
    done = subprocess.run(
        [sys.executable, "-m", "socketchat", *map(str, arguments)],
        input=stdin, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    return done.returncode, done.stderr


def kept(home):
    return {path: path.read_bytes() for path in (home / "data").rglob("*") if path.is_file()}


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_join_and_send_work_with_an_unwritable_home(home, server, how) -> None:
    to_server = ("--host", f"127.0.0.1:{server.port}")
    assert call("join", "ann", *to_server, stdin="hello\n") == (0, "")
    before = kept(home)
    if how == "full":
        fill(home / "filling", leave=0)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    for _ in range(2):
        assert call("join", "ann", *to_server) == (0, "")
        assert call("send", "hi") == (0, "")
    code, error = call("join", "ann", *to_server, stdin="said all the same\n")
    assert code == 0
    assert "Unsent messages will be lost when this program ends" in error
    if how == "full":
        assert call("key", "export", home / "backup") == (
            8,
            f"socketchat: Cannot use {home / 'backup'}: no space left on device. Check it and its directory.\n",
        )
        assert not (home / "backup").exists()
    assert kept(home) == before


def test_a_profile_that_does_not_fit_on_the_disk_leaves_the_previous_one(home, server) -> None:
    to_server = ("--host", f"127.0.0.1:{server.port}")
    assert call("join", "ann", *to_server) == (0, "")
    profile = Profiles().server("127.0.0.1", server.port)
    many = {f"@{number:016x}:{number + 1:016x}": number for number in range(300)}
    profile.keep(profile.epoch, many)
    page = os.sysconf("SC_PAGE_SIZE")
    fill(home / "filling", leave=page)  # less than the profile needs
    code, error = call("join", "bob", *to_server)
    assert (code, error.count("\n")) == (8, 1)
    assert "no space left on device" in error
    again = Profiles().server("127.0.0.1", server.port)
    assert (again.name, again.positions) == ("ann", many)
    (home / "filling").unlink()
    assert call("join", "bob", *to_server) == (0, "")
