"""The base of all commands of a client."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .limits import LARGEST_NUMBER

Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]


class Command(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="type", tag=str.lower):
    """A command; a command with an ``id`` gets exactly one ``ok`` or ``error`` with the same ``id``."""

    id: Number | None = None
