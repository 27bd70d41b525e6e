"""An alarm that a person clears: by whom and why, and when it comes back."""

from __future__ import annotations

import pytest

from hub.clock import ManualClock
from hub.errors import NotFoundError
from hub.model.access import Identity, Role
from hub.model.alarm import AlarmState
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import Stage, stage

LEADER = Identity(name="zhao", role=Role.MANAGER)
BROKEN = {"points": {"boom.broken": True}}
WHOLE = {"points": {"boom.broken": False}}


async def break_boom(run: Stage) -> str:
    """Raise the alarm; returns its id."""
    run.say("state", WHOLE)
    await run.settle()
    run.say("state", BROKEN)
    await run.settle(4)
    (alarm,) = await run.store.books.alarms(open_only=True, limit=10, before="")
    return alarm.id


async def test_it_is_cleared_with_name_and_reason_and_its_ticket_has_recovered() -> None:
    async with stage() as run:
        cleared = await run.intake.desk.clear_alarm(await break_boom(run), "传感器卡住", LEADER)
        assert cleared.state is AlarmState.CLEARED
        entries = await run.store.books.journal(after=0, limit=100)
        (said,) = [entry for entry in entries if entry.type == "alarm.cleared"]
        assert (said.actor, said.data["reason"]["zh"]) == ("zhao", "人工消除：传感器卡住")
        assert "ticket.recovered" in await run.types()


async def test_what_is_still_bad_comes_back_after_an_hour_and_not_before() -> None:
    async with stage() as run:
        await run.intake.desk.clear_alarm(await break_boom(run), "dirt on the sensor", LEADER)
        for _ in range(118):
            await run.clock.advance(30)
            run.say("state", BROKEN)
            await run.settle()
        assert await run.store.books.alarms(open_only=True, limit=10, before="") == []
        for _ in range(4):
            await run.clock.advance(30)
            run.say("state", BROKEN)
            await run.settle()
        (alarm,) = await run.store.books.alarms(open_only=True, limit=10, before="")
        assert alarm.rule == "barrier-boom-broken"


async def test_a_restart_in_between_does_not_bring_it_back() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        await run.intake.desk.clear_alarm(await break_boom(run), "dirt on the sensor", LEADER)
    async with stage(store, clock) as run:
        run.say("state", BROKEN)
        await run.settle(30)
        assert await store.books.alarms(open_only=True, limit=10, before="") == []


async def test_nobody_clears_what_is_over_or_not_theirs() -> None:
    async with stage() as run:
        alarm = await break_boom(run)
        stranger = Identity(name="li", role=Role.MANAGER, scope="gs/c")
        with pytest.raises(NotFoundError, match="no open alarm"):
            await run.intake.desk.clear_alarm(alarm, "mine", stranger)
        await run.intake.desk.clear_alarm(alarm, "dirt", LEADER)
        with pytest.raises(NotFoundError):
            await run.intake.desk.clear_alarm(alarm, "again", LEADER)
