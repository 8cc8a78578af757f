"""What newcomers show to be let in: the join code, the local secret or an invite, checked in one place."""

from __future__ import annotations

from hmac import compare_digest
from typing import NamedTuple

from ...exceptions import BadCode, BadInvite, CodeNeeded, NoGuests
from ...hub import Challenged, Hub, Session
from ...hub.policy.admission import Shown, Who
from ...hub.policy.limits import WRONG_CODE_COMMANDS
from ...hub.state.invites import Invite
from ...protocol import commands
from ...protocol.authentication.entry_proof import PROOF_BYTES, entry_proof
from ...protocol.authentication.proofs import KEY_BYTES, NONCE_BYTES, from_word, to_word


class Credential(NamedTuple):
    """What was shown besides the key and found right; ``host`` is the server's own proof, in return."""

    shown: Shown | None = None
    host: str | None = None
    invite: Invite | None = None


def check_shown(hub: Hub, session: Session, challenged: Challenged, proof: commands.Prove) -> Credential:
    """Return what a proof shows beside the key; what is wrong is refused, needed or not.

    Raises BadCode and BadInvite. A wrong code or invite costs the connection that shows it several commands.
    """
    if proof.code is not None:
        host = _host_proof(hub.admission.code_key, session, challenged, proof.code)
        if host is None:
            session.allowance.left -= WRONG_CODE_COMMANDS
            raise BadCode("Wrong join code. Ask whoever runs the server; `socketchat admin code` shows it there.")
        return Credential("code", host)
    if proof.local is not None:
        host = _host_proof(hub.admission.local_secret, session, challenged, proof.local)
        if host is None:
            raise BadCode("The local secret belongs to another server. Use the join code of this one.")
        return Credential("local", host)
    if proof.invite is not None:
        try:
            return Credential("invite", None, hub.state.invites.of_token(proof.invite))
        except BadInvite:
            session.allowance.left -= WRONG_CODE_COMMANDS
            raise
    return Credential()


def check_newcomer(hub: Hub, session: Session, key: str, credential: Credential) -> None:
    """Raise CodeNeeded unless somebody with this key, which is proved, may take a new name; TooMany if not now."""
    who: Who = "known" if hub.state.owned(key) else "newcomer"
    if not hub.admission.admits(who, session.channel, credential.shown):
        if credential.shown is not None:
            raise CodeNeeded("Join codes and invites work over TLS only.")
        raise CodeNeeded("This server needs a join code or an invite. Ask whoever runs it.")
    if credential.shown in {None, "code"}:  # an invite has its own count, and the local secret is the operator's
        hub.quotas.check_account(session.channel.peer)


def check_guest(hub: Hub, session: Session) -> None:
    """Raise NoGuests unless somebody without a key may come in."""
    if not hub.admission.admits("guest", session.channel):
        raise NoGuests("Guests can only log in from the server's own machine. Elsewhere, use `socketchat join`.")


def needs_entry(hub: Hub, name: str, key: str) -> bool:
    """Tell whether whoever asks for this name has to show something beside this key, which owns no other name yet.

    The name may also be somebody else's: then no code helps, and none should be asked for.
    """
    return not (hub.admission.is_open or hub.state.owned(key)) and hub.directory.lookalike(name) is None


def _host_proof(key: bytes, session: Session, challenged: Challenged, word: str) -> str | None:
    """Return the server's answer to the client's proof of a secret, None where the proof is wrong."""
    theirs = from_word(word, PROOF_BYTES, "A proof of entry")
    asked = challenged.hello
    covered = {
        "binding": session.channel.binding,
        "server_nonce": challenged.nonce,
        "client_nonce": from_word(asked.nonce, NONCE_BYTES, "A nonce"),
        "public_key": from_word(asked.key, KEY_BYTES, "A key"),
    }
    name = asked.name or ""
    # Without a secret there is no proof: a MAC under an empty key would be anybody's.
    if not key or not compare_digest(theirs, entry_proof(key, "join", name=name, **covered)):
        return None
    return to_word(entry_proof(key, "host", name=name, **covered))
