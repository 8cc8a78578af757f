"""Logging in: a resume token, a name with the proof of its owner's key, or a guest's name."""

from __future__ import annotations

from collections import Counter

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec.structs import replace

from ...exceptions import BadProof, ChatError, NameTaken, Refused, Unsupported, UsageProblem
from ...hub import Challenged, Hub, Pending, Session, User
from ...hub.state import facts, restrictions
from ...journal import SERVER_LOG, Conflict, Outcome, Stored
from ...protocol import commands, events
from ...protocol.authentication.proofs import KEY_BYTES, NONCE_BYTES, SIGNATURE_BYTES, from_word, signed_bytes
from ...protocol.limits import VERSION
from ...protocol.names import check_name, name_key
from ...protocol.text.confusables import check_not_reserved
from .devices import add_device, free_place, note_use, shown_label
from .name_recovery import is_reset, take_back
from .newcomers import Entry, check_guest, check_newcomer, check_shown, needs_entry
from .passwords import by_password

USER_ID_BYTES = 8
"""64 random bits: two users of one server never share an id."""


def hello(hub: Hub, session: Session, command: commands.Hello) -> None:
    """Let a session in, ask for a proof, or say why not."""
    if session.user is not None:
        raise Refused("You are logged in already.")
    if command.version != VERSION:
        raise Unsupported(f"This server speaks version {VERSION} of the protocol, not {command.version}.")
    session.challenged = None
    hub.permissions.check_entry([restrictions.of_address(session.channel.peer)])
    user = hub.attendance.resume(command.token, session) if command.token else None
    if user is None:
        if command.name is None:
            raise UsageProblem("hello needs a name, or the token of a session that can be resumed.")
        name = check_name(command.name)
        if command.key is not None:
            _challenge(hub, session, replace(command, name=name))
            return
        check_guest(hub, session)
        hub.permissions.check_entry(restrictions.of_name(name))
        user = _guest(hub, name)
    hub.attendance.enter(session, user, command)


def prove(hub: Hub, session: Session, command: commands.Prove) -> None:
    """Let in whoever signed the challenge; an account is made where the name is new."""
    challenged, session.challenged = session.challenged, None  # a challenge is good for one answer
    if challenged is None:
        raise UsageProblem("prove answers a challenge; say hello with a key first.")
    if session.user is not None:  # by a password, since the challenge
        raise Refused("You are logged in already.")
    asked = challenged.hello
    _check_signature(session, challenged, from_word(command.signature, SIGNATURE_BYTES, "A signature"))
    asked = replace(asked, id=command.id)
    if command.invite is not None and is_reset(hub, command.invite):
        _enter_by_reset(hub, session, asked, command.invite)
        return
    entry = check_shown(hub, session, challenged, command)
    hub.permissions.check_entry([restrictions.of_device(asked.key or ""), *restrictions.of_name(asked.name or "")])
    if command.password is not None and _is_new_device(hub, asked):
        _enter_by_password(hub, session, asked, command.password)
    else:
        _enter_owner(hub, session, asked, entry)


def _challenge(hub: Hub, session: Session, command: commands.Hello) -> None:
    from_word(command.key, KEY_BYTES, "A key")
    from_word(command.nonce, NONCE_BYTES, "A nonce")
    nonce = hub.token(NONCE_BYTES)
    session.challenged = Challenged(command, from_word(nonce, NONCE_BYTES, "A nonce"))
    challenge = events.Challenge(nonce=nonce, id=command.id)
    if needs_entry(hub, command.name or "", command.key or ""):
        file = hub.entrance.secret_file if session.channel.is_loopback else None
        challenge = replace(challenge, entry="code", secret_file=file)
    elif _is_owned(hub, command):
        challenge = replace(challenge, entry="password")
    session.tell(challenge)


def _check_signature(session: Session, challenged: Challenged, signature: bytes) -> None:
    asked = challenged.hello
    key = from_word(asked.key, KEY_BYTES, "A key")
    nonce = from_word(asked.nonce, NONCE_BYTES, "A nonce")
    try:
        signed = signed_bytes(session.channel.binding, challenged.nonce, nonce, asked.name or "")
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise BadProof("The proof does not hold: it has to be the key's own, for this connection.") from None


def _guest(hub: Hub, name: str) -> User:
    """Return a guest of this name, which nobody may own or use."""
    check_not_reserved(name)
    user = User(hub.token(USER_ID_BYTES), name, name_key(name))
    holder = hub.directory.lookalike(name)
    if holder is not None or any(hub.claimed[look] for look in user.looks):
        raise _taken(name, holder)
    hub.directory.add_user(user)
    return user


