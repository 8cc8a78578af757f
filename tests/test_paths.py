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


@pytest.fixture(autouse=True)
def environ(monkeypatch):
    for name in ("HOME", *VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("xdg", [None, "/place", "relative", ""])
@pytest.mark.parametrize("home", ["/home/ann", "relative", None])
def test_the_places_are_those_of_platformdirs(home: str | None, xdg: str | None, environ) -> None:
    if home is not None:
        environ.setenv("HOME", home)
    if xdg is not None:
        for name in VARIABLES:
            environ.setenv(name, xdg)
    for place, library in LIBRARY.items():
        expected = library("socketchat", appauthor=False) / "client"
        if expected.is_absolute():
            assert paths.directory(place, "client") == str(expected)
        else:
            with pytest.raises(BadFile, match="set HOME or XDG_"):
                paths.directory(place, "client")


def test_client_and_server_keep_their_data_apart(environ) -> None:
    environ.setenv("HOME", "/home/ann")
    assert paths.client_data() == "/home/ann/.local/share/socketchat/client"
    assert paths.server_data() == "/home/ann/.local/share/socketchat/server"
