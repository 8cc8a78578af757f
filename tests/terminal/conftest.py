"""A server for the tests of a module, one for a test alone, and seats at it."""

import itertools

import pytest

from .seats import Seat, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server that the tests of a module share; each test uses its own rooms."""
    server = Server(str(tmp_path_factory.mktemp("server")), "--no-limits")
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path):
    """Return a server that the test may kill."""
    server = Server(str(tmp_path / "server"))
    yield server
    server.kill()


@pytest.fixture
def sit(tmp_path):
    """Return a function that starts a program for a user, each name with its own home directory."""
    seats = []
    numbers = itertools.count()

    def sit_down(server, *arguments, home=None, **options):
        home = tmp_path / (home or f"home{next(numbers)}")
        home.mkdir(exist_ok=True)
        port = ("--port", str(server.port)) if server else ()
        seat = Seat(home, *port, *arguments, **options)
        seats.append(seat)
        seat.beside = seats
        return seat

    yield sit_down
    for seat in seats:
        seat.close()
