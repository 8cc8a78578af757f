import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text
from msgspec import Raw
from msgspec.json import encode
from msgspec.structs import replace

from socketchat.protocol.names import LONGEST_DECOMPOSED, fold, name_key
from socketchat.protocol.text.mentions import _WORD, is_mention, mentions, rings
from tests.terminal.events import DIRECT, entry


@pytest.mark.parametrize(
    ("said", "to", "calling"),
    [
        (entry("hello Alice, look"), True, True),
        (entry("looks at @alice.", kind="action", room="#ops"), True, True),
        (entry("hello"), False, False),
        (entry("malice"), False, False),
        (entry("alice", name="alice"), False, False),
        (entry("alice", kind="topic"), False, False),
        (entry("psst", room=DIRECT, to="alice"), False, True),
        (entry("psst", room=DIRECT, name="alice", to="bob"), False, False),
        (entry("psst", room=DIRECT, kind="edit", changes=1), False, False),
    ],
)
def test_a_mention_is_the_name_as_a_word_and_rings_the_bell(said, to, calling):
    assert is_mention(said, "alice", "alice") == to
    assert rings(said, "alice", "alice") == calling


def test_a_reply_calls_the_author_of_the_message_and_nobody_else():
    body = {"text": "yes", "of": 1, "of_author": "alice", "of_name": "alice"}
    said = replace(entry("yes", kind="reply"), body=Raw(encode(body)))
    assert is_mention(said, "alice", "alice")
    assert rings(said, "alice", "alice")
    assert not is_mention(said, "carol", "carol")
    assert not is_mention(replace(said, author="alice"), "alice", "alice")
    assert not is_mention(replace(said, body=Raw(b"[]")), "alice", "alice")


LETTERS = "bob. -_é\u0301BＢ¨ﷺ…ı İ1١\n,#@⑴ﬀ"


@given(text=text(alphabet=LETTERS, max_size=30), name=sampled_from(["bob", "b1", "i", "é", "b-b"]))
def test_a_mention_is_a_word_with_the_key_of_the_name(text: str, name: str) -> None:
    words = [each for word in _WORD(text) for each in (word, word.rstrip(".-_"))]
    assert mentions(text, name) == any(name_key(word) == name for word in words)


@pytest.mark.parametrize(
    "piece",
    [
        "é ",
        "\u0301",
        "a" + "\u0301\u0323\u05b0\u0f71" * 19 + " ",
        "١٢ ",
        "ﷺ ",
        "bob, ",
        "xbobx é ",
        "i\u0307 ",
        "会",
        "bob. ",
    ],
)
def test_the_work_for_a_text_is_bounded_by_its_length(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step folds all words together, and each word is short, so no step is quadratic in the text."""
    folded = []
    monkeypatch.setattr("socketchat.protocol.text.mentions.fold", lambda text: folded.append(text) or fold(text))
    said = (piece * 32_768)[: 32_768 // max(1, len(piece[0].encode()))]
    mentions(said, "nobody")
    assert len(folded) <= 1
    assert sum(map(len, folded)) <= len(said)
    assert all(len(word) <= LONGEST_DECOMPOSED for text in folded for word in text.split("\n"))
