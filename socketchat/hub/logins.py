"""Logs sessions in and out, resumes them, and ends those of banned users and revoked devices."""

from __future__ import annotations

from collections.abc import Callable

from ..exceptions import Refused, Replaced
from ..protocol import commands, events
from ..protocol.authentication.proofs import fingerprint
from .delivery.presence import Presence, Timer
from .delivery.replay import Replay
from .delivery.subscriptions import Subscriptions
from .delivery.welcome import WELCOME_CONVERSATIONS, Positions, described, replay_start, welcome
from .directory import Directory
from .former import Former
from .online import Online
from .policy.permissions import Permissions
from .policy.throttle import Throttle
from .sessions import Session
from .state import restrictions
from .state.conversations import Conversation, Room
from .state.users import User

RESUME_SECONDS = 15.0
"""Time to resume a broken link before others see the user leave: a closed lid, an elevator, another access point."""

PENDING_NOTICE = (
    "A new password was set for your account without the old one. It becomes valid a day after that. "
    "Not you? /password keep refuses it."
)

SHOWN_CHARACTERS = 9
"""Characters of a fingerprint in advice: the first two groups, which are distinct among the keys of an account."""

TOKEN_BYTES = 16
"""128 random bits cannot be guessed."""

PAUSED_SECONDS = 0.1
"""Pause before checking again whether a slow reader can take more conversations of its welcome."""


