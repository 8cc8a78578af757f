import asyncio

import pytest

from socketchat.exceptions import BadFile
from socketchat.hub import Admission
from socketchat.protocol.authentication.entry_proof import code_key
from socketchat.server.secrets.join_secrets import CODE, JoinSecrets, code_words

HOST_KEY = b"h" * 32


def begun(directory) -> tuple[JoinSecrets, Admission]:
    admission = Admission()
    join_secrets = JoinSecrets(directory, admission)
    asyncio.run(join_secrets.begin(HOST_KEY))
    return join_secrets, admission


def test_the_2048_code_words_are_short_and_distinct():
    words = code_words()
    assert len(words) == 2048
    assert words == sorted(set(words))
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 7 for word in words)
    # So no word is an inflection of another, either.
    assert len({word[:4] for word in words}) == 2048


def test_a_join_code_has_five_words_and_persists(tmp_path):
    join_secrets, admission = begun(tmp_path)
    assert len(join_secrets.code.split("-")) == 5
    assert set(join_secrets.code.split("-")) <= set(code_words())
    assert admission.code_key == code_key(join_secrets.code, HOST_KEY)
    again, other = begun(tmp_path)
    assert again.code == join_secrets.code
    assert (other.local_secret, other.code_key) == (admission.local_secret, admission.code_key)


def test_two_servers_have_different_secrets(tmp_path):
    (one := tmp_path / "one").mkdir()
    (two := tmp_path / "two").mkdir()
    (first, admission), (second, other) = begun(one), begun(two)
    assert first.code != second.code
    assert admission.local_secret != other.local_secret
    assert len(admission.local_secret) == 32


def test_a_changed_code_is_valid_immediately_and_the_old_one_is_not(tmp_path):
    join_secrets, admission = begun(tmp_path)
    old, key = join_secrets.code, admission.code_key
    asyncio.run(join_secrets.change_code())
    assert join_secrets.code != old
    assert admission.code_key == code_key(join_secrets.code, HOST_KEY) != key
    assert begun(tmp_path)[0].code == join_secrets.code


def test_the_secret_files_are_private(tmp_path):
    join_secrets, admission = begun(tmp_path)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        CODE: 0o600,
        "local-secret": 0o600,
    }
    assert admission.secret_file == str(tmp_path / "local-secret")
    assert (tmp_path / "local-secret").read_text() == admission.local_secret.hex() + "\n"
    assert (tmp_path / CODE).read_text() == join_secrets.code + "\n"


@pytest.mark.parametrize("name", [CODE, "local-secret"])
def test_a_damaged_or_foreign_secret_file_is_refused(tmp_path, name):
    begun(tmp_path)
    (tmp_path / name).write_bytes(b"\xff one two")
    with pytest.raises(BadFile, match=f"{name} is damaged"):
        begun(tmp_path)
    (tmp_path / name).chmod(0o644)
    with pytest.raises(BadFile, match=f"Other accounts can use .*{name}"):
        begun(tmp_path)


def test_a_path_that_is_not_utf_8_is_not_sent(tmp_path):
    (odd := tmp_path / "a\udcffb").mkdir()
    assert begun(odd)[1].secret_file is None
