import asyncio
import re

import pytest

from socketchat.hub import Channel
from socketchat.hub.site import Site
from socketchat.server import server as life
from socketchat.server.pages import pages
from tests.server.house import LOOPS, House, run
from tests.server.http.browser import ask, exchange

LOOP = pytest.mark.parametrize("loop", LOOPS)


async def until_spoken(house: House) -> None:
    """Wait until the server has read the first bytes of a connection."""
    while not any(connection.session for connection in house.server.connections):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)


@LOOP
@pytest.mark.parametrize("tls", [False, True], ids=["plaintext", "TLS"])
def test_the_page_is_served_with_its_type_and_headers(loop: str, tls: bool) -> None:  # noqa: FBT001 - a parameter
    async def scene(house: House) -> None:
        got = await ask(house, "GET", "/")
        assert (got.status, got.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert got.body == pages()["/"].content
        policy = got.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", got.headers["date"])
        assert "strict-transport-security" not in got.headers
        assert "set-cookie" not in got.headers

    run(loop, scene, tls=tls)


def test_every_file_that_a_page_names_is_served_with_its_type() -> None:
    async def scene(house: House) -> None:
        named = re.findall(rb'(?:href|src)="(/[^"]*)"', pages()["/"].content)
        assert named
        for path in named:
            got = await ask(house, "GET", path.decode())
            assert got.status == 200
            assert got.headers["content-type"].split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}

    run("asyncio", scene)


def test_a_browser_that_has_a_file_gets_no_second_copy() -> None:
    async def scene(house: House) -> None:
        etag = (await ask(house, "GET", "/")).headers["etag"]
        again = await ask(house, "GET", "/", If_None_Match=f'"other", W/{etag}')
        assert (again.status, again.body) == (304, b"")
        assert (await ask(house, "GET", "/", If_None_Match='"other"')).status == 200

    run("asyncio", scene)


def test_head_has_the_headers_of_get_and_no_body() -> None:
    async def scene(house: House) -> None:
        got, head = await ask(house, "GET", "/"), await ask(house, "HEAD", "/")
        assert head.body == b""
        assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.body))

    run("asyncio", scene)


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/%2e%2e/x", "//etc/passwd", "/index.html/", "/ "])
def test_no_other_file_is_served(path: str) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "GET", path.strip() or "/nothing")
        if path != "/ ":
            assert got.status == 404
            assert got.json["code"] == "not_found"
            assert got.headers["content-type"] == "application/problem+json"

    run("asyncio", scene)


def test_other_methods_are_told_what_works() -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "DELETE", "/")
        assert (got.status, got.headers["allow"]) == (405, "GET, HEAD")

    run("asyncio", scene)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example", "localhost"])
def test_a_host_that_is_not_ours_gets_nothing(host: str) -> None:
    """DNS rebinding: the page of another site that reaches this server under its own name."""

    async def scene(house: House) -> None:
        got = await ask(house, "GET", "/", Host=host)
        assert got.status == 421
        assert "--origin" in got.json["detail"]

    run("asyncio", scene)


NAMED = Site()
NAMED.names = frozenset({"chat.example.org", "*.example.net", "[2001:db8::1]"})
NAMED.origins = frozenset({"https://tunnel.example:8443", "https://front.example"})
FAR = Channel("192.0.2.1", binding=b"b", reached=("192.0.2.9", 5000))


@pytest.mark.parametrize(
    ("host", "channel", "origin"),
    [
        ("chat.example.org:5000", FAR, "https://chat.example.org:5000"),
        ("CHAT.example.org:5000", FAR, "https://chat.example.org:5000"),
        ("chat.example.org", FAR, None),
        ("chat.example.org", FAR._replace(reached=("192.0.2.9", 443)), "https://chat.example.org"),
        ("chat.example.org:443", FAR._replace(reached=("192.0.2.9", 443)), "https://chat.example.org"),
        ("a.example.net:5000", FAR, "https://a.example.net:5000"),
        ("a.b.example.net:5000", FAR, None),
        ("[2001:db8::1]:5000", FAR, "https://[2001:db8::1]:5000"),
        ("192.0.2.9:5000", FAR, "https://192.0.2.9:5000"),
        ("192.0.2.8:5000", FAR, None),
        ("localhost:5000", FAR, None),
        ("localhost:5000", FAR._replace(is_loopback=True), "https://localhost:5000"),
        ("localhost:5000", FAR._replace(is_loopback=True, binding=b""), "http://localhost:5000"),
        ("tunnel.example:8443", FAR, "https://tunnel.example:8443"),
        ("front.example", FAR._replace(binding=b""), "https://front.example"),
        ("front.example:443", FAR, "https://front.example"),
        ("front.example:8443", FAR, None),
        ("", FAR, None),
        ("chat.example.org:5000:5000", FAR, None),
        ("chat.example.org:٥٠٠٠", FAR, None),
        ("chat.example.org:99999999", FAR, None),
    ],
)
def test_an_origin_is_made_of_what_the_server_knows_itself_by(host: str, channel: Channel, origin: str | None) -> None:
    assert NAMED.origin(channel, host) == origin


def test_several_requests_share_a_connection_and_are_answered_in_order() -> None:
    async def scene(house: House) -> None:
        host = f"Host: 127.0.0.1:{house.port}\r\n"
        data = f"GET /nothing HTTP/1.1\r\n{host}\r\nGET /main.js HTTP/1.1\r\n{host}Connection: close\r\n\r\n"
        told = await exchange(house, data.encode() + b"GET /never HTTP/1.1\r\n\r\n")
        assert re.findall(rb"HTTP/1\.1 (\d+)", told) == [b"404", b"200"]

    run("asyncio", scene)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"GET \1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n"]
)
def test_what_is_no_http_gets_a_reason_and_a_close(data: bytes) -> None:
    async def scene(house: House) -> None:
        told = await exchange(house, data)
        assert told.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b'"code":"protocol"' in told

    run("asyncio", scene)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 408 Request Timeout\r\n"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", b"HTTP/1.1 408 Request Timeout\r\n"),
    ],
)
def test_a_slow_request_has_ten_seconds(first: bytes, told: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "SWEEP_SECONDS", 0.005)

    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(first)
        await until_spoken(house)
        house.clock.now += 11
        assert (await caller.end()).startswith(told)

    run("asyncio", scene)


def test_an_idle_connection_is_closed_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "SWEEP_SECONDS", 0.005)

    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\n\r\n".encode())
        await caller.reader.readuntil(b"\r\n\r\n")
        house.clock.now += 11
        assert b"HTTP/1.1" not in await caller.end()

    run("asyncio", scene)


def test_a_stopping_server_says_so_to_a_request_that_waits() -> None:
    async def scene(house: House) -> None:
        caller = await house.call()
        await caller.write(b"GET / HT")
        await until_spoken(house)
        await house.server.stop()
        assert b"503" in (await caller.end()).split(b"\r\n")[0]

    run("asyncio", scene)
