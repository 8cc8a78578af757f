"""Bots: accounts of programs, which an owner answers for, and their tokens."""

from __future__ import annotations

from hashlib import sha256

from ...exceptions import NotFound, NotLoggedIn, UsageProblem
from ...protocol.authentication.proofs import from_word
from . import facts

TOKEN_BYTES = 16
"""128 random bits cannot be guessed."""


class Bot:
    """What a bot may do: read and write in its rooms, until its token expires, in milliseconds since 1970 (0: never).

    ``user`` is the id of its account, ``owner`` the name of its owner. A ``hook`` takes its token in a path, and only
    writes, to its only room. ``revocations`` counts the revocations that are not stored yet.
    """

    __slots__ = ("expires", "hook", "owner", "read", "revocations", "rooms", "token", "user", "write")

    def __init__(self, fact: facts.BotFact, rooms: list[str]) -> None:
        self.user = fact.user
        self.owner = fact.owner
        self.token = fact.token
        self.rooms = rooms
        self.read = fact.read
        self.write = fact.write
        self.hook = fact.hook
        self.expires = fact.expires
        self.revocations = 0

    def is_good(self, now: int) -> bool:
        """Tell whether the token is valid."""
        return bool(self.token) and not self.revocations and not (self.expires and self.expires <= now)

    def snapshot(self) -> list[object]:
        """Return the state from the log, as plain data."""
        return [self.owner, self.token, sorted(self.rooms), self.read, self.write, self.hook, self.expires]


class Bots:
    """All bots by the id of their account; the server stores the hashes of their tokens."""

    def __init__(self) -> None:
        self.by_user: dict[str, Bot] = {}
        self._by_token: dict[str, Bot] = {}

    def add(self, fact: facts.BotFact, rooms: list[str]) -> None:
        """Add a bot, or give it another token and scope; its rooms are those that still exist."""
        self.revoke(fact.user)
        bot = Bot(fact, rooms)
        self.by_user[bot.user] = self._by_token[bot.token] = bot

    def revoke(self, user_id: str) -> None:
        """Make the token of a bot invalid; the account keeps its mark."""
        bot = self.by_user.get(user_id)
        if bot is not None and bot.token:
            self._by_token.pop(bot.token, None)
            bot.token = ""

    def forget(self, user_id: str) -> None:
        """Remove the bot of an account that is gone."""
        self.revoke(user_id)
        self.by_user.pop(user_id, None)

    def forget_room(self, room: str) -> None:
        """Take a removed room out of all scopes: one made again under its name is another room."""
        for bot in self.by_user.values():
            if room in bot.rooms:
                bot.rooms.remove(room)

    def of_token(self, token: str, now: int, *, hook: bool = False) -> Bot:
        """Return the bot with a token of this kind; raises NotLoggedIn."""
        bot = self._by_token.get(token_id(token))
        if bot is None or bot.hook != hook or not bot.is_good(now):
            raise NotLoggedIn("The token is unknown, revoked or expired. `socketchat bot new` creates one.")
        return bot


def token_id(token: str) -> str:
    """Return what is stored of a token, which does not reveal it; raises NotLoggedIn for anything else."""
    try:
        return sha256(b"socketchat-bot\0" + from_word(token, TOKEN_BYTES, "A token")).hexdigest()
    except UsageProblem:
        raise NotLoggedIn("This is not a token of a bot. `socketchat bot new` creates one.") from None


def bot_of(bots: Bots, user_id: str, name: str) -> Bot:
    """Return the bot of an account; raises NotFound."""
    bot = bots.by_user.get(user_id)
    if bot is None:
        raise NotFound(f"{name} is not a bot. `socketchat bot list` shows the bots.")
    return bot
