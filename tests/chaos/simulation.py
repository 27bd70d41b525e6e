"""Days of a community in virtual time on a loop whose schedule is shuffled; all by one seed."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec

from hub.clock import ManualClock
from hub.ports import Changes, Envelope
from hub.store.memory import MemoryStore
from tests.chaos.community import DEVICES, MODELS, Community, Line
from tests.unit.intake.stage import Stage, stage

START = 1_764_000_000.0
IN_FLIGHT = 9.0
"""Seconds before a crash or a cut in which nothing is acknowledged any more. No hold is closer to
what is no fault: a hub that cannot know yet that it hears nothing would raise, and rightly."""
BETWEEN = (IN_FLIGHT, 5000.0)
"""Seconds between two troubles."""
LENGTHS = (0.0, 2.0, 30.0, 600.0, 7200.0)
"""Seconds for which the hub hears nothing."""
TURNS = 40
"""Turns of the loop, at most, that the hub has for what is in flight before it crashes."""
STORED = 0.5
"""Share of the crashes before which everything was stored, and only not acknowledged."""
DOUBLED = 0.03
"""Share of the messages that the broker delivers twice."""
TROUBLES = ("stop", "crash", "cut", "half-open")
UNNOTICED = 20.0
"""Seconds, at most, for which nobody notices that a connection is half open."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """The hub stops or crashes, or its connection is cut, from `at` to `until` (seconds).

    A connection that is half open is noticed, and made anew, at `until`.

    Its clock is set by `by` seconds before `until`; what devices say has the right time.
    """

    kind: str
    at: float
    until: float
    by: float = 0.0


class WrongClock(ManualClock):
    """The hub's clock, which may be set; `right` is the devices'."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._off = 0.0

    def now(self) -> float:
        return super().now() + self._off

    def right(self) -> float:
        """Return the true instant."""
        return super().now()

    def jump(self, by: float) -> None:
        """Set the clock by so many seconds."""
        self._off += by


class ShuffledLoop(asyncio.SelectorEventLoop):
    """Never waits, and takes what is ready in an order by the seed: each is another schedule."""

    def __init__(self, seed: int) -> None:
        super().__init__(_NoWait(self._pass))
        self._shuffle = Random(seed).shuffle
        self._passed = 0.0

    def time(self) -> float:
        return self._passed

    def _pass(self, seconds: float | None) -> None:
        if seconds is None:
            raise RuntimeError("nothing will ever happen any more: a part of the hub has died")
        self._passed += max(0.0, seconds)

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            turns = list(ready)
            self._shuffle(turns)
            ready.clear()
            ready.extend(turns)
        super()._run_once()  # type: ignore[misc]


