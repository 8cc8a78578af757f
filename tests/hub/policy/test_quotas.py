import pytest

from socketchat.exceptions import TooMany
from socketchat.hub import Channel, User
from socketchat.hub.policy import limits
from socketchat.hub.policy import quotas as caps
from socketchat.hub.policy.limits import (
    ACCOUNT_GUESSES,
    ACCOUNTS_BURST,
    ACCOUNTS_SECONDS,
    ADDRESS_ROOMS_BURST,
    ADDRESS_ROOMS_SECONDS,
    DIRECT_BURST,
    DIRECT_SECONDS,
    LOOPBACK_TIMES,
    PASSWORDS_BURST,
    PASSWORDS_SECONDS,
    ROOMS_BURST,
    ROOMS_JOINED,
    ROOMS_MADE,
    ROOMS_SECONDS,
)
from socketchat.protocol import commands, events
from tests.commands.account.test_newcomers import CODE, FAR, TOKEN, answer, closed, come, invite
from tests.commands.account.test_newcomers import HERE as LOCAL_TLS
from tests.commands.account.test_newcomers import SECRET as STAGE_SECRET
from tests.commands.account.test_passwords import HERE, SECRET
from tests.hub.stage import Peer, Stage
from tests.keys import key_of


def refused(peer: Peer, kind: type[commands.Command], **fields) -> str | None:
    """Send a command, and return the text of its too_many error."""
    peer.take()
    peer.do(kind, **fields)
    errors = peer.told(events.Error)
    assert all(error.code == "too_many" for error in errors), errors
    return errors[0].text if errors else None


def make_rooms(stage: Stage, peer: Peer, number: int, word: str = "r") -> str | None:
    """Create this many rooms, slowly; return the first error."""
    for n in range(number):
        stage.turns.wait(ROOMS_SECONDS)
        if error := refused(peer, commands.Join, room=f"#{word}{n}"):
            return error
    return None


TOO_MANY_ROOMS = "Limit reached: 30 rooms per user. Use one of yours, or ask another user to make the room."


def test_rooms_are_limited_per_user() -> None:
    stage = Stage(limited=True)
    alice = stage.native("alice")
    assert make_rooms(stage, alice, ROOMS_MADE) is None
    assert make_rooms(stage, alice, 1, "more") == TOO_MANY_ROOMS
    assert "#more0" not in stage.hub.directory.rooms
    stage.hub = stage.new_hub()
    again = stage.native("alice")
    assert make_rooms(stage, again, 1, "more") == TOO_MANY_ROOMS
    assert make_rooms(stage, stage.native("bob"), 1, "more") is None


@pytest.mark.parametrize("guest", [False, True])
def test_room_creation_is_rate_limited_for_returning_guests_too(*, guest: bool) -> None:
    stage = Stage(limited=True)
    for number in range(ROOMS_BURST):
        peer = stage.guest(f"guest{number}") if guest else stage.native("alice")
        assert refused(peer, commands.Join, room=f"#r{number}") is None
    peer = stage.guest("another") if guest else stage.native("alice")
    assert refused(peer, commands.Join, room="#more") == "Too many new rooms at once; try again in 1 minute."
    stage.turns.wait(ROOMS_SECONDS)
    assert refused(peer, commands.Join, room="#more") is None


