from typing import get_args

from socketchat.commands.operator.orders import ORDERS, handle
from socketchat.hub import Action
from socketchat.protocol import events, operator
from tests.hub.stage import Stage


def test_every_order_has_a_handler_and_needs_the_operator_s_right() -> None:
    assert ORDERS.keys() == set(get_args(operator.ORDERS))
    assert {row.right for row in ORDERS.values()} == {Action.OPERATE}


def test_an_order_of_anyone_but_the_operator_is_refused() -> None:
    stage = Stage()
    ann = stage.native("ann")
    stage.hub.directory.lobby.owner = ann.session.user.id
    ann.take()
    handle(stage.hub, ann.session, operator.ListUsers())
    assert ann.told(events.Error) == [events.Error(code="refused", text="Only the operator of the chat can do that.")]
    assert ann.told(operator.Report) == []
