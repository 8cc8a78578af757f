"""The page in a real browser, as a user sees it."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import enter, say, until_stored

pytestmark = pytest.mark.system


def test_two_browsers_and_a_terminal_talk(house):
    house.join("bob", "hello from the terminal\n")
    alice, carol = house.visit("alice"), house.visit("carol")
    until_stored(alice, "hello from the terminal")

    say(alice, "hello from a page")

    until_stored(carol, "hello from a page")
    assert "alice: hello from a page" in house.join("bob", "/history 5\n")
    assert until_stored(alice, "hello from a page").locator(".state").inner_text().split() == ["✓", "stored"]


def test_a_reload_keeps_the_name_and_shows_the_history(house):
    page = house.visit("alice")
    say(page, "before the reload")
    until_stored(page, "before the reload")

    page.reload()

    until_stored(page, "before the reload")
    assert page.locator("#self").inner_text() == "alice"


def test_a_name_with_an_owner_is_refused_and_another_one_is_asked_for(house):
    house.join("bob", "mine\n")
    page = house.browse()
    page.goto(house.url)
    page.get_by_label("Your name").fill("bob")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("#entrance-problem", has_text="has an owner").wait_for()

    enter(page, "bob2")

    until_stored(page, "mine")


def test_rooms_and_direct_messages_have_counts_that_a_visit_clears(house):
    page = house.visit("alice")
    say(page, "/join #ops")
    page.locator("#title", has_text="#ops").wait_for()
    page.get_by_role("link", name="#lobby").click()
    house.join("bob", "/join #ops\n@alice look here\nand here\n/dm alice psst\n")

    page.get_by_role("link", name=re.compile("#ops 2 unread, 1 to you")).wait_for()
    page.get_by_role("link", name=re.compile("@bob 1 unread")).wait_for()
    page.locator("body").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.locator("#title", has_text="#ops").wait_for()
    page.locator("#unread-line").wait_for()
    until_stored(page, "look here")

    page.get_by_role("link", name=re.compile("^#ops$")).wait_for()


def test_an_edit_a_reply_a_reaction_and_a_deletion_change_the_line(house):
    page = house.visit("alice")
    say(page, "a tpyo")
    line = until_stored(page, "a tpyo")
    page.locator("#composer-text").press("ArrowUp")
    say(page, "a typo")
    until_stored(page, "a typo (edited)")
    line = page.locator("#log article").first
    line.focus()
    page.keyboard.press("r")
    say(page, "an answer")
    until_stored(page, "an answer").locator(".quote", has_text="alice: a typo").wait_for()
    line.focus()
    page.keyboard.press("+")
    page.get_by_role("button", name="React with 🎉").click()
    line.get_by_role("button", name="🎉 1: alice").wait_for()
    line.focus()
    page.keyboard.press("d")
    page.get_by_role("button", name="Delete", exact=True).last.click()
    line.locator(".text", has_text="deleted").wait_for()


def test_a_permalink_opens_the_page_at_its_line_and_scrolling_down_loads_the_rest(house):
    house.join("bob", "".join(f"line {number}\n" for number in range(1, 601)))
    page = house.visit("alice", "#/lobby/42")

    focused = page.locator("#log .target article")
    assert focused.get_attribute("data-seq") == "42"
    while not page.locator("#log article", has_text="line 600").count():
        page.locator("#scroller").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    seqs = page.locator("#log article").evaluate_all("all => all.map(each => Number(each.dataset.seq))")
    assert seqs == list(range(seqs[0], 601))


def test_scrolling_up_loads_everything_and_keeps_few_elements(house):
    house.join("bob", "".join(f"line {number}\n" for number in range(1, 1001)))
    page = house.visit("alice")
    until_stored(page, "line 1000")
    here = [1000]
    while here[0] > 1:
        page.locator("#scroller").evaluate("each => each.scrollTo(0, 0)")
        here = page.locator("#log article").evaluate_all("all => all.map(each => Number(each.dataset.seq))")
        assert len(here) <= 300
        assert here == list(range(here[0], here[-1] + 1))
    page.locator("#start", has_text="#lobby begins").wait_for()


def test_each_room_keeps_its_draft_over_a_reload(house):
    page = house.visit("alice")
    page.locator("#composer-text").fill("half a sentence")
    say_elsewhere = page.locator("#composer-text")
    page.evaluate("location.hash = '#/@bob'")
    page.locator("#title", has_text="@bob").wait_for()
    assert say_elsewhere.input_value() == ""

    page.evaluate("location.hash = '#/lobby'")
    page.locator("#title", has_text="#lobby").wait_for()
    assert page.locator("#composer-text").input_value() == "half a sentence"
    page.reload()
    page.locator("#chat").wait_for()
    assert page.locator("#composer-text").input_value() == "half a sentence"


def test_a_search_finds_a_line_and_leads_to_it(house):
    house.join("bob", "a needle\n" + "hay\n" * 300)
    page = house.visit("alice")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox").fill("needle")
    page.keyboard.press("Enter")
    page.locator(".found").click()
    page.locator("#log .target article", has_text="a needle").wait_for()


def test_a_first_direct_message_goes_to_its_user(house):
    bob, alice = house.visit("bob"), house.visit("alice")
    say(alice, "/dm bob psst")
    alice.locator("#title", has_text="@bob").wait_for()
    until_stored(alice, "psst")
    bob.get_by_role("link", name=re.compile("@alice 1 unread")).click()
    until_stored(bob, "psst")
    assert "psst" not in alice.locator("#sending").inner_text()


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_the_list_opens_and_closes(house, width):
    page = house.visit("alice", viewport={"width": width, "height": 640}, has_touch=True, is_mobile=True)
    page.locator("#composer-text").fill("x" * 200 + " https://example.org/" + "y" * 200)
    page.get_by_role("button", name="Send").tap()
    until_stored(page, "xxx")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not page.get_by_role("link", name="#lobby").is_visible()
    page.get_by_role("button", name="Conversations").tap()
    page.get_by_role("link", name="#lobby").tap()
    page.locator("#composer-text").wait_for()
    assert not page.get_by_role("link", name="#lobby").is_visible()


def test_everything_is_done_by_the_keyboard_alone(house):
    page = house.browse()
    page.goto(house.url)
    page.get_by_label("Your name").wait_for()
    page.keyboard.type("alice\n")
    page.locator("body[data-link=online]").wait_for()
    page.keyboard.type("typed\n")
    until_stored(page, "typed")
    page.keyboard.type("/jo")
    page.keyboard.press("Tab")
    page.keyboard.type("#ops\n")
    page.locator("#title", has_text="#ops").wait_for()
    page.keyboard.type("/topic Release on Friday\n")
    page.locator("#topic", has_text="Release on Friday").wait_for()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("next or previous conversation with unread").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.locator(".users", has_text="alice").wait_for()


def test_an_insecure_address_says_what_to_do(house):
    page = house.browse()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.goto(house.url)
    page.locator("#entrance-text", has_text="socketchat join NAME --host 127.0.0.1").wait_for()
    assert not page.get_by_label("Your name").is_visible()
