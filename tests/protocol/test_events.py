from typing import get_args

import pytest

from socketchat.protocol import events

MODULES = {f"socketchat.protocol.{name}" for name in ("events", "room_events", "user_events")}
EVENTS = get_args(events.ANY)


def children(parent):
    return {child for each in parent.__subclasses__() for child in (each, *children(each))}


def test_every_event_is_in_the_union():
    assert set(EVENTS) == {kind for kind in children(events.Event) if kind.__module__ in MODULES}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_frozen_and_later_versions_may_add_fields(event):
    config = event.__struct_config__

    assert config.frozen
    assert not config.forbid_unknown_fields
    assert config.tag == event.__name__.lower()
