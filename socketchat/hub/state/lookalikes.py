"""Finds the users or rooms whose names look like a given one."""

from __future__ import annotations

from typing import Generic, TypeVar

from ...protocol.text.confusables import looks

Named = TypeVar("Named")


class Lookalikes(Generic[Named]):
    """Users or rooms by the looks of their names; in an old log, several may look alike."""

    __slots__ = ("_by_look",)

    def __init__(self) -> None:
        self._by_look: dict[str, tuple[Named, ...]] = {}

    def add(self, name: str, named: Named) -> None:
        """Add a user or a room under its name."""
        for look in looks(name):
            self._by_look[look] = (*self._by_look.get(look, ()), named)

    def remove(self, name: str, named: Named) -> None:
        """Remove a user or a room that was added under this name."""
        for look in looks(name):
            left = tuple(each for each in self._by_look.get(look, ()) if each is not named)
            if left:
                self._by_look[look] = left
            else:
                self._by_look.pop(look, None)  # another name of the same room may have had this look

    def find(self, name: str) -> Named | None:
        """Return the first user or room whose name looks like this one."""
        return next((self._by_look[look][0] for look in sorted(looks(name)) if look in self._by_look), None)

    def all(self, name: str) -> list[Named]:
        """Return the users or rooms whose names look like this one."""
        found = [named for look in sorted(looks(name)) for named in self._by_look.get(look, ())]
        return [named for index, named in enumerate(found) if not any(named is each for each in found[:index])]
