"""Nothing is lost and nothing is doubled in the browser: reloads, kills and cuts."""

from __future__ import annotations

import signal

import pytest

from tests.web.conftest import say, until_stored

pytestmark = pytest.mark.system


def drop_sends(socket) -> None:
    """Pass everything on, but no message to the server."""
    server = socket.connect_to_server()
    socket.on_message(lambda frame: None if '"type":"send"' in frame else server.send(frame))


def drop_answers(socket) -> None:
    """Pass messages on, but keep what the server says of them."""
    server = socket.connect_to_server()
    server.on_message(lambda frame: None if "in mid-send" in frame else socket.send(frame))


@pytest.mark.parametrize("cut", [drop_sends, drop_answers], ids=["before it is sent", "before its answer"])
def test_a_reload_in_mid_send_loses_and_doubles_nothing(house, cut):
    page = house.browse()
    page.route_web_socket("**/ws", cut)
    page.goto(house.url)
    page.get_by_label("Your name").fill("alice")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("body[data-link=online]").wait_for()
    say(page, "in mid-send")
    page.locator("#sending", has_text="sending …").wait_for()
    if cut is drop_answers:
        until_stored(house.visit("bob"), "in mid-send")
    context = page.context
    page.close()

    again = house.tab(context)
    again.goto(house.url)

    until_stored(again, "in mid-send")
    say(again, "after it")
    until_stored(again, "after it")
    assert again.locator("#log article", has_text="in mid-send").count() == 1
    assert again.locator("#sending article").count() == 0


def test_a_killed_server_costs_nothing_that_was_typed(house):
    page = house.visit("alice")
    say(page, "before")
    until_stored(page, "before")
    house.server.end(signal.SIGKILL)
    page.locator("body[data-link=offline]").wait_for()
    for number in range(3):
        say(page, f"typed while offline {number}")
    assert page.locator("#sending article").count() == 3

    house.server.begin()

    page.locator("body[data-link=online]").wait_for(timeout=30_000)
    until_stored(page, "typed while offline 2")
    lines = page.locator("#log article .text").all_inner_texts()
    assert lines == ["before", *(f"typed while offline {number}" for number in range(3))]
    assert page.locator("#sending article").count() == 0


def test_a_closed_tab_leaves_its_messages_to_an_open_one(house):
    page = house.visit("alice")
    other = house.tab(page.context)
    other.route_web_socket("**/ws", drop_sends)
    other.goto(house.url)
    other.locator("body[data-link=online]").wait_for()
    say(other, "from the closed tab")
    other.locator("#sending", has_text="from the closed tab").wait_for()
    other.close()

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    until_stored(page, "from the closed tab")


def test_five_thousand_missed_lines_are_all_there(house):
    page = house.browse()
    blocked = []
    open_ones = []

    def cuttable(socket) -> None:
        if blocked:
            socket.close()
        else:
            socket.connect_to_server()
            open_ones.append(socket)

    page.route_web_socket("**/ws", cuttable)
    page.goto(house.url)
    page.get_by_label("Your name").fill("alice")
    page.get_by_role("button", name="Join the chat").click()
    page.locator("body[data-link=online]").wait_for()
    say(page, "the first")
    until_stored(page, "the first")
    blocked.append(True)
    open_ones[0].close()
    page.locator("body[data-link=offline]").wait_for()
    house.join("bob", "".join(f"missed {number}\n" for number in range(5000)))

    blocked.clear()

    page.locator("body[data-link=online]").wait_for(timeout=40_000)
    page.get_by_role("button", name="Newest messages").or_(page.get_by_text("missed 4999")).first.wait_for()
    page.locator("#scroller").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    here = [5001]
    while here[0] > 1:
        page.locator("#scroller").evaluate("each => each.scrollTo(0, 0)")
        here = page.locator("#log article").evaluate_all("all => all.map(each => Number(each.dataset.seq))")
        assert here == list(range(here[0], here[-1] + 1))
    assert page.locator("#log article", has_text="the first").count() == 1
