"""One IRC client: the state of its connection, and the answer in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...hub import User
from .message import Message

if TYPE_CHECKING:
    from .network import Network


class Batch:
    """A multiline message that a client is sending; ``message`` is the line that began it."""

    def __init__(self, name: str, target: str, message: Message) -> None:
        self.name = name
        self.target = target
        self.message = message
        self.verb = "PRIVMSG"
        self.text = ""
        self.lines = 0


class Client:
    """The state that the dialect keeps for one session.

    ``caps`` are its capabilities, ``labels`` the labels of its messages that are not answered yet, by command, oldest
    first. While a line is being answered, ``reply`` collects the lines.
    """

    def __init__(self) -> None:
        self.network: Network | None = None
        self.nick = ""
        self.ident = ""
        self.real_name = ""
        self.password: str | None = None
        self.account: User | None = None
        self.caps: set[str] = set()
        self.version = 0  # of capability negotiation
        self.negotiates = False
        self.labels: dict[int, str] = {}
        self.reply: list[str] | None = None
        self.away: str | None = None  # before registration
        self.modes: set[str] = set()
        self.monitored: dict[str, str] = {}
        self.mechanism = ""
        self.sasl = ""
        self.is_in = False  # it was welcomed
        self.batch: Batch | None = None  # a multiline message that is being sent

    @property
    def target(self) -> str:
        """The name by which numerics call the client."""
        return self.nick or "*"

    def has(self, capability: str) -> bool:
        """Tell whether the client has negotiated a capability."""
        return capability in self.caps
