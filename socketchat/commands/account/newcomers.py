"""Checks what newcomers need to register: the join code, the local secret or an invite."""

from __future__ import annotations

from hmac import compare_digest
from typing import NamedTuple

from ...exceptions import BadCode, BadInvite, CodeNeeded, NoGuests
from ...hub import Challenged, Hub, Session
from ...hub.policy.admission import UNSAFE_PAGE, Shown, Who
from ...hub.policy.limits import WRONG_CODE_COMMANDS
from ...hub.state.invites import Invite
from ...protocol import commands
from ...protocol.authentication.entry_proof import PROOF_BYTES, entry_proof, plain_code
from ...protocol.authentication.proofs import KEY_BYTES, NONCE_BYTES, from_word, to_word


class Credential(NamedTuple):
    """A credential that was checked besides the key; ``host`` is the server's own proof, in return."""

    shown: Shown | None = None
    host: str | None = None
    invite: Invite | None = None


def check_shown(hub: Hub, session: Session, challenged: Challenged, proof: commands.Prove) -> Credential:
    """Return the credential in a proof; refuse a wrong one, even if none is needed.

    Raises BadCode and BadInvite. A wrong code or invite costs the connection several commands.
    """
    if proof.code is not None:
        if session.channel.origin:
            host = _code_in_page(hub, session, proof.code)
        else:
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
    """Raise CodeNeeded unless the holder of this proven key may register a name, or TooMany if too many did."""
    who: Who = "known" if hub.state.owned(key) else "newcomer"
    if not hub.admission.admits(who, session.channel, credential.shown):
        if credential.shown is not None:
            raise CodeNeeded("Join codes and invites work over TLS only.")
        raise CodeNeeded("This server needs a join code or an invite. Ask whoever runs it.")
    if credential.shown in {None, "code"}:  # invites have their own limit, and the local secret is the operator's
        hub.quotas.check_account(session.channel.peer)


def check_guest(hub: Hub, session: Session) -> None:
    """Raise NoGuests unless this connection may log in as a guest."""
    if session.profile is not None and session.profile.account is not None:
        return  # who has proved an account may use another name, too
    if not hub.admission.admits("guest", session.channel, "password" if session.shown_password else None):
        if hub.admission.password:
            raise NoGuests("Guests need the password of this server, which IRC clients send with PASS.")
        raise NoGuests("Guests can only log in from the server's own machine. Elsewhere, use `socketchat join`.")


def needs_entry(hub: Hub, name: str, key: str) -> bool:
    """Tell whether the holder of this key, which owns no other name yet, needs a credential for this name.

    If another user owns the name, no code helps, so the server does not ask for one.
    """
    return not (hub.admission.is_open or hub.state.owned(key)) and hub.directory.lookalike(name) is None


def _code_in_page(hub: Hub, session: Session, typed: str) -> str | None:
    """Return "" if the words of a join code are right, else None; raises Refused in an unsafe page.

    A proof that hides the code would gain nothing: the server has made the page into which it is typed.
    """
    if not session.channel.takes_secrets:
        raise CodeNeeded(f"Do not type the join code here. {UNSAFE_PAGE}")
    code = hub.admission.join_code.code if hub.admission.join_code is not None else ""
    return "" if code and compare_digest(plain_code(typed), code) else None


def _host_proof(key: bytes, session: Session, challenged: Challenged, word: str) -> str | None:
    """Return the server's answer to the client's proof of a secret, or None if the proof is wrong."""
    theirs = from_word(word, PROOF_BYTES, "A proof of entry")
    asked = challenged.hello
    covered = {
        "binding": session.channel.binding,
        "server_nonce": challenged.nonce,
        "client_nonce": from_word(asked.nonce, NONCE_BYTES, "A nonce"),
        "public_key": from_word(asked.key, KEY_BYTES, "A key"),
    }
    name = asked.name or ""
    # An empty secret proves nothing: any client could make a MAC under an empty key.
    if not key or not compare_digest(theirs, entry_proof(key, "join", name=name, **covered)):
        return None
    return to_word(entry_proof(key, "host", name=name, **covered))


def check_newcomer_with(hub: Hub, session: Session, word: str) -> None:
    """Raise CodeNeeded unless a user without a key may register a name, with a ``word``: see :func:`shown_by`."""
    if not hub.admission.admits("newcomer", session.channel, shown_by(hub, session, word)):
        session.allowance.left -= WRONG_CODE_COMMANDS
        raise CodeNeeded("This server needs its password, a join code or an invite: give it as PASS, over TLS.")
    hub.quotas.check_account(session.channel.peer)


def shown_by(hub: Hub, session: Session, word: str) -> Shown | None:
    """Return what a client without a key has shown as a ``word``: the server's password, the join code or nothing."""
    if session.shown_password or hub.admission.accepts(word):
        return "password"
    code = hub.admission.join_code
    if word and code is not None and session.channel.is_private and compare_digest(word.encode(), code.code.encode()):
        return "code"
    return None
