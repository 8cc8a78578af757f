from typing import get_args

import msgspec
import pytest

from socketchat.protocol import commands, room_commands
from socketchat.protocol.limits import LARGEST_NUMBER

COMMANDS = get_args(commands.ANY)


def test_every_command_is_in_the_union():
    modules = {commands.__name__, room_commands.__name__}
    defined = {kind for kind in commands.Command.__subclasses__() if kind.__module__ in modules}
    assert set(COMMANDS) == defined


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_frozen_and_can_have_an_id(command):
    config = command.__struct_config__

    assert config.frozen
    assert not config.forbid_unknown_fields
    assert config.tag == command.__name__.lower()
    assert "id" in command.__struct_fields__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_number_in_a_command_is_bounded(command):
    for field in msgspec.structs.fields(command):
        schema = str(msgspec.json.schema(field.type))
        assert "'integer'" not in schema or f"'maximum': {LARGEST_NUMBER}" in schema, field.name
