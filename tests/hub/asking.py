"""Strategies for any command, about any user and conversation, with a unique word in each text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

import msgspec

from socketchat.protocol import commands
from socketchat.protocol.authentication.proofs import fingerprint
from tests.hub.stage import Peer
from tests.keys import hello_of, key_of

OWNERS = ("ann", "ben", "cat", "dan")
GUESTS = ("gil", "gus")
NAMES = OWNERS + GUESTS
ROOMS = ("#den", "#dev")
PLACES = ("#lobby", *ROOMS)
ACTS = (
    commands.Invite,
    commands.Kick,
    commands.Ban,
    commands.Unban,
    commands.Mute,
    commands.Unmute,
    commands.Mod,
    commands.Unmod,
    commands.Voice,
    commands.Unvoice,
)
OWNED = {"ann": "#lobby", "ben": "#den", "cat": "#dev"}
WORD = "said"
"""A word in all texts, so that a search can find any of them."""


class Asking(NamedTuple):
    """The asking user, and the subject."""

    peer: Peer
    by: str
    number: int
    chance: Random

    @property
    def token(self) -> str:
        """A unique text."""
        return f"t{self.number}x {WORD}"

    @property
    def name(self) -> str:
        return self.chance.choice(NAMES)

    @property
    def room(self) -> str:
        return self.chance.choice(PLACES)

    @property
    def to(self) -> str:
        return self.chance.choice([*PLACES, *ROOMS, f"@{self.name}"])

    @property
    def conversation(self) -> str:
        """A room, a user, or any conversation id, including direct messages of others."""
        there = sorted(self.peer.hub.directory.conversations)
        return self.chance.choice(there) if self.chance.random() < 0.2 else self.to

    @property
    def anywhere(self) -> str | None:
        return self.chance.choice([None, self.conversation])

    @property
    def seq(self) -> int | None:
        return self.chance.choice([None, self.chance.randrange(1, 4), self.chance.randrange(40)])

    @property
    def words(self) -> str:
        return self.chance.choice([WORD, f"t{self.chance.randrange(self.number)}x"])

    @property
    def device(self) -> str:
        """The beginning of a fingerprint, seldom the user's own: without a key the user cannot log in again."""
        whose = self.name if self.chance.random() < 0.9 else self.by
        return fingerprint(key_of(whose).public)[:4]


def secret(name: str) -> str:
    """Return a password."""
    return f"secret of {name}"


def _restricts(kind: type[commands.Command]) -> Callable[[Asking], commands.Command]:
    return lambda a: kind(room=a.room, name=a.name, seconds=a.chance.choice([0, 60, 60]))


def _acts_on(kind: type[commands.Command]) -> Callable[[Asking], commands.Command]:
    return lambda a: kind(room=a.room, name=a.name)