def _is_owned(hub: Hub, asked: commands.Hello) -> bool:
    """Tell whether a name is that of an account to which the key does not belong."""
    holder = hub.directory.holder(name_key(asked.name or ""))
    return holder is not None and not holder.is_guest and asked.key not in holder.devices


def _is_new_device(hub: Hub, asked: commands.Hello) -> bool:
    holder = hub.directory.holder(name_key(asked.name or ""))
    return holder is None or asked.key not in holder.devices


def _enter_by_reset(hub: Hub, session: Session, asked: commands.Hello, token: str) -> None:
    """Give a name back to whoever has the operator's link for it."""

    def enter(user: User) -> None:
        note_use(hub, session, user, asked.key or "")
        hub.attendance.enter(session, user, asked)

    take_back(hub, session, asked, token, enter)


def _enter_by_password(hub: Hub, session: Session, asked: commands.Hello, password: str) -> None:
    """Make a key that of another device of whoever knows the password."""

    def enter(user: User) -> None:
        note_use(hub, session, user, asked.key or "")
        hub.attendance.enter(session, user, asked)

    def add(user: User) -> None:
        hub.permissions.check_entry(restrictions.of_user(user))
        add_device(hub, session, user, asked, enter)

    by_password(hub, session, asked.name or "", password, enter=add, command_id=asked.id)


def _enter_owner(hub: Hub, session: Session, asked: commands.Hello, entry: Entry) -> None:
    """Let in the owner of a device's key under a name that is the owner's, or becomes it."""
    name, device = asked.name or "", asked.key or ""
    holder = hub.directory.lookalike(name)
    if holder is None:
        check_not_reserved(name)
        check_newcomer(hub, session, device, entry)
        user = User(hub.token(USER_ID_BYTES), name, name_key(name), device)
        _make_account(hub, session, asked, user, entry)
    elif holder.key == name_key(name) and device in holder.devices:
        note_use(hub, session, holder, device)
        hub.attendance.enter(session, holder, asked, host=entry.host)
    else:
        raise _taken(name, holder, device)


def _make_account(hub: Hub, session: Session, asked: commands.Hello, user: User, entry: Entry) -> None:
    """Ask the log for the name; the same person may do so twice at once, and is let in twice."""
    (device,) = user.devices
    place = free_place(hub, device)
    invite = entry.invite
    use = () if invite is None else (invite.next_use(hub.now()),)

    def decided(outcome: Outcome) -> None:
        hub.claimed -= Counter(user.looks)
        holder = hub.directory.lookalike(user.name)
        if session.gone:
            return
        if holder is not None and holder.key == user.key and device in holder.devices:
            if _enter_late(hub, session, holder, asked, entry) and isinstance(outcome, Stored):
                for room in holder.rooms:
                    hub.attendance.presence.came(holder, session, room.id)
        elif isinstance(outcome, Conflict) and outcome.claim in (place, *use) and holder is None:
            _again(hub, session, asked, user, entry)
        elif isinstance(outcome, Conflict):
            session.refuse(_taken(user.name, holder, device), asked.id)
        else:
            session.refuse(hub.why_not(outcome), asked.id, retry=True)

    hub.claimed += Counter(user.looks)
    hub.submit(
        Pending(
            SERVER_LOG,
            user,
            "user",
            facts.encode(
                facts.UserFact(
                    user.id, user.name, device, None if invite is None else invite.id, shown_label(asked.label)
                )
            ),
            session=session,
            claims=(*hub.directory.name_claims(user), place, *use),
            then=decided,
        )
    )


def _enter_late(hub: Hub, session: Session, user: User, asked: commands.Hello, entry: Entry) -> bool:
    """Let a user in whose account was stored just now, and return True, unless the user was banned meanwhile."""
    try:
        hub.attendance.enter(session, user, asked, host=entry.host)
    except ChatError as error:
        session.refuse(error, asked.id)
        return False
    note_use(hub, session, user, asked.key or "")
    return True


def _again(hub: Hub, session: Session, asked: commands.Hello, user: User, entry: Entry) -> None:
    """Ask once more, since another name of the same key, or another use of the same invite, came first."""
    try:
        _make_account(hub, session, asked, user, entry)
    except ChatError as error:
        session.refuse(error, asked.id)


def _taken(name: str, holder: User | None, device: str | None = None) -> NameTaken:
    """Return the error for a name that ``holder`` has, or that another user asked for just now."""
    if holder is not None and device in holder.devices:
        return NameTaken(f"{name!r} looks like {holder.name!r}, which is your own name; log in as {holder.name}.")
    if holder is not None and holder.key != name_key(name):
        return NameTaken(f"{name!r} looks like {holder.name!r}, which is taken; choose another name.")
    whose = f"{name} is in use by" if holder is None or holder.is_guest else f"The name {name} belongs to"
    return NameTaken(f"{whose} somebody else; choose another name.")