def test_room_creation_is_rate_limited_per_address_for_accounts_too() -> None:
    stage = Stage(limited=True)

    def peer_at(channel: Channel, name: str) -> Peer:
        peer = stage.connect(channel=channel)
        peer.log_in(key_of(name), name=name)
        stage.settle()
        return peer

    for n in range(ADDRESS_ROOMS_BURST // ROOMS_BURST):
        peer = peer_at(FAR, f"user{n}")
        assert not any(refused(peer, commands.Join, room=f"#r{n}x{m}") for m in range(ROOMS_BURST))
    more = peer_at(FAR, "more")
    text = "Too many new rooms from your address; try again in 10 minutes."
    assert refused(more, commands.Join, room="#more") == text
    assert refused(peer_at(LOCAL_TLS, "other"), commands.Join, room="#other") is None
    stage.turns.wait(ADDRESS_ROOMS_SECONDS)
    assert refused(more, commands.Join, room="#more") is None


def test_at_the_room_limit_private_rooms_cannot_be_probed() -> None:
    stage = Stage(limited=True)
    alice, bob = stage.native("alice"), stage.native("bob")
    alice.do(commands.Join, room="#den")
    alice.do(commands.Access, room="#den", private=True)
    bob.take()
    bob.do(commands.Join, room="#den")
    assert [error.code for error in bob.told(events.Error)] == ["no_such_room"]
    for number in range(ROOMS_BURST - 1):
        assert refused(bob, commands.Join, room=f"#r{number}") is None
    told = {refused(bob, commands.Join, room=room) for room in ("#den", "#DEN", "#none")}
    assert told == {"Too many new rooms at once; try again in 1 minute."}
    alice.do(commands.Invite, room="#den", name="bob")
    assert refused(bob, commands.Join, room="#den") is None


def test_one_account_cannot_monopolize_the_hashing() -> None:
    stage = Stage(limited=True)
    alice = stage.connect(channel=HERE)
    alice.log_in(key_of("alice"), name="alice")
    too_many = "Too many passwords for alice; try again in 10 seconds."
    for _ in range(PASSWORDS_BURST - 5):
        assert refused(alice, commands.Password, password=SECRET) is None
    for number in range(5):
        peer = stage.connect(channel=Channel(f"203.0.113.{number}", binding=b"b" * 32))
        assert refused(peer, commands.Login, name="alice", password=SECRET) is None
    stage.hasher.work.clear()
    peer = stage.connect(channel=HERE)
    assert refused(peer, commands.Login, name="alice", password=SECRET) == too_many
    assert refused(alice, commands.Password, password=SECRET) == too_many
    assert stage.hasher.work == []
    for _ in range(2 * ACCOUNT_GUESSES):  # which are no guesses
        peer = stage.connect(channel=HERE)
        assert refused(peer, commands.Login, name="alice", password=SECRET) == too_many
    stage.turns.wait(PASSWORDS_SECONDS)
    assert refused(peer, commands.Login, name="alice", password=SECRET) is None
    assert stage.native("alice").session.user is alice.session.user


def test_rooms_are_limited_per_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "ROOMS", 5)
    stage = Stage(limited=True)
    alice = stage.native("alice")
    assert make_rooms(stage, alice, 4) is None
    assert (
        make_rooms(stage, alice, 1, "more")
        == "Limit reached: 5 rooms on this server. Join one of them: /rooms lists them."
    )
    assert refused(alice, commands.Join, room="#r1") is None


