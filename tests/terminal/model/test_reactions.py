from msgspec import Raw

from socketchat.protocol.codec import encode_text
from socketchat.protocol.events import Past, Text
from socketchat.terminal.model.reactions import SHOWN, in_tally, tally, tally_row


def past(seq, kind, text="", *, author="bob", of=None, deleted=False):
    body = Raw(encode_text(Text(text, of=of, deleted=deleted)))
    place = f"#ops/{seq}"
    return Past(conversation="#ops", seq=seq, ts=0, author=author, name=author, kind=kind, body=body, place=place)


LINE = past(1, "message", "hello")


def row(*reactions):
    return tally_row(tally([LINE, *reactions]), LINE)


def test_reactions_are_counted_by_author_in_the_order_of_the_first():
    assert row(
        past(2, "react", "👍", of=1), past(3, "react", "🎉", of=1), past(4, "react", "👍", author="eve", of=1)
    ) == ("👍 2 · 🎉")


def test_a_reaction_taken_back_or_erased_does_not_count():
    assert row(past(2, "react", "👍", of=1), past(3, "unreact", "👍", of=1)) == ""
    assert row(past(2, "react", deleted=True, of=1)) == ""


def test_two_equal_reactions_of_one_author_count_once():
    assert row(past(2, "react", "❤", of=1), past(3, "react", "❤️", of=1)) == "❤️"


def test_many_different_reactions_are_summed_up():
    many = [past(seq, "react", f"r{seq}", of=1) for seq in range(2, SHOWN + 5)]
    assert row(*many).endswith(" · 3 more")


def test_reactions_to_lines_of_other_pages_stay_lines_of_their_own():
    other = past(3, "react", "👍", of=99)
    found = tally([LINE, past(2, "react", "👍", of=1), other])
    assert in_tally(found, past(2, "react", "👍", of=1))
    assert not in_tally(found, other)
    assert not in_tally(found, LINE)


def test_a_hostile_server_s_reaction_is_cut_and_cleaned():
    assert row(past(2, "react", "\x1b[2J" + "x" * 99, of=1)) == "^[[2J" + "x" * 16
