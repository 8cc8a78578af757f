"""Messages that need more than one command: several targets, labels and tags."""

from __future__ import annotations

from .. import numerics as n
from ..isupport import TARGETS
from ..line import Call


async def say(call: Call) -> None:
    """Send a message to one or several targets."""
    if call.session.user is None:
        call.numeric(n.ERR_NOTREGISTERED)
        return
    if not call.param(0):
        call.numeric(n.ERR_NORECIPIENT, f"No recipient given ({call.message.verb})")
        return
    if not call.param(1):
        call.numeric(n.ERR_NOTEXTTOSEND)
        return
    for target in call.param(0).split(",")[:TARGETS]:
        command = call.session.dialect.send(target, call.param(1), call.message)
        if command is not None:
            await call.perform(command)
