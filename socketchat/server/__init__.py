"""Everything with a socket on the server's side: listening, connections, limits, and the life of the server."""

from .listener import EVERYWHERE, own_address
from .server import Server, run
from .tls import Identity, load_identity, own_identity

__all__ = ["EVERYWHERE", "Identity", "Server", "load_identity", "own_address", "own_identity", "run"]
