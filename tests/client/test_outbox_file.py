import errno
import os
import stat
import subprocess
import sys
from queue import SimpleQueue

import pytest

from socketchat.client import outbox_file
from socketchat.client.outbox_file import OutboxFile
from socketchat.protocol.commands import Delete, Edit, Send

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "host_5000.outbox" / "@ann"


def message(n: int, text: str = "hello", outbox: str = "d" * 16, **more) -> Send:
    return Send(to="#lobby", text=text, outbox=outbox, n=n, **more)


def opened(directory, *messages: Send) -> OutboxFile:
    file = OutboxFile(str(directory))
    for each in messages:
        file.added(each)
    return file


def left(directory, *messages: Send):
    """Leave messages as a process that is gone; return the path of its file."""
    opened(directory, *messages).close()
    (path,) = directory.glob("*.outbox")
    return path


def adopted(directory) -> list[Send]:
    return OutboxFile(str(directory)).load()


def test_no_file_is_made_before_the_first_message(directory) -> None:
    file = OutboxFile(str(directory))
    assert file.load() == []
    file.close()
    assert not directory.parent.exists()


def test_unsettled_messages_are_available_to_the_next_process(directory) -> None:
    file = opened(directory, message(1, id=7), message(2, "two\nlines", kind="action"), message(3))
    file.settled(message(1))
    file.close()
    assert adopted(directory) == [message(2, "two\nlines", kind="action"), message(3)]


def test_edits_and_deletes_are_kept_like_messages(directory) -> None:
    edit = Edit(conversation="#lobby", text="hi", seq=3, outbox="d" * 16, n=2)
    gone = [Delete(conversation="#lobby", seq=seq, outbox="d" * 16, n=seq) for seq in (3, 4)]
    file = opened(directory, message(1), edit, *gone)
    file.settled(gone[0])
    file.close()
    assert adopted(directory) == [message(1), edit, gone[1]]


def test_the_file_is_removed_when_everything_is_settled(directory) -> None:
    file = opened(directory, message(1), message(2))
    file.settled(message(1))
    file.settled(message(2))
    file.close()
    assert list(directory.iterdir()) == []


@posix
def test_only_the_owner_can_read_the_outbox_file(directory) -> None:
    path = left(directory, message(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_the_file_of_a_running_process_is_not_adopted(directory) -> None:
    living = opened(directory, message(1))
    assert adopted(directory) == []
    living.close()
    assert adopted(directory) == [message(1)]


def test_only_one_of_two_processes_adopts_a_file(directory) -> None:
    left(directory, message(1))
    one, other = OutboxFile(str(directory)), OutboxFile(str(directory))
    assert one.load() == [message(1)]
    assert other.load() == []
    one.close()
    assert other.load() == [message(1)]


def test_adopted_and_settled_messages_are_removed(directory) -> None:
    left(directory, message(1), message(2))
    file = OutboxFile(str(directory))
    file.load()
    file.settled(message(1))
    file.added(message(1, outbox="f" * 16))
    file.close()
    assert adopted(directory) == [message(1, outbox="f" * 16), message(2)]


def test_complete_messages_survive_a_crash_at_any_byte(directory) -> None:
    path = left(directory, message(1), message(2, "é" * 5))
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for end in range(len(content)):
        torn = directory / "torn.outbox"
        path.unlink(missing_ok=True)
        torn.write_bytes(content[:end])
        file = OutboxFile(str(directory))
        assert file.load() == ([message(1)] if end >= first else [])
        for each in (1, 2):
            file.settled(message(each))
        file.close()
        assert list(directory.iterdir()) == []


def test_a_damaged_file_is_set_aside_and_its_readable_messages_are_sent(directory, caplog) -> None:
    path = left(directory, message(1), message(2), message(3))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"hello", b"jello")
    path.write_bytes(b"".join(lines))
    file = OutboxFile(str(directory))
    assert file.load() == [message(1), message(3)]
    file.close()
    (aside,) = directory.glob("*.damaged")
    assert [record.getMessage() for record in caplog.records] == [
        f"Some unsent messages of an earlier session are damaged. They were moved to {aside}."
    ]
    assert adopted(directory) == [message(1), message(3)]


def test_a_long_file_is_rewritten_without_settled_messages(directory, monkeypatch) -> None:
    monkeypatch.setattr(outbox_file, "REWRITE_BYTES", 1000)
    file = opened(directory, message(1))
    for n in range(2, 100):
        file.added(message(n))
        file.settled(message(n))
    (path,) = directory.iterdir()
    assert path.stat().st_size < 2000
    assert adopted(directory) == []  # the new one is held too
    file.close()
    assert adopted(directory) == [message(1)]


def test_a_full_disk_is_reported_once_and_leaves_no_partial_message(directory, monkeypatch, caplog) -> None:
    file = opened(directory, message(1))
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:10]))
    file.added(message(2))
    file.added(message(3))
    monkeypatch.undo()
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == (
        f"Unsent messages will be lost when this program ends: cannot use {directory}: no space left on device."
    )
    assert not file.lasts
    file.close()
    assert adopted(directory) == [message(1)]


@posix
def test_the_file_and_its_directory_are_synced(directory, monkeypatch) -> None:
    synced: SimpleQueue[int] = SimpleQueue()
    fsync = os.fsync

    def noted(fd: int) -> None:
        fsync(fd)
        synced.put(os.fstat(fd).st_ino)

    directory.mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", noted)
    file = opened(directory, message(1))
    (path,) = directory.iterdir()
    assert synced.get(timeout=20) == path.stat().st_ino
    assert synced.get(timeout=20) == directory.stat().st_ino
    while not synced.empty():
        synced.get()
    file.close()
    assert synced.get(timeout=20) == path.stat().st_ino


def test_a_failed_sync_is_reported(directory, monkeypatch) -> None:
    def fails(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    file = opened(directory, message(1))
    file.close()
    assert not file.lasts


def test_a_directory_that_cannot_be_made_is_an_error(directory, caplog) -> None:
    directory.parent.write_text("in the way")
    file = opened(directory, message(1))
    assert not file.lasts
    assert os.strerror(errno.ENOTDIR).lower() in caplog.records[0].getMessage().lower() or "exists" in caplog.text
    file.close()


def test_the_file_of_a_killed_process_is_released(directory) -> None:
    program = f"""
import os, signal
from socketchat.client.outbox_file import OutboxFile
from socketchat.protocol.commands import Send
OutboxFile({str(directory)!r}).added(Send(to="#lobby", text="hello", outbox="d" * 16, n=1))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert adopted(directory) == [message(1)]
