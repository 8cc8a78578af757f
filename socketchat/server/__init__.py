"""Everything with a socket on the server's side: listening, connections, limits, and the life of the server."""

from .listener import EVERYWHERE, reached_at
from .logs import log_to_stderr
from .server import Server, run
from .tls.certificate import Identity, load_identity, own_identity

__all__ = ["EVERYWHERE", "Identity", "Server", "load_identity", "log_to_stderr", "own_identity", "reached_at", "run"]