class _NoWait(selectors.SelectSelector):
    def __init__(self, wait: Callable[[float | None], None]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._wait(timeout)
        return []


class Broker:
    """Keeps what was said until it is acknowledged, and delivers it in order, some of it twice."""

    def __init__(self, lines: list[Line], chance: Random, clock: WrongClock) -> None:
        self._clock = clock
        self.delivered = self.doubled = 0
        self._lines = lines
        self.chance = chance
        self._said = 0
        self._acknowledged = 0
        """Number of the first line that is not acknowledged yet."""

    def next_at(self) -> float:
        """Return when the next line is said; infinite after the last."""
        return self._lines[self._said].at if self._said < len(self._lines) else float("inf")

    def next_bad(self, after: float) -> float:
        """Return when something bad is said next; the last line's instant where that is never."""
        lines = self._lines[self._said :]
        return next((line.at for line in lines if line.bad and line.at >= after), lines[-1].at)

    def say(self) -> Iterator[Envelope]:
        """Yield the next line, as it is delivered at once."""
        yield from self._deliver(self._lines[self._said])
        self._said += 1

    def wait(self, until: float) -> None:
        """Keep what is said up to an instant."""
        while self.next_at() <= until:
            self._said += 1

    def waited(self) -> list[Envelope]:
        """Return everything that is not acknowledged, as it is delivered on a new connection."""
        lines = self._lines[self._acknowledged : self._said]
        return [envelope for line in lines for envelope in self._deliver(line)]

    def take_acknowledgements(self, run: Stage) -> None:
        """Note what the hub has acknowledged; never a later line before an earlier one."""
        for envelope in run.acknowledged:
            assert envelope.token <= self._acknowledged, "out of order"
            self._acknowledged = max(self._acknowledged, envelope.token + 1)
        run.acknowledged.clear()

    def is_done(self) -> bool:
        """Tell whether every line is acknowledged."""
        return self._acknowledged == len(self._lines)

    def _deliver(self, line: Line) -> Iterator[Envelope]:
        twice = self.chance.random() < DOUBLED
        self.delivered += 1
        self.doubled += twice
        for _ in range(1 + twice):
            yield Envelope(
                link="mqtt",
                address=line.topic,
                payload=line.payload,
                received=self._clock.now(),
                token=line.number,
            )


class Ledger:
    """Counts how often each message was committed, whoever lives meanwhile."""

    def __init__(self, store: MemoryStore) -> None:
        self.stored: Counter[tuple[str, int | None]] = Counter()
        self._inner = store.committer

    async def commit(self, changes: Changes) -> None:
        """Commit, and count what is in it."""
        await self._inner.commit(changes)
        self.stored.update((report.uid, report.seq) for report in changes.readings)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has left behind; instants in seconds after the start."""

    alarms: list[tuple[str, str, float, float | None]]
    """(device, rule, raised at, cleared at), sorted."""
    tickets: Counter[tuple[str, str]]
    """(device, fault) → how many tickets."""
    journal: list[int]
    is_done: bool
    stored: Counter[int]
    """How often a message was stored → how many messages."""
    troubles: Counter[str]
    delivered: int
    doubled: int


def simulate(
    seed: int, seconds: float, *, troubled: bool = False, troubles: Sequence[Trouble] = ()
) -> Outcome:
    """Run a community of this seed: with these troubles, with some by the seed, or with none."""
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(seed)) as runner:
        return runner.run(_live(seed, seconds, list(troubles), troubled=troubled))


async def _live(seed: int, seconds: float, troubles: list[Trouble], *, troubled: bool) -> Outcome:
    chance = Random(seed)
    clock = WrongClock(START)
    broker = Broker(Community(seed, seconds, START).lines, chance, clock)
    store = MemoryStore(clock)
    ledger = store.committer = Ledger(store)  # type: ignore[assignment]
    if troubled:
        troubles = list(plan_troubles(chance, seconds))
    await _spend(store, clock, broker, troubles, seconds)
    return await _read(store, broker, ledger, Counter(each.kind for each in troubles))


def plan_troubles(chance: Random, seconds: float) -> Iterator[Trouble]:
    """Yield troubles up to two and a half hours before the end."""
    at = 0.0
    while True:
        at += chance.uniform(*BETWEEN)
        kind = chance.choice(TROUBLES)
        length = UNNOTICED if kind == "half-open" else chance.choice(LENGTHS)
        until = at + length * chance.random()
        if until > seconds - 9000:
            return
        yield Trouble(kind=kind, at=at, until=until)
        at = until


async def _spend(
    store: MemoryStore, clock: WrongClock, broker: Broker, troubles: list[Trouble], end: float
) -> None:
    """Start a hub, and another after each that has ended, until the time is over."""
    waiting = list(reversed(troubles))
    trouble: Trouble | None = None
    while True:
        waited = broker.waited()
        async with stage(store, clock, DEVICES, waited, MODELS) as run:
            broker.take_acknowledgements(run)
            trouble = await _live_until_it_ends(run, broker, waiting, end)
        if trouble is None:
            return
        broker.wait(trouble.until)
        await clock.advance(max(0.0, START + trouble.until - clock.right()))
        clock.jump(trouble.by)


async def _live_until_it_ends(
    run: Stage, broker: Broker, waiting: list[Trouble], end: float
) -> Trouble | None:
    """Let a hub live through cuts; returns what ended it, None at the end of the time."""
    while waiting and waiting[-1].kind in LIVED_THROUGH:
        trouble = waiting.pop()
        await LIVED_THROUGH[trouble.kind](run, broker, trouble)
    if not waiting:
        await _listen(run, broker, end)
        return None
    trouble = waiting.pop()
    if trouble.kind == "stop":
        await _listen(run, broker, trouble.at)
        return trouble
    await _fly(run, broker, trouble.at)
    for _ in range(broker.chance.randrange(TURNS)):
        await asyncio.sleep(0)
    if broker.chance.random() < STORED:
        await run.settle()
    return trouble


async def _listen(run: Stage, broker: Broker, until: float) -> None:
    """Let the devices speak, and what comes due between come at its own instant."""
    while broker.next_at() <= until:
        await _move(run, broker.next_at())
        for envelope in broker.say():
            run.intake.inbox.offer(envelope)
        await run.settle()
        broker.take_acknowledgements(run)
    await _move(run, until)


async def _move(run: Stage, at: float) -> None:
    left = START + at - run.clock.right()  # type: ignore[attr-defined]
    if left > 0:
        await run.clock.advance(left)
        await run.settle()


async def _fly(run: Stage, broker: Broker, at: float) -> None:
    """Deliver what is said just before an instant; nobody has looked at it yet."""
    await _listen(run, broker, at - IN_FLIGHT)
    broker.wait(at)
    run.deaf = True
    await _move(run, at)
    run.deaf = False
    for envelope in broker.waited():
        run.intake.inbox.offer(envelope)


async def _cut(run: Stage, broker: Broker, trouble: Trouble) -> None:
    """Cut the connection; what is acknowledged on it afterwards does not reach the broker."""
    await _fly(run, broker, trouble.at)
    run.cut()
    await run.settle()
    run.acknowledged.clear()
    broker.wait(trouble.until)
    await _move(run, trouble.until)
    run.reconnect(broker.waited())
    await run.settle()
    broker.take_acknowledgements(run)


async def _half_open(run: Stage, broker: Broker, trouble: Trouble) -> None:
    """Let nothing come any more, and nobody say so, until the connection is made anew.

    That begins when a device has just said something bad: its good end is not heard.
    """
    at = broker.next_bad(trouble.at)
    until = at + trouble.until - trouble.at
    await _listen(run, broker, at)
    broker.wait(until)
    run.deaf = True
    while at < until:
        at = min(at + 1.0, until)
        await _move(run, at)
    run.deaf = False
    run.cut()
    run.reconnect(broker.waited())
    await run.settle()
    broker.take_acknowledgements(run)


LIVED_THROUGH = {"cut": _cut, "half-open": _half_open}


async def _read(
    store: MemoryStore, broker: Broker, ledger: Ledger, troubles: Counter[str]
) -> Outcome:
    alarms = await store.books.alarms(open_only=False, limit=1_000_000)
    tickets = await store.books.tickets(open_only=False, limit=1_000_000)
    return Outcome(
        alarms=sorted(
            (
                each.subject.removeprefix("d_"),
                each.rule,
                round(each.raised_at - START, 3),
                None if each.cleared_at is None else round(each.cleared_at - START, 3),
            )
            for each in alarms
        ),
        tickets=Counter((each.subject.removeprefix("d_"), each.fault) for each in tickets),
        journal=[entry.seq for entry in await store.books.journal(after=0, limit=10_000_000)],
        is_done=broker.is_done(),
        stored=Counter(ledger.stored.values()),
        troubles=troubles,
        delivered=broker.delivered,
        doubled=broker.doubled,
    )
