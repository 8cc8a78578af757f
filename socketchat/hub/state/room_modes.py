"""The modes of a room, as IRC has them: who may join, who may write, and masks of users."""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.text.masks import matcher

MASKS = 100
"""Masks of one kind in a room: more would make each join slow, and none is needed by a team."""


class Modes:
    """The ``settings`` that are on, each with its value, and the ``masks`` by kind, each with who set it and when.

    Settings are "key" (needed to join), "limit" (of members), "invite only", "secret" (shown to members only), "topic"
    (only moderators set it) and "members only" (others do not write). Kinds of masks are "ban", "exception" (from bans)
    and "invitation".
    """

    __slots__ = ("_matchers", "masks", "settings")

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.masks: dict[str, dict[str, tuple[str, int]]] = {}
        self._matchers: dict[str, Callable[[str], bool]] = {}

    def set(self, setting: str, value: str | None) -> None:
        """Turn a setting on with a value, or off."""
        if value is None:
            self.settings.pop(setting, None)
        else:
            self.settings[setting] = value

    def set_mask(self, kind: str, mask: str, by: str, at: int) -> None:
        """Add a mask."""
        self.masks.setdefault(kind, {})[mask] = (by, at)
        self._matchers[mask] = matcher(mask)

    def lift_mask(self, kind: str, mask: str) -> None:
        """Remove a mask."""
        self.masks.get(kind, {}).pop(mask, None)
        if not any(mask in masks for masks in self.masks.values()):
            self._matchers.pop(mask, None)

    def covers(self, kind: str, who: str) -> bool:
        """Tell whether a mask of this kind matches ``nick!user@host``."""
        return any(self._matchers[mask](who) for mask in self.masks.get(kind, ()))

    def bans(self, who: str) -> bool:
        """Tell whether a mask bans ``nick!user@host``."""
        return self.covers("ban", who) and not self.covers("exception", who)

    def snapshot(self) -> list[object]:
        """Return the state as plain data."""
        return [dict(sorted(self.settings.items())), {kind: sorted(self.masks[kind]) for kind in sorted(self.masks)}]


NO_MODES = Modes()
"""The modes of a room that never had any: most rooms share them."""
