"""The table of permissions: every action of every role, in a public and in a private room."""

import pytest

from socketchat.exceptions import Banned, ChatError, Muted, NoSuchRoom, NotAMember, Refused
from socketchat.hub import Action, User
from socketchat.hub.directory import Directory
from socketchat.hub.policy.permissions import Permissions, Rank
from socketchat.hub.state.projection import Projection
from socketchat.hub.state.restrictions import Restriction, of_user

SPEAK = Action.SPEAK
ACTIONS = ["SEE", "READ", "JOIN", "SPEAK", "TITLE", "INVITE", "MODERATE", "GOVERN", "OPERATE"]
YES, ABSENT, OUTSIDE, NO, OUT, QUIET = None, NoSuchRoom, NotAMember, Refused, Banned, Muted

PUBLIC = {
    "guest": (YES, YES, YES, YES, OUTSIDE, NO, NO, NO, NO),
    "stranger": (YES, YES, YES, YES, OUTSIDE, NO, NO, NO, NO),
    "invited": (YES, YES, YES, YES, OUTSIDE, NO, NO, NO, NO),
    "banned": (YES, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT),
    "muted": (YES, YES, YES, QUIET, QUIET, NO, NO, NO, NO),
    "muted everywhere": (YES, YES, YES, QUIET, OUTSIDE, NO, NO, NO, NO),
    "member": (YES, YES, YES, YES, YES, NO, NO, NO, NO),
    "moderator": (YES, YES, YES, YES, YES, YES, YES, NO, NO),
    "owner": (YES, YES, YES, YES, YES, YES, YES, YES, NO),
    "server moderator": (YES, YES, YES, YES, OUTSIDE, YES, YES, NO, NO),
    "server owner": (YES, YES, YES, YES, OUTSIDE, YES, YES, YES, NO),
    "operator": (YES, NO, NO, NO, NO, YES, YES, YES, YES),
    "moderator who left": (YES, YES, YES, YES, OUTSIDE, YES, YES, NO, NO),
}
PRIVATE = PUBLIC | {
    "guest": (ABSENT,) * 9,
    "stranger": (ABSENT,) * 9,
    "invited": (YES, OUTSIDE, YES, *(OUTSIDE,) * 6),
    "banned": (ABSENT,) * 9,
    "muted everywhere": (ABSENT,) * 9,
    "server moderator": (ABSENT,) * 9,
    "moderator who left": (YES, OUTSIDE, YES, *(OUTSIDE,) * 6),
    "server owner": (ABSENT,) * 9,
}


class House:
    """A lobby, a room, and a user in each role."""

    def __init__(self, *, private: bool) -> None:
        self.state = Projection()
        self.directory = Directory(self.state, lambda: 0.0)
        self.lobby = self.directory.lobby
        self.users = {
            role: User(role, f"n{number}", f"n{number}", None if role == "guest" else f"k{number}")
            for number, role in enumerate(PUBLIC)
        }
        self.permissions = Permissions(self.directory, self.users["operator"], lambda: 1000)
        self.room = self.state.add_room("#den", "owner")
        self.room.is_private = private
        for role in ("muted", "member", "moderator", "owner"):
            self.state.set_member(self.users[role], self.room, member=True)
        self.room.moderators |= {"moderator", "moderator who left"}
        self.room.invited.add("invited")
        self.lobby.owner = "server owner"
        self.lobby.moderators.add("server moderator")
        for role, where in (
            ("banned", self.room.bans),
            ("muted", self.room.mutes),
            ("muted everywhere", self.lobby.mutes),
        ):
            where.add(Restriction(tuple(of_user(self.users[role])), role, 61_000, "spam"))


@pytest.mark.parametrize("role", PUBLIC)
@pytest.mark.parametrize("private", [False, True])
def test_the_table_decides_every_permission(role: str, *, private: bool) -> None:
    house = House(private=private)
    table = (PRIVATE if private else PUBLIC)[role]
    for name, wanted in [*zip(ACTIONS, table, strict=True), ("WRITE", table[ACTIONS.index("SPEAK")])]:
        action = Action[name]
        assert house.permissions.may(house.users[role], action, house.room) == (wanted is None), name
        if wanted is not None:
            with pytest.raises(wanted) as refusal:
                house.permissions.check(house.users[role], action, house.room)
            assert type(refusal.value) is wanted


@pytest.mark.parametrize("role", PUBLIC)
@pytest.mark.parametrize("private", [False, True])
def test_the_fast_check_for_speaking_agrees_with_the_table(role: str, *, private: bool) -> None:
    house = House(private=private)
    free = house.state.add_room("#free", "owner")
    for room in (house.room, free, house.lobby):
        answers = []
        for check in (house.permissions.check_speaks, lambda user, room: house.permissions.check(user, SPEAK, room)):
            try:
                check(house.users[role], room)
                answers.append("")
            except ChatError as error:
                answers.append(str(error))
        assert answers[0] == answers[1]


def test_every_action_is_in_the_table() -> None:
    assert [action.name for action in Action if action is not Action.WRITE] == ACTIONS  # as SPEAK, but for settings


@pytest.mark.parametrize("role", PUBLIC)
def test_only_its_two_users_read_a_direct_message(role: str) -> None:
    house = House(private=False)
    pair, _ = house.directory.pair(house.users["member"], house.users["moderator"])
    for action in Action:
        allowed = role in {"member", "moderator"} and action in {Action.READ, Action.SPEAK, Action.WRITE}
        assert house.permissions.may(house.users[role], action, pair) == allowed


def test_temporary_restrictions_state_their_end() -> None:
    house = House(private=False)
    with pytest.raises(Banned, match=r"^You are banned from #den for another 1 minute: spam\.$"):
        house.permissions.check(house.users["banned"], Action.JOIN, house.room)
    with pytest.raises(Muted, match=r"^You are muted in the chat for another 1 minute: spam\.$"):
        house.permissions.check(house.users["muted everywhere"], Action.SPEAK, house.room)


def test_a_user_banned_from_the_chat_can_do_nothing() -> None:
    house = House(private=False)
    member = house.users["member"]
    pair, _ = house.directory.pair(member, house.users["owner"])
    house.lobby.bans.add(Restriction(("user:member",), "x", 0, ""))
    for where in (house.lobby, house.room, pair):
        with pytest.raises(Banned, match=r"^You are banned from the chat\.$"):
            house.permissions.check(member, Action.READ, where)
    with pytest.raises(Banned):
        house.permissions.check_entry(of_user(member))
    house.permissions.check_entry(of_user(house.users["owner"]))


def test_users_cannot_act_against_equals() -> None:
    house = House(private=False)
    ranks = {role: house.permissions.rank(user, house.room) for role, user in house.users.items()}
    assert ranks["member"] == ranks["guest"] == Rank.NOBODY
    assert ranks["moderator"] == ranks["server moderator"] == Rank.MODERATOR
    assert Rank.MODERATOR < ranks["owner"] < ranks["server owner"] < ranks["operator"]
    for one, user in house.users.items():
        for other, target in house.users.items():
            if ranks[one] > ranks[other]:
                house.permissions.check_outranks(user, target, house.room)
            else:
                with pytest.raises(Refused, match="You cannot do that to"):
                    house.permissions.check_outranks(user, target, house.room)


def test_a_moderator_with_a_pending_removal_cannot_moderate() -> None:
    house = House(private=False)
    house.room.demoted.append("moderator")
    assert not house.permissions.may(house.users["moderator"], Action.MODERATE, house.room)
