"""A device comes into service, and leaves it, while the hub runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, NotFoundError
from hub.model.acceptance import Line, Progress
from hub.model.access import Identity, Role
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.ports.commission import AcceptanceView
from hub.store.memory import MemoryStore
from rules.rule import Rule
from tests.support.shipped import RULES
from tests.unit.intake.stage import CONTROLLER, DOOR, GATE, OTHER, Stage, device, stage

LI = Identity(name="李经理", role=Role.MANAGER)
STRANGER = Identity(name="王经理", role=Role.MANAGER, scope="gs/b")
BOOM = "barrier-boom-broken"
GOOD = {"points": {"arm.position": "closed", "mode": "auto", "boom.broken": False}}
BROKEN = {"points": {"boom.broken": True}}


def in_state(state: Lifecycle, *devices: Device) -> list[Device]:
    return [msgspec.structs.replace(each, state=state) for each in devices]


NEW = [*in_state(Lifecycle.COMMISSIONING, GATE), OTHER, DOOR, CONTROLLER]


async def say(run: Stage, body: dict[str, Any], seconds: float = 4, of: Device = GATE) -> None:
    run.say("state", body, of=of)
    await run.settle(seconds)


async def try_boom(run: Stage) -> None:
    for body in (GOOD, BROKEN, GOOD):
        await say(run, body, 60)


async def put(run: Stage, to: Lifecycle, device_id: str = GATE.id) -> None:
    await run.intake.commission.change(device_id, to, "说明", LI)


async def accept(run: Stage, device_id: str = GATE.id) -> AcceptanceView:
    desk = run.intake.commission
    for each in desk.sheet(device_id, LI).lines:
        if each.progress is not Progress.TRIED:
            await desk.excuse(device_id, each.fault.rule, "现场无条件", LI)
    return await desk.sign(device_id, "王师傅", "", LI)


def boom_line(run: Stage) -> Line:
    lines = run.intake.commission.sheet(GATE.id, LI).lines
    return next(line for line in lines if line.fault.rule == BOOM)


async def told(run: Stage, *, of: str = "") -> list[str]:
    entries = await run.store.books.journal(after=0, limit=10_000)
    return [each.type for each in entries if not of or each.subject == of]


async def states(run: Stage) -> Sequence[tuple[str, str, str]]:
    found = run.intake.live.open_alarms()
    return [(each.rule, each.state.value, each.held_by) for each in found]


async def test_what_a_device_tells_while_it_is_commissioned_is_on_its_sheet_alone() -> None:
    async with stage(devices=NEW) as run:
        await try_boom(run)
        assert await run.open_tickets() == []
        assert "alarm.raised" not in await told(run)
        line = boom_line(run)
        assert line.progress is Progress.TRIED
        (attempt,) = line.attempts
        assert attempt.cleared_at is not None
        assert attempt.raised_at < attempt.cleared_at
        assert ("boom.broken", True) in [(each.point, each.value) for each in attempt.evidence]
        gates = {each["gate"]: each for each in run.intake.live.why(GATE.id)}
        assert gates["in_service"]["answer"] == "closed"
        assert "Commissioning" in gates["in_service"]["reason"]["en"]


async def test_a_signed_sheet_puts_it_in_service_and_the_next_fault_is_a_ticket() -> None:
    async with stage(devices=NEW) as run:
        await try_boom(run)
        with pytest.raises(ConflictError, match="not yet to be signed"):
            await run.intake.commission.sign(GATE.id, "王师傅", "", LI)
        with pytest.raises(ConflictError, match="acceptance sheet"):
            await put(run, Lifecycle.IN_SERVICE)
        view = await accept(run)
        assert view.sheet.signature is not None
        assert view.sheet.signature.accompanied == "王师傅"
        live = run.intake.live.device(GATE.id)
        assert live is not None
        assert live.device.state is Lifecycle.IN_SERVICE
        await say(run, BROKEN)
        assert await run.open_tickets() == [BOOM]
        assert boom_line(run).attempts == view_line(view).attempts, "a signed sheet stays"
        assert [each for each in await told(run, of=GATE.id) if each.startswith("acc")][-1:] == [
            "acceptance.signed"
        ]


def view_line(view: AcceptanceView) -> Line:
    return next(line for line in view.lines if line.fault.rule == BOOM)


async def test_a_restart_keeps_state_attempts_and_excuses() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, NEW) as run:
        await say(run, GOOD)
        await say(run, BROKEN)
        await run.intake.commission.excuse(GATE.id, "barrier-stuck-open", "未通车", LI)
        before = run.intake.commission.sheet(GATE.id, LI)
    async with stage(store, clock, NEW) as run:
        assert run.intake.commission.sheet(GATE.id, LI) == before
        await say(run, {**GOOD, "boot": "b2"}, 60)
        assert boom_line(run).progress is Progress.TRIED
        await accept(run)
    # The sheet of the site says "commissioning" still.
    async with stage(store, clock, NEW) as run:
        await say(run, {**BROKEN, "boot": "b3"})
        assert await run.open_tickets() == [BOOM]
        assert run.intake.commission.sheet(GATE.id, LI).numbers == (1,)


async def test_a_fault_that_was_left_out_and_is_there_is_told_once_it_is_in_service() -> None:
    async with stage(devices=NEW) as run:
        await say(run, GOOD)
        await say(run, BROKEN)
        assert await states(run) == [(BOOM, "suppressed", "")]
        await accept(run)
        await run.settle(2)
        assert await run.open_tickets() == [BOOM]


async def test_one_that_leaves_service_marks_its_alarms_and_is_told_no_more() -> None:
    async with stage() as run:
        await say(run, GOOD)
        await say(run, BROKEN)
        assert await run.open_tickets() == [BOOM]
        await put(run, Lifecycle.COMMISSIONING)
        await run.settle(12)
        assert await states(run) == [(BOOM, "suppressed", "in_service")]
        assert boom_line(run).progress is Progress.UNTRIED, "it was there before"
        await put(run, Lifecycle.RETIRED)
        with pytest.raises(ConflictError, match="not being commissioned"):
            await run.intake.commission.sign(GATE.id, "王师傅", "", LI)
        run.say("state", GOOD)
        await run.settle(4)
        rows = await run.store.books.newcomers(limit=10)
        assert [row["address"] for row in rows] == [GATE.address], "a retired one is a stranger"
        await put(run, Lifecycle.IN_SERVICE)
        await run.settle(12)
        assert await states(run) == [(BOOM, "raised", "")]
        assert len(await run.store.books.tickets(open_only=False, limit=10)) == 1


async def test_it_is_commissioned_again_on_another_sheet() -> None:
    async with stage(devices=NEW) as run:
        await try_boom(run)
        await accept(run)
        await put(run, Lifecycle.COMMISSIONING)
        desk = run.intake.commission
        assert desk.sheet(GATE.id, LI).numbers == (1, 2)
        assert boom_line(run).progress is Progress.UNTRIED
        assert desk.sheet(GATE.id, LI, 1).sheet.signature is not None
        with pytest.raises(NotFoundError, match="no acceptance sheet 3"):
            desk.sheet(GATE.id, LI, 3)


async def test_a_fire_that_is_tried_opens_no_door_for_the_others() -> None:
    devices = [GATE, DOOR, *in_state(Lifecycle.COMMISSIONING, CONTROLLER)]
    async with stage(devices=devices) as run:
        await say(run, {"points": {"fire.input": True}}, of=CONTROLLER)
        gates = {each["gate"]: each["answer"] for each in run.intake.live.why(DOOR.id)}
        assert gates["fire"] == "open"
        await accept(run, CONTROLLER.id)
        gates = {each["gate"]: each["answer"] for each in run.intake.live.why(DOOR.id)}
        assert gates["fire"] == "closed", "the input is active still, and counts now"


async def silent_together(states_of: Lifecycle) -> list[str]:
    """Let a switch and the camera behind it fall silent; return the open tickets' subjects."""
    switch = device("sw-1", Kind.SWITCH, state=states_of)
    camera = device("cam-1", Kind.CAMERA, upstream="sw-1")
    async with stage(devices=[switch, camera]) as run:
        for each in (switch, camera):
            run.say("state", {"points": {"online": True}}, of=each)
        await run.settle(300)
        view = run.intake.live.device("cam-1")
        assert view is not None
        assert view.link is LinkState.SILENT
        tickets = await run.store.books.tickets(open_only=True, limit=10)
        return [ticket.subject for ticket in tickets]


