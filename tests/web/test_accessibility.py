"""What axe-core finds in the page (WCAG 2.2 AA), light and dark: nothing; and how the log speaks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.web.conftest import enter, say, until_stored

pytestmark = pytest.mark.system

AXE = Path(os.environ.get("SOCKETCHAT_NODE_MODULES", ""), "axe-core/axe.min.js")

needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is missing: SOCKETCHAT_NODE_MODULES names the folder that has it"
)

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def complaints(page) -> list[str]:
    """Return what axe-core finds; it runs outside the page's policy."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(house, scheme):
    page = house.browse(color_scheme=scheme)
    page.goto(house.url)
    page.get_by_label("Your name").wait_for()
    assert complaints(page) == []
    enter(page, "alice")
    house.join(
        "bob", "hello `code` https://example.org\n@alice look\n/react 1 👍\n/reply 1 yes\n/join #ops\n/dm alice psst\n"
    )
    say(page, "and ```\na block\n``` of code")
    until_stored(page, "a block")
    page.locator("#log article").first.hover()
    assert complaints(page) == []
    page.locator("#members-button").click()
    page.locator(".users").wait_for()
    assert complaints(page) == []
    page.locator("#search-button").click()
    page.locator("#search").fill("hello")
    page.keyboard.press("Enter")
    page.locator(".found").wait_for()
    page.locator("#menu-button").click()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.locator("#composer-text").fill("/")
    page.locator("#composer-text").press("j")
    assert complaints(page) == []


def test_the_log_speaks_at_the_bottom_only(house):
    house.join("bob", "".join(f"line {number}\n" for number in range(200)))
    page = house.visit("alice")
    log = page.locator("#log")
    until_stored(page, "line 199")
    page.locator("#log[aria-live=polite]").wait_for()
    assert log.get_attribute("role") == "log"

    page.locator("#scroller").evaluate("each => each.scrollTo(0, 500)")
    page.locator("#log[aria-live=off]").wait_for(state="attached")
    house.join("bob", "unheard\n")
    page.get_by_role("button", name="1 new").click()

    page.locator("#log[aria-live=polite]").wait_for()
    until_stored(page, "unheard")
