"""The theatre: the meaning of each step of a play."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from socketchat.protocol import events
from tests.keys import key_of
from tests.plays.actors import PRESENCE, Actor, NativeActor, PlainActor
from tests.plays.script import Play
from tests.server.house import House
from tests.server.http.frames import FrameCaller, upgraded

TIMEOUTS = 10.0
"""Seconds that a step may take; it takes milliseconds."""

SECRET = bytes(range(32))
"""The local secret, in plays in which newcomers need it."""

ESCAPE = re.compile(r"\\(?:n|x[0-9a-f]{2}|u[0-9a-f]{4})")
COUNT = re.compile(r"(?:and (\d+) others have|has) (joined|left) ")


class Theatre:
    """One performance."""

    def __init__(self, house: House, cast: dict[str, str]) -> None:
        self.house = house
        self.cast = cast
        self.actors: dict[str, Actor] = {}

    async def play(self, play: Play) -> None:
        """Run every step; then check that no actor has seen any other line."""
        for number, step in play.steps:
            try:
                async with asyncio.timeout(TIMEOUTS):
                    await self._do(step)
            except (AssertionError, TimeoutError) as problem:
                seen = {name: [*actor.sights, *actor.presence] for name, actor in self.actors.items()}
                raise AssertionError(f"{play.name}.play:{number}: {step}\n{problem!r}\nunseen: {seen}") from problem
        for actor in self.actors.values():
            await actor.barrier()
            assert not actor.sights, f"{actor.name} saw what {play.name}.play does not tell: {list(actor.sights)}"

    async def _do(self, step: str) -> None:
        for pattern, method in STEPS:
            if match := re.fullmatch(pattern, step):
                await method(self, *match.groups())
                return
        raise AssertionError("there is no such step")

    async def _comes(self, name: str, dialect: str | None) -> None:
        actor = await self._newcomer(name, dialect or self.cast[name])
        assert await actor.ask_for_name(name), f"{name} was not let in: {list(actor.sights)}"

    async def _newcomers_need_secret(self) -> None:
        admission = self.house.server.hub.admission
        admission.is_open, admission.local_secret = False, SECRET

    async def _comes_with_secret(self, name: str) -> None:
        actor = NativeActor(name, await self.house.call(), key=key_of(name), secret=SECRET)
        self.actors[name] = actor
        assert await actor.ask_for_name(name), f"{name} was not let in: {list(actor.sights)}"

    async def _newcomer(self, name: str, dialect: str) -> Actor:
        caller = await self.house.call()
        if dialect == "web":
            caller = await upgraded(caller, self.house.port)
        if dialect == "plain":
            actor: Actor = PlainActor(name, caller)
        else:
            actor = NativeActor(name, caller, key=None if dialect == "guest" else key_of(name))
        self.actors[name] = actor
        return actor

    async def _asks_for_name(self, name: str, dialect: str, wanted: str) -> None:
        actor = self.actors.get(name) or await self._newcomer(name, dialect)
        await actor.ask_for_name(wanted)

    async def _crowd_comes(self, count: str, dialect: str) -> None:
        for n in range(int(count)):
            await self._comes(f"guest{n:02}", dialect)

    async def _sees_crowd(self, name: str, count: str, verb: str) -> None:
        seen = 0
        while seen < int(count):
            line = await self.actors[name].next_sight(self.actors[name].presence)
            found = COUNT.search(line)
            assert found, line
            if found[2] == {"come": "joined", "go": "left"}[verb]:
                seen += int(found[1]) + 3 if found[1] else 1
        assert seen == int(count)

    async def _crowd_goes(self) -> None:
        for name in [name for name in self.actors if name.startswith("guest")]:
            await self._goes(name)

    async def _types(self, name: str, line: str) -> None:
        await self.actors[name].type(line)

    async def _says(self, name: str, text: str) -> None:
        await self.actors[name].type(ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), text))

    async def _sees(self, name: str, expected: str) -> None:
        actor = self.actors[name]
        pattern = re.escape(expected).replace("…", ".*")
        if not expected.startswith(PRESENCE):
            seen = await actor.next_sight(actor.sights)
            assert re.fullmatch(pattern, seen), f"{name} saw {seen!r}"
            return
        while not re.fullmatch(pattern, await actor.next_sight(actor.presence)):
            pass

    async def _does_not_see(self, name: str, unexpected: str) -> None:
        for actor in self.actors.values():
            await actor.barrier()
        actor = self.actors[name]
        assert not [line for line in [*actor.sights, *actor.presence] if unexpected in line]

    async def _goes(self, name: str) -> None:
        """Leave, and wait until the server has closed."""
        actor = self.actors.pop(name)
        await actor.caller.write(b"/quit\n" if isinstance(actor, PlainActor) else b'{"type":"quit"}\n')
        await actor.caller.end()

    async def _link_breaks(self, name: str) -> None:
        actor = self.actors[name]
        await actor.barrier()
        before = len(self.house.server.connections)
        actor.caller.vanish()
        while len(self.house.server.connections) == before:
            await self._anybody_else(name).barrier()
        self.actors[f"broken {name}"] = self.actors.pop(name)

    def _anybody_else(self, name: str) -> Actor:
        return next(actor for other, actor in self.actors.items() if other != name and " " not in other)

    async def _resumes(self, name: str) -> None:
        actor = self.actors.pop(f"broken {name}")
        assert isinstance(actor, NativeActor)
        caller = await self.house.call()
        is_web = isinstance(actor.caller, FrameCaller)
        await actor.resume(await upgraded(caller, self.house.port) if is_web else caller)
        self.actors[name] = actor

    async def _reads(self, name: str, limit: str, conversation: str) -> None:
        actor = self.actors[name]
        assert isinstance(actor, NativeActor)
        await actor.read_history(conversation, int(limit))

    async def _sends(self, name: str, text: str) -> None:
        """Log in, send and leave without listening, as a script does."""
        actor = NativeActor(name, await self.house.call(), key=key_of(name), listen="none")
        assert await actor.ask_for_name(name)
        await actor.type(text)
        assert not actor.sights
        await actor.caller.write(b'{"type":"quit"}\n')
        assert b'"entry"' not in await actor.caller.end()

    async def _server_stops(self) -> None:
        await self.house.server.stop()
        for actor in self.actors.values():
            if isinstance(actor, NativeActor):
                assert (await actor.caller.hears(events.Bye)).reconnect
            else:
                assert (await actor.caller.end()).endswith(b"[server] The server is shutting down.\n")
        self.actors.clear()


Step = Callable[..., Awaitable[None]]

STEPS: list[tuple[str, Step]] = [
    (r"(\w+) comes(?: by (native|plain|guest|web))?", Theatre._comes),
    (r"newcomers need the local secret", Theatre._newcomers_need_secret),
    (r"(\w+) comes with the local secret", Theatre._comes_with_secret),
    (r"(\w+) by (native|plain|guest|web) asks for the name (.*)", Theatre._asks_for_name),
    (r"(\d+) guests come by (native|plain|guest|web)", Theatre._crowd_comes),
    (r"(\w+) sees (\d+) (come|go)", Theatre._sees_crowd),
    (r"the guests go", Theatre._crowd_goes),
    (r"(\w+) types (.*)", Theatre._types),
    (r"(\w+) says (.*)", Theatre._says),
    (r"(\w+) sees (.*)", Theatre._sees),
    (r"(\w+) does not see (.*)", Theatre._does_not_see),
    (r"(\w+) goes", Theatre._goes),
    (r"the link of (\w+) breaks", Theatre._link_breaks),
    (r"(\w+) resumes", Theatre._resumes),
    (r"(\w+) reads the last (\d+) of (.*)", Theatre._reads),
    (r"(\w+) sends without listening: (.*)", Theatre._sends),
    (r"the server stops", Theatre._server_stops),
]
