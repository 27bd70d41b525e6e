"""A case as a tale: who says what when, the clock that moves only once all of it was heard.

The hub runs whole in this process, on a manual clock; its devices speak over a broker's sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from device_drivers.links.modbus import ModbusLink
from device_drivers.links.mqtt import MqttLink
from hub.app import open_hub
from hub.assembly.own_device import HUB_ID
from hub.clock import ManualClock
from hub.intake.workbench import Workbench
from hub.model.report import Value
from hub.model.ticket import TicketAction, TicketStep
from rules.duration import parse_duration, write_duration
from tests.acceptance.cases.crowd import Crowd
from tests.acceptance.cases.estate import Estate
from tests.acceptance.cases.witness import Witness
from tests.support.patience import PATIENCE

MONDAY_AT_TEN = 1_772_416_800.0
"""2026-03-02 10:00 in the community's time."""
FOREVER = float("inf")
CLOSING = {
    "take": "crew",
    "arrive": "crew",
    "complete": "crew",
    "verify": "manager",
    "close": "manager",
}
"""Step → who takes it, from a new ticket to a closed one."""


class TaleClock(ManualClock):
    """Knows who sleeps until when, by the names of tasks."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self.asleep: dict[str, float] = {}

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved on by `seconds`."""
        task = asyncio.current_task()
        name = task.get_name() if task else ""
        self.asleep[name] = self.now() + seconds
        try:
            await super().sleep(seconds)
        finally:
            self.asleep.pop(name, None)


