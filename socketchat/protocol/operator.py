"""What the operator asks through the admin socket: one struct per order, tagged like commands."""

from __future__ import annotations

from .commands import Command
from .events import Error, Event, Ok


class Users(Command, frozen=True):
    """List the accounts, and the guests of the moment."""


class Rooms(Command, frozen=True):
    """List the rooms, private ones too."""


class Code(Command, frozen=True):
    """Tell the join code; with ``new``, draw another one first."""

    new: bool = False


ORDERS = Users | Rooms | Code


class Report(Event, frozen=True):
    """Lines to print; ``ok`` or ``error`` follows the last of them."""

    lines: list[str]


ANSWERS = Report | Ok | Error
