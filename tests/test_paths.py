import pwd
import sys

import platformdirs
import pytest

from socketchat import paths
from socketchat.exceptions import BadFile

VARIABLES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
LIBRARY = {
    "data": platformdirs.user_data_path,
    "config": platformdirs.user_config_path,
    "state": platformdirs.user_state_path,
    "cache": platformdirs.user_cache_path,
}


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="places of Linux")


@pytest.fixture(autouse=True)
def environ(monkeypatch):
    for name in ("HOME", *VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("xdg", [None, "/place", ""])
@pytest.mark.parametrize("home", ["/home/ann", None])
def test_the_paths_are_those_of_platformdirs(home: str | None, xdg: str | None, environ) -> None:
    if home is not None:
        environ.setenv("HOME", home)
    if xdg is not None:
        for name in VARIABLES:
            environ.setenv(name, xdg)
    for place, library in LIBRARY.items():
        assert paths.directory(place, "client") == str(library("socketchat", appauthor=False) / "client")


@pytest.mark.parametrize("value", ["", "relative", "./relative"])
def test_a_relative_path_counts_as_unset(value: str, environ) -> None:
    expected = [paths.directory(place, "server") for place in LIBRARY]
    for name in ("HOME", *VARIABLES):
        environ.setenv(name, value)
    assert [paths.directory(place, "server") for place in LIBRARY] == expected


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_the_error_for_a_missing_home_names_the_variable(home: str | None, environ) -> None:
    def unknown(_uid: int) -> None:
        raise KeyError

    environ.setattr(pwd, "getpwuid", unknown)
    if home is not None:
        environ.setenv("HOME", home)
    for place in LIBRARY:
        with pytest.raises(BadFile, match=f"set HOME or XDG_{place.upper()}_HOME"):
            paths.directory(place, "client")


def test_client_and_server_have_separate_data_directories(environ) -> None:
    environ.setenv("HOME", "/home/ann")
    assert paths.client_data() == "/home/ann/.local/share/socketchat/client"
    assert paths.server_data() == "/home/ann/.local/share/socketchat/server"
