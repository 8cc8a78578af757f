import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from socketchat.cli import run
from socketchat.client.identity.key_file import exported, imported, needs_passphrase
from socketchat.client.identity.profiles import Profiles
from socketchat.exceptions import BadFile, Refused
from socketchat.protocol.authentication.proofs import fingerprint
from tests.keys import key_of

KEY = key_of("alice")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Provide an empty home."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def mine():
    return Profiles().server("127.0.0.1", 5000).key


@pytest.mark.parametrize("passphrase", ["", "correct horse", "grüße"])
def test_an_exported_key_imports_as_the_same_key(passphrase):
    line = exported(KEY, passphrase)
    assert imported(line, passphrase).public == KEY.public
    assert needs_passphrase(line) == bool(passphrase)
    assert (KEY.seed.hex() in line) == (not passphrase)


# As argon2-cffi made them; the second passphrase was typed with a combining character.
EXPORTED = {
    "correct horse": (
        "62c472fc8ab4279ee39cb32b09546c0cbbcbb6444ad9ca38d2c9c15e5ba033ad7dbd11fc872c9a0594c3b23171363e65"
        "dc2f6dabe973a0fe3c599c411424b42a9ad3e6eddc3ac67d7d11a9bb"
    ),
    "gr\u00fc\u00dfe": (
        "2ba73d1e1b87d15e80e51760843da6d30aea108ed929d224617669d0a15a8cdd53a0ffce903580f295a500a314d3bbec"
        "a59a4ab3250297639861e62d5a30057df606646113f05b3accb977b2"
    ),
}


@pytest.mark.parametrize("passphrase", EXPORTED)
def test_keys_exported_by_another_library_are_still_read(passphrase):
    assert imported(f"socketchat-key-v1 argon2id {EXPORTED[passphrase]}", passphrase).public == KEY.public


def test_a_wrong_passphrase_is_refused():
    with pytest.raises(Refused, match="passphrase is wrong"):
        imported(exported(KEY, "correct horse"), "wrong horse")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "socketchat-key-v1 plain 00",
        "socketchat-key-v1 plain zz",
        "socketchat-key-v1 other 00",
        "a b c",
        "\x00",
    ],
)
def test_a_file_without_a_key_is_refused(line):
    with pytest.raises(BadFile):
        imported(line, "")


@pytest.mark.parametrize("digits", ["", "00", "00" * 28, "00" * 60])
def test_a_damaged_export_is_refused(digits):
    with pytest.raises((BadFile, Refused)):
        imported(f"socketchat-key-v1 argon2id {digits}", "x")


@pytest.mark.parametrize("command", [["show"], ["export", "-"]])
def test_show_and_export_make_no_key(command, home, capsys):
    assert run(["key", *command]) == 5
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert not [*home.iterdir()]


def test_show_prints_the_fingerprint(capsys):
    mine()
    assert run(["key", "show"]) == 0
    out = capsys.readouterr().out
    assert mine().public in out
    assert fingerprint(mine().public) in out
    assert mine().seed.hex() not in out


def test_an_export_is_private_and_overwrites_nothing(home, capsys):
    file = home / "backup"
    mine()
    assert run(["key", "export", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert imported(file.read_text(), "").public == mine().public
    assert run(["key", "export", str(file)]) == 8
    assert "already" in capsys.readouterr().err
    assert run(["key", "export", "-"]) == 0
    assert imported(capsys.readouterr().out, "").public == mine().public
    assert run(["key", "export", str(home / "no" / "where")]) == 8


def test_an_import_replaces_another_key_only_with_force(home, capsys):
    file = home / "backup"
    file.write_text(exported(KEY, ""))
    assert run(["key", "import", str(file)]) == 0
    assert mine().public == KEY.public
    assert run(["key", "import", str(file)]) == 0  # it is there already
    file.write_text(exported(key_of("other"), ""))
    assert run(["key", "import", str(file)]) == 4
    assert "--replace" in capsys.readouterr().err
    assert mine().public == KEY.public
    assert run(["key", "import", str(file), "--replace"]) == 0
    assert mine().public == key_of("other").public
    path = Path(Profiles().server("127.0.0.1", 5000).key_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.with_name("key.old1").read_text().strip() == KEY.seed.hex()


def test_an_encrypted_key_asks_for_its_passphrase(home):
    from socketchat.cli import group

    file = home / "backup"
    file.write_text(exported(KEY, "correct horse"))
    result = CliRunner().invoke(group, ["key", "import", str(file)], input="correct horse\n")
    assert result.exit_code == 0, result.output
    assert "correct horse" not in result.output
    assert mine().public == KEY.public


def test_the_repr_of_a_key_has_no_secret():
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)
