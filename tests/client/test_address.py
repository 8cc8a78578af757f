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
    with pytest.raises(UsageProblem, match=r"is not an? (address|port)"):
        parse_host(text)


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        " ",
        "chat.example.org/",
        "*",
        "socketchat://example.org/",
        "user@example.org",
        "a\0b",
        "a:\0b:5000",
        "a\nb",
        "-a.org",
        "a..b",
        ".a",
        "a" * 64,
        "a." * 127 + "b",
        "fe80::1%",
        "fe80::1%a b",
        "#lobby",
        "\x1b[2J",
    ],
)
def test_an_impossible_host_name_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"is not an? (address|port)"):
        parse_host(text)


@pytest.mark.parametrize("text", ["a", "my_host", "10.0.0.1", "example.org.", "bücher.example", "a-b.c1", "127.1"])
def test_a_possible_host_name_is_accepted(text: str) -> None:
    assert parse_host(text) == (text, None)


class Known:
    """The servers that a user knows."""

    def __init__(self, default: Address | None = None, known: tuple[Address, ...] = ()) -> None:
        self._default = default
        self._known = known

    def default(self) -> Address | None:
        return self._default

    def known(self) -> list[Address]:
        return list(self._known)


def find(host=None, port=None, last=None, known=(), **environ: str) -> str:
    return str(find_server(host, port, environ, Known(last, known)))


def test_a_server_is_found_by_option_then_environment_then_the_default_then_ours() -> None:
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
    with pytest.raises(UsageProblem, match="Leave one of them out"):
        find("host:5001", 5002)


def test_without_a_default_the_one_server_that_is_known_is_meant() -> None:
    one, two = Address("one", 5001), Address("two", 5002)
    assert find(known=(one,)) == "one:5001"
    assert find(known=(one, two), last=two) == "two:5002"
    assert find(None, 5003, known=(one, two)) == "127.0.0.1:5003"
    assert find("host", known=(one, two)) == "host:5000"
    with pytest.raises(UsageProblem, match=r"You know 2 .* --host, .*: socketchat trust --default one:5001$"):
        find(known=(one, two))


def test_known_servers_are_not_read_if_a_host_is_given() -> None:
    assert find_server("host", None, {}, None) == ("host", 5000)
    with pytest.raises(UsageProblem, match="is not an address"):
        find_server("", None, {}, None)


@pytest.mark.parametrize("bad", [{"SOCKETCHAT_PORT": "x"}, {"SOCKETCHAT_HOST": "host:y"}])
def test_an_invalid_environment_variable_is_a_usage_error(bad: dict) -> None:
    with pytest.raises(UsageProblem, match="is not a port"):
        find(**bad)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), r"connection refused. Is `socketchat serve` running there\?"),
        (gaierror(), r"unknown host. Check the spelling"),
        (TimeoutError(), "the server did not answer in time"),
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
