import errno
import os
import subprocess
import sys

import pytest

from socketchat.client.address import Address
from socketchat.client.identity.keys import Key
from socketchat.client.identity.profiles import Profiles
from socketchat.exceptions import BadFile

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "socketchat" / "client"


@pytest.fixture
def profiles(directory):
    return Profiles(str(directory))


def only(directory, suffix: str):
    (path,) = directory.glob(f"*{suffix}")
    return path


def test_a_key_is_random_persistent_and_the_same_for_all_servers(profiles, tmp_path) -> None:
    key = profiles.server("h", 1).key.public
    assert len(key) == 43
    assert profiles.server("h", 1).key.public == key
    assert profiles.server("g", 2).key.public == key
    assert Profiles(str(tmp_path / "another")).server("h", 1).key.public != key


def test_the_local_host_names_are_one_server(profiles) -> None:
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "::1"):
        profiles.server("localhost", 1).joined(host.replace(":", "x"))
        assert profiles.server(host, 1).name == host.replace(":", "x")


@posix
def test_only_the_owner_can_read_the_profile(profiles, directory) -> None:
    before = os.umask(0)
    try:
        profile = profiles.server("h", 1)
        assert profile.key.public
        profile.joined("ann")
    finally:
        os.umask(before)
    assert directory.parent.stat().st_mode & 0o777 == 0o700
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    assert len(list(directory.iterdir())) == 3


@posix
def test_the_error_for_a_readable_key_names_the_fix(profiles, directory) -> None:
    key = profiles.server("h", 1).key.public
    path = directory / "key"
    path.chmod(0o640)
    with pytest.raises(BadFile, match=r"chmod 600 ") as caught:
        _ = profiles.server("h", 1).key.public
    subprocess.run(str(caught.value).partition("Run: ")[2], shell=True, check=True)
    assert profiles.server("h", 1).key.public == key


@pytest.mark.parametrize("content", [b"", b"abc\n", b"x" * 100, b"-" * 64])
def test_a_damaged_key_is_an_error_and_never_replaced(content: bytes, profiles, directory) -> None:
    assert profiles.server("h", 1).key.public
    path = directory / "key"
    path.write_bytes(content)
    with pytest.raises(BadFile, match="is damaged"):
        _ = profiles.server("h", 1).key.public
    assert path.read_bytes() == content


def test_a_key_is_made_once_on_a_file_system_without_links(profiles, directory, monkeypatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "links are not allowed")

    monkeypatch.setattr(os, "link", forbidden)
    key = profiles.server("h", 1).key.public
    assert profiles.server("h", 1)._make_key(str(directory / "key"), Key(bytes(32))).public == key
    assert [path.name for path in directory.iterdir()] == ["key"]


