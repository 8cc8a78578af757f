import pytest

from socketchat.client.session.client_events import NotSent
from socketchat.exceptions import NotFound
from socketchat.protocol.commands import Delete, Edit, Send


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (Send(to="@bob", text="hi"), "Your message to @bob from an earlier visit was not sent: hi"),
        (Edit(conversation="#ops", text="hi", seq=3), "Your edit of #ops/3 from an earlier visit was not made: hi"),
        (
            Edit(conversation="@bob", text="hi"),
            "Your edit of your last line in @bob from an earlier visit was not made: hi",
        ),
        (Delete(conversation="#ops", seq=3), "Your deletion of #ops/3 from an earlier visit was not made."),
        (Delete(conversation="#ops"), "Your deletion of your last line in #ops from an earlier visit was not made."),
    ],
)
def test_an_unsent_message_is_reported_in_a_sentence(message, sentence) -> None:
    assert NotSent(message, NotFound("There is none.")).sentence == sentence
