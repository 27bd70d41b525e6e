"""Escalation within the loop: rings and entries in the commit of their reason, once, for good."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

from hub.access.record import PEOPLE, Person
from hub.clock import ManualClock
from hub.errors import ConflictError, InvalidRequestError, StoreError
from hub.model.access import Identity, Role
from hub.model.alarm import ReportWhen
from hub.model.climb import CLIMBS, ROTA, TURNS
from hub.model.ring import RINGS, Ring
from hub.model.roster import SUBSTITUTES, Substitute
from hub.model.rung import Dispatch, Duty
from hub.model.ticket import Ticket, TicketAction, TicketState, TicketStep
from hub.ports import Document
from hub.store.memory import MemoryStore
from tests.support.duty import MINUTE, plan, roster, rung, shift
from tests.unit.intake.stage import GATE, RULES, Stage, stage

SECONDS = 1 / MINUTE
NIGHT = roster("night", shift("wang"))
LADDER = plan(
    rung("worker", "person:li"),
    rung("leader", "roster:night", after=10 * SECONDS),
    rung("street", "role:department", after=20 * SECONDS, confirm=True),
)
DUTY = Duty(plans=(LADDER,), rosters={"night": NIGHT})
CHEN = Identity(name="chen", role=Role.MANAGER)
STAFF = {
    "li": Role.CREW,
    "wang": Role.CREW,
    "zhao": Role.CREW,
    "chen": Role.MANAGER,
    "street": Role.DEPARTMENT,
}


def person(name: str, role: Role, **fields: object) -> Document:
    body = msgspec.json.encode(Person(name=name, role=role, **fields))  # type: ignore[arg-type]
    return Document(collection=PEOPLE, key=name, body=body)


async def hire(run: Stage) -> None:
    await run.intake.desk.write([person(name, role) for name, role in STAFF.items()])


async def break_boom(run: Stage) -> Ticket:
    run.say("state", {"points": {"arm.position": "closed", "mode": "auto", "boom.broken": False}})
    await run.settle()
    run.say("state", {"points": {"boom.broken": True}})
    await run.settle(4)
    (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
    return ticket


async def rings(run: Stage) -> list[tuple[str, int]]:
    """Return who is rung by the documents, in the order of the rings."""
    found = [
        msgspec.json.decode(body, type=Ring)
        for body in (await run.store.books.documents(RINGS)).values()
    ]
    found.sort(key=lambda ring: (ring.at, ring.rung))
    return [(ring.person, ring.rung) for ring in found]


async def told(run: Stage) -> list[tuple[str, int]]:
    """Return what the journal says of escalation, and of which rung."""
    entries = await run.store.books.journal(after=0, limit=1000, types=("ticket.e", "roster."))
    return [(entry.type, entry.data.get("rung", 0)) for entry in entries]


async def test_a_fault_rings_its_first_rung_in_the_commit_of_its_ticket() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        ticket = await break_boom(run)
        assert await rings(run) == [("li", 1)]
        assert await told(run) == [("ticket.escalated", 1)]
        assert (await run.types())[-2:] == ["ticket.opened", "ticket.escalated"]
        assert ticket.revision == 1, "the first rung changes nothing of the ticket"
        feed = [row.type for row in await run.store.books.feed(after=0, limit=10)]
        assert feed == ["cn.lingdang.incident.opened.v1"], "nor is it the platform's business"


async def test_an_untaken_ticket_climbs_and_the_platform_learns_of_it() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        await run.settle(12)
        assert await rings(run) == [("li", 1), ("wang", 2)]
        (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
        assert ticket.revision == 2
        feed = [row.type for row in await run.store.books.feed(after=0, limit=10)]
        assert feed[1:] == ["cn.lingdang.incident.escalated.v1"]


async def test_what_is_reported_on_escalation_is_reported_from_the_second_rung_on() -> None:
    rules = [
        msgspec.structs.replace(
            rule, ticket=msgspec.structs.replace(rule.ticket, report=ReportWhen.ON_ESCALATION)
        )
        if rule.ticket
        else rule
        for rule in RULES
    ]
    async with stage(duty=DUTY, rules=rules) as run:
        await hire(run)
        ticket = await break_boom(run)
        assert await run.store.books.feed(after=0, limit=10) == []
        await run.settle(12)
        await run.intake.desk.step_ticket(
            ticket.number, TicketStep(do=TicketAction.TAKE, actor="li", role="crew", at=0)
        )
        feed = [row.type for row in await run.store.books.feed(after=0, limit=10)]
        assert feed == ["cn.lingdang.incident.escalated.v1", "cn.lingdang.incident.accepted.v1"]


async def test_a_restart_neither_loses_nor_repeats_a_rung() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
    async with stage(store, clock, duty=DUTY) as run:
        await run.settle(3)
        assert await rings(run) == [("li", 1)]
    await clock.advance(3600)
    async with stage(store, clock, duty=DUTY) as run:
        await run.settle(1)
        assert await rings(run) == [("li", 1), ("wang", 2)], "due meanwhile: at once, and once"
        assert await told(run) == [("ticket.escalated", 1), ("ticket.escalated", 2)]


async def test_a_ticket_from_before_there_were_rungs_begins_to_climb() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        await hire(run)
        await break_boom(run)
        assert await told(run) == []
    async with stage(store, clock, duty=DUTY) as run:
        assert await rings(run) == [("li", 1)]


async def test_whoever_is_disabled_is_not_rung_from_that_commit_on() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await run.intake.desk.write([person("li", Role.CREW, disabled=True)])
        await break_boom(run)
        assert await told(run) == [("roster.hole", 1), ("ticket.escalated", 2)]
        found = await rings(run)
        assert {one for one, number in found if number == 1} == {"chen", "wang", "zhao"}, (
            "the manager hears of the hole, and the rule tells the crew since none of it acts"
        )
        assert found[-1] == ("wang", 2)


async def test_a_substitute_who_is_put_meanwhile_is_the_one_who_is_rung() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        now = run.clock.now()
        body = msgspec.json.encode(
            Substitute(
                id="s-1", roster="night", start=now - 1, end=now + 999, out="wang", by="zhao"
            )
        )
        await run.intake.desk.write([Document(collection=SUBSTITUTES, key="s-1", body=body)])
        await run.settle(12)
        assert await rings(run) == [("li", 1), ("zhao", 2)]


async def test_a_proposal_is_seen_confirmed_and_carried_out_in_one_turn() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        ticket = await break_boom(run)
        desk = run.intake.climbs
        assert desk.proposals(CHEN) == []
        await run.settle(32)
        assert [each.number for each in desk.proposals(CHEN)] == [ticket.number]
        outlook = desk.outlook(ticket)
        assert outlook is not None
        assert (outlook.rung, outlook.proposed, outlook.people) == ("street", True, ("street",))
        assert (await rings(run))[-1] == ("chen", 3)
        await desk.decide(ticket, CHEN, agreed=True, reason="")
        assert ("chen", 3) not in await rings(run), "what asks is taken back"
        assert (await rings(run))[-1] == ("street", 3)
        assert (await told(run))[-2:] == [
            ("ticket.escalation_proposed", 3),
            ("ticket.escalated", 3),
        ]
        assert desk.proposals(CHEN) == []
        with pytest.raises(ConflictError):
            await desk.decide(ticket, CHEN, agreed=False, reason="")


async def test_only_who_sees_the_place_sees_the_proposal() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        await run.settle(32)
        elsewhere = Identity(name="other", role=Role.MANAGER, scope="gs/b")
        assert run.intake.climbs.proposals(elsewhere) == []


async def test_the_climb_is_gone_from_the_store_once_the_ticket_has_ended() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        ticket = await break_boom(run)
        assert list(await run.store.books.documents(CLIMBS)) == [ticket.number]
        step = TicketStep(
            do=TicketAction.VOID,
            actor="chen",
            role="manager",
            at=0,
            reason="drill",
            extra={"approver": "zhao"},
        )
        await run.intake.desk.step_ticket(ticket.number, step)
        assert await run.store.books.documents(CLIMBS) == {}
        assert run.intake.climbs.outlook(ticket) is None
        await run.settle(60)
        assert await rings(run) == [("li", 1)]


async def test_a_message_that_touches_no_ticket_costs_no_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        climber = run.intake.climbs._climber
        looks: list[str] = []
        monkeypatch.setattr(climber.escalation, "look", lambda ticket, _now: looks.append(ticket))
        for _ in range(20):
            run.say("telemetry", {"points": {"motor.temperature": 40.0}}, of=GATE)
            await run.settle()
        assert looks == []


async def test_a_rung_whose_commit_fails_is_tried_again_and_rings_once() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        run.store.committer.failures.append(StoreError("the disk is away"))
        with contextlib.suppress(StoreError):
            await run.settle(13)
        while run.intake.pipeline.failing:  # noqa: ASYNC110 - a state, not an event
            await asyncio.sleep(0.01)
        await run.settle(13)
        assert run.store.committer.failures == []
        assert await rings(run) == [("li", 1), ("wang", 2)]
        assert await told(run) == [("ticket.escalated", 1), ("ticket.escalated", 2)]


async def test_a_rung_that_was_decided_and_not_stored_comes_after_the_restart() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock, duty=DUTY) as run:
        await hire(run)
        await break_boom(run)
        store.committer.failures += [StoreError("the disk is away")] * 10_000
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(0.2):
                await run.settle(13)
    store.committer.failures.clear()
    assert await told(run) == [("ticket.escalated", 1)]
    async with stage(store, clock, duty=DUTY) as run:
        await run.settle(13)
        assert await rings(run) == [("li", 1), ("wang", 2)]
        assert await told(run) == [("ticket.escalated", 1), ("ticket.escalated", 2)]


async def test_who_takes_a_ticket_brings_the_team_and_takes_it_away_again() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        number = (await break_boom(run)).number
        for do, actor, team in (("take", "wang", "night"), ("return", "wang", "")):
            step = TicketStep(
                do=TicketAction(do), actor=actor, role="crew", at=0.0, reason="no part"
            )
            assert (await run.intake.desk.step_ticket(number, step)).team == team
        entries = await run.store.books.journal(after=0, limit=1000, types=("ticket.",))
        assert [e.data["team"] for e in entries if "team" in e.data] == ["", "night", ""]


async def test_the_rota_dispatches_in_the_commit_of_the_opening_and_keeps_its_turns() -> None:
    first = rung("worker", "role:crew", dispatch=Dispatch.ROTA)
    duty = Duty(plans=(plan(first, rung("leader", "person:chen", after=5)),))
    async with stage(duty=duty) as run:
        await hire(run)
        ticket = await break_boom(run)
        assert (ticket.state, ticket.holder) == (TicketState.DISPATCHED, "li")
        assert (await run.types())[-3:] == [
            "ticket.opened",
            "ticket.escalated",
            "ticket.dispatched",
        ]
        entries = await run.store.books.journal(after=0, limit=99, types=("ticket.dispatched",))
        assert [(entry.actor, entry.data["to"]) for entry in entries] == [("hub:rota", "li")]
        assert await rings(run) == [("li", 1)]
        turns = await run.store.books.document(ROTA, TURNS)
        assert msgspec.json.decode(turns or b"") == {"li": 1}
        decline = TicketStep(
            do=TicketAction.RETURN, actor="li", role="crew", at=0, reason="on another job"
        )
        after = await run.intake.desk.step_ticket(ticket.number, decline)
        assert after.state is TicketState.NEW, "that was the step; what follows is the rota's"
        (ticket,) = await run.store.books.tickets(open_only=True, limit=10)
        assert ticket.holder == "wang"
        assert await rings(run) == [("wang", 1)], "the other bell is taken back"
    async with stage(duty=duty, store=run.store) as again:
        assert await rings(again) == [("wang", 1)]


async def test_a_cleared_alarm_is_found_in_the_store_and_gets_its_own_ticket() -> None:
    async with stage(duty=DUTY) as run:
        await hire(run)
        ticket = await break_boom(run)
        (raised,) = await run.store.books.alarms(open_only=True, limit=9)
        run.say("state", {"points": {"boom.broken": False}})
        await run.settle(120)
        assert (await run.store.books.alarm(raised.id)).state == "cleared"  # type: ignore[union-attr]
        wish = TicketStep(
            do=TicketAction.SPLIT,
            actor="chen",
            role="manager",
            at=0,
            reason="two things",
            extra={"part": raised.id},
        )
        with pytest.raises(InvalidRequestError, match="is about this very thing"):
            await run.intake.desk.step_ticket(ticket.number, wish)
