"""Everything with a socket on the server's side: listening, connections, limits, and the life of the server."""

from .server import Server, run

__all__ = ["Server", "run"]
