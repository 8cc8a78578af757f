"""Reading rights: every way to read, for every role, in both dialects; a forbidden room looks missing."""

import pytest

from socketchat.protocol import commands, operator
from socketchat.wire.plain import PLAIN
from tests.hub.stage import Peer, Stage

MARKS = ("TEXT", "TOPIC", "Insider", "NEWS")
"""Everything that needs the right to read the room: history, topic, members, and live messages."""

ROLES = (
    "guest", "stranger", "banned", "kicked", "left", "invited", "member", "moderator", "owner",
    "server moderator", "server owner",
)  # fmt: skip
INSIDE = {"member", "moderator", "owner"}
COMMANDS = {
    "history": lambda room: commands.History(id=50, conversation=room),
    "a page of history": lambda room: commands.History(id=50, conversation=room, after=0, before=2, limit=1),
    "search": lambda room: commands.Search(id=50, words="TEXT", conversation=room),
    "edit": lambda room: commands.Edit(id=50, conversation=room, text="x"),
    "edit what another said": lambda room: commands.Edit(id=50, conversation=room, seq=2, text="x"),
    "delete": lambda room: commands.Delete(id=50, conversation=room),
    "delete what another said": lambda room: commands.Delete(id=50, conversation=room, seq=2),
    "mark as read": lambda room: commands.Read(id=50, conversation=room),
    "topic": lambda room: commands.Topic(id=50, room=room),
    "users": lambda room: commands.Users(id=50, room=room),
    "send": lambda room: commands.Send(id=50, to=room, text="x"),
    "set the topic": lambda room: commands.Topic(id=50, room=room, text="x"),
    "leave": lambda room: commands.Leave(id=50, room=room),
    "kick": lambda room: commands.Kick(id=50, room=room, name="Insider"),
    "ban": lambda room: commands.Ban(id=50, room=room, name="Insider"),
    "mute": lambda room: commands.Mute(id=50, room=room, name="Insider"),
    "mod": lambda room: commands.Mod(id=50, room=room, name="Insider"),
    "invite": lambda room: commands.Invite(id=50, room=room, name="Insider"),
    "access": lambda room: commands.Access(id=50, room=room, private=False),
}


class Scene:
    """A room with a history and a member, and a user in a role."""

    def __init__(self, role: str, dialect: str, *, private: bool) -> None:
        self.stage = stage = Stage()
        self.role = role
        self.boss = stage.native("boss")
        self.insider = stage.native("Insider")
        stage.order(operator.SetOwner(id=1, name="boss"))
        self.maker = stage.native("who")
        for peer in (self.maker, self.insider):
            peer.do(commands.Join, room="#den")
        self.maker.do(commands.Topic, room="#den", text="TOPIC")
        self.insider.say("TEXT", to="#den")
        stage.settle()
        self._cast(role)
        if private:
            self.maker.do(commands.Access, room="#den", private=True)
            if role == "invited":
                self.maker.do(commands.Invite, room="#den", name="other")
            if role == "kicked":
                self.maker.do(commands.Invite, room="#den", name="other")
                self.maker.do(commands.Kick, room="#den", name="other")
        self.somebody = self._comes(dialect)
        stage.turns.wait(1)
        self.somebody.take()

    def _cast(self, role: str) -> None:
        if role in {"owner", "guest"}:
            return
        other = self.boss if role == "server owner" else self.stage.native("other")
        if role in {"banned", "kicked", "left", "member", "moderator"}:
            other.do(commands.Join, room="#den")
        if role == "left":
            other.do(commands.Leave, room="#den")
        ask = {
            "banned": commands.Ban(room="#den", name="other"),
            "kicked": commands.Kick(room="#den", name="other"),
            "moderator": commands.Mod(room="#den", name="other"),
        }.get(role)
        if ask is not None:
            self.maker.ask(ask)
        if role == "server moderator":
            self.boss.do(commands.Mod, room="#lobby", name="other")
        self.stage.settle()

    def _comes(self, dialect: str) -> Peer:
        """Return a session of the user, in the plain dialect if asked."""
        name = {"guest": "gus", "owner": "who", "server owner": "boss"}.get(self.role, "other")
        if self.role == "guest":
            return self.stage.plain(name) if dialect == "plain" else self.stage.guest(name)
        if dialect == "native":
            return self.stage.native(name)
        peer = self.stage.connect(PLAIN)
        self.stage.hub.logins.enter(peer.session, self.stage.hub.directory.user(name), commands.Hello())
        return peer

    def asked(self, command: commands.Command) -> str:
        self.somebody.ask(command)
        self.stage.settle()
        return self.somebody.text()


def marks(text: str) -> set[str]:
    return {mark for mark in MARKS if mark in text}


