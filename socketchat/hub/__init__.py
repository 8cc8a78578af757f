"""The domain: users and sessions, delivery, and the outcomes of proposals."""

from .awaitables import Later
from .hub import Hub
from .policy.admission import Admission
from .policy.permissions import Action
from .policy.throttle import Cost
from .proposals import Pending
from .sessions import Challenged, Channel, Link, Rendering, Session
from .state.users import User

__all__ = [
    "Action",
    "Admission",
    "Challenged",
    "Channel",
    "Cost",
    "Hub",
    "Later",
    "Link",
    "Pending",
    "Rendering",
    "Session",
    "User",
]
