"""Proving an account: SASL PLAIN (IRCv3 sasl-3.2, RFC 4616), PASS, and registering one (draft/account-registration)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64

from ....commands.account.newcomers import check_newcomer_with
from ....commands.account.passwords import by_password
from ....commands.account.registration import register_with_password
from ....exceptions import BadPassword, Busy, ChatError, NameTaken, TooMany, UsageProblem
from ....hub import User
from ....protocol import commands, events
from ....protocol.authentication.passwords import check_password
from ....protocol.names import check_name, name_key
from ....protocol.text.confusables import check_not_reserved
from .. import numerics as n
from ..line import Call
from ..network import mask
from ..numerics import Numeric

CHUNK_BYTES = 400
"""Bytes of one AUTHENTICATE line; a response of this length goes on in the next one."""

RESPONSE_BYTES = 4096
"""Longest response: the longest password, twice a name, in base64, and some room."""

MECHANISMS = "PLAIN"


async def authenticate(call: Call) -> None:
    """Take a part of a SASL exchange."""
    client, word = call.client, call.param(0)
    if not client.has("sasl"):
        call.numeric(n.ERR_SASLFAIL)
    elif call.session.user is not None and not call.user.is_guest:
        call.numeric(n.ERR_SASLALREADY)
    elif word == "*":
        client.mechanism = client.sasl = ""
        call.numeric(n.ERR_SASLABORTED)
    elif not client.mechanism:
        if word.upper() != MECHANISMS:
            call.numeric(n.RPL_SASLMECHS, MECHANISMS)
            call.numeric(n.ERR_SASLFAIL)
            return
        client.mechanism = MECHANISMS
        call.line("AUTHENTICATE", "+", source="")
    elif len(word) > CHUNK_BYTES:
        client.mechanism = client.sasl = ""
        call.numeric(n.ERR_SASLTOOLONG)
    else:
        client.sasl += "" if word == "+" else word
        if len(client.sasl) > RESPONSE_BYTES:
            client.mechanism = client.sasl = ""
            call.numeric(n.ERR_SASLFAIL)
        elif len(word) < CHUNK_BYTES:
            response, client.mechanism, client.sasl = client.sasl, "", ""
            await _plain(call, response)


async def _plain(call: Call, response: str) -> None:
    try:
        parts = b64decode(response, validate=True).decode().split("\0")
        if len(parts) != 3 or name_key(parts[0] or parts[1]) != name_key(parts[1]):
            raise UsageProblem("The response is not that of PLAIN.")
        account = await by_password(call.hub, call.session, parts[1], parts[2])
    except (BadBase64, ValueError):
        call.numeric(n.ERR_SASLFAIL)
    except ChatError as error:
        call.numeric(Numeric(n.ERR_SASLFAIL.code), f"SASL authentication failed: {error}")
    else:
        logged_in(call, account)
        call.numeric(n.RPL_SASLSUCCESS)


def logged_in(call: Call, account: User) -> None:
    """Note the account that a client has proved, and tell those who see a guest of another name."""
    client, user = call.client, call.session.user
    client.account = account
    shown = mask(user) if user is not None else f"{client.target}!*@*"
    call.numeric(n.RPL_LOGGEDIN, shown, account.name, f"You are now logged in as {account.name}")
    if user is not None and user.is_guest and user.profile is not None:
        user.profile.account = account
        call.hub.presence.tell_about(
            user, events.Authenticated(user=user.id, name=user.name, account=account.name), own=False
        )


async def account_of_password(call: Call) -> User | None:
    """Return the account that PASS has proved; raises ChatError for a wrong password.

    PASS has the server's password, the name and the password of an account, or both.
    """
    client, admission = call.client, call.hub.admission
    word = client.password
    if word is None or client.account is not None:
        return client.account
    if admission.password:
        first, colon, rest = word.partition(":")
        if admission.accepts(word):
            call.session.shown_password = True
            return None
        if not admission.accepts(first):
            return await _by_name(call, word) if ":" in word else None
        call.session.shown_password = True
        return await _by_name(call, rest) if colon else None
    holder = call.hub.directory.holder(name_key(client.nick))
    if ":" in word and call.hub.directory.holder(name_key(word.partition(":")[0])) is not None:
        return await _by_name(call, word)
    if holder is not None and not holder.is_guest:
        return await by_password(call.hub, call.session, client.nick, word)
    return None


async def _by_name(call: Call, word: str) -> User:
    name, _, secret = word.partition(":")
    return await by_password(call.hub, call.session, name, secret)


async def register(call: Call) -> None:
    """Register the client's name as an account."""
    client, session = call.client, call.session
    nick = session.user.name if session.user is not None else client.nick
    account = (nick or "*") if call.param(0) == "*" else call.param(0)
    why = _why_not(call, account, nick)
    if why:
        call.fail(why[0], account, why[1])
        return
    try:
        check_not_reserved(check_name(nick))
        check_newcomer_with(call.hub, session, client.password or "")
        user = await register_with_password(call.hub, session, nick, check_password(call.param(2), nick))
    except ChatError as error:
        code = next((code for kind, code in _FAILURES.items() if isinstance(error, kind)), "UNACCEPTABLE_ACCOUNT_NAME")
        call.fail(code, account, str(error))
    else:
        call.line("REGISTER", "SUCCESS", user.name, f"The account {user.name} is yours.")
        logged_in(call, user)
        await become(call, user)


_FAILURES: dict[type[ChatError], str] = {
    NameTaken: "ACCOUNT_EXISTS",
    BadPassword: "WEAK_PASSWORD",
    UsageProblem: "BAD_ACCOUNT_NAME",
    Busy: "TEMPORARILY_UNAVAILABLE",
    TooMany: "TEMPORARILY_UNAVAILABLE",
}


def _why_not(call: Call, account: str, nick: str) -> tuple[str, str] | None:
    """Return why the client may not register an account: a code, and a sentence."""
    user = call.session.user
    holder = call.hub.directory.lookalike(account)
    if call.client.account is not None or (user is not None and not user.is_guest):
        return "ALREADY_AUTHENTICATED", "You are already logged in."
    if holder is not None and holder is not user:
        return "ACCOUNT_EXISTS", f"The name {account} is taken."
    if not nick:
        return "NEED_NICK", "Send NICK first."
    if name_key(account) != name_key(nick):
        return "ACCOUNT_NAME_MUST_BE_NICK", "The account must have the name that you use."
    return None


async def become(call: Call, account: User) -> None:
    """Let a guest go on as an account of its name, in the rooms where it was."""
    session = call.session
    if session.user is None:
        return
    rooms = [room.name for room in call.hub.directory.rooms_of(session.user)]
    session.profile = session.user.profile
    if session.profile is not None:
        session.profile.account = None
    call.hub.logins.leave(session)
    call.hub.logins.enter(session, account, commands.Hello(name=account.name))
    for room in rooms:
        await call.perform(commands.Join(room=room))
