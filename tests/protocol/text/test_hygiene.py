import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadText, TooLong
from socketchat.protocol.limits import TEXT_BYTES
from socketchat.protocol.text.hygiene import MARKS, check_text, clean, clean_line
from tests.hostile import CORPUS, dangerous

any_text = st.text(st.characters())
nasty_text = st.text(
    st.one_of(
        st.characters(categories=["Cc", "Cf", "Mn", "Me", "Zl", "Zp", "Cs"]), st.sampled_from("a\r\n\té👍\u200d\ufe0f")
    )
)

CASES = {
    "plain": ("hello", "hello"),
    "CRLF": ("a\r\nb", "a\nb"),
    "lone CR": ("a\rb", "a^Mb"),
    "CR CR LF": ("a\r\r\nb", "a^M\nb"),
    "newline and tab": ("a\n\tb\n", "a\n\tb\n"),
    "ESC": ("\x1b[2J", "^[[2J"),
    "BEL": ("\x07", "^G"),
    "NUL": ("\0", "^@"),
    "DEL": ("\x7f", "^?"),
    "C1": ("\x9b2J\x85", "\\x9b2J\\x85"),
    "soft hyphen": ("a\xadb", "a\\xadb"),
    "bidi": ("\u202eabc\u2066", "\\u202eabc\\u2066"),
    "separators": ("a\u2028b\u2029", "a\\u2028b\\u2029"),
    "tags": ("\U000e0041\U000e007f", "\\U000e0041\\U000e007f"),
    "lone surrogate": ("a\ud800b", "a\\ud800b"),
    "no-break and ideographic space": ("a\xa0b\u3000c", "a\xa0b\u3000c"),
    "family of emoji": ("👩\u200d👩\u200d👧\u200d👦", "👩\u200d👩\u200d👧\u200d👦"),
    "emoji with selectors": ("❤\ufe0f❤\ufe0f1\ufe0f\u20e3", "❤\ufe0f❤\ufe0f1\ufe0f\u20e3"),
    "Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "Hindi": ("क्षत्रिय स्त्री", "क्षत्रिय स्त्री"),
    "Hebrew with points": ("בְּרֵאשִׁית", "בְּרֵאשִׁית"),
    "Tibetan": ("བསྒྲུབས", "བསྒྲུབས"),
    "combining letters": ("Z͑ͫ̓", "Z͑ͫ̓"),
    "private use": ("\ue0b0", "\ue0b0"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_cleaning_makes_unsafe_characters_visible(text, expected):
    assert clean(text) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_hostile_text_becomes_harmless(text):
    cleaned = clean(text)

    assert not dangerous(cleaned)
    assert clean(cleaned) == cleaned
    assert not dangerous(clean_line(text)) | {"\n", "\t"} & set(clean_line(text))


@given(any_text | nasty_text)
def test_cleaning_is_idempotent_and_leaves_nothing_dangerous(text):
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert not dangerous(cleaned)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert "\n" not in clean_line(text)
    assert "\t" not in clean_line(text)


@given(any_text)
def test_cleaning_keeps_printable_text(text):
    if text.isprintable() and not any(category(character).startswith("M") for character in text):
        assert clean(text) == text


def test_every_format_character_except_joiners_becomes_visible():
    hidden = [chr(code) for code in range(sys.maxunicode + 1) if category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]

    left = {character for character in hidden if clean(f"a{character}b") == f"a{character}b"}

    assert left == {"\n", "\t", "\u200c", "\u200d"}


def test_a_cleaned_character_takes_at_most_three_times_its_bytes():
    def size(text):
        return len(text.encode("utf-8", "surrogatepass"))

    changed = [character for character in map(chr, range(sys.maxunicode + 1)) if not character.isprintable()]
    worst = max(size(clean(character)) / size(character) for character in changed)

    assert worst == 3


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\ufe0f", "\u200d", "\u0489"])
def test_a_character_keeps_a_bounded_number_of_marks(mark):
    assert clean("a" + mark * 10_000 + "b" + mark) == "a" + mark * MARKS + "b" + mark


def test_marks_are_counted_for_each_character():
    text = ("a" + "\u0301" * MARKS) * 50 + ("👍" + "\u200d" * MARKS) * 50

    assert clean(text) == text


def test_a_cleaned_line_has_no_newline_and_no_tab():
    assert clean_line("a\r\nb\tc\nd\x1b") == "a b c d^["


@pytest.mark.parametrize("text", ["", " ", "\n", "\t \r\n\u3000"])
def test_a_blank_text_is_refused(text):
    with pytest.raises(BadText, match="message is empty"):
        check_text(text)


@pytest.mark.parametrize("character", ["a", "é", "€", "👍", "\x1b", "\U000e0041", "\n"])
def test_the_limit_counts_the_bytes_that_were_sent(character):
    size = len(character.encode())
    longest = "x" * (TEXT_BYTES % size) + "x" * size + character * (TEXT_BYTES // size - 1)

    assert check_text(longest) == clean(longest)
    with pytest.raises(TooLong, match="32,768"):
        check_text(longest + "x")


def test_a_checked_text_is_clean():
    assert check_text("a\x1b\r\n") == "a^[\n"
