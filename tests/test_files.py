import errno
import os

import pytest

from socketchat import files
from socketchat.exceptions import BadFile
from socketchat.files import check_directory, make_directory, publish, read_private, unfinished, write

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
MATTERS = "which matters"


def test_a_written_file_is_readable_and_private(tmp_path):
    path = tmp_path / "secret"
    assert read_private(path, MATTERS) is None
    for content in (b"one", b"two", b""):
        write(path, content)
        assert read_private(path, MATTERS) == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_are_completed(tmp_path, monkeypatch):
    take = os.write
    monkeypatch.setattr(os, "write", lambda file, data: take(file, bytes(data)[:3]))
    write(tmp_path / "record", b"0123456789")
    assert (tmp_path / "record").read_bytes() == b"0123456789"


@pytest.mark.parametrize("over", [True, False])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch, over):
    take, taken = os.write, []

    def fill_up(file, data):
        if taken:
            raise OSError(errno.ENOSPC, "full")
        taken.append(take(file, bytes(data)[:3]))
        return taken[0]

    path = tmp_path / "record"
    if over:
        write(path, b"good")
    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(OSError, match="full"):
        write(path, b"0123456789", over=over)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([b"good"] if over else [])


def test_an_unchanged_file_is_not_rewritten(tmp_path, monkeypatch):
    path = tmp_path / "record"
    write(path, b"same")
    monkeypatch.setattr(os, "open", opened := Openings(os.open))
    write(path, b"same")
    write(path, b"same", over=False)
    assert opened.to_write == []
    write(path, b"new")
    assert opened.to_write != []


class Openings:
    """Opens files, and remembers which to write."""

    def __init__(self, really) -> None:
        self._really = really
        self.to_write = []

    def __call__(self, path, flags, mode=0o777):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self.to_write.append(path)
        return self._really(path, flags, mode)


def test_the_file_is_synced_before_the_rename_and_the_directory_after(tmp_path, monkeypatch):
    really, synced = os.fsync, []

    def fsync(file):
        synced.append(sorted(each.name.partition(".")[0] for each in tmp_path.iterdir()))
        really(file)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(files, "unfinished", lambda _path: str(tmp_path / "unfinished"))
    write(tmp_path / "record", b"content")
    assert synced == [["unfinished"], ["record"]]


@pytest.mark.parametrize("links", [True, False])
def test_without_overwriting_the_first_file_stays(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", forbidden)
    path = tmp_path / "key"
    assert write(path, b"first", over=False)
    assert write(path, b"first", over=False)
    assert not write(path, b"second", over=False)
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"first")]


def forbidden(*_):
    raise PermissionError(errno.EACCES, "links are not allowed")


def test_a_file_of_another_program_is_renamed_in_the_same_way(tmp_path):
    path = tmp_path / "store"
    for over, content in ((False, "one"), (False, "one"), (True, "two")):
        fresh = tmp_path / unfinished("fresh")
        fresh.write_text("two" if path.exists() else "one")
        publish(fresh, path, over=over)
        assert path.read_text() == content


def test_a_file_accessible_to_others_is_rewritten_even_if_unchanged(tmp_path):
    path = tmp_path / "secret"
    write(path, b"same")
    path.chmod(0o644)
    write(path, b"same")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_the_error_for_a_file_accessible_to_others_names_the_fix(tmp_path, mode):
    path = tmp_path / "its secret"
    write(path, b"one")
    path.chmod(mode)
    with pytest.raises(BadFile, match=r"its secret, which matters\. Run: chmod 600 '.*its secret'$"):
        read_private(path, MATTERS)


@root
def test_a_file_of_another_account_is_refused(tmp_path):
    path = tmp_path / "secret"
    write(path, b"one")
    os.chown(path, 12345, 12345)
    with pytest.raises(BadFile, match="secret, which matters, belongs to another account \\(user id 12345\\)"):
        read_private(path, MATTERS)


def test_a_pipe_or_device_counts_as_empty(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert read_private(tmp_path / "pipe", MATTERS) == b""


def test_an_unreadable_file_is_an_error(tmp_path):
    (tmp_path / "directory").mkdir(0o700)
    with pytest.raises(BadFile, match="is a directory"):
        read_private(tmp_path / "directory", MATTERS)


def test_a_symlink_is_followed_only_if_it_is_safe(tmp_path):
    write(tmp_path / "file", b"one")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_private(tmp_path / "link", MATTERS) == b"one"
    with pytest.raises(BadFile, match="is a link"):
        read_private(tmp_path / "link", MATTERS, follow=False)


def test_directories_are_private_for_every_umask(tmp_path):
    before = os.umask(0)
    try:
        make_directory(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    make_directory(tmp_path / "a" / "b" / "c")
    assert {each.stat().st_mode & 0o777 for each in tmp_path.rglob("*")} == {0o700}
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        make_directory(tmp_path / "file")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777, 0o2770, 0o707])
def test_the_error_for_a_group_writable_directory_names_the_fix(tmp_path, mode):
    directory = tmp_path / "its data"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(BadFile, match=r"Run: chmod 700 '.*its data'$"):
        check_directory(directory)


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o750])
def test_a_directory_readable_by_others_is_used(tmp_path, mode):
    directory = tmp_path / "data"
    directory.mkdir()
    directory.chmod(mode)
    check_directory(directory)


def test_a_directory_in_a_world_writable_parent_is_refused(tmp_path):
    above = tmp_path / "above"
    (above / "within" / "data").mkdir(parents=True)
    above.chmod(0o777)
    with pytest.raises(BadFile, match=r"chmod o-w .*above$"):
        check_directory(above / "within" / "data")
    above.chmod(0o1777)  # as /tmp
    check_directory(above / "within" / "data")


@root
def test_a_symlink_to_a_directory_of_another_account_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    for path in (tmp_path / "theirs", tmp_path / "link"):
        with pytest.raises(BadFile, match=r"theirs belongs to another account \(#12345\).*sudo -u '#12345' socketchat"):
            check_directory(path)