@pytest.mark.parametrize("dialect", ["native", "plain"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("what", COMMANDS)
def test_a_private_room_looks_missing_to_others(what: str, role: str, dialect: str) -> None:
    scene = Scene(role, dialect, private=True)
    there, absent = scene.asked(COMMANDS[what]("#den")), scene.asked(COMMANDS[what]("#dan"))
    if role in INSIDE:
        assert "No such room" not in there
    elif role == "invited":
        assert ("You are not in #den." if what == "leave" else "Join #den first.") in there
        assert not marks(there)
    else:
        assert there.replace("#den", "#dan") == absent
        assert "No such room: #dan. /rooms lists the rooms, /join creates one." in absent


@pytest.mark.parametrize("dialect", ["native", "plain"])
@pytest.mark.parametrize("role", ROLES)
def test_the_table_decides_who_reads_a_room(role: str, dialect: str) -> None:
    for private in (True, False):
        scene = Scene(role, dialect, private=private)
        may_read = role in INSIDE or not (private or role == "banned")
        reads = [commands.History(conversation="#den", id=1), commands.Topic(room="#den"), commands.Users(room="#den")]
        answers = [marks(scene.asked(ask)) for ask in reads]
        past = set() if dialect == "plain" else {"TEXT"}  # the plain dialect asks for no history
        told = [past | ({"TOPIC", "Insider"} if past else set()), {"TOPIC"}, {"Insider"}]
        if dialect == "plain":
            answers = answers[1:]
            told = told[1:]
        assert answers == [each if may_read else set() for each in told]
        here, everywhere = (
            marks(scene.asked(commands.Search(words="TEXT", conversation=where))) for where in ("#den", None)
        )
        assert here == ({"TEXT", "Insider"} if may_read else set())
        assert everywhere == ({"TEXT", "Insider"} if role in INSIDE else set())
        listed = scene.asked(commands.Rooms())
        assert ("#den" in listed) == (role in INSIDE | {"invited"} or not private)
        assert ("TOPIC" in listed) == may_read
        scene.asked(commands.Read())
        scene.insider.say("NEWS", to="#den")
        scene.stage.settle()
        assert ("NEWS" in scene.somebody.text()) == (dialect == "native" and role in INSIDE)
        assert ("#den" in scene.asked(commands.Unread())) == (role in INSIDE)


@pytest.mark.parametrize("role", ROLES)
def test_a_replay_has_only_readable_entries(role: str) -> None:
    scene = Scene(role, "native", private=True)
    scene.somebody.drop()
    again = scene.stage.login(
        token=scene.somebody.session.token, epoch=scene.stage.hub.logins.epoch, positions={"#den": 0, "#lobby": 0}
    )
    assert ("TEXT" in again.text()) == (role in INSIDE)


@pytest.mark.parametrize("dialect", ["native", "plain"])
@pytest.mark.parametrize("role", ["banned", "kicked"])
def test_a_removed_user_hears_nothing_after_the_act(role: str, dialect: str) -> None:
    scene = Scene("member", dialect, private=False)
    somebody = scene.somebody
    if dialect == "plain":
        scene.asked(commands.Join(room="#den"))
    kind = commands.Ban if role == "banned" else commands.Kick
    scene.maker.ask(kind(id=70, room="#den", name="other"))
    scene.insider.say("NEWS", to="#den")
    scene.stage.settle()
    assert "NEWS" not in somebody.text()


LATE = {
    "history": lambda room: commands.History(id=50, conversation=room),
    "history around a line": lambda room: commands.History(id=50, conversation=room, around=2),
    "history around none": lambda room: commands.History(id=50, conversation=room, around=99),
    "edit": lambda room: commands.Edit(id=50, conversation=room, text="x"),
    "edit what another said": lambda room: commands.Edit(id=50, conversation=room, seq=2, text="x"),
    "edit what nobody said": lambda room: commands.Edit(id=50, conversation=room, seq=99, text="x"),
    "delete": lambda room: commands.Delete(id=50, conversation=room),
    "delete what another said": lambda room: commands.Delete(id=50, conversation=room, seq=2),
    "delete what nobody said": lambda room: commands.Delete(id=50, conversation=room, seq=99),
}
"""Commands that read the history before the answer."""


def kicked_meanwhile(command: commands.Command) -> Scene:
    """Kick a user from a private room during a lookup."""
    scene = Scene("member", "native", private=True)
    scene.asked(commands.Read())
    scene.somebody.say("mine", to="#den")
    for number in range(3):
        scene.insider.say(f"NEWS {number}", to="#den")
    scene.asked(commands.Ping())
    scene.stage.journal.turns = 20
    scene.somebody.ask(command)
    scene.maker.ask(commands.Kick(id=70, room="#den", name="other"))
    scene.stage.settle()
    return scene


@pytest.mark.parametrize("what", LATE)
def test_a_user_kicked_during_a_history_read_gets_no_entries(what: str) -> None:
    scene = kicked_meanwhile(LATE[what]("#den"))
    (late,) = (line for line in scene.somebody.text().splitlines() if '"id":50' in line)
    assert late.replace("#den", "#dan") == scene.asked(LATE[what]("#dan")).strip()
    assert scene.stage.journal.reads[-1][0] == "#den"


@pytest.mark.parametrize("conversation", ["#den", None])
def test_a_user_kicked_during_a_search_gets_no_results(conversation: str | None) -> None:
    scene = kicked_meanwhile(commands.Search(id=50, words="NEWS", conversation=conversation, limit=3))
    assert scene.stage.journal.reads[-1][0] == "#den"
    found = '{"type":"found","count":0,"id":50}'
    assert found in [line for line in scene.somebody.text().splitlines() if '"id":50' in line]


def test_a_user_kicked_during_an_unread_count_gets_no_count() -> None:
    scene = kicked_meanwhile(commands.Unread(id=50))
    assert scene.stage.journal.reads[-1][0] == "#den"
    assert '{"type":"unread","conversations":[],"id":50}' in scene.somebody.text().splitlines()


def test_direct_messages_are_readable_only_by_their_two_users() -> None:
    stage = Stage()
    ann, bob, boss = stage.native("ann"), stage.native("bob"), stage.native("boss")
    stage.order(operator.SetOwner(id=1, name="boss"))
    ann.say("secret", to="@bob")
    stage.settle()
    (pair,) = ann.hub.directory.pairs_of(ann.session.user)
    assert "secret" in bob.text()
    for conversation in (pair.id, "@ann", "@bob"):
        boss.do(commands.History, conversation=conversation)
        assert "secret" not in boss.text()
