"""The lines after login and after joining a room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ...hub import Action, Session, User
from ...hub.policy.permissions import Rank
from ...hub.state.conversations import Room
from ...version import __version__
from . import numerics as n
from .client import Client
from .isupport import CHANNEL_MODES, PARAMETER_MODES, USER_MODES, tokens
from .message import LINE_BYTES, line_of
from .moments import timestamp
from .network import Network, mask
from .numerics import Numeric
from .rendering import IrcRendering

TOKENS_PER_LINE = 13
"""ISUPPORT tokens in one line: fifteen parameters, less the nick and the text."""


def welcome(network: Network, session: Session, client: Client) -> list[str]:
    """Return the burst after login."""
    user = session.user
    if user is None:
        return []
    lines = Lines(network, client)
    created = datetime.fromtimestamp(network.created / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines.add(n.RPL_WELCOME, f"Welcome to {network.name}, {mask(user)}")
    lines.add(n.RPL_YOURHOST, f"Your host is {network.name}, running socketchat {__version__}")
    lines.add(n.RPL_CREATED, f"This server was started {created}")
    lines.add(n.RPL_MYINFO, network.name, f"socketchat-{__version__}", USER_MODES, CHANNEL_MODES, PARAMETER_MODES)
    isupport(lines)
    lusers(lines)
    motd(lines)
    lines.add(n.RPL_UMODEIS, "+" + "".join(sorted(client.modes)))
    return lines.lines


class Lines:
    """Lines for one client."""

    def __init__(self, network: Network, client: Client) -> None:
        self.network = network
        self.client = client
        self.lines: list[str] = []

    def add(self, numeric: Numeric, *params: str) -> None:
        """Add a numeric."""
        words = (*params, numeric.text) if numeric.text else params
        self.lines.append(line_of(numeric.code, self.client.target, *words, source=self.network.name))


def isupport(lines: Lines) -> None:
    """Add what the server supports."""
    words = tokens(lines.network)
    for start in range(0, len(words), TOKENS_PER_LINE):
        lines.add(n.RPL_ISUPPORT, *words[start : start + TOKENS_PER_LINE])


def lusers(lines: Lines) -> None:
    """Add how many users and channels there are."""
    hub = lines.network.hub
    present, unknown = hub.online.present, 0
    invisible = sum(user.shown.is_invisible for user in present.values())
    operators = sum(user.shown.is_operator for user in present.values())
    count, most = len(present), max(hub.online.most, len(present))
    lines.add(n.RPL_LUSERCLIENT, f"There are {count - invisible} users and {invisible} invisible on 1 servers")
    lines.add(n.RPL_LUSEROP, str(operators))
    lines.add(n.RPL_LUSERUNKNOWN, str(unknown))
    lines.add(n.RPL_LUSERCHANNELS, str(len(hub.directory.rooms) - 1))
    lines.add(n.RPL_LUSERME, f"I have {count} clients and 0 servers")
    lines.add(n.RPL_LOCALUSERS, str(count), str(most), f"Current local users {count}, max {most}")
    lines.add(n.RPL_GLOBALUSERS, str(count), str(most), f"Current global users {count}, max {most}")


MOTD = (
    "This is a socketchat server: rooms, users and history are the same for all clients.",
    "JOIN #lobby to hear the room where everyone is. HELP explains the rest.",
)


def motd(lines: Lines) -> None:
    """Add the message of the day."""
    lines.add(n.RPL_MOTDSTART, f"- {lines.network.name} Message of the day - ")
    for each in MOTD:
        lines.add(n.RPL_MOTD, f"- {each}")
    lines.add(n.RPL_ENDOFMOTD)


def joined(rendering: IrcRendering, session: Session, client: Client, room: Room) -> list[str]:
    """Return the lines for a client that has joined a room: the join, the topic, and the names."""
    user = session.user
    if user is None:
        return []
    network = rendering.network
    lines = Lines(network, client)
    lines.lines.append(rendering.join(user.id, user.name, room.name))
    if room.topic:
        topic(lines, room)
    if client.has("draft/read-marker"):
        moment = user.read_at.get(room.id)
        word = f"timestamp={timestamp(moment)}" if moment else "*"
        lines.lines.append(line_of("MARKREAD", room.name, word, source=network.name))
    if not client.has("draft/no-implicit-names"):
        names(lines, session, room)
    return lines.lines


def topic(lines: Lines, room: Room) -> None:
    """Add the topic of a room, who set it, and when."""
    if not room.topic:
        lines.add(n.RPL_NOTOPIC, room.name)
        return
    lines.add(n.RPL_TOPIC, room.name, room.topic)
    if room.topic_by:
        lines.add(n.RPL_TOPICWHOTIME, room.name, room.topic_by, str(room.topic_at // 1000))


def names(lines: Lines, session: Session, room: Room) -> None:
    """Add the names of the users in a room."""
    client, hub = lines.client, lines.network.hub
    user = session.user
    shows = user is not None and (room.has_member(user) or not hub.permissions.is_hidden(room))
    if user is not None and shows and hub.permissions.may(user, Action.READ, room):
        shown = [named(lines.network, client, room, each) for each in visible(lines.network, user, room)]
        symbol = "@" if hub.permissions.is_hidden(room) else "="
        room_for = LINE_BYTES - len(f":{lines.network.name} 353 {client.target} = {room.name} :\r\n".encode())
        for some in packed(shown, room_for):
            lines.add(n.RPL_NAMREPLY, symbol, room.name, some)
    lines.add(n.RPL_ENDOFNAMES, room.name)


def visible(network: Network, user: User, room: Room) -> list[User]:
    """Return the users in a room whom a user may see there; invisible ones only if the user is there, too."""
    there = network.hub.online.users(room)
    if room.has_member(user):
        return there
    return [each for each in there if not each.shown.is_invisible]


def packed(words: list[str], size: int) -> Iterator[str]:
    """Join words with spaces into as few texts as possible, each of at most ``size`` bytes."""
    line: list[str] = []
    length = 0
    for word in words:
        more = len(word.encode()) + 1
        if line and length + more > size + 1:
            yield " ".join(line)
            line, length = [], 0
        line.append(word)
        length += more
    if line:
        yield " ".join(line)


def prefixes(network: Network, room: Room, user: User) -> str:
    """Return the signs of a user's ranks in a room, the highest first."""
    is_op = network.hub.permissions.rank(user, room) >= Rank.MODERATOR
    return ("@" if is_op else "") + ("+" if room.has_voice(user) else "")


def named(network: Network, client: Client, room: Room, user: User) -> str:
    """Return a user in the form for lists of names."""
    signs = prefixes(network, room, user)
    signs = signs if client.has("multi-prefix") else signs[:1]
    return signs + (mask(user) if client.has("userhost-in-names") else user.name)