async def test_a_switch_that_is_only_tried_explains_no_silence() -> None:
    assert await silent_together(Lifecycle.IN_SERVICE) == ["sw-1"]
    assert await silent_together(Lifecycle.COMMISSIONING) == ["cam-1"]


async def test_a_silence_that_was_left_out_is_judged_with_what_is_above_it() -> None:
    switch = device("sw-1", Kind.SWITCH)
    camera = device("cam-1", Kind.CAMERA, upstream="sw-1", state=Lifecycle.COMMISSIONING)
    async with stage(devices=[switch, camera]) as run:
        for each in (switch, camera):
            run.say("state", {"points": {"online": True}}, of=each)
        await run.settle(300)
        await accept(run, "cam-1")
        await run.settle(120)
        (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
        assert (ticket.subject, ticket.children) == ("sw-1", ("cam-1",))


async def test_a_foreign_device_is_as_if_it_were_not_there() -> None:
    async with stage(devices=NEW) as run:
        desk = run.intake.commission
        assert [view.sheet.device for view in desk.sheets(LI)] == [GATE.id]
        assert desk.sheets(STRANGER) == []
        with pytest.raises(NotFoundError):
            await desk.change(GATE.id, Lifecycle.RETIRED, "x", STRANGER)
        with pytest.raises(NotFoundError):
            desk.sheet(GATE.id, STRANGER)
        assert desk.is_polled(GATE.uid)
        await put(run, Lifecycle.PLANNED)
        assert not desk.is_polled(GATE.uid)


def with_boom(**fields: object) -> list[Rule]:
    return [msgspec.structs.replace(each, **fields) if each.id == BOOM else each for each in RULES]


async def test_a_rule_that_judges_otherwise_since_has_to_be_tried_again() -> None:
    async with stage(devices=NEW) as run:
        await try_boom(run)
        await run.intake.desk.put_rules(with_boom(name={"zh": "杆", "en": "Boom"}), (), ())
        assert boom_line(run).progress is Progress.TRIED
        await run.intake.desk.put_rules(with_boom(hold=5.0), (), ())
        assert boom_line(run).progress is Progress.CHANGED
        desk = run.intake.commission
        for each in desk.sheet(GATE.id, LI).lines:
            if each.fault.rule != BOOM:
                await desk.excuse(GATE.id, each.fault.rule, "现场无条件", LI)
        with pytest.raises(ConflictError):
            await desk.sign(GATE.id, "王师傅", "", LI)
        await try_boom(run)
        assert boom_line(run).progress is Progress.TRIED
        assert (await desk.sign(GATE.id, "王师傅", "", LI)).sheet.signature is not None
