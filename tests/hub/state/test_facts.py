import msgspec
import pytest

from socketchat.hub.state import facts


@pytest.mark.parametrize(
    ("fact", "stored"),
    [
        (facts.UserFact("u1", "alice", "key"), b'{"id":"u1","name":"alice","key":"key"}'),
        (facts.RoomFact("#Ops"), b'{"name":"#Ops"}'),
        (facts.MemberFact("#ops", "u1", member=True), b'{"room":"#ops","user":"u1","member":true}'),
    ],
)
def test_facts_on_disk_are_readable_by_later_versions(fact: msgspec.Struct, stored: bytes) -> None:
    assert facts.encode(fact) == stored
    assert msgspec.json.decode(stored, type=type(fact)) == fact
    assert msgspec.json.decode(stored[:-1] + b',"later":1}', type=type(fact)) == fact
