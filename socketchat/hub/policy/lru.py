"""A mapping of bounded size that drops the least recently used key."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class LRU(Generic[Value]):
    """A mapping that keeps the ``most`` most recently used keys."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> Value | None:
        """Return the value of a key, which counts as use."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def set(self, key: str, value: Value) -> None:
        """Store a value; if the mapping is full, drop the least recently used key."""
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def forget(self, key: str) -> None:
        """Drop a key, if it is there."""
        self._values.pop(key, None)
