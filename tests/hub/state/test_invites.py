import pytest

from socketchat.exceptions import BadInvite, UsageProblem
from socketchat.hub.state import facts
from socketchat.hub.state.invites import Invites, invite_id
from socketchat.protocol.authentication.proofs import to_word

TOKEN = to_word(b"t" * 16)
NOW = 1_000


def invited(**more) -> Invites:
    invites = Invites()
    invites.made(facts.InviteFact(**{"id": invite_id(TOKEN), "uses": 2, "expires": NOW + 1} | more))
    return invites


def test_each_use_of_an_invite_has_its_own_claim() -> None:
    invites = invited()
    invite = invites.of_token(TOKEN)
    assert invite.next_use(NOW) == f"invite:{invite.id}:1"
    invites.used(invite.id)
    assert invite.next_use(NOW) == f"invite:{invite.id}:2"
    invites.used(invite.id)
    with pytest.raises(BadInvite, match="used up"):
        invite.next_use(NOW)


def test_an_invite_expires() -> None:
    with pytest.raises(BadInvite, match="expired"):
        invited().of_token(TOKEN).next_use(NOW + 1)


def test_a_revoked_invite_is_refused() -> None:
    invites = invited()
    invites.revoked(invite_id(TOKEN))
    with pytest.raises(BadInvite, match="revoked"):
        invites.of_token(TOKEN).next_use(NOW)


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(BadInvite, match="does not know the invite"):
        invited().of_token(to_word(b"u" * 16))
    with pytest.raises(UsageProblem):
        invited().of_token(invite_id(TOKEN))


def test_facts_about_an_unknown_invite_change_nothing() -> None:
    invites = Invites()
    assert invites.used("nothing") is None
    invites.revoked("nothing")
    assert invites.by_id == {}


def test_the_token_of_an_invite_is_not_stored() -> None:
    assert TOKEN not in repr(vars(invited()))
