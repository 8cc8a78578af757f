import pytest

from socketchat.hub import networks
from socketchat.hub.networks import is_address, is_loopback, network


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "not an address", False),
    ],
)
def test_addresses_of_one_customer_are_one_network(one: str, other: str, *, same: bool) -> None:
    assert (network(one) == network(other)) is same


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("fe80::1%lo", False),
        ("", False),
    ],
)
def test_every_form_of_a_loopback_address_is_recognized(peer: str, *, expected: bool) -> None:
    assert is_loopback(peer) is expected


def test_no_long_word_is_remembered() -> None:
    before = networks._parsed.cache_info().currsize
    assert not is_address("1" * 100_000)
    assert network("1" * 100_000) == "1" * 100_000
    assert networks._parsed.cache_info().currsize == before
