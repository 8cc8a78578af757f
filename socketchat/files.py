"""Private files: written completely or not at all, and checked before their content is used."""

# ruff: noqa: PTH100, PTH102, PTH104, PTH105, PTH108, PTH112, PTH114, PTH116, PTH120
# pathlib would cost `send` a twentieth of its start.

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .exceptions import BadFile, reason

AnyPath = str | os.PathLike[str]

PRIVATE_BYTES = 4096
"""Most bytes read of a private file; each file is one line."""

_IS_POSIX = os.name == "posix"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def write(path: AnyPath, content: bytes, *, over: bool = True) -> bool:
    """Write a private file that outlasts a power cut, completely or not at all; raises OSError.

    If the file has this content already, it is left alone, so that this works on a full disk. Without ``over``, an
    existing file stays as it is, and this returns False. The directory must exist.
    """
    path = os.fspath(path)
    if _has(path, content):
        return True
    fresh = unfinished(path)
    try:
        create(fresh, content)
        return publish(fresh, path, over=over)
    finally:
        with suppress(OSError):  # a rename has removed it; on a full disk it must not stay
            os.unlink(fresh)


def create(path: AnyPath, content: bytes) -> None:
    """Create a private file with exactly this content, and sync it; raises FileExistsError, OSError.

    Readers may see it half written: give it its final name with ``publish``.
    """
    file = os.open(path, _NEW, 0o600)
    try:
        write_all(file, content)
        force(file)
    finally:
        os.close(file)


def write_all(file: int, content: bytes) -> None:
    """Write all of ``content`` to a descriptor, even if the system takes only a part at a time; raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def publish(fresh: AnyPath, path: AnyPath, *, over: bool) -> bool:
    """Give a finished, synced file its name, and sync the directory; raises OSError.

    Without ``over``, an existing file of that name stays, ``fresh`` stays too, and this returns False.
    """
    if over:
        os.replace(fresh, path)
    else:
        try:
            _publish_new(fresh, path)
        except FileExistsError:
            return False
    sync(os.path.dirname(os.path.abspath(path)))
    return True


def _publish_new(fresh: AnyPath, path: AnyPath) -> None:
    """Give a file a name that is not in use; raises FileExistsError, OSError."""
    if sys.platform == "win32":
        os.rename(fresh, path)  # on Windows, a rename never replaces a file
        return
    try:
        os.link(fresh, path)  # unlike a rename, a link never replaces a file
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no links, and Android allows none: take the name first, with an empty file.
        os.close(os.open(path, _NEW, 0o600))
        os.replace(fresh, path)


def unfinished(path: AnyPath) -> str:
    """Return a name beside ``path`` that no other process uses, for a file that is not finished."""
    return f"{os.fspath(path)}.{os.urandom(8).hex()}.new"


def sync(path: AnyPath) -> None:
    """Make a file or the names in a directory outlast a power cut; raises OSError."""
    if _IS_POSIX:  # Windows cannot sync directories
        file = os.open(path, os.O_RDONLY)
        try:
            force(file)
        finally:
            os.close(file)


def force(file: int) -> None:
    """Sync what was written to a descriptor, so that it outlasts a power cut; raises OSError."""
    if sys.platform == "darwin":
        from fcntl import F_FULLFSYNC, fcntl

        fcntl(file, F_FULLFSYNC)  # on macOS, fsync leaves the data in the disk's own memory
    else:
        os.fsync(file)


def force_data(file: int) -> None:
    """Sync the content of a descriptor, though not its times, so that it outlasts a power cut; raises OSError."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(file)
    else:
        force(file)


def make_directory(path: AnyPath) -> None:
    """Create a directory and its missing parents, private to their owner whatever the umask; raises OSError."""
    path = os.path.abspath(path)
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above != path:
        make_directory(above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    else:
        sync(above)  # or a power cut removes the directory, and with it the synced files in it


@contextmanager
def turn(directory: AnyPath) -> Iterator[None]:
    """Lock a directory while a process reads, changes and writes its files, if the file system supports that."""
    if sys.platform == "win32":
        yield
        return
    from fcntl import LOCK_EX, flock

    file = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            flock(file, LOCK_EX)
        yield
    finally:
        os.close(file)


def _account(user_id: int) -> str:
    """Return the name of an account, or its number after "#", as sudo takes both."""
    import pwd  # POSIX only

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"


def check_directory(path: AnyPath) -> None:
    """Raise BadFile if another account can put files of its own into a directory, or in its place; raises OSError."""
    if not _IS_POSIX:
        return
    path = os.path.realpath(path)
    status = os.stat(path)
    if status.st_uid != os.geteuid():
        owner = _account(status.st_uid)
        raise BadFile(
            f"{path} belongs to another account ({owner}), which can read and replace what is in it. Run this as that "
            f"account (sudo -u {_quoted(owner)} socketchat …), or choose another directory."
        )
    if status.st_mode & 0o022:
        raise BadFile(f"Other accounts can write to {path}, where secrets are kept. Run: chmod 700 {_quoted(path)}")
    while (above := os.path.dirname(path)) != path:
        path = above
        mode = os.stat(path).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise BadFile(
                f"Other accounts can write to {path}, and so replace the directory in it where secrets are kept. "
                f"Run: chmod o-w {_quoted(path)}"
            )


def read_private(path: AnyPath, what: str, *, most: int = PRIVATE_BYTES, follow: bool = True) -> bytes | None:
    """Return the content of a private file, at most this many bytes; None if the file does not exist.

    ``what`` says in an error what the file is for, as in "which proves who you are". Raises BadFile if the file belongs
    to another account, if others may read or write it, or, without ``follow``, if it is a link.
    """
    try:
        # If the path is a pipe, do not wait for a writer.
        file = os.open(path, _READ if follow else _READ | _NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as problem:
        if not follow and os.path.islink(path):
            raise BadFile(f"{path} is a link, not the file that was there. Remove it: rm {_quoted(path)}") from None
        raise unusable(path, problem) from None
    try:
        check_private(path, what, os.fstat(file))
        return os.read(file, most)
    except OSError as problem:
        raise unusable(path, problem) from None
    finally:
        os.close(file)


def check_private(path: AnyPath, what: str, status: os.stat_result) -> None:
    """Raise BadFile if a file with this status is not private to this account."""
    if not _IS_POSIX:
        return
    if status.st_uid != os.geteuid():
        raise BadFile(
            f"{os.fspath(path)}, {what}, belongs to another account (user id {status.st_uid}). Remove it, or, if you "
            "put it there, make it yours with chown."
        )
    if status.st_mode & 0o077:
        raise BadFile(f"Other accounts can use {os.fspath(path)}, {what}. Run: chmod 600 {_quoted(path)}")


def unusable(path: AnyPath, problem: OSError) -> BadFile:
    """Return the error for a file that cannot be used."""
    return BadFile(f"Cannot use {os.fspath(path)}: {reason(problem)}. Check it and its directory.")


def _has(path: str, content: bytes) -> bool:
    """Tell whether a private file with this content exists."""
    with suppress(OSError, BadFile):
        if not os.path.islink(path):
            return read_private(path, "", most=len(content) + 1) == content
    return False


def _quoted(path: AnyPath) -> str:
    from shlex import quote  # seldom needed, and it costs `send` a little

    return quote(os.fspath(path))
