"""Rounds come due, are walked and are missed in the one loop, across restarts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.access.record import PEOPLE, Person
from hub.clock import ManualClock
from hub.errors import ConflictError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.inspection import Rhythm, RoundState, Verdict
from hub.model.ring import RINGS, Ring
from hub.model.ticket import TicketAction, TicketStep
from hub.model.whistle import Reporter, ReportWish, Source, Target
from hub.ports import Document
from hub.ports.community import InspectionWish, Seen, StopWish
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import Stage, stage

LI = Identity(name="li", role=Role.MANAGER)
WALKER = Identity(name="wang", role=Role.GRID_WORKER)
FOREIGN = Identity(name="zhao", role=Role.MANAGER, scope="gs/b")
BOX = StopWish(subject="gs/a", thing="灭火器箱 1 号", checks=("压力", "铅封"))
OTHER_BOX = StopWish(subject="gs/a", thing="灭火器箱 2 号", checks=("压力",))
HOUR = 3600.0
DAILY = InspectionWish(
    title="消防巡查", team="一组", every=Rhythm.DAY, at="00:00", hours=10, stops=(BOX, OTHER_BOX)
)


def report(key: str, *, join: str = "", apart: bool = False) -> ReportWish:
    return ReportWish(
        id=key,
        source=Source.INSPECTION,
        category="fire_lane",
        target=Target(name="甲", place="gs/a", where="甲"),
        reporter=Reporter(text="压力低"),
        actor=WALKER.name,
        join=join,
        apart=apart,
    )


def found(walk: str, stop: str, key: str, **fields: Any) -> Seen:  # noqa: ANN401
    wish = report(key, **fields)
    return Seen(walk=walk, stop=stop, verdict=Verdict.FINDING, check="压力", wish=wish)


def fine(walk: str, stop: str) -> Seen:
    return Seen(walk=walk, stop=stop, verdict=Verdict.FINE)


async def to_morning(run: Stage) -> None:
    """Let the next local midnight come."""
    wait = 86_400 - (run.clock.now() + 8 * HOUR) % 86_400
    await run.clock.advance(wait)
    await run.settle()


async def due(run: Stage) -> str:
    return next(each.id for each in run.intake.inspections.rounds(LI) if each.is_open)


async def test_a_round_comes_due_at_its_instant_and_is_missed_at_its_end() -> None:
    async with stage() as run:
        await run.intake.inspections.plan(DAILY, LI)
        assert run.intake.inspections.rounds(LI) == []
        await to_morning(run)
        (walk,) = run.intake.inspections.rounds(LI)
        assert (walk.state, walk.due_from) == (RoundState.DUE, run.clock.now())
        assert walk.due_by == walk.due_from + 10 * HOUR
        await run.clock.advance(10 * HOUR)
        await run.settle()
        assert run.intake.inspections.round(walk.id, LI).state is RoundState.MISSED
        assert [t for t in await run.types() if t.startswith("inspection.")] == [
            "inspection.planned",
            "inspection.due",
            "inspection.missed",
        ]


async def test_who_is_told_of_a_missed_round_is_the_manager_and_not_the_grid_worker() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        people = [Person(name="li", role=Role.MANAGER), Person(name="wang", role=Role.GRID_WORKER)]
        papers = [
            Document(collection=PEOPLE, key=each.name, body=msgspec.json.encode(each), at=0.0)
            for each in people
        ]
        await run.intake.desk.write(papers)
        await run.intake.inspections.plan(DAILY, LI)
        await to_morning(run)
        await run.clock.advance(10 * HOUR)
        await run.settle()
        bodies = await store.books.documents(RINGS)
        (ring,) = [msgspec.json.decode(each, type=Ring) for each in bodies.values()]
        (walk,) = run.intake.inspections.rounds(LI)
        assert (ring.person, ring.ticket, ring.page) == ("li", walk.id, f"/rounds/{walk.id}")
        assert "2 站还有 2 站没看" in ring.reason["zh"]


async def test_what_came_due_and_passed_while_the_hub_was_down_is_listed_as_missed() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with stage(store, clock) as run:
        await run.intake.inspections.plan(DAILY, LI)
        await to_morning(run)
        first = await due(run)
        await run.intake.inspections.answer(fine(first, "s1"), WALKER)
    await clock.advance(3 * 86_400)
    async with stage(store, clock) as run:
        rounds = run.intake.inspections.rounds(LI)
        states = [each.state for each in rounds]
        assert states == [RoundState.DUE, *[RoundState.MISSED] * 3]
        assert [len(each.left) for each in rounds] == [2, 2, 2, 1], "what was seen stays"
    async with stage(store, clock) as run:
        assert run.intake.inspections.rounds(LI) == rounds, "once is enough"


async def test_two_things_at_one_place_are_two_tickets_and_one_thing_is_one() -> None:
    async with stage() as run:
        office = run.intake.inspections
        await office.plan(DAILY, LI)
        await to_morning(run)
        first = await due(run)
        one = await office.answer(found(first, "s1", "r1"), WALKER)
        two = await office.answer(found(first, "s2", "r2"), WALKER)
        again = await office.answer(found(first, "s2", "r2"), WALKER)
        assert one.ticket != two.ticket
        assert (one.joined, two.joined) == (False, False)
        assert again.walk == two.walk, "the same form sent twice is one finding"
        await office.finish(first, WALKER)
        await to_morning(run)
        second = await due(run)
        assert [each.number for each in office.known_at(second, "s1", LI)] == [one.ticket]
        known = await office.answer(found(second, "s1", "r3"), WALKER)
        assert (known.ticket, known.joined) == (one.ticket, True)
        apart = await office.answer(found(second, "s1", "r4", apart=True), WALKER)
        assert apart.ticket not in {one.ticket, two.ticket}


async def test_a_finding_of_what_was_repaired_is_a_new_ticket() -> None:
    async with stage() as run:
        office = run.intake.inspections
        await office.plan(DAILY, LI)
        await to_morning(run)
        one = await office.answer(found(await due(run), "s1", "r1"), WALKER)
        step = TicketStep(
            do=TicketAction.VOID,
            actor="li",
            role=Role.MANAGER,
            at=run.clock.now(),
            reason="已处理",
            extra={"approver": "wu"},
        )
        await run.intake.desk.step_ticket(one.ticket, step)
        await to_morning(run)
        new = await office.answer(found(await due(run), "s1", "r2"), WALKER)
        assert (new.joined, new.ticket == one.ticket) == (False, False)


async def test_a_finding_and_its_ticket_are_one_commit_with_the_source_inspection() -> None:
    async with stage() as run:
        office = run.intake.inspections
        await office.plan(DAILY, LI)
        await to_morning(run)
        walked = await office.answer(found(await due(run), "s1", "r1"), WALKER)
        ticket = await run.store.books.ticket(walked.ticket)
        assert ticket is not None
        assert (ticket.source, ticket.place, ticket.trade) == ("inspection", "gs/a", "safety")
        entries = await run.store.books.journal(after=0, limit=1000)
        told = [each for each in entries if each.type == "inspection.found"]
        assert [each.data["ticket"] for each in told] == [walked.ticket]
        assert "压力低" not in str([each.data for each in entries]), "words are not the journal's"
        with pytest.raises(ConflictError, match="not open any more"):
            await office.answer(found(await due(run), "s2", "r9", join="GS-19990101-0001"), WALKER)
        assert office.round(await due(run), LI).of_stop("s2") == ()


async def test_a_changed_route_leaves_the_round_that_is_due_and_an_ended_one_asks_no_more() -> None:
    async with stage() as run:
        office = run.intake.inspections
        plan = await office.plan(DAILY, LI)
        await to_morning(run)
        short = msgspec.structs.replace(DAILY, stops=DAILY.stops[:1])
        with pytest.raises(ConflictError, match="revision 1"):
            await office.change(plan.id, short, LI, version=7)
        await office.change(plan.id, short, LI, version=1)
        assert len(office.round(await due(run), LI).stops) == 2
        await office.end(plan.id, LI)
        with pytest.raises(ConflictError, match="has ended"):
            await office.change(plan.id, DAILY, LI)
        await to_morning(run)
        assert [each.state for each in office.rounds(LI)] == [RoundState.MISSED]
        assert office.inspections(LI) == []


async def test_what_lies_elsewhere_is_as_if_it_were_not_there() -> None:
    async with stage() as run:
        office = run.intake.inspections
        plan = await office.plan(DAILY, LI)
        await to_morning(run)
        walk = await due(run)
        assert (office.inspections(FOREIGN), office.rounds(FOREIGN)) == ([], [])
        with pytest.raises(NotFoundError):
            office.inspection(plan.id, FOREIGN)
        with pytest.raises(NotFoundError):
            await office.answer(fine(walk, "s1"), FOREIGN)
