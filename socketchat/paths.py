"""Where files live: the platform's places for data, configuration, state and caches."""

# ruff: noqa: PTH117, PTH118
# pathlib would cost `send` a twentieth of its start.

from __future__ import annotations

import os
import sys
from typing import Literal

from .exceptions import BadFile

Place = Literal["data", "config", "state", "cache"]
Side = Literal["client", "server"]

_LINUX: dict[Place, tuple[str, tuple[str, ...]]] = {
    "data": ("XDG_DATA_HOME", (".local", "share")),
    "config": ("XDG_CONFIG_HOME", (".config",)),
    "state": ("XDG_STATE_HOME", (".local", "state")),
    "cache": ("XDG_CACHE_HOME", (".cache",)),
}
"""The environment variable of each place, and the place in a home if the variable is not set."""


def client_data() -> str:
    """Return the directory of the user's key and of the known servers; raises BadFile without a home."""
    return directory("data", "client")


def server_data() -> str:
    """Return the default data directory of a server; raises BadFile without a home."""
    return directory("data", "server")


def directory(place: Place, side: Side) -> str:
    """Return the directory of the client or the server in a place, as platformdirs defines it; it may not exist.

    Raises BadFile if the user has no home.
    """
    variable, within = _LINUX[place]
    if sys.platform == "linux" and "ANDROID_ROOT" not in os.environ:
        # Without platformdirs, which costs `send` a quarter of its start, and whose older versions take an empty HOME.
        named = os.environ.get(variable, "")
        base = named if named.startswith("/") else os.path.join(_home(), *within)
        path = os.path.join(base, "socketchat", side)
    else:
        path = os.path.join(_known_to_platformdirs(place), side)
    if not os.path.isabs(path):  # the user of a container may have no entry in /etc/passwd
        choice = " or name a directory with --data" if side == "server" else ""
        raise BadFile(f"No home directory is known: set HOME or {variable}{choice}.")
    return path


def _home() -> str:
    """Return the user's home; "" if the user has none."""
    home = os.environ.get("HOME", "")
    if home.startswith("/"):
        return home
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _known_to_platformdirs(place: Place) -> str:
    import platformdirs

    functions = {
        "data": platformdirs.user_data_dir,
        "config": platformdirs.user_config_dir,
        "state": platformdirs.user_state_dir,
        "cache": platformdirs.user_cache_dir,
    }
    try:
        return functions[place]("socketchat", appauthor=False)
    except RuntimeError:
        return ""
