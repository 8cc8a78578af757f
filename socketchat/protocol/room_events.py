"""Events about the settings and the roles of a room."""

from __future__ import annotations

from .command import Number
from .event import Event


class Settings(Event, frozen=True):
    """The answer to ``settings``: those of a room, the names of users with a role, and the ``former`` names."""

    conversation: str
    room: str
    topic: str = ""
    owner: str = ""
    moderators: list[str] = []  # noqa: RUF012 - msgspec copies it
    voiced: list[str] = []  # noqa: RUF012 - msgspec copies it
    private: bool = False
    announce: bool = False
    slow: Number = 0
    former: list[str] = []  # noqa: RUF012 - msgspec copies it
    id: int | None = None


class Changed(Event, frozen=True):
    """A setting of a room changed (with ``name``, also its ``former`` name), or a role of ``user``; ``by`` did it.

    Of IRC's modes, a ``setting`` has a ``value``, or none if it is off; a ``mask`` of a ``kind`` is set or ``lifted``.
    """

    conversation: str
    by: str
    private: bool | None = None
    announce: bool | None = None
    slow: Number | None = None
    name: str = ""
    former: str = ""
    user: str = ""
    owner: bool | None = None
    moderator: bool | None = None
    voice: bool | None = None
    setting: str = ""
    value: str | None = None
    kind: str = ""
    mask: str = ""
    lifted: bool = False


class Invited(Event, frozen=True):
    """A moderator, ``by``, has invited the user called ``name`` to a room; the user and the moderators are told."""

    conversation: str
    by: str
    name: str
