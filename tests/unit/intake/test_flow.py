"""From a device's message to a ticket, through every part but the sockets."""

from __future__ import annotations

import pytest

from hub.clock import ManualClock
from hub.errors import CommandRefusedError, ConflictError, LinkError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.command import CommandState
from hub.model.device import Kind, Lifecycle, LinkState
from hub.model.ticket import TicketAction, TicketState, TicketStep
from hub.store.memory import MemoryStore
from rules.cut import LONGEST_RETURN
from rules.fire_watch import AFTER_FIRE
from tests.unit.intake.stage import CONTROLLER, DOOR, GATE, OTHER, SITE, Stage, device, stage

GUARD = Identity(name="wang", role=Role.GUARD)
CLOSED = {"points": {"arm.position": "closed", "mode": "auto", "boom.broken": False}}
OPEN = {"points": {"arm.position": "open", "mode": "auto", "loop.occupied": False}}
BROKEN = {"points": {"boom.broken": True}}


async def break_boom(run: Stage) -> None:
    run.say("state", CLOSED)
    await run.settle()
    run.say("state", BROKEN)
    await run.settle(4)


async def test_a_broken_boom_opens_one_ticket_with_its_evidence() -> None:
    async with stage() as run:
        await break_boom(run)
        (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
        assert (ticket.subject, ticket.fault) == ("gate-1", "gate.boom_broken")
        assert ticket.evidence[0].point == "boom.broken"
        assert ticket.evidence[0].value is True
        feed = await run.store.books.feed(after=0, limit=10)
        assert [item.type for item in feed] == ["cn.lingdang.incident.opened.v1"]
        assert len(run.acknowledged) == 2


async def test_the_same_message_delivered_again_changes_nothing() -> None:
    async with stage() as run:
        for _ in range(3):
            run.raw("ld/gs/gate-1/state", b'{"boot":"b1","seq":7,"points":{"boom.broken":true}}')
        await run.settle(4)
        assert run.intake.reception.counts["duplicates"] == 2
        assert await run.open_tickets() == ["barrier-boom-broken"]
        assert len(run.acknowledged) == 3, "a duplicate is acknowledged, too"


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"\xff\xfe",
        b'{"points":{"arm.position":NaN}}',
        b'{"points":{"arm.position":7}}',
        b'{"points":{"arm.positon":"open"}}',
        b"{" * 5000,
    ],
)
async def test_what_cannot_be_understood_is_quarantined_and_the_rest_flows(payload: bytes) -> None:
    async with stage() as run:
        run.raw("ld/gs/gate-1/state", payload)
        await break_boom(run)
        (row,) = await run.store.books.quarantine(limit=10)
        assert row.payload == payload
        assert row.reason
        assert await run.open_tickets() == ["barrier-boom-broken"]


async def test_a_stranger_is_a_newcomer_and_reaches_no_rule() -> None:
    async with stage() as run:
        for _ in range(3):
            run.raw("ld/gs/gate-9/state", b'{"points":{"boom.broken":true}}')
        await run.settle(4)
        (row,) = await run.store.books.newcomers(limit=10)
        assert (row["address"], row["count"]) == ("gate-9", 3)
        assert await run.open_tickets() == []


async def test_late_data_goes_to_history_and_raises_nothing() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        run.say("state", {**BROKEN, "late": True, "ts": run.clock.now() - 600})
        await run.settle(5)
        assert await run.open_tickets() == []
        page = await run.store.archive.history(GATE.uid, "boom.broken", start=0, end=1e12, limit=10)
        assert [row.value for row in page.rows] == [True, False]
        view = run.intake.live.device("gate-1")
        assert view is not None
        assert view.points["boom.broken"].value is False


async def test_a_restart_raises_and_clears_nothing_and_a_half_elapsed_hold_goes_on() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        run.say("state", CLOSED)
        await run.settle()
        run.say("state", BROKEN)
        await run.settle(1)
        assert await run.open_tickets() == []
    async with stage(store, clock) as run:
        assert await run.open_tickets() == []
        await pass_on(run, LONGEST_RETURN + 1)
        assert await run.open_tickets() == ["barrier-boom-broken"]
    before = await run.types()
    async with stage(store, clock) as run:
        await run.settle(5)
        new = (await run.types())[len(before) :]
        assert [each for each in new if each.startswith(("alarm", "ticket"))] == []


