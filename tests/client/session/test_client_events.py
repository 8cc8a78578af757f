import pytest

from socketchat.client.session.client_events import NotSent
from socketchat.exceptions import NotFound
from socketchat.protocol.commands import Delete, Edit, Send


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (Send(to="@bob", text="hi"), "It was sent to @bob earlier: hi"),
        (Edit(conversation="#ops", text="hi", seq=3), "It was to change #ops/3, earlier: hi"),
        (Edit(conversation="@bob", text="hi"), "It was to change your last line in @bob, earlier: hi"),
        (Delete(conversation="#ops", seq=3), "It was to delete #ops/3, earlier."),
        (Delete(conversation="#ops"), "It was to delete your last line in #ops, earlier."),
    ],
)
def test_an_unsent_message_is_reported_in_a_sentence(message, sentence) -> None:
    assert NotSent(message, NotFound("There is none.")).sentence == sentence