def test_memberships_are_limited_per_user() -> None:
    stage = Stage(limited=True)
    alice = stage.native("alice")
    others = [stage.native(f"other{n}") for n in range(-(-ROOMS_JOINED // ROOMS_MADE) + 1)]
    for n, other in enumerate(others):
        other.session.channel = Channel(f"192.0.2.{n}")
        assert make_rooms(stage, other, ROOMS_MADE, f"r{n}x") is None
    rooms = [room.name for room in stage.hub.directory.rooms.values() if not room.is_lobby]
    for name in rooms[:ROOMS_JOINED]:
        assert refused(alice, commands.Join, room=name) is None
    stage.turns.wait(3600)
    for name in (rooms[ROOMS_JOINED], "#new"):
        assert (
            refused(alice, commands.Join, room=name) == "Limit reached: you are in 100 rooms. /leave one of them first."
        )
    assert "#new" not in stage.hub.directory.rooms
    assert refused(alice, commands.Join, room=rooms[0]) is None
    assert refused(alice, commands.Leave, room=rooms[0]) is None
    assert refused(alice, commands.Join, room=rooms[ROOMS_JOINED]) is None


@pytest.mark.parametrize("kind", [commands.Ban, commands.Mute])
def test_bans_and_mutes_are_limited_per_room(kind: type[commands.Command], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "BANS_PER_ROOM", 3)
    stage = Stage(limited=True)
    alice = stage.native("alice")
    alice.do(commands.Join, room="#ops")
    for n in range(3):
        stage.native(f"other{n}")
        assert refused(alice, kind, room="#ops", name=f"other{n}", seconds=60) is None
    stage.native("other3")
    error = refused(alice, kind, room="#ops", name="other3")
    have, undo = ("bans", "/unban") if kind is commands.Ban else ("mutes", "/unmute")
    assert error == f"Limit reached: #ops has 3 {have}. Lift some first: {undo} NAME."
    stage.turns.wait(61)
    assert refused(alice, kind, room="#ops", name="other3") is None


def test_invitations_are_limited_per_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "INVITED_PER_ROOM", 2)
    stage = Stage(limited=True)
    alice = stage.native("alice")
    alice.do(commands.Join, room="#ops")
    alice.do(commands.Access, room="#ops", private=True)
    for n in range(3):
        stage.native(f"other{n}")
    assert refused(alice, commands.Invite, room="#ops", name="other0") is None
    assert refused(alice, commands.Invite, room="#ops", name="other1") is None
    error = refused(alice, commands.Invite, room="#ops", name="other2")
    assert error == "Limit reached: 2 users are invited to #ops. /kick NAME withdraws an invitation."


def new_account(stage: Stage, name: str, peer: str) -> list[events.Event]:
    newcomer = stage.connect(channel=Channel(peer, is_loopback=False, binding=b"x" * 32))
    newcomer.log_in(key_of(name), name=name)
    stage.settle()
    return newcomer.events()


def test_accounts_are_limited_per_address_on_an_open_server() -> None:
    stage = Stage(limited=True)
    for n in range(ACCOUNTS_BURST):
        assert isinstance(new_account(stage, f"n{n}", "192.0.2.1")[0], events.Welcome)
    (error,) = new_account(stage, "more", "192.0.2.1")
    assert error.code == "too_many"
    assert error.text == "Too many new accounts from your address; try again in 10 minutes, or ask for an invite."
    assert isinstance(new_account(stage, "n0", "192.0.2.1")[0], events.Welcome)  # a user with an account logs in
    assert isinstance(new_account(stage, "more", "192.0.2.2")[0], events.Welcome)
    stage.turns.wait(ACCOUNTS_SECONDS)
    assert isinstance(new_account(stage, "another", "192.0.2.1")[0], events.Welcome)


def test_accounts_are_limited_per_address_with_the_join_code_too() -> None:
    stage = closed(limited=True)
    for n in range(ACCOUNTS_BURST):
        assert answer(come(stage, f"n{n}", code=CODE)) == f"n{n}"
    assert answer(come(stage, "more", code=CODE)) == "too_many"
    assert answer(come(stage, "n0")) == "n0"  # a user with an account logs in
    invite(stage)
    assert answer(come(stage, "invited", invite=TOKEN)) == "invited"  # an invite has its own count
    assert answer(come(stage, "here", channel=LOCAL_TLS, local=STAGE_SECRET)) == "here"
    assert answer(come(stage, "more", channel=FAR._replace(peer="192.0.2.2"), code=CODE)) == "more"


def test_newcomers_behind_a_tunnel_share_ten_times_the_accounts_of_one_address() -> None:
    stage = Stage(limited=True)
    for n in range(ACCOUNTS_BURST * LOOPBACK_TIMES):
        assert isinstance(new_account(stage, f"n{n}", "127.0.0.1")[0], events.Welcome)
    (error,) = new_account(stage, "more", "127.0.0.1")
    assert error.text == "Too many new accounts from your address; try again in 1 minute, or ask for an invite."


def test_a_user_begins_direct_messages_at_a_limited_rate() -> None:
    stage = Stage(limited=True)
    for n in range(DIRECT_BURST):
        stage.guest(f"u{n}")
    _, carol = stage.native(f"u{DIRECT_BURST}"), stage.native("carol")
    alice = stage.native("alice")
    for n in range(DIRECT_BURST):
        assert refused(alice, commands.Send, to=f"@u{n}", text="hi") is None
    error = refused(alice, commands.Send, to=f"@u{DIRECT_BURST}", text="hi")
    assert error == "Too many new direct messages at once; try again in 30 seconds."
    alice.do(commands.Join, room="#den")
    alice.do(commands.Access, room="#den", private=True)
    assert refused(alice, commands.Invite, room="#den", name=f"u{DIRECT_BURST}") == error  # which begins them too
    assert refused(alice, commands.Send, to="@u0", text="they know each other") is None
    assert refused(alice, commands.Send, to="@alice", text="a note") is None
    assert refused(carol, commands.Send, to="@alice", text="hi") is None
    stage.turns.wait(DIRECT_SECONDS)
    assert refused(alice, commands.Send, to=f"@u{DIRECT_BURST}", text="hi") is None


def test_the_guests_of_one_address_begin_direct_messages_at_a_limited_rate() -> None:
    stage = Stage(limited=True)
    stage.native("victim")
    for n in range(DIRECT_BURST + 1):
        guest = stage.connect(channel=Channel("192.0.2.1"))
        guest.log_in(name=f"g{n}")
        error = refused(guest, commands.Send, to="@victim", text="hi")
        assert (error is None) == (n < DIRECT_BURST), n
        guest.do(commands.Quit)
    tunnelled = User("g", "g", "g")
    for _ in range(DIRECT_BURST * LOOPBACK_TIMES):
        stage.hub.quotas.check_direct(tunnelled, "127.0.0.1")
    with pytest.raises(TooMany):
        stage.hub.quotas.check_direct(tunnelled, "::1")


def test_without_limits_no_quota_applies() -> None:
    stage = Stage()
    alice = stage.native("alice")
    for n in range(limits.ROOMS_JOINED + 5):
        assert refused(alice, commands.Join, room=f"#r{n}") is None
