"""The defaults for a user's name and device label."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ...exceptions import BadName, UsageProblem
from ...protocol.names import check_name
from .profiles import Profile


def find_name(named: str | None, environ: Mapping[str, str], profile: Profile) -> str | None:
    """Return the user's name: from the option, from SOCKETCHAT_NAME, or the one last joined with.

    Raises BadName, and BadFile for a damaged profile.
    """
    if named is None:
        named = environ.get("SOCKETCHAT_NAME") or profile.name
    return None if named is None else check_name(named)


def login_name() -> str:
    """Return the login name of this process; raises UsageProblem if it is not valid as a name in the chat."""
    from getpass import getuser

    try:
        return check_name(getuser())
    except (BadName, KeyError, ImportError, OSError):
        raise UsageProblem(
            "Your login name is not a valid name here. Give a name with --as NAME or SOCKETCHAT_NAME."
        ) from None


def device_label() -> str:
    """Return this device's label in the list of a user's devices: the first part of the host name."""
    name = os.uname().nodename if os.name == "posix" else os.environ.get("COMPUTERNAME", "")
    return name.partition(".")[0]
