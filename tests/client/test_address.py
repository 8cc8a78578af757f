import errno
from socket import gaierror

import pytest

from socketchat.client.address import Address, find_server, parse_host, unreachable
from socketchat.exceptions import UsageProblem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.org", ("example.org", None)),
        ("example.org:5001", ("example.org", 5001)),
        ("10.0.0.1:65535", ("10.0.0.1", 65535)),
        ("[::1]:5001", ("::1", 5001)),
        ("[fe80::1%eth0]", ("fe80::1%eth0", None)),
        ("::1", ("::1", None)),
    ],
)
def test_hosts_are_read_in_every_usual_form(text: str, expected: tuple) -> None:
    assert parse_host(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":5000",
        "host:",
        "host:x",
        "host:0",
        "host:65536",
        "[::1",
        "[::1]5000",
        "host:٣",
        "bad:host:1",
        "[a:b]:1",
        "::ü",
    ],
)
def test_the_error_for_an_invalid_address_states_the_form(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"is no (address|port)"):
        parse_host(text)


def find(host=None, port=None, last=None, **environ: str) -> str:
    return str(find_server(host, port, environ, lambda: last))


def test_the_server_comes_from_the_option_environment_last_use_or_default() -> None:
    last = Address("old", 5009)
    environ = {"SOCKETCHAT_HOST": "env", "SOCKETCHAT_PORT": "5003"}
    assert find("host", 5001, last, **environ) == "host:5001"
    assert find("host:5001", None, last, **environ) == "host:5001"
    assert find("host", None, last, **environ) == "host:5003"
    assert find("host", None, last) == "host:5000"
    assert find(None, None, last, **environ) == "env:5003"
    assert find(None, 5001, last, SOCKETCHAT_HOST="env:5002") == "env:5001"
    assert find(None, None, last, SOCKETCHAT_HOST="env:5002") == "env:5002"
    assert find(None, None, last) == "old:5009"
    assert find(None, 5001, last) == "old:5001"
    assert find(None, None, last, SOCKETCHAT_PORT="5003") == "old:5003"
    assert find() == "127.0.0.1:5000"
    assert find("::1") == "[::1]:5000"


def test_two_different_ports_are_a_usage_error() -> None:
    assert find("host:5001", 5001) == "host:5001"
    with pytest.raises(UsageProblem, match="leave one of them out"):
        find("host:5001", 5002)


def test_the_last_server_is_not_read_if_a_host_is_given() -> None:
    def fail() -> Address:
        raise AssertionError

    assert find_server("host", None, {}, fail) == ("host", 5000)


@pytest.mark.parametrize("bad", [{"SOCKETCHAT_PORT": "x"}, {"SOCKETCHAT_HOST": "host:y"}])
def test_an_invalid_environment_variable_is_a_usage_error(bad: dict) -> None:
    with pytest.raises(UsageProblem, match="is no port"):
        find(**bad)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), r"connection refused. Is `socketchat serve` running there\?"),
        (gaierror(), r"there is no host of that name. Is it spelled right\?"),
        (TimeoutError(), "no answer in time"),
        (OSError(errno.ENETUNREACH, "x"), "network is unreachable"),
    ],
)
def test_an_error_is_one_line_with_reason_and_next_step(problem: OSError, words: str) -> None:
    with pytest.raises(Exception, match=f"^Cannot connect to h:1: {words}"):
        raise unreachable(Address("h", 1), problem)


def test_host_names_are_passed_to_the_resolver_as_bytes() -> None:
    assert Address("bücher.example", 1).wire_host == b"xn--bcher-kva.example"
    with pytest.raises(gaierror):
        _ = Address("ü" * 100, 1).wire_host
