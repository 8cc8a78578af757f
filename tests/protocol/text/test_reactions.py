import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import BadText, TooLong
from socketchat.protocol.text.hygiene import clean_line
from socketchat.protocol.text.reactions import REACTION_CHARACTERS, check_reaction, reaction_key


@pytest.mark.parametrize("text", ["👍", "👍🏽", "👩🏽‍❤️‍💋‍👨🏿", "🇩🇪", "+1", "lgtm", "é", "❤️"])
def test_emoji_and_words_are_reactions(text):
    assert check_reaction(text) == text


def test_spaces_around_a_reaction_do_not_belong_to_it():
    assert check_reaction(" 👍 ") == "👍"


@given(st.text(max_size=200))
def test_a_reaction_is_short_clean_and_stays_as_it_is_when_it_is_checked_again(text):
    try:
        found = check_reaction(text)
    except (BadText, TooLong):
        return
    assert 0 < len(found) <= REACTION_CHARACTERS
    assert not any(map(str.isspace, found))
    assert clean_line(found) == found
    assert check_reaction(found) == found
    assert reaction_key(reaction_key(found)) == reaction_key(found)
