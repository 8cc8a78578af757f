"""Makes a client from the address, the name, and what the profile remembers of that server."""

from __future__ import annotations

import os
import random as system_random
from collections.abc import Callable
from typing import Literal

from ..address import Address
from ..identity.defaults import device_label
from ..identity.keys import Key
from ..identity.profiles import Profile, Profiles
from ..identity.trust import Trust
from ..outbox_file import OutboxFile
from ..session.credentials import NO_CREDENTIALS, Credentials
from ..session.session import Listen, Session
from ..timeouts import ATTENDED, Timeouts
from .client import Client


def connect(
    host: str,
    port: int,
    *,
    name: str,
    key: Key | None = None,
    profile: Profile | Literal["mine"] | None = "mine",
    listen: Listen = "all",
    epoch: str | None = None,
    positions: dict[str, int] | None = None,
    outbox: bool = True,
    fingerprint: str | None = None,
    credentials: Credentials = NO_CREDENTIALS,
    attended: bool = False,
    timeouts: Timeouts | None = None,
    random: Callable[[], float] = system_random.random,
) -> Client:
    """Return a client that logs in as ``name`` when it is entered with ``async with``.

    The name belongs to your ``key``: the one of your account, which is created at first use, or one that you give. With
    ``profile=None`` and no key you are a guest. ``epoch`` and ``positions``, kept from an earlier client, bring the
    entries since. A :class:`Profile` has all three, and is kept up to date. A client that you do not iterate over has
    to ``listen`` to "none", or it stops reading when too much waits.

    With a profile, messages are kept on disk until they are stored. If a client dies, the next one of that name sends
    its messages. With ``outbox=False``, they end with the client.

    The server's key is the one that your account knows, as with ``join``, or the one with this ``fingerprint``. A
    newcomer needs ``credentials``: the join code, or the token of an invite. If the visit is ``attended`` by a user at
    a terminal, the client reconnects more often, and keeps trying if a server with another key answers; it sends
    nothing to that one.

    Raises BadFile for a key that cannot be used. Entering raises Unreachable, NameTaken, BadName or another ChatError
    if the first login fails.
    """
    mine = profile if isinstance(profile, Profile) else Profiles().server(host, port)
    trust = mine.trust if fingerprint is None else Trust(mine.address, None, fingerprint)
    known = mine if profile == "mine" else profile
    if profile == "mine":
        # A bot must not change what `join` remembers: the name last joined with, and which direct messages were seen.
        profile = None
    elif profile is not None:
        key, epoch, positions = profile.key, profile.epoch, profile.positions
    key = key or (known.key if known is not None else None)
    store = OutboxFile(known.outbox(name)) if known is not None and outbox else None
    session = Session(
        name,
        outbox=os.urandom(8).hex(),
        store=store,
        key=key,
        credentials=credentials,
        listen=listen,
        label=device_label(),
        epoch=epoch,
        positions=positions,
    )
    address, timeouts = Address(host, port), timeouts or (ATTENDED if attended else Timeouts())
    return Client(
        address, session, profile=profile, store=store, trust=trust, timeouts=timeouts, random=random, attended=attended
    )
