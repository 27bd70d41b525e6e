"""After the hub was away: alarms of states come while measurements wait, all others do not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.store.memory import MemoryStore
from rules.cut import LONGEST_RETURN, RETURN_TIME
from tests.unit.intake.stage import DOOR, SESSION, Stage, stage

MEASURES = "mqtt-telemetry"
AWAY = 3600.0
BROKEN, SOUND = {"boom.broken": True}, {"boom.broken": False}


@contextlib.asynccontextmanager
async def back(
    *backlog: tuple[float, str, dict[str, Any]], rebooted: bool = False
) -> AsyncIterator[Stage]:
    """Have a hub back after an hour, with its states told and its measurements not.

    What had waited is (seconds before the end, topic, points); `rebooted`: its machine was.
    """
    clock = ManualClock()
    store, since = MemoryStore(clock), clock.now()
    sessions = (SESSION, MEASURES)
    async with stage(store, clock, sessions=sessions) as run:
        run.intake.watch.link_up(MEASURES, resumed=True)
        run.intake.watch.link_caught_up(MEASURES)
        run.say("state", {"points": SOUND})
        run.say("telemetry", {"points": {"motor.temperature": 20}})
        await run.settle(5.0)
        message = run.envelope("", b"")
    await clock.advance(AWAY)
    now = clock.now()
    waited = [
        msgspec.structs.replace(
            message,
            address=f"ld/gs/gate-1/{topic}",
            payload=msgspec.json.encode(
                {"boot": "b1", "seq": 10 + number, "ts": now - ago, "points": points}
            ),
            received=now,
            token=object(),
        )
        for number, (ago, topic, points) in enumerate(backlog)
    ]
    started = now - 60.0 if rebooted else since
    async with stage(store, clock, waited=waited, sessions=sessions, machine_since=started) as run:
        run.intake.watch.link_up(MEASURES, resumed=True)
        await run.settle(1.0)
        yield run


async def raised(run: Stage) -> list[str]:
    return [alarm.rule for alarm in await run.store.books.alarms(open_only=True, limit=10)]


async def vouch(run: Stage, uptime: float) -> None:
    """Have the broker tell for how long it has run."""
    since = run.clock.now() - uptime
    await run.intake.inbox.perform(lambda _batch: run.intake.watch.vouch(since))


async def test_an_alarm_of_states_waits_for_no_measurement_and_for_nobody_to_return() -> None:
    async with back((9.0, "state", BROKEN)) as run:
        assert await raised(run) == []
        await vouch(run, 2 * AWAY)
        await run.settle(0.1)
        assert await raised(run) == ["barrier-boom-broken"]


@pytest.mark.parametrize(("rebooted", "uptime"), [(True, 2 * AWAY), (False, AWAY / 2)])
async def test_devices_may_have_to_return_where_the_machine_or_the_broker_was_away_as_well(
    uptime: float, *, rebooted: bool
) -> None:
    async with back((9.0, "state", BROKEN), rebooted=rebooted) as run:
        await vouch(run, uptime)
        await run.settle(LONGEST_RETURN - 5)
        assert await raised(run) == []
        await run.settle(10.0)
        assert await raised(run) == ["barrier-boom-broken"]


async def test_at_the_first_start_of_all_no_device_has_long_to_return() -> None:
    async with stage() as run:
        run.say("state", {"points": BROKEN, "ts": run.clock.now() - 3.0})
        await run.settle(RETURN_TIME + 1)
        assert await raised(run) == ["barrier-boom-broken"]


async def test_a_connection_that_breaks_after_the_start_is_another_cut() -> None:
    async with back((9.0, "state", BROKEN)) as run:
        run.cut()
        run.reconnect([])
        await vouch(run, 2 * AWAY)
        await run.settle(RETURN_TIME - 1)
        assert await raised(run) == []
        await run.settle(2.0)
        assert await raised(run) == ["barrier-boom-broken"]


UNLOCKED = {"door.open": False, "lock.locked": False}
LOCKED = {"door.open": False, "lock.locked": True}


@pytest.mark.parametrize("seconds", [2.0, 40.0])
@pytest.mark.parametrize("returns", [True, False])
async def test_a_door_that_returns_later_than_the_broker_has_locked_all_the_same(
    seconds: float, *, returns: bool
) -> None:
    """The bolt falls while the broker is away, and the door says so in its own time."""
    async with stage() as run:
        run.say("state", {"points": LOCKED}, of=DOOR)
        await run.settle(2.0)
        run.say("state", {"points": UNLOCKED}, of=DOOR)
        await run.settle(1.0)
        shut = run.clock.now()
        run.cut()
        await run.clock.advance(seconds)
        run.reconnect([])
        await vouch(run, 1.0)
        await run.settle()
        await run.clock.advance(100.0)
        if returns:
            run.say("state", {"points": LOCKED, "ts": shut + 3.0}, of=DOOR)
            run.say("state", {"points": LOCKED}, of=DOOR)
        await run.settle(1.0)
        assert await raised(run) == []
        await run.clock.advance(LONGEST_RETURN)
        await run.settle()
        assert await raised(run) == ([] if returns else ["door-wont-lock"])


async def test_a_point_that_was_measured_too_may_have_older_news_among_the_measurements() -> None:
    async with back((30.0, "telemetry", SOUND), (9.0, "state", BROKEN)) as run:
        await vouch(run, 2 * AWAY)
        await run.settle(20.0)
        assert await raised(run) == []
        run.intake.watch.link_caught_up(MEASURES)
        await run.settle(0.1)
        assert await raised(run) == ["barrier-boom-broken"]


async def test_a_start_forgets_not_how_points_have_come() -> None:
    async with back((9.0, "state", {"mode": "auto"})) as run:
        run.say("state", {"points": {"mode": "manual"}})
        await run.settle()
        rows = {row.key: row.data for row in (await run.store.archive.load(now=0.0)).states}
        told = msgspec.msgpack.decode(rows["origin/ld-barrier-gate"] or b"")
        assert told == [["boom.broken", "mode"], ["motor.temperature"]]
