import pytest

from socketchat.protocol.text.mentions import is_mention, rings
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
