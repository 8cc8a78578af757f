from socketchat.hub import User
from socketchat.hub.state.restrictions import Restriction, Restrictions, of_address, of_device, of_name, of_user
from socketchat.hub.state.users import Device


def restriction(*subjects: str, until: int = 0) -> Restriction:
    return Restriction(subjects, "eve", until, "spam")


def test_a_restriction_covers_the_id_keys_and_looks_of_a_user() -> None:
    subjects = of_user(User("u1", "Eve", "eve", "k1"))
    assert {"user:u1", of_device("k1"), *of_name("eve")} <= set(subjects)
    assert set(of_name("b0b")) & set(of_name("bOb"))


def test_a_restriction_of_an_address_covers_its_network() -> None:
    assert of_address("2001:db8::1") == of_address("2001:db8::ffff:2")
    assert of_address("::ffff:203.0.113.9") == of_address("203.0.113.9") != of_address("203.0.113.8")


def test_a_restriction_covers_each_subject_until_it_expires() -> None:
    some = Restrictions()
    assert not some.are_any
    made = restriction("user:u1", "key:k1", until=1000)
    some.add(made)
    assert some.are_any
    assert some.find(["user:u9", "key:k1"], 999) == made
    assert some.find(["key:k1"], 1000) is None
    assert some.find(["user:u9"], 0) is None
    assert (some.current(999), some.current(1000)) == ([made], [])


def test_lifting_one_subject_lifts_the_whole_restriction_and_no_other() -> None:
    some = Restrictions()
    some.add(restriction("user:u1", "key:k1", "address:a"))
    some.add(restriction("user:u2"))
    some.lift(["key:k1", "key:k9"])
    assert [some.find([subject], 0) is None for subject in ("user:u1", "key:k1", "address:a", "user:u2")] == [
        True, True, True, False
    ]  # fmt: skip


def test_a_later_restriction_covers_a_user_known_to_be_free() -> None:
    some = Restrictions()
    eve = User("u1", "eve", "eve", "k1")
    assert some.covers(eve, 0) is None
    coming = restriction("key:k1")
    with some.pending(coming):
        assert some.covers(eve, 0) is coming
    assert some.covers(eve, 0) is None
    some.add(coming)
    assert some.covers(eve, 0) is coming
    some.lift(["key:k1"])
    assert some.covers(eve, 0) is None


def test_a_clock_set_back_makes_a_restriction_hold_again() -> None:
    some = Restrictions()
    eve = User("u1", "eve", "eve", "k1")
    some.add(restriction("key:k1", until=1000))
    assert [some.covers(eve, now) is None for now in (999, 1000, 999)] == [False, True, False]


def test_a_submitted_restriction_holds_until_the_log_decides() -> None:
    some = Restrictions()
    one, other = restriction("user:u1"), restriction("user:u1")
    with some.pending(other):
        with some.pending(one):
            assert some.find(["user:u1"], 0) is not None
        assert some.find(["user:u1"], 0) is other
    assert some.find(["user:u1"], 0) is None
    assert not some.are_any


def test_a_key_added_later_makes_a_restriction_cover_its_user() -> None:
    some = Restrictions()
    eve = User("u1", "eve", "eve", "k1")
    some.add(restriction("key:k2"))
    assert some.covers(eve, 0) is None
    eve.add_device("k2", Device())
    eve.additions += 1
    assert some.covers(eve, 0) is not None
