import re
from importlib.resources import files
from typing import get_args
from unicodedata import decimal, normalize

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from socketchat.exceptions import BY_CODE
from socketchat.protocol import codec, commands, events, limits
from socketchat.protocol.authentication.entry_proof import code_key, entry_proof
from socketchat.protocol.authentication.proofs import (
    KEY_BYTES,
    NONCE_BYTES,
    from_word,
    signed_bytes,
    to_word,
)
from socketchat.protocol.names import name_key
from tests.keys import key_of

CERTIFICATE = bytes(range(32, 64))
"""The SHA-256 of the server's certificate in the examples."""

README = files("socketchat.protocol").joinpath("README.md").read_text("utf-8")


def chapter(title):
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def sections(title):
    """Return the text under each ``### type`` of a chapter."""
    return dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", chapter(title), re.MULTILINE | re.DOTALL))


def examples(section):
    return [line for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def rows(title):
    return [
        [cell.strip(" `") for cell in row.split("|")[1:-1]]
        for row in re.findall(r"^\| `.*", chapter(title), re.MULTILINE)
    ]


def types(union):
    return {struct.__struct_config__.tag: struct for struct in get_args(union)}


COMMANDS, EVENTS = sections("Commands"), sections("Events")
MINUTE = re.findall(r"^([<>]) (\{.*)$", chapter("In one minute"), re.MULTILINE)

ASKED = [
    pytest.param(line, id=f"{kind}-{n}") for kind, text in COMMANDS.items() for n, line in enumerate(examples(text))
]
TOLD = [pytest.param(line, id=f"{kind}-{n}") for kind, text in EVENTS.items() for n, line in enumerate(examples(text))]


def test_every_command_and_every_event_has_a_section():
    assert list(COMMANDS) == list(types(commands.ANY))
    assert sorted(EVENTS) == sorted(types(events.ANY))


@pytest.mark.parametrize(
    ("struct", "section"),
    [(types(commands.ANY)[kind], text) for kind, text in COMMANDS.items()]
    + [(types(events.ANY)[kind], text) for kind, text in EVENTS.items()],
)
def test_a_section_has_an_example_and_names_every_field(struct, section):
    fields = {field.name for field in msgspec.structs.fields(struct)}
    if issubclass(struct, commands.Command):
        fields.discard("id")  # explained once, for all commands

    assert {msgspec.json.decode(line)["type"] for line in examples(section)} == {struct.__struct_config__.tag}
    assert fields <= set(re.findall(r"`(\w+)`", section))


@pytest.mark.parametrize("line", ASKED)
def test_an_example_of_a_command_matches_the_program(line):
    assert codec.encode(codec.decode_command(line.encode())) == f"{line}\n".encode()


@pytest.mark.parametrize("line", TOLD)
def test_an_example_of_an_event_matches_the_program(line):
    event = codec.decode_event(line.encode())

    assert event is not None
    assert codec.encode(event) == f"{line}\n".encode()
    if isinstance(event, events.Entry):
        assert codec.encode_text(codec.decode_text(event)) == bytes(event.body)


def test_the_first_minute_matches_what_both_sides_send():
    assert [codec.encode(codec.decode_command(line.encode())) for side, line in MINUTE if side == ">"] == [
        f"{line}\n".encode() for side, line in MINUTE if side == ">"
    ]
    told = [codec.decode_event(line.encode()) for side, line in MINUTE if side == "<"]
    assert [type(event) for event in told] == [events.Challenge, events.Welcome, events.Ok, events.Entry]
    assert [codec.encode(event) for event in told] == [f"{line}\n".encode() for side, line in MINUTE if side == "<"]


def test_the_signatures_on_the_page_are_valid():
    hello, prove = [codec.decode_command(line.encode()) for side, line in MINUTE if side == ">"][:2]
    challenge = next(codec.decode_event(line.encode()) for side, line in MINUTE if side == "<")
    nonces = [from_word(each.nonce, NONCE_BYTES, "nonce") for each in (challenge, hello)]
    key = key_of("deploybot")
    assert "the private key (seed) is the SHA-256 of the word `deploybot`" in " ".join(README.split())
    assert hello.key == key.public
    (plaintext,) = re.findall(r"^    ([\w-]{86})$", README, re.MULTILINE)
    assert prove.signature == to_word(key.sign(signed_bytes(CERTIFICATE, *nonces, hello.name)))
    assert plaintext == to_word(key.sign(signed_bytes(b"", *nonces, hello.name)))
    proofs = [codec.decode_command(line.encode()) for line in examples(COMMANDS["prove"])]
    assert [each.signature for each in proofs] == [plaintext if each.local else prove.signature for each in proofs]


def test_the_keys_of_names_on_the_page_are_the_program_s():
    vectors = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \| `([0-9a-f]+)` \|$", README, re.MULTILINE)
    assert len(vectors) > 5
    for name, key, digits in vectors:
        assert (name_key(name), key.encode().hex()) == (key, digits)
        assert name_key(key) == key


def by_the_page(name):
    """Return the key of a name by the steps that the page gives."""
    if name.isascii():
        return name.lower()
    folded = normalize("NFKC", name.casefold()).casefold()
    folded = re.sub("(?<=[ij])\u0307+", "", folded.replace("ı", "i"))
    return "".join(str(decimal(each, each)) for each in normalize("NFKC", folded))


@given(st.text(max_size=20))
def test_the_steps_on_the_page_give_the_key_of_every_name(name):
    assume(not name.startswith("#"))
    assert by_the_page(name) == name_key(name)


def test_the_entry_proofs_in_the_examples_are_valid():
    (code,) = re.findall(r"the code\s`([a-z-]+)`", README)
    hello = next(codec.decode_command(line.encode()) for side, line in MINUTE if side == ">")
    challenge = next(codec.decode_event(line.encode()) for side, line in MINUTE if side == "<")
    covered = {
        "server_nonce": from_word(challenge.nonce, NONCE_BYTES, "nonce"),
        "client_nonce": from_word(hello.nonce, NONCE_BYTES, "nonce"),
        "public_key": from_word(hello.key, KEY_BYTES, "key"),
        "name": hello.name,
    }
    secret = bytes(range(32))
    k, binding = code_key(code, secret), CERTIFICATE
    proofs = [codec.decode_command(line.encode()) for line in examples(COMMANDS["prove"])]
    hosts = [event.host for line in examples(EVENTS["welcome"]) if (event := codec.decode_event(line.encode())).host]
    assert [each.code for each in proofs if each.code] == [to_word(entry_proof(k, "join", binding=binding, **covered))]
    assert hosts == [to_word(entry_proof(k, "host", binding=binding, **covered))]
    assert [each.local for each in proofs if each.local] == [
        to_word(entry_proof(secret, "join", binding=b"", **covered))
    ]


def test_the_table_of_errors_matches_the_code():
    assert {code: int(exit_code) for code, exit_code, _ in rows("Error codes")} == {
        code: error.exit_code for code, error in BY_CODE.items()
    }


def test_errors_in_examples_have_known_codes():
    codes = re.findall(r'"type":"(?:error|bye)",.*?"code":"(\w+)"', README)

    assert codes
    assert set(codes) <= set(BY_CODE)


def test_the_table_of_limits_matches_the_code():
    assert {name: int(value.replace(",", "")) for name, value, _ in rows("Limits")} == limits.as_told()


def test_limits_in_the_text_match_the_code():
    assert f"{limits.LARGEST_NUMBER:,}" in README
    assert f"up to {limits.UNACKNOWLEDGED_ENTRIES} `send`s" in README
    assert f"Of more than {limits.PRESENCE_NAMES} users" in README
    assert f"{limits.DEFAULT_PORT} by default" in README
    for line in [line for text in EVENTS.values() for line in examples(text) if '"limits":' in line]:
        assert msgspec.json.decode(line)["limits"] == limits.as_told()
