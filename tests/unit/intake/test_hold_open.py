"""Holding a gate open: two people, a time, and a gate that is never told more than once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.clock import ManualClock
from hub.errors import (
    CommandRefusedError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    LinkError,
    NotFoundError,
)
from hub.model.access import Identity, Role
from hub.model.hold import Hold, HoldState
from hub.ports.hold import HoldWish
from hub.services.hold import CONFIRM_WITHIN
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import CONTROLLER, DOOR, GATE, Stage, stage

WANG = Identity(name="wang", role=Role.GUARD)
LIN = Identity(name="lin", role=Role.MANAGER)
TIME = 300.0
"""Seconds for which it is wished."""
WISH = HoldWish(device=GATE.id, reason="演练，车队进场", minutes=5)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
async def run(clock: ManualClock, store: MemoryStore) -> AsyncIterator[Stage]:
    async with stage(store, clock) as running:
        await say(running, "closed", "auto")
        yield running


async def say(run: Stage, position: str, mode: str) -> None:
    run.say("state", {"points": {"arm.position": position, "mode": mode}})
    await run.settle()


async def held(run: Stage) -> Hold:
    """Hold the gate open, until it is seen open."""
    proposed = await run.intake.holds.propose(WISH, WANG)
    await run.intake.holds.confirm(proposed.id, LIN)
    await run.settle()
    await say(run, "open", "hold_open")
    [hold] = run.intake.holds.holds()
    assert (hold.state, hold.seen) == (HoldState.ACTIVE, True)
    return hold


async def answer(run: Stage, result: str) -> None:
    run.say("ack", {"id": run.sender.sent[-1].id, "result": result, "why": "a car"})
    await run.settle()


async def pass_time(run: Stage, seconds: float) -> None:
    """Let time go on; the gate says each minute that it is there."""
    while seconds > 0:
        step = min(50.0, seconds)
        await run.clock.advance(step)
        run.say("telemetry", {"points": {"motor.temperature": 20.0}})
        await run.settle()
        seconds -= step


def orders(run: Stage) -> list[tuple[str, str]]:
    return [(each.do, each.actor) for each in run.sender.sent]


async def told(run: Stage) -> list[tuple[str, str]]:
    entries = await run.store.books.journal(after=0, limit=1000)
    found = [entry for entry in entries if entry.type.startswith(("hold.", "command.requested"))]
    return [(entry.type, entry.actor) for entry in found]


async def test_nothing_moves_before_another_person_agrees(run: Stage) -> None:
    proposed = await run.intake.holds.propose(WISH, WANG)
    await run.settle()
    assert run.sender.sent == []
    with pytest.raises(ForbiddenError, match="somebody else"):
        await run.intake.holds.confirm(proposed.id, WANG)
    assert run.sender.sent == []
    await run.intake.holds.confirm(proposed.id, LIN)
    await run.settle()
    assert orders(run) == [("hold_open", "lin")]
    assert await told(run) == [
        ("hold.proposed", "wang"),
        ("command.requested", "lin"),
        ("hold.active", "lin"),
    ]


async def test_it_comes_down_when_its_time_is_over_and_is_told_so_once(run: Stage) -> None:
    await held(run)
    await pass_time(run, TIME)
    assert orders(run) == [("hold_open", "lin"), ("release", "hub")]
    await say(run, "closed", "auto")
    assert run.intake.holds.holds() == []
    assert (await told(run))[-1] == ("hold.ended", "hub")
    await pass_time(run, 2 * TIME)
    assert len(run.sender.sent) == 2


async def test_either_may_end_it_earlier(run: Stage) -> None:
    hold = await held(run)
    ending = await run.intake.holds.end(hold.id, WANG)
    await run.settle()
    assert ending.state is HoldState.ENDING
    assert orders(run)[-1] == ("release", "wang")
    with pytest.raises(ConflictError):
        await run.intake.holds.end(hold.id, LIN)
    await say(run, "closed", "auto")
    assert run.intake.holds.holds() == []
    with pytest.raises(NotFoundError):
        await run.intake.holds.end(hold.id, LIN)


async def test_who_lowers_it_on_the_spot_has_ended_it(run: Stage) -> None:
    await held(run)
    await say(run, "closed", "auto")
    assert run.intake.holds.holds() == []
    assert (await told(run))[-1] == ("hold.ended", "hub")
    await pass_time(run, 2 * TIME)
    assert len(run.sender.sent) == 1, "nothing is told to a gate that nobody holds"


async def test_what_nobody_confirms_lapses_and_what_is_withdrawn_is_over(run: Stage) -> None:
    proposed = await run.intake.holds.propose(WISH, WANG)
    with pytest.raises(ConflictError):
        await run.intake.holds.propose(WISH, LIN)
    await run.intake.holds.end(proposed.id, WANG)
    again = await run.intake.holds.propose(WISH, WANG)
    await pass_time(run, CONFIRM_WITHIN)
    with pytest.raises(NotFoundError):
        await run.intake.holds.confirm(again.id, LIN)
    assert [kind for kind, _ in await told(run)][-2:] == ["hold.proposed", "hold.lapsed"]
    assert run.sender.sent == []


@pytest.mark.parametrize("result", ["refused", "failed"])
async def test_a_gate_that_does_not_come_down_is_overdue_until_somebody_has_ended_it(
    run: Stage, result: str
) -> None:
    await held(run)
    await pass_time(run, TIME)
    await answer(run, result)
    [hold] = run.intake.holds.holds()
    assert (hold.state, hold.why) == (HoldState.OVERDUE, "a car")
    await pass_time(run, TIME)
    assert len(run.sender.sent) == 2, "it is not told again by itself"
    await run.intake.holds.end(hold.id, WANG)
    await run.settle()
    await say(run, "closed", "auto")
    assert run.intake.holds.holds() == []


async def test_a_gate_that_is_not_heard_at_the_end_is_overdue_and_a_word_ends_it(
    run: Stage,
) -> None:
    hold = await held(run)
    for _ in range(8):
        await run.clock.advance(50.0)
        await run.settle()
    [late] = run.intake.holds.holds()
    assert late.state is HoldState.OVERDUE
    assert "cannot be heard" in late.why
    assert len(run.sender.sent) == 1
    ended = await run.intake.holds.end(hold.id, WANG)
    assert (ended.state, ended.ended_by) == (HoldState.ENDED, "wang")
    assert run.intake.holds.holds() == []


async def test_while_doors_are_open_for_a_fire_nothing_comes_down_by_itself(run: Stage) -> None:
    await held(run)
    await pass_time(run, TIME - 60.0)
    run.say("state", {"points": {"fire.input": True}}, of=CONTROLLER)
    await say(run, "open", "hold_open")
    await pass_time(run, 60.0)
    [hold] = run.intake.holds.holds()
    assert (hold.state, "fire" in hold.why) == (HoldState.OVERDUE, True)
    assert len(run.sender.sent) == 1


@pytest.mark.parametrize("result", ["refused", "failed"])
async def test_a_gate_that_refuses_is_not_shown_as_held(run: Stage, result: str) -> None:
    proposed = await run.intake.holds.propose(WISH, WANG)
    await run.intake.holds.confirm(proposed.id, LIN)
    await run.settle()
    await answer(run, result)
    assert run.intake.holds.holds() == []
    assert (await told(run))[-1] == ("hold.failed", "hub")


async def test_a_doubtful_order_is_shown_as_not_seen_and_may_be_ended(run: Stage) -> None:
    run.sender.failure = LinkError("the broker hung")
    proposed = await run.intake.holds.propose(WISH, WANG)
    await run.intake.holds.confirm(proposed.id, LIN)
    await run.settle()
    [hold] = run.intake.holds.holds()
    assert (hold.state, hold.seen) == (HoldState.ACTIVE, False)
    assert "look at the gate" in hold.why


async def test_a_restart_forgets_nothing_and_sends_nothing_again(
    clock: ManualClock, store: MemoryStore
) -> None:
    async with stage(store, clock) as run:
        await say(run, "closed", "auto")
        await held(run)
    async with stage(store, clock) as run:
        await run.settle()
        run.say("state", {"seq": 99, "points": {"arm.position": "open", "mode": "hold_open"}})
        await run.settle()
        [hold] = run.intake.holds.holds()
        assert (hold.state, run.sender.sent) == (HoldState.ACTIVE, [])
        run._seq = 100
        await pass_time(run, TIME)
        assert orders(run) == [("release", "hub")]


async def test_a_hub_that_died_with_the_order_on_its_way_says_so(
    clock: ManualClock, store: MemoryStore
) -> None:
    async with stage(store, clock) as run:
        await say(run, "closed", "auto")
        proposed = await run.intake.holds.propose(WISH, WANG)
        await run.intake.holds.confirm(proposed.id, LIN)
    async with stage(store, clock) as run:
        await run.settle()
        [hold] = run.intake.holds.holds()
        assert (hold.seen, "look at the gate" in hold.why) == (False, True)
        assert run.sender.sent == []


async def test_who_may_not_and_what_cannot_is_refused(run: Stage) -> None:
    holds = run.intake.holds
    with pytest.raises(ForbiddenError):
        await holds.propose(WISH, Identity(name="li", role=Role.CREW))
    with pytest.raises(ForbiddenError, match="a key is none"):
        await holds.propose(WISH, Identity(name="key:x", role=Role.GUARD, machine=True))
    with pytest.raises(NotFoundError):
        await holds.propose(WISH, Identity(name="zhao", role=Role.GUARD, scope="gs/b"))
    with pytest.raises(CommandRefusedError):
        await holds.propose(HoldWish(device=DOOR.id, reason="x", minutes=30), WANG)
    for reason, minutes in (("", 30), ("x", 4), ("x", 721)):
        with pytest.raises(InvalidRequestError):
            await holds.propose(HoldWish(device=GATE.id, reason=reason, minutes=minutes), WANG)
    proposed = await holds.propose(WISH, WANG)
    with pytest.raises(ForbiddenError, match="a key is none"):
        await holds.confirm(proposed.id, Identity(name="key:x", role=Role.MANAGER, machine=True))
    for role in (Role.CREW, Role.GRID_WORKER, Role.DEPARTMENT):
        with pytest.raises(ForbiddenError):
            await holds.confirm(proposed.id, Identity(name="x", role=role))
    assert run.sender.sent == []


async def test_one_person_cannot_hold_it_open_by_an_ordinary_order(run: Stage) -> None:
    for do in ("hold_open", "release"):
        with pytest.raises(CommandRefusedError):
            await run.intake.desk.command(GATE.id, do, "r", WANG)