async def test_a_late_will_leaves_the_gate_online_and_a_true_one_does_not() -> None:
    async with stage() as run:
        run.say("avail", {"boot": "b2", "state": "online"})
        run.say("avail", {"boot": "b1", "state": "offline"})
        await run.settle()
        assert run.intake.live.device("gate-1").link is LinkState.ONLINE  # type: ignore[union-attr]
        run.say("avail", {"boot": "b2", "state": "offline"})
        await run.settle()
        assert run.intake.live.device("gate-1").link is LinkState.SILENT  # type: ignore[union-attr]
        assert "device.silent" in await run.types()


async def test_a_gap_in_the_numbers_is_recorded() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        run._seq += 5
        run.say("state", CLOSED)
        await run.settle()
        assert (await run.types()).count("device.gap") == 1


async def test_a_gate_that_is_not_in_service_raises_nothing_and_says_why() -> None:
    gate = device("gate-1", state="commissioning")
    async with stage(devices=(gate, *SITE[1:])) as run:
        await break_boom(run)
        assert await run.open_tickets() == []
        answers = {each["gate"]: each["answer"] for each in run.intake.live.why("gate-1")}
        assert answers["in_service"] == "closed"


async def test_fire_keeps_door_alarms_quiet_and_lets_them_go_when_it_is_over() -> None:
    async with stage() as run:
        run.say("state", {"points": {"fire.input": True}}, of=CONTROLLER)
        run.say("event", {"name": "door.forced", "data": {}}, of=DOOR)
        await run.settle(3)
        assert "door-forced" not in await run.open_tickets()
        assert "alarm.suppressed" in await run.types()


async def pass_on(run: Stage, seconds: float) -> None:
    """Let time pass in one go."""
    await run.settle()
    await run.clock.advance(seconds)
    await run.settle(1)


async def test_doors_and_gates_have_a_while_to_shut_after_a_fire_also_over_a_restart() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        run.say("state", {"points": {"fire.input": True}}, of=CONTROLLER)
        for gate in (GATE, OTHER):
            run.say("state", OPEN, of=gate)
        run.say("event", {"name": "door.forced", "data": {}}, of=DOOR)
        await pass_on(run, 170)
        for each in (GATE, OTHER, DOOR):
            run.say("state", {"points": {}}, of=each)
        await pass_on(run, 30)
        run.say("state", {"points": {"fire.input": False}}, of=CONTROLLER)
        await pass_on(run, 60)
        run.say("state", CLOSED, of=OTHER)
        await run.settle()
    async with stage(store, clock) as run:
        await pass_on(run, AFTER_FIRE - 70)
        assert await run.open_tickets() == []
        await pass_on(run, 20)
        assert await run.open_tickets() == ["barrier-stuck-open"]
        [ticket] = run.intake.live.open_tickets()
        assert ticket.subject == "gate-1"


async def test_a_fault_that_begins_in_a_maintenance_is_told_when_that_is_over() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    gate = device("gate-1", state=Lifecycle.MAINTENANCE)
    async with stage(store, clock, (gate, *SITE[1:])) as run:
        await break_boom(run)
        assert await run.open_tickets() == []
    async with stage(store, clock) as run:
        await pass_on(run, LONGEST_RETURN + 15)
        assert await run.open_tickets() == ["barrier-boom-broken"]


async def test_the_end_of_an_alarm_that_flaps_is_not_lost_in_a_restart() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        for _ in range(6):
            run.say("state", BROKEN)
            await pass_on(run, 3)
            run.say("state", CLOSED)
            await pass_on(run, 12)
        assert len(await store.books.alarms(open_only=True, limit=9)) == 1
    async with stage(store, clock) as run:
        for _ in range(8):
            await pass_on(run, 120)
            run.say("state", CLOSED)
        left = await store.books.alarms(open_only=True, limit=9)
        assert "barrier-boom-broken" not in [alarm.rule for alarm in left]


async def test_what_waits_for_a_device_that_has_left_the_books_is_told_to_nobody() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    gate = device("gate-1", state=Lifecycle.MAINTENANCE)
    async with stage(store, clock, (gate, *SITE[1:])) as run:
        await break_boom(run)
    async with stage(store, clock, SITE[1:]) as run:
        await pass_on(run, LONGEST_RETURN + 15)
        assert await run.open_tickets() == []


async def test_who_is_explained_while_it_waits_has_no_ticket_when_its_maintenance_is_over() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    worked_on = device(
        "door-1",
        Kind.UNIT_DOOR,
        upstream="ctl-1",
        state=Lifecycle.MAINTENANCE,
        maintenance_until=clock.now() + 900,
    )
    async with stage(store, clock, (CONTROLLER, worked_on)) as run:
        run.say("state", {"points": {"door.open": False}}, of=DOOR)
        await pass_on(run, 100)
        run.say("state", {"points": {"tamper": False}}, of=CONTROLLER)
        for seconds in (80, 61, 39, 61, 700):
            await pass_on(run, seconds)
        assert await run.open_tickets() == ["controller-silent"]


