"""The domain: who is here, who hears what, and what becomes of an outcome."""

from .hub import Hub, Pending
from .sessions import Channel, Link, Rendering, Session
from .users import User

__all__ = ["Channel", "Hub", "Link", "Pending", "Rendering", "Session", "User"]
