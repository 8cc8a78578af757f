import os

import pytest

from socketchat.client.identity import local_secret
from socketchat.client.identity.local_secret import read_local_secret, secret_reader
from socketchat.client.session.login import no_secret
from socketchat.exceptions import BadFile

SECRET = bytes(range(32))


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "local-secret"
    path.write_text(SECRET.hex() + "\n")
    path.chmod(0o600)
    return path


def test_the_local_secret_is_read_from_the_named_file(secret):
    assert read_local_secret(str(secret)) == SECRET


def test_the_local_secret_is_read_from_the_default_file(secret, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    place = tmp_path / "home" / "socketchat" / "server"
    place.mkdir(parents=True)
    assert read_local_secret(None) is None
    secret.rename(place / "local-secret")
    assert read_local_secret(None) == SECRET


def test_the_local_secret_is_read_only_for_a_local_server():
    assert secret_reader(is_local=True) is read_local_secret
    assert secret_reader(is_local=False) is no_secret
    assert no_secret(None) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_secret_that_others_can_read_is_ignored(secret, mode):
    secret.chmod(mode)
    assert read_local_secret(str(secret)) is None


@pytest.mark.parametrize("content", ["", "ab", "x" * 64, SECRET.hex() + "00", SECRET.hex()[:-1], "\xff" * 64])
def test_an_invalid_secret_is_ignored(secret, content):
    secret.write_text(content)
    assert read_local_secret(str(secret)) is None


def test_a_server_cannot_make_the_client_read_another_file(secret, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    (other / "local-secret").symlink_to(secret)
    key = secret.rename(tmp_path / "key")
    os.mkfifo(secret)
    monkeypatch.chdir(tmp_path)
    for path in (key, other / "local-secret", secret, tmp_path, "/", "", "local-secret", "a\0/local-secret"):
        assert read_local_secret(str(path)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_secret_of_another_account_is_ignored(secret):
    os.chown(secret, 12345, 12345)
    assert read_local_secret(str(secret)) is None


def test_without_a_home_directory_there_is_no_secret(monkeypatch):
    monkeypatch.setattr(local_secret, "server_data", fail)
    assert read_local_secret(None) is None


def fail():
    raise BadFile("There is no home directory.")
