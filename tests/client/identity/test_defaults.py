import getpass

import pytest

from socketchat.client.identity.defaults import find_name, login_name
from socketchat.client.identity.profiles import Profiles
from socketchat.exceptions import BadName, UsageProblem


def test_the_name_comes_from_the_option_then_environment_then_last_use(tmp_path) -> None:
    profile = Profiles(str(tmp_path)).server("h", 1)
    assert find_name(None, {}, profile) is None
    profile.joined("joined")
    assert find_name(None, {}, profile) == "joined"
    assert find_name(None, {"SOCKETCHAT_NAME": "env"}, profile) == "env"
    assert find_name("option", {"SOCKETCHAT_NAME": "env"}, profile) == "option"


@pytest.mark.parametrize("named", ["", "two words", "#ops"])
def test_an_invalid_name_is_refused_and_not_skipped(named: str, tmp_path) -> None:
    with pytest.raises(BadName):
        find_name(named, {"SOCKETCHAT_NAME": "env"}, Profiles(str(tmp_path)).server("h", 1))


def test_an_invalid_login_name_asks_for_a_name(monkeypatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert login_name() == "ann"
    monkeypatch.setattr(getpass, "getuser", lambda: "DOMAIN\\ann smith")
    with pytest.raises(UsageProblem, match="--as NAME"):
        login_name()