async def test_an_order_is_in_the_journal_sent_once_and_done_when_seen() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle()
        command = await run.intake.desk.command("gate-1", "open", "visitor", GUARD)
        await run.settle()
        assert [each.id for each in run.sender.sent] == [command.id]
        run.say("ack", {"id": command.id, "result": "received"})
        await run.settle()
        run.say("state", {"points": {"arm.position": "open"}})
        await run.settle()
        stored = await run.store.books.command(command.id)
        assert stored is not None
        assert [step.state.value for step in stored.history] == [
            "requested",
            "authorised",
            "sent",
            "received",
            "executed",
        ]
        await run.settle(20)
        assert len(run.sender.sent) == 1


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (CommandRefusedError("the gate is not connected"), CommandState.FAILED),
        (LinkError("the broker hung"), CommandState.UNKNOWN),
    ],
)
async def test_an_order_that_was_not_sent_is_never_shown_as_done(
    failure: CommandRefusedError | LinkError, state: CommandState
) -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle()
        run.sender.failure = failure
        command = await run.intake.desk.command("gate-1", "open", "visitor", GUARD)
        await run.settle()
        stored = await run.store.books.command(command.id)
        assert stored is not None
        assert stored.state is state


async def test_an_order_without_feedback_ends_as_unknown() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle()
        command = await run.intake.desk.command("gate-1", "open", "visitor", GUARD)
        await run.settle(12)
        stored = await run.store.books.command(command.id)
        assert stored is not None
        assert stored.state is CommandState.UNKNOWN


async def test_a_gate_that_is_open_already_confirms_by_its_word() -> None:
    async with stage() as run:
        run.say("state", {"points": {"arm.position": "open"}})
        await run.settle()
        command = await run.intake.desk.command("gate-1", "open", "visitor", GUARD)
        run.say("ack", {"id": command.id, "result": "executed"})
        await run.settle()
        stored = await run.store.books.command(command.id)
        assert stored is not None
        assert stored.state is CommandState.EXECUTED


async def test_a_restart_sends_no_order_again() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        run.say("state", CLOSED)
        await run.settle()
        command = await run.intake.desk.command("gate-1", "open", "visitor", GUARD)
        await run.settle()
    async with stage(store, clock) as run:
        await run.settle(2)
        assert run.sender.sent == []
        stored = await store.books.command(command.id)
        assert stored is not None
        assert stored.state is CommandState.UNKNOWN


async def test_nobody_commands_a_device_that_is_not_theirs_or_not_there() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle()
        stranger = Identity(name="li", role=Role.GUARD, scope="gs/c")
        for who, name in ((stranger, "gate-1"), (GUARD, "gate-77")):
            with pytest.raises(NotFoundError):
                await run.intake.desk.command(name, "open", "visitor", who)


async def test_a_step_that_is_not_possible_names_those_that_are() -> None:
    async with stage() as run:
        await break_boom(run)
        (ticket,) = run.intake.live.open_tickets()
        step = TicketStep(do=TicketAction.CLOSE, actor="li", role="crew", at=run.clock.now())
        with pytest.raises(ConflictError) as caught:
            await run.intake.desk.step_ticket(ticket.number, step)
        assert "take" in caught.value.possible


async def test_a_repaired_gate_is_completed_by_one_and_verified_by_another() -> None:
    async with stage() as run:
        await break_boom(run)
        (ticket,) = run.intake.live.open_tickets()
        run.say("state", {"points": {"boom.broken": False}})
        await run.settle(90)

        async def act(do: TicketAction, actor: str, role: str = "crew") -> TicketState:
            step = TicketStep(do=do, actor=actor, role=role, at=run.clock.now(), code="repaired")
            return (await run.intake.desk.step_ticket(ticket.number, step)).state

        for do in (TicketAction.TAKE, TicketAction.ARRIVE, TicketAction.COMPLETE):
            await act(do, "li")
        with pytest.raises(ConflictError):
            await act(TicketAction.VERIFY, "li")
        await act(TicketAction.VERIFY, "zhao", "manager")
        assert await act(TicketAction.CLOSE, "zhao", "manager") is TicketState.CLOSED
        feed = await run.store.books.feed(after=0, limit=100)
        kinds = [item.type.split(".")[3] for item in feed]
        assert kinds[0] == "opened"
        assert kinds[-3:] == ["completed", "verified", "closed"]


