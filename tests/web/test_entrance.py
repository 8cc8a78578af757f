"""How newcomers come in by the page: invites, the join code, passwords; and what it refuses to ask for."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.serving import serving
from tests.web.conftest import PROGRAM, House, enter, say, until_stored

pytestmark = pytest.mark.system


@pytest.fixture
def options() -> tuple[str, ...]:
    """Return the options of the server."""
    return ("--no-limits",)


@pytest.fixture
def house(chromium, tmp_path: Path, options: tuple[str, ...]) -> Iterator[House]:
    """Return a server that lets newcomers in by a code or an invite only."""
    with serving(tmp_path, *options) as server:
        made = House(chromium, server)
        made.data = tmp_path / "data"
        yield made
        made.close()
    assert made.violations == []


def told(house, *arguments: str) -> str:
    """Return what a subcommand of the operator prints."""
    command = [*PROGRAM, arguments[0], "--data", str(house.data), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def test_an_invite_is_one_click_a_name_and_in(house):
    fragment = told(house, "invite", "--room", "#ops").partition("#")[2]
    page = house.browse()
    page.goto(f"{house.url}#invite={fragment}")

    page.locator("#entrance-text", has_text="You are invited").wait_for()
    assert page.evaluate("location.hash") == ""
    enter(page, "alice")

    page.get_by_role("link", name="#ops").click()
    say(page, "hello")
    until_stored(page, "hello")
    page.reload()
    until_stored(page, "hello")


def test_a_used_invite_says_so_and_asks_for_the_code(house):
    fragment = told(house, "invite").partition("#")[2]
    for name in ("alice", "bob"):
        page = house.browse()
        page.goto(f"{house.url}#invite={fragment}")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join the chat").click()
        if name == "alice":
            page.locator("body[data-link=online]").wait_for()
    page.locator("#entrance-problem", has_text="invite").wait_for()


def test_a_newcomer_types_the_join_code(house):
    code = re.search(r"\w+(?:-\w+){4}", told(house, "admin", "code"))[0]
    page = house.browse(ignore_https_errors=True)
    page.goto(house.url.replace("http:", "https:"))
    page.get_by_label("Your name").fill("alice")
    page.get_by_role("button", name="Join the chat").click()
    page.get_by_label("Join code").fill("one-two-three-four-five")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("#entrance-problem", has_text="Wrong join code").wait_for()
    page.get_by_label("Join code").fill(code)
    page.get_by_role("button", name="Join the chat").click()
    page.locator("body[data-link=online]").wait_for()


def test_without_tls_a_newcomer_pastes_an_invite_and_is_asked_for_no_code(house):
    page = house.browse()
    page.goto(house.url)
    page.get_by_label("Your name").fill("alice")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("#entrance-problem", has_text="takes invites only").wait_for()
    assert not page.get_by_label("Join code").is_visible()
    page.get_by_label("Invite").fill(told(house, "invite"))
    page.get_by_role("button", name="Join the chat").click()
    page.locator("body[data-link=online]").wait_for()


def test_a_password_set_in_one_browser_opens_another(house):
    fragment = told(house, "invite").partition("#")[2]
    first = house.browse()
    first.goto(f"{house.url}#invite={fragment}")
    enter(first, "alice")
    first.get_by_role("button", name="Set a password").click()
    first.get_by_label("New password").fill("correct horse battery")
    first.get_by_role("button", name="Set it").click()
    first.locator(".notice").last.wait_for()
    first.get_by_role("dialog").wait_for(state="hidden")

    second = house.browse()
    second.goto(house.url)
    second.get_by_label("Your name").fill("alice")
    second.get_by_role("button", name="Join the chat").click()
    second.get_by_label("Password").fill("correct horse battery")
    second.get_by_role("button", name="Join the chat").click()
    second.locator("body[data-link=online]").wait_for()
    first.locator(".notice.problem", has_text="New device").wait_for()


@pytest.mark.parametrize("options", [("--no-limits", "--tunnel")])
def test_behind_a_self_signed_certificate_the_page_takes_invites_only_and_says_why(house):
    url = house.url.replace("http:", "https:")
    page = house.browse(ignore_https_errors=True)
    page.goto(url)
    page.get_by_label("Your name").fill("alice")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("#entrance-problem", has_text="self-signed").wait_for()
    assert not page.get_by_label("Join code").is_visible()

    fragment = told(house, "invite").partition("#")[2]
    page.goto("about:blank")
    page.goto(f"{url}#invite={fragment}")
    enter(page, "alice")
    assert not page.get_by_role("button", name="Set a password").is_visible()
