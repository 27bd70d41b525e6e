"""A flood from one device is limited and told once; its last state and all others are kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import ManualClock
from hub.intake.flood import TRIM_ABOVE, Buckets
from hub.intake.weir import HELD_BYTES, SAMPLES, TELL_EVERY
from hub.ports import Registers
from hub.settings import FloodSettings
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import GATE, OTHER, Stage, stage

LIMIT = FloodSettings(rate=5.0, burst=20)
WHOLE = {"points": {"boom.broken": False}}
BROKEN = {"points": {"boom.broken": True}}
TOPIC = "ld/gs/gate-1/state"


async def flood(run: Stage, count: int, body: dict[str, Any] = WHOLE) -> None:
    for _ in range(count):
        run.say("state", body)
    await run.settle()


async def pass_time(run: Stage, seconds: float, *, step: float = 10.0) -> None:
    for _ in range(int(seconds / step)):
        await run.clock.advance(step)
        await run.settle()


async def stored(run: Stage, uid: str = GATE.uid) -> int:
    page = await run.store.archive.history(uid, "boom.broken", start=0, end=1e12, limit=10_000)
    return len(page.rows)


@given(st.lists(st.floats(0.0, 2.0), max_size=300))
def test_whoever_keeps_to_the_rate_passes_and_nobody_gets_more_than_it(gaps: list[float]) -> None:
    buckets, now, passed = Buckets(LIMIT), 1000.0, 0
    for gap in gaps:
        now += gap
        passed += buckets.admits("t", now)
        assert passed <= LIMIT.burst + LIMIT.rate * (now - 1000.0) + 1
    slow = Buckets(LIMIT)
    assert all(slow.admits("t", number / LIMIT.rate) for number in range(300))


def test_a_bucket_fills_at_once_and_empties_with_the_rate() -> None:
    buckets = Buckets(LIMIT)
    assert sum(buckets.admits("t", 100.0) for _ in range(500)) == LIMIT.burst
    assert sum(buckets.admits("t", 102.0) for _ in range(500)) == 10
    assert buckets.admits("other", 102.0), "each topic has its own"


def test_a_clock_set_back_shuts_nobody_out() -> None:
    buckets = Buckets(LIMIT)
    for _ in range(500):
        buckets.admits("t", 10_000.0)
    assert sum(buckets.admits("t", 500.0) for _ in range(500)) == LIMIT.burst


def test_what_has_waited_in_the_inbox_does_not_empty_the_bucket() -> None:
    buckets, passed = Buckets(LIMIT), 0
    for tenth in range(100):
        now = 100.0 + tenth / 10
        passed += sum(buckets.admits("t", now - 3.0) for _ in range(50))
        passed += buckets.admits("t", now)  # what was held, in the same batch
    assert passed <= LIMIT.burst + LIMIT.rate * 13.0 + 1


def test_topics_that_are_quiet_are_forgotten() -> None:
    buckets = Buckets(LIMIT)
    for number in range(TRIM_ABOVE + 1):
        buckets.admits(f"t{number}", 100.0)
    buckets.admits("busy", 200.0)
    buckets.trim(200.0)
    assert list(buckets._due) == ["busy"]


async def test_what_is_over_the_limit_is_dropped_counted_and_acknowledged() -> None:
    async with stage(flood=LIMIT) as run:
        await flood(run, 200)
        assert await stored(run) == LIMIT.burst
        assert len(run.acknowledged) == 200
        assert run.intake.reception.counts["flooded"] == 200 - LIMIT.burst - 1, "one is held"


async def test_the_last_state_of_a_flooding_device_is_taken_and_raises() -> None:
    async with stage(flood=LIMIT) as run:
        await flood(run, 200)
        run.say("state", BROKEN)
        await run.settle(4)
        assert sorted(await run.open_tickets()) == ["barrier-boom-broken", "message-storm"]


async def test_a_flood_of_one_bad_state_still_runs_out_its_hold() -> None:
    async with stage(flood=LIMIT) as run:
        await flood(run, 100)
        for _ in range(8):
            await flood(run, 50, BROKEN)
            await run.settle(1)
        assert "barrier-boom-broken" in await run.open_tickets()
        assert "device.gap" not in await run.types(), "the hub does not miss what it has dropped"


async def test_a_flood_has_one_ticket_and_is_told_each_minute_until_it_is_over() -> None:
    async with stage(flood=LIMIT) as run:
        for _ in range(15):
            await flood(run, 100)
            await pass_time(run, TELL_EVERY / 6)
        types = await run.types()
        assert types.count("device.flooded") == 3
        assert types.count("ticket.opened") == 1
        await pass_time(run, 2 * TELL_EVERY)
        entries = await run.store.books.journal(after=0, limit=1000, types=["device.flood"])
        assert [entry.type for entry in entries][-1] == "device.flood_over"
        assert sum(entry.data["dropped"] for entry in entries) == entries[-1].data["dropped_in_all"]
        assert entries[-1].data["dropped_in_all"] == run.intake.reception.counts["flooded"]
        await pass_time(run, 600)
        assert (await run.types()).count("alarm.cleared") == 1


async def test_some_of_what_was_dropped_is_kept_for_a_person_to_look_at() -> None:
    async with stage(flood=LIMIT) as run:
        await flood(run, 200)
        rows = await run.store.books.quarantine(limit=100)
        assert len(rows) == SAMPLES
        assert {row.address for row in rows} == {TOPIC}
        assert all("flood" in row.reason for row in rows)


async def test_other_devices_pass_while_one_floods() -> None:
    async with stage(flood=LIMIT) as run:
        run.say("state", WHOLE, of=OTHER)
        await flood(run, 500)
        run.say("state", BROKEN, of=OTHER)
        await run.settle(4)
        assert "barrier-boom-broken" in await run.open_tickets()
        assert await stored(run, OTHER.uid) == 2


async def test_what_had_waited_while_the_link_was_away_is_no_flood() -> None:
    async with stage(flood=LIMIT) as run:
        run.intake.watch.link_down("mqtt-state", "away")
        await run.settle()
        run.intake.watch.link_up("mqtt-state", resumed=True)
        await flood(run, 200)
        assert await stored(run) == 200
        assert "device.flooded" not in await run.types()


async def test_what_the_hub_has_asked_for_is_no_flood() -> None:
    async with stage(flood=LIMIT) as run:
        for _ in range(50):
            run.raw("7", (Registers(function=3, start=0, words=(1,)),))  # type: ignore[arg-type]
        await run.settle()
        assert run.intake.reception.counts["flooded"] == 0


async def test_a_message_that_is_held_outlives_the_hub() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, flood=LIMIT) as run:
        await flood(run, 100)
        run.say("state", BROKEN)
        await run.settle()
        assert await run.open_tickets() == ["message-storm"]
        said = run._seq
    async with stage(store, clock, flood=LIMIT) as run:
        run._seq = said
        await run.settle(20)
        assert sorted(await run.open_tickets()) == ["barrier-boom-broken", "message-storm"]
        snapshot = await store.archive.load(now=clock.now())
        assert not [row for row in snapshot.states if row.key.startswith("flood/")]


async def test_a_large_message_over_the_limit_is_dropped_and_not_held() -> None:
    async with stage(flood=FloodSettings(rate=5.0, burst=1)) as run:
        run.say("state", WHOLE)
        run.raw(TOPIC, b'{"points":{}}' + b" " * HELD_BYTES)
        await run.settle()
        assert run.intake.reception.counts["flooded"] == 1


async def test_a_stranger_that_floods_is_limited_and_stays_a_newcomer() -> None:
    async with stage(flood=LIMIT) as run:
        for _ in range(200):
            run.raw("ld/gs/gate-9/state", b'{"points":{"boom.broken":true}}')
        await run.settle()
        (row,) = await run.store.books.newcomers(limit=10)
        assert row["count"] == LIMIT.burst
        assert await run.open_tickets() == []


@pytest.mark.parametrize("kind", ["event", "telemetry", "avail"])
async def test_each_topic_of_a_device_has_a_limit_of_its_own(kind: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "event": {"name": "vehicle.passed"},
        "telemetry": {"points": {"motor.temperature": 20}},
        "avail": {"state": "online"},
    }
    async with stage(flood=LIMIT) as run:
        for _ in range(100):
            run.say(kind, bodies[kind])
        run.say("state", BROKEN)
        await run.settle(4)
        assert sorted(await run.open_tickets()) == ["barrier-boom-broken", "message-storm"]
        assert run.intake.reception.counts["flooded"] >= 70
