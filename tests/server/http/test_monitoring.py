import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.server.house import House, run
from tests.server.http.browser import ask
from tests.server.http.test_posting import bearer, bot, play


def test_a_healthy_server_says_ok(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        got = await ask(house, "GET", "/healthz")
        assert (got.status, got.body) == (200, b"ok\n")

    play(tmp_path, scene, journal=f"sqlite:{tmp_path}")


def test_a_server_that_cannot_store_says_why() -> None:
    async def scene(house: House) -> None:
        house.server.hub.about.site.trouble = lambda: "The server's disk is full."
        got = await ask(house, "GET", "/healthz")
        assert (got.status, got.json["detail"]) == (503, "The server's disk is full.")

    run("asyncio", scene)


def test_the_metrics_are_text_for_prometheus(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        await house.native("alice")
        await house.plain("bob")
        text = (await ask(house, "GET", "/metrics")).body.decode()
        for line in text.splitlines():
            assert re.fullmatch(r'# (HELP|TYPE) socketchat_\w+ .+|socketchat_\w+(\{\w+="\w+"\})? [0-9.e+]+', line), line
        assert 'socketchat_connections{dialect="native"} 1' in text
        assert 'socketchat_connections{dialect="plain"} 1' in text
        assert "socketchat_users_online 2" in text
        assert "socketchat_disk_free_bytes " in text

    play(tmp_path, scene)


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_from_elsewhere_monitoring_needs_a_token(tmp_path: Path, path: str) -> None:
    async def scene(house: House) -> None:
        token = await bot(tmp_path)
        for headers in ({"X_Forwarded_For": "192.0.2.1"}, {"Host": "evil.example"}):
            assert (await ask(house, "GET", path, **headers)).status == 401
            assert (await ask(house, "GET", path, **headers, **bearer(token))).status == 200

    play(tmp_path, scene)


def test_behind_a_tunnel_nobody_is_local(tmp_path: Path) -> None:
    async def scene(house: House) -> None:
        assert (await ask(house, "GET", "/metrics")).status == 401

    play(tmp_path, scene, is_tunnelled=True, plaintext_from=(ip_network("127.0.0.0/8"),))
