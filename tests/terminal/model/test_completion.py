import pytest
from prompt_toolkit.completion import CompleteEvent, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from socketchat.terminal.model.completion import ChatCompleter, Known, menu
from socketchat.terminal.model.places import Line

LINES = [
    Line("#ops/43", "and mine", is_own=True),
    Line("#ops/42", "the depoly", is_own=False),
    Line("@bob/7", "psst", is_own=True),
]
KNOWN = Known(names=["bob", "Bobby", "Ärne", "carol"], rooms=["#lobby", "#ops"], lines=LINES)


def completed(line):
    """Return the completed lines."""
    found = ChatCompleter(lambda: KNOWN).get_completions(Document(line), CompleteEvent())
    return [line[: len(line) + completion.start_position] + completion.text for completion in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/j", ["/join "]),
        ("/J", ["/join "]),
        ("/dm b", ["/dm bob ", "/dm Bobby "]),
        ("/dm ", ["/dm bob ", "/dm Bobby ", "/dm Ärne ", "/dm carol "]),
        ("/dm bob c", ["/dm bob carol "]),
        ("/join #o", ["/join #ops"]),
        ("/join ", ["/join #lobby", "/join #ops"]),
        ("/users #l", ["/users #lobby"]),
        ("/help le", ["/help leave"]),
        ("bo", ["bob: ", "Bobby: "]),
        ("hi bo", ["hi bob ", "hi Bobby "]),
        ("hi ä", ["hi Ärne "]),
        ("@bo", ["@bob ", "@Bobby "]),
        ("hi @c", ["hi @carol "]),
        ("/dm @c", ["/dm @carol "]),
        ("/history @ä", ["/history @Ärne "]),
        ("mail me@c", []),
        ("see #", ["see #lobby ", "see #ops "]),
        ("one\ncar", ["one\ncarol "]),
        ("", []),
        ("hi ", []),
        ("x", []),
        ("//j", []),
        ("/quit c", ["/quit carol "]),
        ("/edit ", ["/edit #ops/43 ", "/edit @bob/7 "]),
        ("/edit #ops/43 b", ["/edit #ops/43 bob ", "/edit #ops/43 Bobby "]),
        ("/show #OPS/", ["/show #ops/43", "/show #ops/42"]),
        ("/delete ", ["/delete #ops/43", "/delete @bob/7", "/delete #ops/42"]),
        ("/delete @b", ["/delete @bob/7"]),
        ("/search ", ["/search from:", "/search in:", "/search after:", "/search before:"]),
        ("/search f", ["/search from:"]),
        ("/search deploy From:B", ["/search deploy from:bob ", "/search deploy from:Bobby "]),
        ("/search in:#", ["/search in:#lobby ", "/search in:#ops "]),
        ("/search in:@c", ["/search in:@carol "]),
        ("/search x before:7", ["/search x before:7d "]),
        ("/search c", ["/search carol "]),
        ("say from:b", []),
    ],
)
def test_tab_completes_a_line(line, expected):
    assert completed(line) == expected


def test_the_menu_distinguishes_lines():
    found = ChatCompleter(lambda: KNOWN).get_completions(Document("/show #"), CompleteEvent())
    assert [each.display_text for each in found] == ["#ops/43 and mine", "#ops/42 the depoly"]


def shown(chosen, width, count=9):
    completions = [Completion(f"word{number}", display=f"word{number}") for number in range(count)]
    fragments = menu(completions, chosen, width)
    marked = [text for style, text, *_ in fragments if "chosen" in style]
    return "".join(text for _, text, *_ in fragments), marked


def test_the_menu_is_one_line_with_the_chosen_word_marked():
    assert shown(1, 80, count=3) == ("word0  word1  word2  ", ["word1"])
    assert shown(None, 80, count=3) == ("word0  word1  word2  ", [])


def test_a_long_menu_has_pages():
    assert shown(0, 25) == ("word0  word1  word2  >", ["word0"])
    assert shown(4, 25) == ("< word3  word4  word5  >", ["word4"])
    assert shown(8, 25) == ("< word6  word7  word8  ", ["word8"])


def test_a_word_wider_than_the_terminal_is_a_page_of_its_own():
    assert shown(1, 3)[1] == ["word1"]


def test_the_menu_counts_columns_and_says_that_there_is_more():
    names = [Completion("漢" * 10 + str(number)) for number in range(6)]
    for chosen in range(6):
        line = menu(names, chosen, 60)
        assert sum(get_cwidth(text) for _, text, *_ in line) <= 60
        assert [text for style, text, *_ in line if style == "class:status.chosen"] == [names[chosen].text]
    assert menu(names, 0, 60)[-1][1] == ">"
    assert menu(names, 5, 60)[0][1] == "< "
