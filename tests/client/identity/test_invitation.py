import pytest

from socketchat.client.address import Address
from socketchat.client.identity.invitation import Invitation, is_url, parse_invitation
from socketchat.exceptions import UsageProblem
from socketchat.protocol.authentication.proofs import to_word

KEY, TOKEN = b"k" * 32, to_word(b"t" * 16)


@pytest.mark.parametrize("address", [Address("chat.example", 5000), Address("::1", 7), Address("192.0.2.1", 65535)])
def test_an_invite_url_has_address_fingerprint_and_token(address: Address) -> None:
    invitation = Invitation(address, KEY, TOKEN)
    assert parse_invitation(invitation.url) == invitation
    assert parse_invitation(f"  {invitation.url}\r\n") == invitation
    assert invitation.credentials.invite == TOKEN


@pytest.mark.parametrize("address", [Address("chat.example", 5000), Address("::1", 443), Address("chat.example", 443)])
def test_a_url_for_browsers_is_the_same_invite(address: Address) -> None:
    invitation = Invitation(address, KEY, TOKEN)
    assert invitation.web_url.startswith("https://")
    assert ":443" not in invitation.web_url
    assert parse_invitation(invitation.web_url) == invitation
    assert TOKEN not in invitation.web_url.partition("#")[0]


def test_an_invite_url_may_omit_the_port_and_the_slash() -> None:
    url = Invitation(Address("chat.example", 5000), KEY, TOKEN).url
    assert parse_invitation(url.replace(":5000/", "")).address == Address("chat.example", 5000)


def test_the_secrets_of_an_invite_are_in_the_fragment_and_in_no_repr() -> None:
    invitation = Invitation(Address("chat.example", 5000), KEY, TOKEN)
    assert TOKEN not in invitation.url.partition("#")[0]
    assert TOKEN not in repr(invitation)


@pytest.mark.parametrize("word", ["socketchat://h/#x", " SocketChat://h", "https://h/#invite=x"])
def test_an_invite_url_is_distinguished_from_a_name(word: str) -> None:
    assert is_url(word)
    assert not is_url("alice")
    assert not is_url("-")


@pytest.mark.parametrize(
    "url",
    [
        "alice",
        "socketchat://",
        "socketchat://chat.example:5000/",
        f"socketchat://chat.example:5000/#{TOKEN}",
        f"socketchat://chat.example:5000/#{to_word(KEY)}.{TOKEN[:-1]}",
        f"socketchat://chat.example:5000/#{to_word(KEY)[:-2]}.{TOKEN}",
        f"socketchat://chat.example:x/#{to_word(KEY)}.{TOKEN}",
        f"socketchat:///#{to_word(KEY)}.{TOKEN}",
        f"https://chat.example:5000/#{to_word(KEY)}.{TOKEN}",
        f"https://chat.example:5000/#invite={to_word(KEY)}.{TOKEN[:-1]}",
        f"http://chat.example:5000/#{to_word(KEY)}.{TOKEN}",
        "socketchat://" + "x" * 2000,
        f"socketchat://a:\0b:5000/#{to_word(KEY)}.{TOKEN}",
        f"socketchat://a\0b:5000/#{to_word(KEY)}.{TOKEN}",
        f"socketchat://a b:5000/#{to_word(KEY)}.{TOKEN}",
    ],
)
def test_the_error_for_an_invalid_invite_does_not_repeat_it(url: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse_invitation(url)
    assert TOKEN[:-1] not in str(caught.value)
