"""The features and limits of the server, for RPL_ISUPPORT."""

from __future__ import annotations

from ...protocol.limits import AWAY_CHARACTERS, NAME_CHARACTERS, ROOM_CHARACTERS
from .network import Network

USER_MODES = "Biow"
CHANNEL_MODES = "Ibeiklmnostv"
PARAMETER_MODES = "Ibeklov"
"""The modes of channels that take a parameter."""

MONITORED = 100
"""Most users that a client monitors."""

TARGETS = 4
"""Most targets of one command."""

MULTILINE_BYTES = 4096
MULTILINE_LINES = 32
"""The longest multiline message: it fits into a text of the chat many times."""

HISTORY = 100
"""Most messages of one CHATHISTORY."""

TARGMAX = {
    "JOIN": TARGETS,
    "KICK": TARGETS,
    "LIST": "",
    "MONITOR": "",
    "NAMES": 1,
    "NOTICE": TARGETS,
    "PART": TARGETS,
    "PRIVMSG": TARGETS,
    "TAGMSG": TARGETS,
    "WHOIS": 1,
    "WHOWAS": 1,
}
"""Most targets by command; without a number, there is no limit."""

LIST_MODES = 100
"""Most masks in each list of a channel."""


def tokens(network: Network) -> list[str]:
    """Return the tokens of ISUPPORT."""
    return [
        f"AWAYLEN={AWAY_CHARACTERS}",
        "BOT=B",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{100}",
        "CHANMODES=Ibe,k,l,imnst",
        f"CHANNELLEN={ROOM_CHARACTERS + 1}",
        "CHANTYPES=#",
        f"CHATHISTORY={HISTORY}",
        "ELIST=CMNTU",
        "EXCEPTS=e",
        "INVEX",
        "KEYLEN=32",
        "KICKLEN=200",
        f"MAXLIST=Ibe:{LIST_MODES}",
        f"MAXTARGETS={TARGETS}",
        "MODES=6",
        f"MONITOR={MONITORED}",
        f"NETWORK={network.name}",
        "MSGREFTYPES=msgid,timestamp",
        f"NICKLEN={NAME_CHARACTERS}",
        "PREFIX=(ov)@+",
        "SAFELIST",
        "STATUSMSG=@+",
        f"TARGMAX={','.join(f'{verb}:{most}' for verb, most in TARGMAX.items())}",
        "TOPICLEN=390",
        "USERLEN=16",
        "UTF8ONLY",
        "WHOX",
    ]
