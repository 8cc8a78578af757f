"""Nothing that others write, and nothing that a hostile server sends, runs in the page or forges a line."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.web.conftest import enter, until_stored

pytestmark = pytest.mark.system

MARKUP = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<style>body{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input name=x><button>go",
    "\"'><script>window.pwned=1</script>",
    "--></textarea></title><script>window.pwned=1</script>",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=window.pwned=1>",
    "{{constructor.constructor('window.pwned=1')()}}${window.pwned=1}",
    "<a href=javascript:window.pwned=1>x</a>",
)
LINKS = (
    "javascript:window.pwned=1",
    "JaVaScRiPt:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https:javascript:window.pwned=1",
    "java\nscript:window.pwned=1",
    'https://example.org/"onmouseover="window.pwned=1',
    "https://example.org/<img src=x onerror=window.pwned=1>",
    "http://[::1",
    "https://",
)
CONTROLS = ("\x1b[2J", "\u202eevil\u2066", "\0", "a\u0300" * 200, "\U000e0041", "x" * 5000, "```" * 999, "`" * 999)
CORPUS = (*MARKUP, *LINKS, *CONTROLS)

ALIEN = "#chat script, #chat img, #chat svg, #chat iframe, #chat style, #chat base, #log form, #log input, [onerror]"


def check_harmless(page) -> None:
    """Check that nothing ran, and that no element came out of a text."""
    assert page.evaluate("window.pwned") is None
    assert page.locator(ALIEN).count() == 0
    links = page.locator("#chat a[target]").evaluate_all("all => all.map(each => new URL(each.href).protocol)")
    assert set(links) <= {"https:", "http:"}


def test_messages_are_text_whatever_is_in_them(house):
    page = house.visit("alice")
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    lines = [each.replace("\n", " ").replace("\0", "0") for each in CORPUS]
    house.join(
        "bob", "\n".join([*(f"say {each}" for each in lines), *(f"/me {each}" for each in lines), "the last", ""])
    )
    until_stored(page, "the last")

    check_harmless(page)
    assert dialogs == []
    page.locator("#log article .text", has_text="<script>window.pwned=1</script>").first.wait_for()
    page.locator("#log article").nth(3).hover()
    page.locator("#log article").nth(3).get_by_role("button", name="Reply (r)").click()
    check_harmless(page)


@pytest.mark.parametrize("payload", [*MARKUP, "x\nmallory: forged", "\u202eecila", "<b>" * 200, "__proto__"])
def test_a_hostile_server_cannot_run_code_by_names_topics_rooms_and_notices(house, payload):
    """The server's words come by a proxy that replaces what a real server would never say."""
    said = "evil-text"
    forged = [
        {"type": "conversation", "conversation": "#evil", "name": f"#{payload}", "topic": payload, "head": 0},
        {"type": "conversation", "conversation": "@a:b", "peer": payload, "head": 0},
        {"type": "conversation", "conversation": "__proto__", "head": 0},
        {"type": "alert", "text": payload},
        {"type": "error", "code": "other", "text": payload},
        {"type": "absent", "name": payload, "away": payload},
        {"type": "left", "conversation": "#gone", "text": payload},
        {"type": "presence", "appeared": [{"user": payload, "name": payload, "why": "online"}], "total": 1},
    ]
    kinds = ("message", "action", "topic", "notice", "reply", payload)
    entries = [
        {"conversation": "#lobby", "seq": seq, "ts": 1, "author": payload, "name": payload, "kind": kind}
        | {"type": "entry", "body": {"text": payload, "of": 1, "of_author": payload, "of_name": payload}}
        for seq, kind in enumerate(kinds, 1)
    ]
    reaction = {**entries[0], "seq": 7, "kind": "react"}
    last = {**entries[0], "seq": 8, "body": {"text": said}}

    def forge(socket) -> None:
        server = socket.connect_to_server()

        def passed(frame: str) -> None:
            socket.send(frame)
            if '"type":"unread"' in frame:  # the page is open by now
                lines = [*forged, *entries, reaction, last]
                socket.send("".join(json.dumps(each) + "\n" for each in lines))

        server.on_message(passed)

    page = house.browse()
    page.route_web_socket("**/ws", forge)
    page.goto(house.url)
    enter(page, "alice")
    until_stored(page, said)

    check_harmless(page)
    assert page.locator("#log article").count() == 6  # the line of an unknown kind is not shown
    names = page.locator("#log article .author").all_text_contents()
    assert set(names) == {payload}
    page.locator("#log article").first.focus()
    page.locator("#search-button").press("Enter")
    check_harmless(page)


@pytest.mark.parametrize(
    "fragment", [f"#invite={quote(each)}" for each in MARKUP[:4]] + ["#/<img src=x>", "#/%E0%A4%A", "#/__proto__"]
)
def test_a_hostile_address_is_no_markup(house, fragment):
    page = house.browse()
    page.goto(house.url + fragment)
    enter(page, "alice")
    check_harmless(page)


@pytest.mark.parametrize(
    "line", ["not json", "[]", "null", '"x"', '{"type":"entry"}', '{"type":"welcome"}', '{"type":"past","id":1}']
)
def test_a_broken_line_from_the_server_costs_the_connection_at_most(house, line):
    broken = [True]

    def forge(socket) -> None:
        server = socket.connect_to_server()

        def passed(frame: str) -> None:
            socket.send(frame)
            if '"type":"unread"' in frame and broken:
                broken.clear()
                socket.send(line)

        server.on_message(passed)

    page = house.browse()
    page.route_web_socket("**/ws", forge)
    page.goto(house.url)
    enter(page, "alice")
    page.locator("#composer-text").fill("still here")
    page.keyboard.press("Enter")
    until_stored(page, "still here")
