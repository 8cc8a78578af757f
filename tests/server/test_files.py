import os

import pytest

from socketchat.exceptions import BadFile
from socketchat.server.files import read_private, write_private


def test_what_is_written_is_read_and_is_ours_alone(tmp_path):
    path = tmp_path / "secret"
    assert read_private(path, "which matters") is None
    write_private(path, b"one")
    write_private(path, b"two")
    assert read_private(path, "which matters") == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_was_cut_short_leaves_the_old_file(tmp_path):
    path = tmp_path / "secret"
    write_private(path, b"one")
    (tmp_path / "secret.new").write_bytes(b"t")
    assert read_private(path, "which matters") == b"one"
    write_private(path, b"two")
    assert read_private(path, "which matters") == b"two"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_of_others_is_refused_with_what_mends_it(tmp_path, mode):
    path = tmp_path / "its secret"
    write_private(path, b"one")
    path.chmod(mode)
    with pytest.raises(BadFile, match=r"its secret, which matters\. Mend it with: chmod 600 '.*its secret'$"):
        read_private(path, "which matters")


def test_what_is_no_file_is_empty_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert read_private(tmp_path / "pipe", "which matters") == b""


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(BadFile, match="is a directory"):
        read_private(tmp_path, "which matters")