class Tale(Witness):
    """What is told of one estate; instants are lengths since the start, such as `2m30s`."""

    def __init__(
        self, clock: TaleClock, crowd: Crowd, estate: Estate, life: contextlib.AsyncExitStack
    ) -> None:
        super().__init__(clock)
        self.clock: TaleClock = clock
        self.crowd = crowd
        self.estate = estate
        self._life = life

    async def says(self, device: str, **points: Value) -> None:
        """Have a device say points that have changed; `_` in a name stands for `.`."""
        await self.crowd.says(device, self.clock.now(), points)
        await self.settle()

    async def event(self, device: str, name: str, **data: Value) -> None:
        """Have a device tell an event."""
        body = {"name": name, "data": data}
        await self.crowd.send(device, "event", body, ts=self.clock.now())
        await self.settle()

    async def fall_silent(self, *devices: str) -> None:
        """Have devices say nothing from now on."""
        self.crowd.silent |= set(devices)

    async def come_back(self, *devices: str) -> None:
        """Have devices say that they are online, and speak again, at once."""
        self.crowd.silent -= set(devices)
        for each in devices:
            await self.crowd.available(each, "online")
            await self.crowd.says(each, self.clock.now(), {})
        await self.settle()

    async def leave(self, *devices: str) -> None:
        """Have devices' connections break: their wills come, and they say nothing."""
        for each in devices:
            await self.crowd.available(each, "offline")
        await self.fall_silent(*devices)
        await self.settle()

    async def wait(self, length: str) -> None:
        """Let time pass: devices repeat themselves, and what is due comes at its own instant."""
        await self.settle()
        until = self.clock.now() + parse_duration(length)
        while (now := self.clock.now()) < until:
            steps = [until, self.crowd.next_beat(), self._due()]
            await self.clock.advance(max(min(steps), now) - now)
            await self.crowd.beat(self.clock.now())
            await self.settle()

    async def until(self, instant: str) -> None:
        """Let time pass until so long after the start."""
        left = self.start + parse_duration(instant) - self.clock.now()
        assert left >= 0, f"it is past {instant}"
        await self.wait(write_duration(left))

    def _due(self) -> float:
        if self._hub is None:
            return FOREVER
        now, judge = self.clock.now(), self._bench._judge
        polls = [self.clock.asleep[name] for name in self._buses()]
        dues = [judge.next_due(), judge.next_order_due(), *polls]
        return min((due for due in dues if due is not None and due > now), default=FOREVER)

    @property
    def _bench(self) -> Workbench:
        return self.hub.intake.watch._bench

    def _buses(self) -> list[str]:
        return [f"link {each.name}" for each in self.hub.links if isinstance(each, ModbusLink)]

    async def settle(self) -> None:
        """Return once the hub has heard all that was said, and done all that is due."""
        if self._hub is None:
            return
        for _ in range(50):
            await self._until(lambda: all(name in self.clock.asleep for name in self._buses()))
            await self._prove()
            turn = self.hub.intake.inbox.post(lambda _batch: None)
            await self._until(turn.done)
            due = self._bench._judge.next_due()
            if due is None or due > self.clock.now():
                return
            if self.clock.now() < self._bench.hold_timers_until or self.hub.intake.watch._behind:
                return
        raise AssertionError(f"at {self.at(self.clock.now())} something stays due")

    async def _prove(self) -> None:
        links = [each for each in self.hub.links if isinstance(each, MqttLink)]
        for link in links:
            await self._answered(link)
            link.prove()
        for link in links:
            await self._answered(link)

    async def _answered(self, link: MqttLink) -> None:
        await self._until(lambda: link._canary.asked is None or link._connection is None)

    async def heard(self, is_so: Callable[[], bool]) -> None:
        """Return once something is so that the broker does by itself."""
        await self._until(is_so)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        died = self._hub.died if self._hub else None
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                if died is not None and died.done():
                    died.result()
                await asyncio.sleep(0.0005)

    async def begin(self) -> None:
        """Start the hub, and return once it has heard what had waited."""
        config = self.estate.write()
        self._hub = await self._life.enter_async_context(open_hub(config, self.clock))
        known = {view.device.id for view in self.hub.intake.live.devices()}
        assert known == {*self.estate.things, HUB_ID}, "a sheet is wrong"
        await self.caught_up()

    async def end(self) -> None:
        """Stop the hub."""
        self._hub = None
        await self._life.aclose()

    async def restart(self, away: str = "10s") -> None:
        """Stop the hub, and start it again after a while."""
        await self.end()
        await self.wait(away)
        await self.begin()

    async def reconnect(self) -> None:
        """Let time pass until the hub has tried again, and has reached its broker."""
        while self.hub.intake.watch._behind:
            await self.clock.advance(1.0)
            await asyncio.sleep(0.05)
        await self.caught_up()

    async def caught_up(self) -> None:
        """Return once every session has delivered what had waited."""
        await self._until(lambda: not self.hub.intake.watch._behind)
        await self.settle()

    async def close(self, subject: str, fault: str, **fields: str) -> None:
        """Have people take a ticket, repair, verify, and close it."""
        for do, role in CLOSING.items():
            said = {"code": "repaired", **fields} if do == "complete" else {}
            await self.step(subject, fault, do, role, **said)

    async def step(self, subject: str, fault: str, do: str, role: str, **fields: str) -> None:
        """Have a person take one step of the newest ticket of a subject and fault."""
        tickets = await self.hub.store.books.tickets(open_only=False, limit=100)
        ticket = next(each for each in tickets if (each.subject, each.fault) == (subject, fault))
        now = self.clock.now()
        wish = TicketStep(do=TicketAction(do), actor=role, role=role, at=now, **fields)
        await self.hub.intake.desk.step_ticket(ticket.number, wish)


@contextlib.asynccontextmanager
async def telling(
    estate: Estate, *, unheard: Sequence[str] = (), start: float = MONDAY_AT_TEN
) -> AsyncIterator[Tale]:
    """Tell a tale: the hub is up, and all but the `unheard` have said that they are well."""
    clock = TaleClock(start)
    async with contextlib.AsyncExitStack() as life, Crowd.speaking(estate) as crowd:
        tale = Tale(clock, crowd, estate, life)
        crowd.silent |= set(unheard)
        await tale.begin()
        await crowd.greet(clock.now())
        await tale.settle()
        yield tale
