"""A real Chromium, driven by Playwright, and a real server for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.serving import Served, serving

PROGRAM = (sys.executable, "-m", "socketchat")

PATIENCE_MS = 10_000
"""Milliseconds until a step of a test fails; it usually takes a few."""

VIOLATION = re.compile(r"Content Security Policy|Trusted(?:HTML|Script)|Refused to")


@pytest.fixture(scope="session")
def chromium():
    """Start one browser for all tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install '.[system]'")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is missing")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class House:
    """A server, its users in browsers, and its users in terminals."""

    def __init__(self, browser, server: Served) -> None:
        self._browser = browser
        self.server = server
        self.violations: list[str] = []
        self._contexts = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/"

    def browse(self, **options):
        """Return a page of a new user's browser."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return self.tab(context)

    def tab(self, context):
        """Return another tab of a browser."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.violations.append(str(error)))
        page.on("console", lambda said: self.violations.extend([said.text] if VIOLATION.search(said.text) else []))
        return page

    def visit(self, name: str, address: str = "", **options):
        """Return a page in which a new user of this name has come in."""
        page = self.browse(**options)
        page.goto(self.url + address)
        enter(page, name)
        return page

    def join(self, name: str, said: str) -> str:
        """Say lines as a user in a pipe; return what the user saw."""
        command = [*PROGRAM, "join", name, "--host", "127.0.0.1", "--port", str(self.server.port)]
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def enter(page, name: str) -> None:
    """Choose a name and come in."""
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join the chat").click()
    page.locator("#chat").wait_for()
    page.locator("body[data-link=online]").wait_for()


def say(page, text: str) -> None:
    """Type a line and press Enter."""
    field = page.locator("#composer-text")
    field.fill(text)
    field.press("Enter")


def until_stored(page, text: str):
    """Wait until a line is among the stored ones; return its element."""
    line = page.locator("#log article").filter(has_text=text)
    line.first.wait_for()
    return line


@pytest.fixture
def house(chromium, tmp_path: Path) -> Iterator[House]:
    """Return an open server without limits; in the end, no page has broken its policy or thrown an error."""
    with serving(tmp_path, "--open", "--no-limits") as server:
        made = House(chromium, server)
        yield made
        made.close()
    assert made.violations == []