class Logins:
    """Logs sessions in and out, and reports to ``presence`` who came online and went offline.

    ``epoch`` is set when the journal is open.
    """

    def __init__(
        self,
        directory: Directory,
        online: Online,
        permissions: Permissions,
        replay: Replay,
        *,
        presence: Presence,
        subscriptions: Subscriptions,
        timer: Timer,
        token: Callable[[int], str],
        throttle: Throttle,
        former: Former,
    ) -> None:
        self.epoch = ""
        self.resumable: dict[str, Session] = {}
        self._directory = directory
        self._online = online
        self._permissions = permissions
        self._replay = replay
        self._presence = presence
        self._subscriptions = subscriptions
        self._timer = timer
        self._token = token
        self._throttle = throttle
        self._former = former

    def enter(self, session: Session, user: User, hello: commands.Hello, *, host: str | None = None) -> None:
        """Log a session in as ``user``: welcome it with the server's proof, start its replay, tell the others.

        Every login ends here, however the user was authenticated. A session that is gone is ignored. Raises Banned,
        TooMany, and Refused if the name was released meanwhile.
        """
        if session.gone:
            return
        if self._directory.users.get(user.id) is not user:
            raise Refused(f"The name {user.name} was released. Log in again to take it.")
        self._permissions.check_entry([*restrictions.of_user(user), restrictions.of_address(session.channel.peer)])
        self._throttle.check_login(user, len(self._online.of(user)), len(user.rooms) + len(user.pairs))
        session.user = user
        user.profile = session.profile or user.profile
        self._throttle.log_in(session)
        session.listens = hello.listen == "all"
        self._online.add(user, session)
        heard = self._hears(session, user)
        resumes = session.listens and hello.epoch == self.epoch
        positions = hello.positions if resumes else None
        if session.listens:
            self._appear(session, user)
        self._welcome(session, user, heard, hello, host, positions)
        if session.listens:
            if resumes:
                session.places.fall_behind()
            session.places.listen(self._presence.listeners if session.rendering.hears_lobby else None)
            self._remind(session, user)
            for conversation in heard[:WELCOME_CONVERSATIONS]:
                session.places.enter(conversation, replay_start(conversation, positions))
            if hello.epoch is not None:
                self._presence.inform(session)
        self._enter_rest(session, user, heard[WELCOME_CONVERSATIONS:], positions)

    def _remind(self, session: Session, user: User) -> None:
        """Tell a session of a new password and of revocations that its user can still refuse."""
        if user.pends(self._permissions.now()):
            session.tell(events.Alert(text=PENDING_NOTICE))
        for key in user.devices if self._directory.revocations else ():
            if (user.id, key) in self._directory.revocations:
                session.tell(events.Alert(text=revocation_notice(user, key)))

    def _appear(self, session: Session, user: User) -> None:
        """Report that a user is online, unless others know that."""
        self._online.lingering.pop(user.id, None)
        if user.id not in self._online.present:
            self._online.came(user)
            self._presence.came(user, session)

    def enter_unregistered(self, session: Session, user: User, hello: commands.Hello, *, host: str | None) -> None:
        """Welcome a session that does not listen, under a new name; its first stored entry registers the name.

        Raises Banned.
        """
        if session.gone:
            return
        self._permissions.check_entry([*restrictions.of_user(user), restrictions.of_address(session.channel.peer)])
        session.user = user
        self._online.add(user, session)
        self._welcome(session, user, [self._directory.lobby], hello, host, None)

    def registered(self, session: Session, account: User) -> None:
        """Assign a session that was welcomed under a new name to the account that now has the name."""
        if session.user is not None and session in self._online.of(session.user):
            self._online.remove(session.user, session)
            self._online.add(account, session)
        session.user, session.register = account, None
        self._throttle.log_in(session)

    def exit(self, session: Session, *, quits: bool, reason: str = "") -> None:
        """End a session; without ``quit``, or after too many quits, the session can be resumed for a while."""
        session.end()
        user = session.user
        if user is None or session not in self._online.of(user):
            return
        self._take_out(session, user)
        if (quits or not session.rendering.resumes) and self._throttle.may_leave(session):
            self._give_up(session, user, reason)
        else:
            if session.listens and not self._online.listens(user):
                self._online.lingering[user.id] = session
            self._timer(RESUME_SECONDS, lambda: self._give_up(session, user))

    def resume(self, token: str, by: Session) -> User | None:
        """Return the user whose session had this token, and close that session."""
        session = self.resumable.pop(token, None)
        if session is None or session.user is None or not session.user.lets_in(session.device):
            return None
        user = session.user
        by.device, by.proved = session.device, session.proved
        if session in self._online.of(user):
            bye = events.Bye(code=Replaced.code, text="This session continues in another connection.")
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=False)
        return user

    def expel(self, user: User, bye: events.Bye, *, reason: str = "") -> None:
        """Close all sessions of a user immediately; none can be resumed."""
        self.resumable = {token: session for token, session in self.resumable.items() if session.user is not user}
        for session in list(self._online.of(user)):
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=True, reason=reason)
        if (lingering := self._online.lingering.get(user.id)) is not None:
            self._give_up(lingering, user)

    def expel_device(self, user: User, device: str, bye: events.Bye, *, spared: Session | None = None) -> None:
        """Close a user's sessions with one key ("": by password) immediately; none can be resumed."""
        dead = [
            token
            for token, each in self.resumable.items()
            if each.user is user and each.device == device and each is not spared
        ]
        for token in dead:
            session = self.resumable.pop(token)
            if session not in self._online.of(user):
                self._give_up(session, user)
        for session in [each for each in self._online.of(user) if each.device == device and each is not spared]:
            session.link.close(session.rendering.event(bye))
            self.exit(session, quits=True)

    def leave(self, session: Session) -> None:
        """End a guest's session, because its connection continues as another user."""
        if session.user is not None and not session.gone:
            self._take_out(session, session.user)
            self._give_up(session, session.user)
            session.user = session.outbox = None

    def _hears(self, session: Session, user: User) -> list[Conversation]:
        lobby = self._directory.lobby
        if not session.rendering.hears_lobby:
            return [*self._directory.rooms_of(user), *self._directory.pairs_of(user)]
        if session.rendering.follows:
            return [lobby, *self._directory.rooms_of(user), *self._directory.pairs_of(user)]
        session.room = lobby.id
        return [lobby, *self._directory.pairs_of(user)]

    def _welcome(  # noqa: PLR0917 - all are part of the welcome
        self,
        session: Session,
        user: User,
        heard: list[Conversation],
        hello: commands.Hello,
        host: str | None,
        positions: Positions,
    ) -> None:
        if session.rendering.resumes and session.register is None:
            session.token = self._token(TOKEN_BYTES)
            self.resumable[session.token] = session
        session.answer(welcome(session, user, heard, hello, host, self.epoch, positions), hello)

    def _enter_rest(self, session: Session, user: User, rest: list[Conversation], positions: Positions) -> None:
        session.places.awaits_more = bool(rest)
        if rest:
            self._timer(0, lambda: self._enter_more(session, user, rest, positions))
        self._replay.advance(session)

    def _enter_more(self, session: Session, user: User, heard: list[Conversation], positions: Positions) -> None:
        """Send the conversations that did not fit into ``welcome``, some in each turn of the loop."""
        if session.gone or session.user is not user:
            return
        if session.paused:  # a slow reader must not get all of them at once
            self._timer(PAUSED_SECONDS, lambda: self._enter_more(session, user, heard, positions))
            return
        lines: list[bytes] = []
        for conversation in heard[:WELCOME_CONVERSATIONS]:
            lines.append(session.rendering.event(described(conversation, user, positions)))
            if not self._may_hear(user, conversation):
                why = f"You are no longer in {conversation.name}." if isinstance(conversation, Room) else ""
                lines.append(session.rendering.event(events.Left(conversation=conversation.id, text=why)))
            elif session.listens:
                session.places.enter(conversation, replay_start(conversation, positions))
        session.write(b"".join(lines))
        self._enter_rest(session, user, heard[WELCOME_CONVERSATIONS:], positions)

    def _may_hear(self, user: User, conversation: Conversation) -> bool:
        """Tell whether a user is still in a conversation that the welcome listed."""
        if isinstance(conversation, Room):
            return conversation.is_lobby or conversation.has_member(user)
        return conversation.id in self._directory.conversations

    def _take_out(self, session: Session, user: User) -> None:
        self._online.remove(user, session)
        self._presence.watching.forget(session)
        self._replay.forget(session)
        session.places.leave_all()

    def _give_up(self, session: Session, user: User, reason: str = "") -> None:
        """Forget a session that was not resumed; if it was the user's last one, report that the user left."""
        self.resumable.pop(session.token, None)
        if self._online.listens(user) or self._online.lingering.get(user.id, session) is not session:
            return
        self._online.lingering.pop(user.id, None)
        user.away = ""
        if self._online.present.pop(user.id, None) is not None:
            self._former.went(user)
            self._presence.went(user, reason=reason)
        if user.is_guest and not self._online.of(user) and user.id in self._directory.users:
            for other in self._directory.remove_guest(user):
                self._subscriptions.forget_guests(other)


def revocation_notice(user: User, key: str) -> str:
    """Return the alert about a key that is revoked later."""
    shown, label = fingerprint(key), user.devices[key].label
    named = f'"{label}" ({shown})' if label else shown
    return (
        f"A session of yours asked to revoke your device {named}. It is revoked a day after that. "
        f"Not you? /devices keep {shown[:SHOWN_CHARACTERS]} refuses it."
    )
