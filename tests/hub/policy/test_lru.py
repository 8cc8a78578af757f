from hypothesis import given
from hypothesis import strategies as st

from socketchat.hub.policy.lru import LRU


def test_the_least_recently_used_item_is_evicted() -> None:
    recent: LRU[int] = LRU(3)
    for number, key in enumerate("abc"):
        recent.set(key, number)
    assert recent.get("a") == 0
    recent.set("d", 3)
    assert [recent.get(key) for key in "abcd"] == [0, None, 2, 3]
    recent.forget("a")
    recent.forget("a")
    assert recent.get("a") is None


@given(st.lists(st.tuples(st.sampled_from("gs"), st.sampled_from("abcdefg"))), st.integers(1, 5))
def test_an_lru_holds_only_the_most_recently_used_keys(steps: list[tuple[str, str]], most: int) -> None:
    recent: LRU[str] = LRU(most)
    used: list[str] = []
    for step, key in steps:
        if step == "s":
            recent.set(key, key)
        if step == "s" or recent.get(key) is not None:
            used = [*(each for each in used if each != key), key][-most:]
        assert len(recent) == len(used)
    assert all(recent.get(key) == key for key in used)
