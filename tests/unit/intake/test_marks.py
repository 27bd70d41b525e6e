"""What was told before a fire, a maintenance or a notice began is marked, and not told again."""

from __future__ import annotations

import pytest

from hub.clock import ManualClock
from hub.model.alarm import Alarm, AlarmState, Severity
from hub.model.ticket import TicketAction, TicketStep
from hub.model.window import Window, WindowKind
from hub.store.memory import MemoryStore
from rules.fire_watch import AFTER_FIRE
from rules.ruleset import load_rules
from tests.unit.intake.stage import CONTROLLER, GATE, MODELS, OTHER, RULES, Stage, stage

SITE_RULE = """
[[rule]]
id = "stands-open"
name = { zh = "一直开着", en = "Stands open" }
fault = "gate.stands_open"
kind = "barrier_gate"
when = "arm.position == 'open'"
hold = "10s"
severity = "minor"
inhibit = ["fire", "maintenance", "notice"]
ticket = { urgency = "normal", class = "general", trade = "gate", report = "at_once" }

[[rule.stage]]
when = "loop.occupied"
severity = "critical"
ticket = { urgency = "urgent", class = "general", trade = "gate", report = "at_once" }
"""
RULE = load_rules({"site.toml": SITE_RULE}, MODELS, prove=False)
TEXT = {"zh": "更换闸杆", "en": "a new boom"}


def burn(run: Stage, *, active: bool) -> None:
    run.say("state", {"points": {"fire.input": active}}, of=CONTROLLER)


async def open_gate(run: Stage) -> None:
    points = {"arm.position": "open", "mode": "auto", "loop.occupied": False}
    run.say("state", {"points": points})
    await run.settle(12)


async def pass_on(run: Stage, seconds: float) -> None:
    """Let time pass, while the gate goes on being heard."""
    while seconds > 0:
        await run.clock.advance(min(60.0, seconds))
        run.say("telemetry", {"points": {"motor.temperature": 30.0}})
        await run.settle(1)
        seconds -= 61.0


def alarm(run: Stage, rule: str = "stands-open") -> Alarm | None:
    return next((each for each in run.intake.live.open_alarms() if each.rule == rule), None)


def mark(run: Stage, rule: str = "stands-open") -> tuple[AlarmState, str] | None:
    found = alarm(run, rule)
    return None if found is None else (found.state, found.held_by)


async def told(run: Stage) -> int:
    """Return how often the alarm was told, and its ticket opened or joined."""
    types = await run.types()
    return types.count("alarm.raised") + types.count("ticket.opened")


async def test_what_stood_open_before_a_fire_is_marked_while_it_burns_and_not_told_again() -> None:
    async with stage(rules=RULE) as run:
        await open_gate(run)
        assert mark(run) == (AlarmState.RAISED, "")
        burn(run, active=True)
        await run.settle()
        assert mark(run) == (AlarmState.SUPPRESSED, "fire")
        closed = [each for each in run.intake.live.why(GATE.id) if each["answer"] == "closed"]
        assert ("fire", "stands-open") in [(each["gate"], each["rule"]) for each in closed]
        burn(run, active=False)
        await pass_on(run, AFTER_FIRE - 60)
        assert mark(run) == (AlarmState.SUPPRESSED, "fire"), "gates have a while to shut"
        await pass_on(run, 80)
        assert mark(run) == (AlarmState.RAISED, "")
        assert await told(run) == 2
        assert await run.open_tickets() == ["stands-open"]


@pytest.mark.parametrize("kind", WindowKind)
async def test_a_window_marks_until_somebody_ends_it(kind: WindowKind) -> None:
    async with stage(rules=RULE) as run:
        await open_gate(run)
        now = run.clock.now()
        window = Window(id="w", kind=kind, text=TEXT, start=now, end=now + 3600, place=GATE.place)
        await run.intake.desk.put_windows([window], [], [])
        assert mark(run) == (AlarmState.SUPPRESSED, kind.value)
        await run.intake.desk.put_windows([], [], [])
        assert mark(run) == (AlarmState.RAISED, "")
        assert await told(run) == 2


async def test_what_gets_worse_while_it_is_marked_is_told_when_that_is_over() -> None:
    async with stage(rules=RULE) as run:
        await open_gate(run)
        burn(run, active=True)
        await run.settle()
        run.say("state", {"points": {"loop.occupied": True}})
        await run.settle(2)
        assert await told(run) == 2
        [ticket] = run.intake.live.open_tickets()
        assert ticket.severity is Severity.MINOR
        burn(run, active=False)
        await pass_on(run, AFTER_FIRE + 20)
        assert mark(run) == (AlarmState.RAISED, "")
        assert await told(run) == 3
        [ticket] = run.intake.live.open_tickets()
        assert ticket.severity is Severity.CRITICAL


async def test_what_is_over_while_it_is_marked_is_over() -> None:
    async with stage(rules=RULE) as run:
        await open_gate(run)
        burn(run, active=True)
        await run.settle()
        run.say("state", {"points": {"arm.position": "closed"}})
        await run.settle(5)
        assert mark(run) is None
        burn(run, active=False)
        await pass_on(run, AFTER_FIRE + 20)
        assert await told(run) == 2
        [ticket] = run.intake.live.open_tickets()
        assert "recovered" in ticket.flags


async def test_a_mark_outlives_a_restart() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, rules=RULE) as run:
        await open_gate(run)
        burn(run, active=True)
        await run.settle()
    async with stage(store, clock, rules=RULE) as run:
        await pass_on(run, 60)
        assert mark(run) == (AlarmState.SUPPRESSED, "fire")
        run.say("state", {"points": {"loop.occupied": True}})
        burn(run, active=False)
        await run.settle(2)
    async with stage(store, clock, rules=RULE) as run:
        await pass_on(run, AFTER_FIRE + 20)
        assert mark(run) == (AlarmState.RAISED, "")
        assert await told(run) == 3


async def test_who_arrives_for_one_fault_marks_no_other() -> None:
    async with stage(rules=(*RULES, *RULE)) as run:
        run.say("state", {"points": {"boom.broken": True}})
        await open_gate(run)
        ticket = next(t for t in run.intake.live.open_tickets() if t.rule == "barrier-boom-broken")
        for do in (TicketAction.TAKE, TicketAction.ARRIVE):
            step = TicketStep(do=do, actor="li", role="crew", at=run.clock.now())
            await run.intake.desk.step_ticket(ticket.number, step)
        await run.settle(12)
        assert mark(run) == mark(run, "barrier-boom-broken") == (AlarmState.RAISED, "")


async def test_a_fire_elsewhere_marks_nothing() -> None:
    async with stage(devices=(GATE, OTHER, CONTROLLER), rules=RULE) as run:
        await open_gate(run)
        run.say("state", {"points": {"fire.input": False}}, of=CONTROLLER)
        await run.settle(11)
        assert mark(run) == (AlarmState.RAISED, "")