async def test_nobody_is_silent_while_the_hub_hears_nothing() -> None:
    async with stage() as run:
        for each in (GATE, OTHER):
            run.say("state", CLOSED, of=each)
        await run.settle()
        run.intake.watch.link_down("mqtt-state", "the broker is gone")
        await run.settle(900)
        assert "device.silent" not in await run.types()
        assert await run.open_tickets() == []


async def test_a_session_that_was_lost_is_recorded_as_a_gap() -> None:
    async with stage() as run:
        run.intake.watch.link_down("mqtt-state", "the broker is gone")
        run.intake.watch.link_up("mqtt-state", resumed=False)
        await run.settle()
        assert (await run.types())[-2:] == ["link.down", "link.gap"]


async def test_a_wrong_clock_is_told_and_arrival_time_counts() -> None:
    async with stage() as run:
        for _ in range(6):
            run.say("telemetry", {"points": {}, "ts": run.clock.now() + 3600})
            await run.settle(30)
        assert (await run.types()).count("device.clock_wrong") == 1
        view = run.intake.live.device("gate-1")
        assert view is not None
        assert view.points["clock.offset"].value == 3600.0


@pytest.mark.parametrize("behind", [8.0, 40.0, 300.0])
async def test_a_network_that_was_away_breaks_no_expectation(behind: float) -> None:
    async with stage() as run:
        run.say("state", {"points": {"door.open": False, "lock.locked": True}}, of=DOOR)
        await run.settle(behind + 5)
        began = run.clock.now() - behind
        for press in (0.0, 60.0 if behind > 60 else 2.0):
            ts = began + press
            run.say("event", {"name": "exit.requested", "data": {}, "ts": ts}, of=DOOR)
            await run.settle()
            run.say("state", {"points": {"lock.locked": False}, "ts": ts + 1}, of=DOOR)
            await run.settle()
            run.say("state", {"points": {"lock.locked": True}, "ts": ts + 1.5}, of=DOOR)
            await run.settle()
        await run.settle(30)
        assert "door-wont-unlock" not in await run.open_tickets()


@pytest.mark.parametrize(("mended", "raised"), [(1.5, 0), (4.0, 1)])
async def test_a_fault_that_spans_a_short_cut_of_the_uplink_is_told_by_its_own_times(
    mended: float, raised: int
) -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle(3)
        run.say("state", BROKEN)
        began = run.clock.now()
        await run.settle(1)
        run.intake.watch.link_down("mqtt-state", "the broker was killed")
        await run.settle(6)
        run.intake.watch.link_up("mqtt-state", resumed=True)
        await run.settle()
        run.say("state", {"points": {"boom.broken": False}, "ts": began + mended})
        run.intake.watch.link_caught_up("mqtt-state")
        await pass_on(run, LONGEST_RETURN + 1)
        assert (await run.types()).count("alarm.raised") == raised


async def test_a_lost_session_lets_no_hold_go_on_that_ran_before() -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle(3)
        run.say("state", BROKEN)
        await run.settle(1)
        run.intake.watch.link_down("mqtt-state", "the broker lost its disk")
        await run.settle(30)
        run.intake.watch.link_up("mqtt-state", resumed=False)
        await run.settle()
        run.say("state", {**CLOSED, "ts": run.clock.now() - 10}, retained=True)
        run.intake.watch.link_caught_up("mqtt-state")
        await pass_on(run, LONGEST_RETURN + 3)
        assert "alarm.raised" not in await run.types()


@pytest.mark.parametrize("by_will", [True, False])
async def test_the_backlog_of_a_device_that_was_gone_is_judged_by_its_own_times(
    *, by_will: bool
) -> None:
    async with stage() as run:
        run.say("state", CLOSED)
        await run.settle()
        if by_will:
            run.say("avail", {"boot": "b1", "state": "offline"})
        await run.settle(600)
        began = run.clock.now() - 300
        if by_will:
            run.say("avail", {"boot": "b1", "state": "online"})
        run.say("state", {**CLOSED, "ts": began})
        run.say("state", {**BROKEN, "ts": began + 10})
        run.say("state", {"points": {"boom.broken": False}, "ts": began + 20})
        await run.settle(3)
        alarms = await run.store.books.alarms(open_only=False, limit=9)
        assert ("barrier-boom-broken", began + 12) in [(a.rule, a.raised_at) for a in alarms]
