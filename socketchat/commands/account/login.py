"""Logging in: by a resume token, by a name with the proof of a key, or as a guest."""

from __future__ import annotations

from functools import partial

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec.structs import replace

from ...exceptions import BadProof, Refused, Unsupported, UsageProblem
from ...hub import Challenged, Hub, Session, User
from ...hub.networks import is_loopback
from ...hub.state import restrictions
from ...protocol import commands, events
from ...protocol.authentication.proofs import (
    KEY_BYTES,
    NONCE_BYTES,
    SIGNATURE_BYTES,
    from_word,
    signed_bytes,
    web_signed_bytes,
)
from ...protocol.limits import VERSION
from ...protocol.names import check_name, name_key
from ...protocol.text.confusables import check_not_reserved
from ..handler import ANSWERED, Answer
from .devices import add_device
from .name_recovery import is_reset, take_back
from .newcomers import Credential, check_guest, check_shown, needs_entry
from .passwords import by_password
from .registration import USER_ID_BYTES, newcomer, registered, taken


async def hello(hub: Hub, session: Session, command: commands.Hello) -> Answer:
    """Log a session in, ask for a proof, or refuse."""
    if session.user is not None:
        raise Refused("You are already logged in.")
    if command.version != VERSION:
        raise Unsupported(f"This server speaks version {VERSION} of the protocol, not {command.version}.")
    session.challenged = None
    hub.permissions.check_entry([restrictions.of_address(session.channel.peer)])
    user = hub.logins.resume(command.token, session) if command.token else None
    if user is None:
        if command.name is None:
            raise UsageProblem("hello needs a name, or the token of a session to resume.")
        name = check_name(command.name)
        if command.key is not None:
            _challenge(hub, session, replace(command, name=name))
            return ANSWERED
        check_guest(hub, session)
        hub.permissions.check_entry(restrictions.of_name(name))
        user = _guest(hub, session, name)
    hub.logins.enter(session, user, command)
    return ANSWERED


async def prove(hub: Hub, session: Session, command: commands.Prove) -> Answer:
    """Log in a user who signed the challenge; a new name becomes an account."""
    challenged = _taken_challenge(session)
    _check_signature(session, challenged, from_word(command.signature, SIGNATURE_BYTES, "A signature"))
    asked = replace(challenged.hello, id=command.id)
    name, key, host = asked.name or "", asked.key or "", None
    holder = hub.directory.lookalike(name)
    if command.invite is not None and is_reset(hub, command.invite):
        user = await take_back(hub, session, asked, command.invite)
    else:
        credential = check_shown(hub, session, challenged, command)
        hub.permissions.check_entry([restrictions.of_device(key), *restrictions.of_name(name)])
        if command.password is not None and not _owns(hub, name, key):
            user = await by_password(hub, session, name, command.password)
            if session.gone:
                return ANSWERED
            hub.permissions.check_entry(restrictions.of_user(user))
            await add_device(hub, session, user, asked)
        elif holder is None:
            user, host = newcomer(hub, session, asked, credential), credential.host
            if asked.listen != "all":
                session.register = partial(_register, hub, session, asked, user, credential)
                hub.logins.enter_unregistered(session, user, asked, host=host)
                return ANSWERED
            user = await registered(hub, session, asked, user, credential)
        elif _owns(hub, name, key):
            user, host = holder, credential.host
        else:
            raise taken(name, holder, key)
    _use_key(hub, session, user, key)
    hub.logins.enter(session, user, asked, host=host)
    if holder is None and list(hub.online.of(user)) == [session]:  # the invite may have added the user to a room
        for room_id in user.rooms:
            name = hub.directory.rooms[room_id].name
            session.tell(events.Alert(text=f"The invite made you a member of {name}. To go there: /join {name}"))
            hub.presence.came(user, session, room_id)
    return ANSWERED


def _taken_challenge(session: Session) -> Challenged:
    """Return the challenge of a session, which is valid for one answer."""
    challenged, session.challenged = session.challenged, None
    if challenged is None:
        raise UsageProblem("prove answers a challenge. Send hello with a key first.")
    if session.user is not None:  # by a password, since the challenge
        raise Refused("You are already logged in.")
    return challenged


async def _register(hub: Hub, session: Session, asked: commands.Hello, user: User, credential: Credential) -> User:
    """Register the name of a session before it stores anything for the first time."""
    account = await registered(hub, session, asked, user, credential)
    hub.logins.registered(session, account)
    _use_key(hub, session, account, asked.key or "")
    return account


def _challenge(hub: Hub, session: Session, command: commands.Hello) -> None:
    from_word(command.key, KEY_BYTES, "A key")
    from_word(command.nonce, NONCE_BYTES, "A nonce")
    if hub.directory.lookalike(command.name or "") is None:
        check_not_reserved(command.name or "")  # before the user types a join code
    nonce = hub.token(NONCE_BYTES)
    session.challenged = Challenged(command, from_word(nonce, NONCE_BYTES, "A nonce"))
    name = command.name or ""
    spelled = None if name.isascii() else name_key(name)
    challenge = events.Challenge(nonce=nonce, name_key=spelled, unsafe=session.channel.unsafe, id=command.id)
    if needs_entry(hub, name, command.key or ""):
        file = hub.admission.secret_file if session.channel.is_loopback else None
        challenge = replace(challenge, entry="code", secret_file=file)
    elif _is_owned(hub, command):
        challenge = replace(challenge, entry="password")
    session.answer(challenge, command)


def _check_signature(session: Session, challenged: Challenged, signature: bytes) -> None:
    asked = challenged.hello
    key = from_word(asked.key, KEY_BYTES, "A key")
    nonce = from_word(asked.nonce, NONCE_BYTES, "A nonce")
    try:
        origin, name = session.channel.origin, asked.name or ""
        if origin:
            signed = web_signed_bytes(origin, challenged.nonce, nonce, name)
        else:
            signed = signed_bytes(session.channel.binding, challenged.nonce, nonce, name)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise BadProof("The signature does not match the key, the name and this connection.") from None


def _guest(hub: Hub, session: Session, name: str) -> User:
    """Return a guest of this name; raises NameTaken if another user owns or uses it, and TooMany."""
    check_not_reserved(name)
    hub.quotas.check_guest(session.channel.peer)
    user = User(hub.token(USER_ID_BYTES), name, name_key(name))
    holder = hub.directory.lookalike(name)
    if holder is not None or any(hub.claimed[look] for look in user.looks):
        raise taken(name, holder)
    hub.directory.add_guest(user, is_local=is_loopback(session.channel.peer))
    return user


def _is_owned(hub: Hub, asked: commands.Hello) -> bool:
    """Tell whether a name belongs to an account that does not have this key."""
    holder = hub.directory.holder(name_key(asked.name or ""))
    return holder is not None and not holder.is_guest and not holder.has_key(asked.key)


def _owns(hub: Hub, name: str, key: str) -> bool:
    """Tell whether a key belongs to the account with this name."""
    holder = hub.directory.holder(name_key(name))
    return holder is not None and holder.has_key(key)


def _use_key(hub: Hub, session: Session, user: User, key: str) -> None:
    """Note the key of a session, and the time of its use."""
    session.device = key
    if key in user.devices:
        user.devices[key].used = hub.now()
