from socketchat.hub import User
from socketchat.hub.state.restrictions import Restriction, Restrictions, of_address, of_device, of_name, of_user


def restriction(*subjects: str, until: int = 0) -> Restriction:
    return Restriction(subjects, "eve", until, "spam")


def test_a_user_is_known_by_id_keys_and_what_the_name_looks_like() -> None:
    subjects = of_user(User("u1", "Eve", "eve", "k1"))
    assert {"user:u1", of_device("k1"), *of_name("eve")} <= set(subjects)
    assert set(of_name("b0b")) & set(of_name("bOb"))


def test_an_address_stands_for_its_network() -> None:
    assert of_address("2001:db8::1") == of_address("2001:db8::ffff:2")
    assert of_address("::ffff:203.0.113.9") == of_address("203.0.113.9") != of_address("203.0.113.8")


def test_a_restriction_holds_for_each_of_its_subjects_until_its_time() -> None:
    some = Restrictions()
    assert not some.are_any
    made = restriction("user:u1", "key:k1", until=1000)
    some.add(made)
    assert some.are_any
    assert some.find(["user:u9", "key:k1"], 999) == made
    assert some.find(["key:k1"], 1000) is None
    assert some.find(["user:u9"], 0) is None
    assert (some.current(999), some.current(1000)) == ([made], [])


def test_lifting_one_subject_lifts_all_that_it_covers_and_no_other() -> None:
    some = Restrictions()
    some.add(restriction("user:u1", "key:k1", "address:a"))
    some.add(restriction("user:u2"))
    some.lift(["key:k1", "key:k9"])
    assert [some.find([subject], 0) is None for subject in ("user:u1", "key:k1", "address:a", "user:u2")] == [
        True, True, True, False
    ]  # fmt: skip


def test_a_user_who_was_spared_is_covered_by_what_comes_later() -> None:
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


def test_a_user_is_covered_again_where_the_clock_is_set_back() -> None:
    some = Restrictions()
    eve = User("u1", "eve", "eve", "k1")
    some.add(restriction("key:k1", until=1000))
    assert [some.covers(eve, now) is None for now in (999, 1000, 999)] == [False, True, False]


def test_what_is_not_stored_yet_holds_until_it_is_decided() -> None:
    some = Restrictions()
    one, other = restriction("user:u1"), restriction("user:u1")
    with some.pending(other):
        with some.pending(one):
            assert some.find(["user:u1"], 0) is not None
        assert some.find(["user:u1"], 0) is other
    assert some.find(["user:u1"], 0) is None
    assert not some.are_any
