"""What happens while people work on a device is counted by no rule, however the work is known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.clock import ManualClock
from hub.model.alarm import AlarmState
from hub.model.ticket import TicketAction, TicketStep
from hub.model.window import Window, WindowKind
from hub.store.memory import MemoryStore
from rules.ruleset import load_rules
from tests.unit.intake.stage import GATE, MODELS, OTHER, RULES, SITE, Stage, stage

COUNTING = """
[[rule]]
id = "by-hand"
name = { zh = "就地开闸", en = "Opened by hand" }
kind = "barrier_gate"
when = "count_events('opened.locally','1h') >= 3"
release = "1s"
inhibit = ["maintenance", "notice"]
"""
TEXT = {"zh": "更换主板", "en": "a new board"}
BROKEN = {"points": {"boom.broken": True, "arm.position": "closed", "mode": "auto"}}


@pytest.fixture
async def run() -> AsyncIterator[Stage]:
    rules = (*RULES, *load_rules({"site.toml": COUNTING}, MODELS, prove=False))
    async with stage(rules=rules) as running:
        yield running


def work(run: Stage, **fields: str | float) -> Window:
    now = run.clock.now()
    window = {"start": now, "end": now + 60, "device": GATE.id, **fields}
    return Window(id="w-1", kind=WindowKind.MAINTENANCE, text=TEXT, **window)  # type: ignore[arg-type]


async def open_by_hand(run: Stage, times: int) -> None:
    for _ in range(times):
        for gate in (GATE, OTHER):
            run.say("event", {"name": "opened.locally", "data": {}}, of=gate)
        await run.settle(5)


def counted(run: Stage, *states: AlarmState) -> list[str]:
    """Return of which devices it was counted, whether it was told or held back."""
    alarms = (each for each in run.intake.live.open_alarms() if each.rule == "by-hand")
    return sorted(each.subject for each in alarms if not states or each.state in states)


async def test_openings_in_a_window_that_was_opened_while_the_hub_runs(run: Stage) -> None:
    await run.intake.desk.put_windows([work(run)], [], [])
    await open_by_hand(run, 3)
    assert counted(run) == [OTHER.id]
    await run.settle(60)
    assert counted(run) == [OTHER.id], "what happened in the window is not told at its end"
    await open_by_hand(run, 2)
    assert counted(run) == [OTHER.id]
    await open_by_hand(run, 1)
    assert counted(run) == [GATE.id, OTHER.id]


async def test_a_window_of_a_place_is_for_all_below_it_and_one_of_a_notice_for_none(
    run: Stage,
) -> None:
    notice = Window(id="w-2", kind=WindowKind.NOTICE, text=TEXT, start=0, end=2e9, place=GATE.place)
    await run.intake.desk.put_windows([work(run, device="", place=GATE.place), notice], [], [])
    await open_by_hand(run, 3)
    assert counted(run) == []
    await run.intake.desk.put_windows([notice], [], [])
    await open_by_hand(run, 3)
    assert counted(run, AlarmState.SUPPRESSED) == [GATE.id, OTHER.id], "a notice holds back only"


async def test_openings_while_the_holder_of_a_ticket_is_there(run: Stage) -> None:
    run.say("state", BROKEN)
    await run.settle(5)
    (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
    for do in (TicketAction.TAKE, TicketAction.ARRIVE):
        step = TicketStep(do=do, actor="li", role="crew", at=run.clock.now())
        await run.intake.desk.step_ticket(ticket.number, step)
    await open_by_hand(run, 3)
    assert counted(run) == [OTHER.id]


async def test_a_restart_of_the_hub_counts_nothing_of_the_work_before_it() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    rules = (*RULES, *load_rules({"site.toml": COUNTING}, MODELS, prove=False))
    async with stage(store, clock, SITE, rules=rules) as run:
        await run.intake.desk.put_windows([work(run)], [], [])
        await open_by_hand(run, 3)
    await clock.advance(100)
    async with stage(store, clock, SITE, rules=rules) as run:
        await open_by_hand(run, 2)
        assert counted(run) == [OTHER.id]
