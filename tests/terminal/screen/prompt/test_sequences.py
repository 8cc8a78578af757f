"""Terminal output other than keys does not become text, however it is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from socketchat.terminal.screen.prompt.sequences import LONGEST, Sequences

KNOWN = frozenset(ANSI_SEQUENCES)


def fed(*parts: str) -> str:
    sequences = Sequences(KNOWN)
    return "".join(sequences.feed(part) for part in parts) + sequences.flush()


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a\x1b[13;2ub", "a\x1b\rb"),  # Shift+Enter
        ("\x1b[27;2;13~", "\x1b\r"),
        ("\x1b[13u\x1bOM", "\r\r"),
        ("\x1bOq\x1bOk", "1+"),
        ("\x1b[97;5u\x1b[99;5u", "\x01\x03"),
        ("\x1b[97;2u\x1b[233u\x1b[97;3u", "Aé\x1ba"),
        ("\x1b[97:65;2;65u", "A"),
        ("\x1b[97;1:3u\x1b[57358u\x1b[57441;2u", ""),  # a release, Caps Lock, Shift alone
        ("\x1b[9;2u\x1b[27u\x1b[127u", "\x1b[Z\x1b\x7f"),
        ("\x1b[1;129A", ""),
        ("a\x1b[I\x1b[Ob", "ab"),  # focus
        ("a\x1b]11;rgb:0000/0000/0000\x1b\\b", "ab"),
        ("a\x1b]11;rgb:0/0/0\x07b", "ab"),
        ("a\x1bP>|kitty(0.30)\x1b\\b", "ab"),
        ("a\x1b[?62;22cb\x1b[5;10R", "ab"),
        ("a\x1b[201~b", "ab"),
        ("\x1b[A\x1b[1;5C\x1bOP\x1b[[A\x1b[3~", "\x1b[A\x1b[1;5C\x1bOP\x1b[[A\x1b[3~"),
        ("\x1b", "\x1b"),
        ("\x1b\x1b[A", "\x1b\x1b[A"),
        ("\x1b\rx\x1bf", "\x1b\rx\x1bf"),
        ("\x1b]half a title", ""),
        ("\x1b]half\x03x", "\x1b]half\x03x"),
        ("\x1b[55555555555u\x1b[3u\x1b[55296u", ""),
    ],
)
def test_keys_pass_and_everything_else_is_dropped(sent: str, keys: str) -> None:
    assert fed(sent) == keys
    assert fed(*sent) == keys


@given(st.text(alphabet="a\x1b[]O;u~?M0123R\r\x07\\", max_size=40), st.integers(0, 40))
def test_the_end_of_a_read_makes_no_difference(sent: str, cut: int) -> None:
    assert fed(sent[:cut], sent[cut:]) == fed(sent)


def test_a_paste_is_passed_on_whole() -> None:
    pasted = "\x1b[200~one\r\x1b[13;2u\x07two\x1b[201~"
    assert fed(pasted) == fed(*pasted) == pasted


def test_ctrl_c_ends_a_paste_whose_end_is_lost() -> None:
    sequences = Sequences(KNOWN)
    assert sequences.feed("\x1b[200~half") == ""
    assert sequences.pastes
    assert sequences.feed(" typed\x03again\r") == "\x1b[200~half typed\x1b[201~\x03again\r"
    assert sequences.feed("x\x1b[201~y") == "xy"


def test_an_endless_sequence_is_given_up() -> None:
    assert len(fed("\x1b]" + "x" * (LONGEST + 10), "yz")) > LONGEST
