"""A real hub over a real journal, without sockets or clocks: the test turns the loop by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count
from types import coroutine

import msgspec

from socketchat.client.identity.keys import Key
from socketchat.commands import handle
from socketchat.commands.operator.orders import handle as give
from socketchat.exceptions import Busy
from socketchat.hub import Admission, Channel, Hub, Session
from socketchat.hub.sessions import NO_CHANNEL
from socketchat.journal.memory import MemoryJournal
from socketchat.protocol import commands, events, operator
from socketchat.protocol.codec import decode_event, decode_text
from socketchat.server.limits import WRITE_BUFFER_HIGH
from socketchat.wire.native import NATIVE
from socketchat.wire.plain import PLAIN
from tests.keys import hello_of, key_of, proof_of


class Promise:
    """A future for coroutines in this loop, which checks it in every turn."""

    is_set = False

    def done(self) -> bool:
        return self.is_set

    def set_result(self, _: None) -> None:
        self.is_set = True

    def __await__(self):
        while not self.is_set:
            yield


class Turns:
    """An event loop that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._ready: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def call_soon(self, callback: Callable[..., None], *args: object) -> None:
        self._ready.append(lambda: callback(*args))

    def create_future(self) -> Promise:
        return Promise()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        heappush(self._timers, (self.now + seconds, next(self._order), callback))

    def spawn(self, task: Coroutine[None, None, None]) -> None:
        """Run a coroutine; each time that it yields, it waits for another turn."""
        with suppress(StopIteration):
            task.send(None)
            self._ready.append(lambda: self.spawn(task))

    def turn(self) -> None:
        """Run the callbacks that were ready when the turn began."""
        for _ in range(len(self._ready)):
            self._ready.popleft()()

    def settle(self) -> None:
        """Turn the loop until no callback is ready."""
        while self._ready or (self._timers and self._timers[0][0] <= self.now):
            while self._timers and self._timers[0][0] <= self.now:
                heappop(self._timers)[2]()
            self.turn()

    def wait(self, seconds: float) -> None:
        """Let time pass, and run the timers that are due."""
        self.settle()
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now = self._timers[0][0]
            self.settle()
        self.now = end


@coroutine
def another_turn():
    """Wait for the loop to be turned."""
    yield


class CountingJournal(MemoryJournal):
    """Records the reads; a read takes ``turns`` of the loop, in which more entries can be stored."""

    def __init__(self, loop, **options) -> None:
        super().__init__(loop, **options)
        self.reads: list[tuple[str, int]] = []
        self.searches = 0
        self.turns = 1
        self.most_at_once = 0
        self._at_once = 0

    async def read(self, conversation, *, after=0, before=None, upto=None, limit, current=False):
        self.reads.append((conversation, after))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        for _ in range(self.turns):
            await another_turn()
        self._at_once -= 1
        return await super().read(conversation, after=after, before=before, upto=upto, limit=limit, current=current)

    async def search(self, query):
        self.searches += 1
        for _ in range(self.turns):
            await another_turn()
        return await super().search(query)


class CountingHasher:
    """Records the hashes and comparisons; each takes ``turns`` of the loop."""

    def __init__(self) -> None:
        self.work: list[str] = []
        self.turns = 1
        self.is_busy = False
        self.outdated: set[str] = set()

    async def hash(self, password: str) -> str:
        await self._work("hash")
        return f"hashed {sha256(password.encode()).hexdigest()}"

    async def verify(self, stored: str, password: str) -> bool:
        await self._work("verify")
        return stored == f"hashed {sha256(password.encode()).hexdigest()}"

    def is_outdated(self, stored: str) -> bool:
        return stored in self.outdated

    async def _work(self, what: str) -> None:
        if self.is_busy:
            raise Busy("Too many passwords are being checked; try again in a few seconds.")
        self.work.append(what)
        for _ in range(self.turns):
            await another_turn()