ASKED: dict[type[commands.Command], tuple[float, Callable[[Asking], commands.Command]]] = {
    commands.Hello: (
        0.5,
        lambda a: a.chance.choice([commands.Hello, partial(hello_of, key_of(a.by))])(name=a.name),
    ),
    commands.Prove: (0.5, lambda _: commands.Prove(signature="A" * 86)),
    commands.Login: (0.5, lambda a: commands.Login(name=(name := a.name), password=secret(name))),
    commands.Password: (
        0.5,
        lambda a: commands.Password(password=secret(a.by), old=a.chance.choice(["", secret(a.by)])),
    ),
    commands.KeepPassword: (0.3, lambda _: commands.KeepPassword()),
    commands.Devices: (0.5, lambda _: commands.Devices()),
    commands.Revoke: (
        0.5,
        lambda a: commands.Revoke(device=a.device, password=a.chance.choice(["", secret(a.by)])),
    ),
    commands.KeepDevice: (0.3, lambda a: commands.KeepDevice(device=a.device)),
    commands.Send: (
        6,
        lambda a: commands.Send(
            to=a.to,
            text=a.token,
            kind=a.chance.choice(["message", "action"]),
            of=a.seq if a.chance.random() < 0.2 else None,
        ),
    ),
    commands.Join: (3, lambda a: commands.Join(room=a.room)),
    commands.Leave: (0.5, lambda a: commands.Leave(room=a.room)),
    commands.Rooms: (0.5, lambda _: commands.Rooms()),
    commands.Users: (0.5, lambda a: commands.Users(room=a.room)),
    commands.Rename: (0.3, lambda a: commands.Rename(name=a.chance.choice([a.name, f"{a.by}2"]))),
    commands.Mode: (
        0.5,
        lambda a: commands.Mode(
            room=a.room,
            setting=a.chance.choice(["key", "limit", "secret", "topic"]),
            value=a.chance.choice([None, "9"]),
        ),
    ),
    commands.Mask: (
        0.5,
        lambda a: commands.Mask(room=a.room, kind="ban", mask=f"{a.name}!*@*", lifted=a.chance.random() < 0.5),
    ),
    commands.Back: (0.2, lambda _: commands.Back()),
    commands.Away: (0.3, lambda _: commands.Away(text="for lunch")),
    commands.Topic: (1.5, lambda a: commands.Topic(room=a.room, text=a.chance.choice([None, a.token]))),
    commands.Mod: (0.5, _acts_on(commands.Mod)),
    commands.Unmod: (0.5, _acts_on(commands.Unmod)),
    commands.Kick: (0.5, _acts_on(commands.Kick)),
    commands.Ban: (0.5, _restricts(commands.Ban)),
    commands.Unban: (0.5, _acts_on(commands.Unban)),
    commands.Mute: (0.5, _restricts(commands.Mute)),
    commands.Unmute: (0.5, _acts_on(commands.Unmute)),
    commands.Access: (1, lambda a: commands.Access(room=a.room, private=a.chance.random() < 0.7)),
    commands.Settings: (
        0.5,
        lambda a: commands.Settings(
            room=a.room,
            announce=a.chance.choice([None, True, False, False]),
            slow=a.chance.choice([None, 0, 1]),
            name=a.chance.choice([None, None, "#den2", a.room]),
        ),
    ),
    commands.Voice: (0.3, _acts_on(commands.Voice)),
    commands.Unvoice: (0.3, _acts_on(commands.Unvoice)),
    commands.Invite: (0.5, _acts_on(commands.Invite)),
    commands.Ignore: (0.5, lambda a: a.chance.choice([commands.Ignore(name=a.name), commands.Ignore()])),
    commands.Unignore: (0.5, lambda a: commands.Unignore(name=a.name)),
    commands.History: (4, lambda a: commands.History(conversation=a.conversation, around=a.seq)),
    commands.Search: (
        3,
        lambda a: commands.Search(words=a.words, conversation=a.anywhere),
    ),
    commands.Edit: (3, lambda a: commands.Edit(conversation=a.conversation, seq=a.seq, text=a.token)),
    commands.Delete: (3, lambda a: commands.Delete(conversation=a.conversation, seq=a.seq)),
    commands.React: (
        2,
        lambda a: commands.React(
            conversation=a.conversation,
            seq=a.seq or 1,
            text=a.chance.choice(["👍", "+1"]),  # an error repeats it
            remove=a.chance.random() < 0.3,
        ),
    ),
    commands.Read: (1, lambda a: commands.Read(conversation=a.anywhere, seq=a.seq)),
    commands.Unread: (2, lambda _: commands.Unread()),
    commands.Help: (0.1, lambda _: commands.Help()),
    commands.Ping: (0.3, lambda _: commands.Ping()),
    commands.Quit: (0.2, lambda _: commands.Quit()),
}
"""How often each command is asked, and how."""


def asked(asking: Asking) -> commands.Command:
    """Return any command, often one of an owner."""
    chance, room = asking.chance, OWNED.get(asking.by)
    if room is not None and chance.random() < 0.3:
        kinds = (commands.Access, commands.Access, *ACTS) if room != "#lobby" else (commands.Unban, commands.Mod)
        return _in_room(ASKED[chance.choice(kinds)][1](asking), room)
    (kind,) = chance.choices(list(ASKED), [weight for weight, _ in ASKED.values()])
    return ASKED[kind][1](asking)


def _in_room(command: commands.Command, room: str) -> commands.Command:
    return msgspec.structs.replace(command, room=room)
