"""The supervisor: tries again for ever, ever more slowly, and says gone and back once each."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hub.clock import ManualClock
from hub.errors import CredentialsError, LinkError, TakenOverError
from hub.model.device import DeviceUid
from hub.services.supervisor import Supervisor


class Watch:
    def __init__(self) -> None:
        self.said: list[tuple] = []

    def link_up(self, link: str, *, resumed: bool) -> None:
        self.said.append(("up", link, resumed))

    def link_down(self, link: str, why: str) -> None:
        self.said.append(("down", link, why))

    def link_caught_up(self, link: str) -> None:
        self.said.append(("caught up", link))

    def slave_missed(self, uid: DeviceUid) -> None:
        self.said.append(("missed", uid))

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        self.said.append(("silent", uid, why))


class Script:
    """A link that does in turn what it is told: ("up", seconds) stands so long, or an error."""

    name = "mqtt-state"

    def __init__(self, clock: ManualClock, *steps: object) -> None:
        self.starts: list[float] = []
        self.watch: Supervisor | None = None
        self._clock = clock
        self._steps = list(steps)

    async def run(self) -> None:
        self.starts.append(self._clock.now())
        if not self._steps:
            await asyncio.Event().wait()
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        if step is not None:
            self.watch.link_up(self.name, resumed=True)
            await self._clock.sleep(step)
            raise LinkError("cut")

    def acknowledge(self, envelopes: object) -> None:
        raise AssertionError


LOST = LinkError("no broker")


@contextlib.asynccontextmanager
async def supervised(*steps: object, watch: Watch | None = None) -> AsyncIterator[tuple]:
    clock = ManualClock()
    link = Script(clock, *steps)
    watch = watch or Watch()
    supervisor = Supervisor(watch=watch, clock=clock, chance=lambda: 1.0)
    link.watch = supervisor
    task = asyncio.create_task(supervisor.run([link]))
    for _ in range(5):
        await asyncio.sleep(0)
    try:
        yield link, watch, clock
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def pauses(link: Script) -> list[float]:
    return [b - a for a, b in zip(link.starts, link.starts[1:], strict=False)]


async def test_waiting_times_double_up_to_half_a_minute() -> None:
    async with supervised(*[LOST] * 9) as (link, _, clock):
        await clock.advance(300)
        assert pauses(link) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30], abs=1e-3)


async def test_a_waiting_time_is_drawn_between_nothing_and_its_limit() -> None:
    clock = ManualClock()
    link = Script(clock, *[LOST] * 3)
    supervisor = Supervisor(watch=Watch(), clock=clock, chance=iter([0.0, 0.5, 1.0]).__next__)
    task = asyncio.create_task(supervisor.run([link]))
    for _ in range(5):
        await asyncio.sleep(0)
    await clock.advance(10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert pauses(link) == pytest.approx([0, 0.5, 2])


async def test_gone_is_said_once_however_often_it_is_tried() -> None:
    async with supervised(*[LOST] * 5) as (_, watch, clock):
        await clock.advance(60)
        assert watch.said == [("down", "mqtt-state", "no broker")]


async def test_gone_and_back_are_said_in_turn() -> None:
    async with supervised(LOST, LOST, 10, LOST, 10) as (_, watch, clock):
        await clock.advance(20)
        assert [word for word, *_ in watch.said] == ["down", "up", "down", "up"]


async def test_a_link_that_says_gone_itself_is_not_repeated() -> None:
    async with supervised(20) as (link, watch, clock):
        link.watch.link_down(link.name, "the gateway is silent")
        await clock.advance(21)
        assert [word for word, *_ in watch.said][:2] == ["up", "down"]
        assert watch.said[1][2] == "the gateway is silent"
        assert len([word for word, *_ in watch.said if word == "down"]) == 1


async def test_after_a_healthy_minute_the_waiting_times_start_again() -> None:
    async with supervised(*[LOST] * 6, 60, LOST, LOST) as (link, _, clock):
        await clock.advance(400)
        assert pauses(link)[6:] == pytest.approx([60.5, 1, 2], abs=1e-3)


async def test_a_connection_that_breaks_at_once_does_not_count_as_healthy() -> None:
    async with supervised(1, 1, 1, 1) as (link, _, clock):
        await clock.advance(60)
        assert pauses(link) == pytest.approx([1.5, 2, 3, 5])


async def test_a_hub_that_was_taken_over_stands_by() -> None:
    async with supervised(TakenOverError("another hub")) as (link, watch, clock):
        await clock.advance(299)
        assert len(link.starts) == 1
        await clock.advance(2)
        assert len(link.starts) == 2
        assert watch.said == [("down", "mqtt-state", "another hub")]


async def test_a_password_that_is_refused_is_tried_once_an_hour() -> None:
    async with supervised(CredentialsError("nvr: refused")) as (link, watch, clock):
        await clock.advance(3599)
        assert len(link.starts) == 1
        await clock.advance(2)
        assert len(link.starts) == 2
        assert watch.said == [("down", "mqtt-state", "nvr: refused")]


async def test_a_link_that_simply_returns_is_started_again() -> None:
    async with supervised(None) as (link, watch, clock):
        await clock.advance(1)
        assert len(link.starts) == 2
        assert watch.said == [("down", "mqtt-state", "mqtt-state: the connection ended")]


async def test_a_fault_in_a_link_does_not_end_the_supervisor() -> None:
    async with supervised(ZeroDivisionError("oops")) as (link, _, clock):
        await clock.advance(1)
        assert len(link.starts) == 2


async def test_what_links_say_besides_is_passed_on() -> None:
    async with supervised() as (link, watch, _):
        link.watch.link_caught_up("mqtt-state")
        link.watch.slave_missed(DeviceUid("u7"))
        link.watch.slave_silent(DeviceUid("u7"), "no answer")
        assert watch.said == [
            ("caught up", "mqtt-state"),
            ("missed", "u7"),
            ("silent", "u7", "no answer"),
        ]