def test_a_full_disk_is_an_error(profiles, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(BadFile, match=r"^Cannot use .*: no space left on device\."):
        _ = profiles.server("h", 1).key.public
    with pytest.raises(BadFile, match=r"^Cannot use .*: no space left on device\."):
        profiles.server("h", 1).joined("ann")


def test_the_default_is_the_first_server_joined_until_the_user_chooses_another(profiles) -> None:
    assert profiles.default() is None
    assert profiles.server("h", 1).name is None
    profiles.server("h", 1).joined("ann")
    profiles.server("::1", 2).joined("bob")
    assert profiles.default() == Address("h", 1)
    profiles.make_default(Address("::1", 2))
    profiles.server("h", 1).joined("carol")
    assert profiles.default() == Address("::1", 2)
    assert profiles.server("h", 1).name == "carol"
    assert profiles.server("localhost", 2).name == "bob"


def test_known_servers_are_distinguished_by_their_keys(profiles, directory) -> None:
    assert profiles.known() == []
    one, other = (f"SHA256:{letter * 43}" for letter in "AB")
    for host, port, pin in (
        ("chat.lan", 5000, one),
        ("127.0.0.1", 5000, one),
        ("fe80::1%eth0", 5001, other),
        ("b\u00fccher_1.example", 5000, "authority"),
        ("example.org", 5000, "authority"),
    ):
        profiles.server(host, port).keep_pin(pin)
    profiles.server("nowhere", 1).joined("ann")
    (directory / "%zz%_1.pin").write_text("x")
    (directory / "x.pin").write_text("x")
    assert profiles.known() == [
        Address("localhost", 5000),
        Address("b\u00fccher_1.example", 5000),
        Address("example.org", 5000),
        Address("fe80::1%eth0", 5001),
    ]


def test_joining_again_writes_no_file(profiles, directory) -> None:
    profiles.server("h", 1).joined("ann")
    profiles.server("g", 1).joined("ann")
    before = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    directory.chmod(0o500)
    for host in "hg":
        profiles.server(host, 1).joined("ann")
    directory.chmod(0o700)
    assert {path: path.stat().st_mtime_ns for path in directory.iterdir()} == before


def test_only_positions_of_direct_messages_are_saved(profiles) -> None:
    profiles.server("h", 1).joined("ann")
    profiles.server("h", 1).keep("epoch", {"#lobby": 7, "@a:b": 3})
    again = profiles.server("h", 1)
    assert (again.name, again.epoch, again.positions) == ("ann", "epoch", {"@a:b": 3})


def test_an_epoch_without_direct_messages_is_saved(profiles) -> None:
    profiles.server("h", 1).keep("epoch", {"#lobby": 7})
    assert profiles.server("h", 1).epoch == "epoch"


def test_positions_saved_by_another_process_are_kept(profiles) -> None:
    one, other = profiles.server("h", 1), profiles.server("h", 1)
    one.keep("epoch", {"@a:b": 3, "@a:c": 1})
    other.keep("epoch", {"@a:b": 2, "@a:c": 5})
    assert profiles.server("h", 1).positions == {"@a:b": 3, "@a:c": 5}
    other.keep("new", {"@a:b": 1})
    assert profiles.server("h", 1).positions == {"@a:b": 1}


def test_positions_of_another_name_are_kept(profiles) -> None:
    profiles.server("h", 1).keep("epoch", {"@ann:bob": 3})
    profiles.server("h", 1).keep("epoch", {"@bob:bot": 1})
    assert profiles.server("h", 1).positions == {"@ann:bob": 3, "@bob:bot": 1}


def test_saving_unchanged_positions_writes_nothing(profiles, directory) -> None:
    profile = profiles.server("h", 1)
    profile.keep("epoch", {"@a:b": 3})
    before = only(directory, ".json").stat()
    profile.keep("epoch", {"@a:b": 3, "#ops": 99})
    assert only(directory, ".json").stat().st_ino == before.st_ino


def test_an_empty_record_after_a_power_cut_is_ignored(profiles, directory) -> None:
    profiles.server("h", 1).keep("epoch", {"@a:b": 1})
    only(directory, ".json").write_bytes(b"")
    assert profiles.server("h", 1).epoch is None
    profiles.server("h", 1).keep("epoch", {"@a:b": 1})
    assert profiles.server("h", 1).epoch == "epoch"


@pytest.mark.parametrize("content", [b"{", b'{"name":1}', b'{"positions":{"@a:b":"x"}}', b"\xff"])
def test_a_damaged_record_is_an_error(content: bytes, profiles, directory) -> None:
    profiles.server("h", 1).keep("epoch", {})
    only(directory, ".json").write_bytes(content)
    with pytest.raises(BadFile, match=r"is damaged\. Remove it: rm "):
        _ = profiles.server("h", 1).name


def test_an_unusable_directory_is_an_error(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    profile = Profiles(str(tmp_path / "file" / "client")).server("h", 1)
    with pytest.raises(BadFile, match=r"^Cannot use .*: not a directory\."):
        _ = profile.key.public
    with pytest.raises(BadFile, match=r"^Cannot use "):
        profile.joined("ann")


@pytest.mark.parametrize("host", ["../../etc/passwd", "/etc/passwd", "..", "fe80::1%eth0", "C:\\x", "ü", "a_b", "a%b"])
def test_a_host_name_cannot_escape_the_directory(host: str, profiles, directory, tmp_path) -> None:
    assert profiles.server(host, 1).key.public
    assert profiles.server(host, 1).key.public == profiles.server(host, 1).key.public
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [directory]


AT_ONCE = """
import sys
from socketchat.client.identity.profiles import Profiles
profile = Profiles(sys.argv[1]).server("h", 1)
sys.stdin.read(1)
key = profile.key.public
for number in range(20):
    profile.joined("ann")
    profile.keep("epoch", {"@a:b": number})
    assert Profiles(sys.argv[1]).server("h", 1).epoch == "epoch"
print(key)
"""


def test_eight_concurrent_processes_agree(directory) -> None:
    command = [sys.executable, "-c", AT_ONCE, str(directory)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command, **pipes) for _ in range(8)]
    for process in processes:  # all start together
        process.stdin.write(b"x")
        process.stdin.flush()
    results = [process.communicate(timeout=50) for process in processes]
    assert [error for _, error in results if error] == []
    assert len({key for key, _ in results}) == 1
    assert len(results[0][0].strip()) == 43
    assert Profiles(str(directory)).server("h", 1).positions == {"@a:b": 19}
    assert sorted(path.suffix for path in directory.iterdir()) == ["", ".json", ".json"]