class Stage:
    """A hub, its journal and its clients; newcomers need no code, unless the test says so.

    A stage ``beside`` another one is another node: it shares the loop, the clock and the source of unguessable words.
    """

    def __init__(
        self,
        journal=CountingJournal,
        admission: Admission | None = None,
        *,
        limited: bool = False,
        beside: Stage | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.limited = limited
        self.admission = admission or Admission(is_open=True)
        self.turns = turns or (beside.turns if beside else Turns())
        self.hasher = CountingHasher()
        self.words = beside.words if beside else count(1)
        self.began = 1_800_000_000_000
        self.journal = journal(self.turns, clock=lambda: self.now)
        self.hub = self.new_hub()

    @property
    def now(self) -> int:
        return self.began + int(self.turns.now * 1000)

    def new_hub(self) -> Hub:
        """Start a new hub over the journal, as after a restart."""
        hub = Hub(
            self.journal,
            self.turns.call_later,
            self.turns.spawn,
            token=lambda size: token(next(self.words), size),
            clock=lambda: self.turns.now,
            admission=self.admission,
            limited=self.limited,
            hasher=self.hasher,
        )
        hub.load(finished(self.journal.open()))
        return hub

    def connect(self, rendering=NATIVE, channel: Channel = NO_CHANNEL) -> Peer:
        return Peer(self, rendering, channel)

    def native(self, name: str, **more) -> Peer:
        """Log in a native client under a name that it owns."""
        return self.login(key_of(name.lower()), name=name, **more)

    def guest(self, name: str) -> Peer:
        """Log in a native client as a guest."""
        return self.login(name=name)

    def login(self, key: Key | None = None, **hello) -> Peer:
        peer = self.connect()
        peer.log_in(key, **hello)
        self.turns.settle()
        return peer

    def plain(self, name: str) -> Peer:
        peer = self.connect(PLAIN)
        peer.ask(commands.Hello(name=name))
        self.turns.settle()
        return peer

    def order(self, order: operator.ORDERS) -> list[str]:
        """Give an order as the operator; return the lines to print, or the code and text of an error."""
        peer = self.connect()
        peer.session.user = self.hub.operator
        give(self.hub, peer.session, order)
        self.turns.settle()
        lines: list[str] = []
        for answer in map(msgspec.json.Decoder(operator.ANSWERS).decode, peer.take().splitlines()):
            if isinstance(answer, operator.Report):
                lines += answer.lines
            elif isinstance(answer, events.Error):
                lines += [answer.code, answer.text]
        return lines

    def settle(self) -> None:
        self.turns.settle()


def token(number: int, size: int) -> str:
    """Return a word for this many bytes."""
    return f"word{number}".ljust(-(-size * 8 // 6), "A")


def finished(task):
    """Return the result of a coroutine that does not wait."""
    try:
        task.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the coroutine waits for something")


class Peer:
    """One client without a socket: hands in commands as a connection does, and keeps each write."""

    def __init__(self, stage: Stage, rendering, channel: Channel) -> None:
        self.hub = stage.hub
        self.stage = stage
        self.writes: list[bytes] = []
        self.last_words: bytes | None = None
        self.stuck = False
        self.buffered = 0
        self._ids = count(1)
        self._commands: deque[commands.Command] = deque()
        self.session = Session(rendering, self, self._write, channel)
        self.hub.throttle.begin(self.session)

    def next_id(self) -> int | None:
        """Return an id for the next command, or None in the plain dialect."""
        return next(self._ids) if self.session.rendering is NATIVE else None

    # Called by the hub

    def proceed(self) -> None:
        while self._commands and self.last_words is None and self.hub.takes(self.session):
            command = self._commands.popleft()
            if not handle(self.hub, self.session, command):
                self._commands.appendleft(command)
                return

    def close(self, last_words: bytes) -> None:
        self.last_words = last_words

    def fail(self, error: Exception) -> None:
        raise error

    def _write(self, data: bytes) -> None:
        self.writes.append(data)
        if self.stuck:
            self.buffered += len(data)
            if self.buffered > WRITE_BUFFER_HIGH and not self.session.paused:
                self.hub.pause(self.session)

    # Actions of the client

    def ask(self, *asked: commands.Command) -> None:
        """Hand in commands, as far as the session takes them; the rest waits."""
        idle = not self._commands
        self._commands += asked
        if idle:
            self.proceed()

    def log_in(self, key: Key | None = None, *, password: str | None = None, **hello) -> None:
        """Say hello, and answer the challenge with the key."""
        if key is None:
            self.ask(commands.Hello(id=self.next_id(), **hello))
            return
        self.ask(hello_of(key, id=self.next_id(), **hello))
        challenge = decode_event(self.writes[-1])
        if isinstance(challenge, events.Challenge):
            del self.writes[-1]
            self.prove(key, challenge, hello["name"], password=password)

    def prove(self, key: Key, challenge: events.Challenge, name: str, **shown) -> None:
        """Answer a challenge."""
        binding = self.session.channel.binding
        self.ask(proof_of(key, challenge, name, binding=binding, id=self.next_id(), **shown))

    @property
    def waiting(self) -> int:
        """The number of commands not taken yet."""
        return len(self._commands)

    def say(self, text: str, to: str = "#lobby", **more) -> int | None:
        number = self.next_id()
        self.ask(commands.Send(id=number, to=to, text=text, **more))
        return number

    def do(self, kind: type[commands.Command], **fields) -> int | None:
        """Send a command and wait for its answer; return its id."""
        number = self.next_id()
        self.ask(kind(id=number, **fields))
        self.stage.settle()
        return number

    def drop(self) -> None:
        """Break the link."""
        self.last_words = self.last_words or b""
        self.hub.logins.exit(self.session, quits=False)

    def stall(self) -> None:
        """Stop reading, with a full buffer."""
        self.stuck = True
        self.buffered = 0
        self.hub.pause(self.session)

    def read_again(self) -> None:
        """Read everything again."""
        self.stuck = False
        self.hub.drain(self.session)

    # Output for the client

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self.writes)
        self.writes.clear()
        return data

    def events(self) -> list[events.Event]:
        """Return the events since the last time."""
        return [event for line in self.take().splitlines() if (event := decode_event(line)) is not None]

    def told(self, kind: type) -> list:
        """Return the events of one kind since the last time."""
        return [event for event in self.events() if type(event) is kind]

    def heard(self) -> list[tuple[str, int, str]]:
        """Return the entries since the last time, as conversation, seq and text."""
        return [(entry.conversation, entry.seq, decode_text(entry).text) for entry in self.told(events.Entry)]

    def text(self) -> str:
        return self.take().decode()
