import sys
from contextlib import suppress
from unicodedata import category, normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from socketchat.exceptions import BadName
from socketchat.protocol.limits import NAME_CHARACTERS
from socketchat.protocol.names import check_name, check_room, name_key
from socketchat.protocol.text.hygiene import clean_line
from tests.hostile import CORPUS

GOOD = [
    "a", "7", "alice", "Alice_B-c.3", "x" * 20, "007", "a..b", "a--", "Zoë", "Łukasz", "Işıl", "Nguyễn", "straße",
    "Аня", "Ёлка-2", "Μαρία", "Հայկ", "მარიამ", "דָּוִד", "محمد", "سارة٢", "अनिल", "প্রিয়া", "ਗੁਰੂ", "ગીતા", "தமிழ்",
    "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "สมชาย", "น้ำ", "ນ້ຳ", "ကြွေး", "ភាសា", "བོད", "አበበ", "ދިވެހި",
    "山田タロウ", "さくら", "コーヒー", "佐々木", "李明", "김철수", "韓国人이", "李ㄅㄆ", "ａｌｉｃｅ", "ｱﾘｽ",
]  # fmt: skip

BAD = {
    "nothing": "",
    "33 characters": "x" * 33,
    "34 marks and letters": "e\u0301x" * 17,
    "a space": "a b",
    "a leading hyphen": "-rf",
    "a leading dot": ".hidden",
    "a leading underscore": "_x",
    "a leading mark": "\u0301a",
    "a leading slash": "/help",
    "a colon": "a:b",
    "an at sign": "@bob",
    "a hash": "#ops",
    "a star": "*",
    "a comma": "a,b",
    "a newline": "a\nb",
    "a NUL": "a\0",
    "an escape": "a\x1b[2J",
    "C1": "a\x9b",
    "bidi": "a\u202eb",
    "zero width space": "a\u200bb",
    "ZWJ": "a\u200db",
    "ZWNJ": "a\u200cb",
    "soft hyphen": "a\xadb",
    "tag": "a\U000e0041",
    "variation selector": "a\ufe0f",
    "grapheme joiner": "a\u034f",
    "Hangul filler": "a\u3164",
    "only a Hangul filler": "\u3164",
    "halfwidth filler": "김\uffa0",
    "Khmer inherent vowel": "ក\u17b4",
    "tatweel": "م\u0640م",
    "braille blank": "\u2800",
    "ideographic space": "李\u3000明",
    "emoji": "😀",
    "symbol": "a+b",
    "currency": "$a",
    "lone surrogate": "a\ud800",
    "private use": "\ue000",
    "unassigned": "a\u0378",
    "Latin and Cyrillic": "аlice",
    "Latin and Greek": "αlice",
    "Latin and Han": "李a",
    "Hangul and kana": "김か",
    "Cyrillic and Devanagari digit": "я९",
    "mathematical letters": "𝐚𝐥𝐢𝐜𝐞",
    "a ligature": "ﬁx",
    "a superscript": "aª",
    "a Roman numeral": "Ⅳ",
    "a circled letter": "ⓐ",
    "a modifier letter": "aʰ",
    "an Arabic phrase in one character": "ﷺ",
    "a phonetic alpha": "Chɑn",
    "a click that looks like !": "aǃ",
    "an enclosing mark": "a\u20dd",
    "an overlay": "l\u0335",
    "a mark on punctuation": "a.\u0301",
    "five marks": "x" + "\u0323\u0331\u0301\u0302\u0303",
    "an unusual script": "ᚠᚢᚦ",
    "Cherokee": "ᎪᎡ",
}

SAME = [
    ("Alice", "aLICE"), ("STRASSE", "straße"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("ａｌｉｃｅ", "Alice"), ("ｱﾘｽ", "アリス"),
    ("Zoe\u0308", "ZOË"),
    ("سارة٢", "سارة2"), ("سارة٢", "سارة۲"), ("#Ops", "ops"), ("#ops", "#OPS"), ("ÅNGSTRÖM", "ångström"),
    ("İrem", "irem"), ("admın", "admin"), ("i\u0307\u0301x", "Íx"),
]  # fmt: skip

any_text = st.text(st.characters(), max_size=30)
letters = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Lm", "Nd", "Mn", "Mc"]), max_size=NAME_CHARACTERS)
latin = st.text(st.characters(max_codepoint=0x24F, categories=["Lu", "Ll", "Nd"]), max_size=NAME_CHARACTERS)


@pytest.mark.parametrize("name", GOOD)
def test_a_valid_name_keeps_its_form(name):
    assert check_name(name) == normalize("NFC", name)
    assert check_room(name) == check_room("#" + name) == "#" + normalize("NFC", name)


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_the_error_for_a_bad_name_states_the_rule(name):
    with pytest.raises(BadName, match="1 to 20 letters and digits of one script") as refusal:
        check_name(name)
    with pytest.raises(BadName, match="room name"):
        check_room("#" + name)

    assert clean_line(str(refusal.value)) == str(refusal.value)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_hostile_text_is_not_a_valid_name(text):
    with pytest.raises(BadName):
        check_name(text)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_differ_in_case_width_or_digits_have_one_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("alice", "alicia"), ("a.b", "a-b"), ("Zoe", "Zoë"), ("аnna", "anna")])
def test_different_names_have_different_keys(one, other):
    assert name_key(one) != name_key(other)


@given(any_text | letters | latin)
def test_checking_a_name_twice_changes_nothing_and_keeps_its_key(text):
    try:
        name = check_name(text)
    except BadName:
        assume(False)  # noqa: FBT003
    assert check_name(name) == name
    assert 1 <= len(name) <= NAME_CHARACTERS
    assert name_key(name) == name_key(text)
    assert clean_line(name) == name


@given(any_text)
def test_the_key_of_a_key_is_that_key(text):
    key = name_key(text)
    assume(not key.startswith("#"))  # no name
    assert name_key(key) == key


def test_every_character_of_names_has_a_stable_key_without_punctuation():
    names = []
    for character in map(chr, range(0x80, sys.maxunicode + 1)):
        if category(character)[0] in "LMN":
            with suppress(BadName):
                names.append(check_name("1" + character))

    assert len(names) > 100_000
    for name in names:
        key = name_key(name)
        assert key == name_key(key) == name_key(name.upper()) == name_key(name.lower())
        assert not set(key) & set(" #@:/*")
        assert all(category(character)[0] in "LMN" for character in key)


def test_a_flood_of_marks_is_not_normalized():
    """Sorting marks takes quadratic time: this would take minutes."""
    flood = "a" + "\u0315\u0301\u0323" * 80_000

    assert name_key(flood) == flood
    with pytest.raises(BadName, match="too long"):
        check_name(flood)


@pytest.mark.parametrize("name", ["server", "Operator", "Server", "ＳＹＳＴＥＭ"])
def test_the_reserved_names_are_refused_for_users_and_allowed_for_rooms(name):
    with pytest.raises(BadName, match="reserved for the server"):
        check_name(name)
    assert check_room(name)
