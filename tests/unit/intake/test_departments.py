"""Work handed to departments in the loop: by a platform, a leader, a rung, another department."""

from typing import Any

import msgspec
import pytest

from hub.errors import ConflictError, NotFoundError
from hub.model.access import Role
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.model.ring import RINGS, Concern, Ring
from hub.model.rung import DepartmentLimits, Duty
from hub.model.ticket import TicketAction, TicketStep
from tests.support.duty import MINUTE, plan, rung
from tests.unit.intake.stage import Stage, stage
from tests.unit.intake.test_cases import open_one
from tests.unit.intake.test_climber import CHEN, break_boom, hire, person

SECONDS = 1 / MINUTE


async def hire_departments(run: Stage) -> None:
    await hire(run)
    wanted = [person("power", Role.DEPARTMENT), person("water", Role.DEPARTMENT)]
    far = person("far", Role.DEPARTMENT, scope="gs/elsewhere")
    await run.intake.desk.write([*wanted, far])


async def act(run: Stage, number: str, do: str, receiver: str, /, **fields: Any) -> Case:  # noqa: ANN401
    base = {"reason": "why", "text": "words", "actor": "", "number": ""}
    step = CaseStep(do=CaseAction(do), receiver=receiver, at=run.clock.now(), **{**base, **fields})
    return (await run.intake.desk.act_on_incident(number, step)).case


def case(run: Stage, receiver: str, number: str) -> Case:
    return run.intake.cases.find(receiver, number)


async def told(run: Stage) -> list[tuple[str, str, str]]:
    entries = await run.store.books.journal(after=0, limit=1000, types=("incident.",))
    return [(each.type, each.data["receiver"], each.actor) for each in entries]


async def test_what_the_platform_dispatches_to_a_department_is_its_work_in_one_commit() -> None:
    async with stage() as run:
        await hire_departments(run)
        number = await open_one(run)
        await act(run, number, "file", "city", number="C-1")
        await act(run, number, "dispatch", "city", to="power")
        given = case(run, "power", number)
        assert (given.state, given.given_by) == (CaseState.DISPATCHED, "key:city")
        assert given.sign_by is not None
        assert case(run, "city", number).sign_by is None, "a platform has no limits here"
        assert await told(run) == [
            ("incident.filed", "city", "key:city"),
            ("incident.dispatched", "city", "key:city"),
            ("incident.dispatched", "power", "key:city"),
        ]
        await act(run, number, "urge", "city")
        assert case(run, "power", number).urged == 1
        await act(run, number, "sign", "power", actor="power")
        await act(run, number, "dispatch", "city", to="power")
        assert case(run, "power", number).state is CaseState.SIGNED, "it has it already"


async def test_a_department_is_rung_once_when_work_is_handed_to_it() -> None:
    async with stage(
        duty=Duty(plans=(plan(rung("street", "person:li", channels=("sms",))),))
    ) as run:
        await hire_departments(run)
        number = await open_one(run)
        for _ in range(2):
            await act(run, number, "dispatch", "city", to="power")
        await act(run, number, "help", "power", to="water", actor="power")
        found = [
            msgspec.json.decode(body, type=Ring)
            for body in (await run.store.books.documents(RINGS)).values()
        ]
        told = [each for each in found if each.concern is Concern.INFORMED]
        assert [(each.person, each.channels) for each in told] == [
            ("power", ("sms",)),
            ("water", ("sms",)),
        ]
        assert ["签收" in each.reason["zh"] for each in told] == [True, True]
        assert "协办" in told[1].reason["zh"]


def rung_by(entries: Any) -> list[tuple[str, str, list[str] | None]]:  # noqa: ANN401
    return [(each.type, each.data["receiver"], each.data.get("rung")) for each in entries]


async def test_who_presses_from_above_rings_whoever_has_to_act_and_the_journal_says_whom() -> None:
    ladder = plan(rung("worker", "person:li"), rung("leader", "person:zhao", after=9999.0))
    async with stage(duty=Duty(plans=(ladder,))) as run:
        await hire_departments(run)
        ticket = await break_boom(run)
        number = ticket.number
        await act(run, number, "file", "city", number="C-1")
        await act(run, number, "urge", "city")
        await act(run, number, "urge", "city")
        await act(run, number, "supervise", "city")
        await run.clock.advance(700)
        await run.settle()
        await act(run, number, "supervise", "city")
        await act(run, number, "dispatch", "city", to="power")
        await act(run, number, "urge", "city")
        await act(run, number, "feed_back", "power", actor="power")
        await run.clock.advance(700)
        await run.settle()
        await act(run, number, "urge", "city")
        entries = await run.store.books.journal(after=0, limit=1000)
        pressed = [
            each for each in entries if each.type in {"incident.urged", "incident.supervised"}
        ]
        assert rung_by(pressed) == [
            ("incident.urged", "city", ["li"]),
            ("incident.urged", "city", None),
            ("incident.supervised", "city", ["li"]),
            ("incident.supervised", "city", ["zhao"]),
            ("incident.urged", "city", None),
            ("incident.urged", "power", ["power"]),
            ("incident.urged", "city", ["zhao"]),
            ("incident.urged", "power", None),
        ]
        own = [each for each in entries if each.subject == number]
        climbed = [each.data["id"] for each in own if each.type == "ticket.escalated"]
        assert climbed == ["worker", "leader"], "only the supervising has moved it, and once"
        told = [ring.person for ring in await rings_of(run, "urged from above")]
        assert sorted(told) == ["li", "power", "zhao"]


FAST = (
    DepartmentLimits(sign=10.0, arrive=20.0),
    DepartmentLimits(departments=("water",), sign=15.0),
)
LATE = plan(rung("worker", "person:li"), rung("top", "person:li", after=9999.0, channels=("sms",)))


async def overdue(run: Stage, number: str) -> list[tuple[str, list[str], list[str]]]:
    entries = await run.store.books.journal(after=0, limit=1000, types=("incident.overdue",))
    own = [each.data for each in entries if each.subject == number]
    return [(data["receiver"], data["limits"], data["rung"]) for data in own]


async def test_a_departments_limit_that_passes_rings_it_and_a_level_more_each_time() -> None:
    async with stage(duty=Duty(plans=(LATE,), limits=FAST)) as run:
        await hire_departments(run)
        await run.intake.desk.write([person("chief", Role.ADMINISTRATOR)])
        number = await open_one(run)
        await act(run, number, "dispatch", "city", to="power")
        await act(run, number, "dispatch", "water", to="water", actor="wang")
        await run.settle(9)
        assert await overdue(run, number) == []
        await run.settle(2)
        assert await overdue(run, number) == [("power", ["sign"], ["power", "chen"])]
        await run.settle(5)
        await run.clock.advance(72 * 3600)
        await run.settle()
        assert await overdue(run, number) == [
            ("power", ["sign"], ["power", "chen"]),
            ("water", ["sign"], ["water", "wang", "chen"]),
            ("power", ["arrive", "feed_back"], ["power", "chen", "chief"]),
            ("water", ["arrive", "feed_back"], ["water", "wang", "chen", "chief"]),
        ]
        late = await rings_of(run, "power has not signed in time")
        assert {ring.channels for ring in late} == {("sms",)}
        rows = await run.store.books.feed(after=0, limit=1000)
        item = msgspec.json.decode(rows[-1].body)
        assert (item["type"], item["receiver"]) == ("cn.lingdang.incident.updated.v1", "water")
        marks = {each["receiver"]: each.get("overdue") for each in item["data"]["cases"]}
        assert marks == {
            "city": None,
            "power": ["sign", "arrive", "feed_back"],
            "water": ["sign", "arrive", "feed_back"],
        }


async def test_what_came_due_while_the_hub_was_off_rings_at_the_start_and_never_twice() -> None:
    duty = Duty(plans=(LATE,), limits=FAST)
    async with stage(duty=duty) as run:
        await hire_departments(run)
        number = await open_one(run)
        await act(run, number, "dispatch", "power", to="power", actor="chen")
    await run.clock.advance(12)
    for _ in range(2):
        async with stage(store=run.store, clock=run.clock, duty=duty) as again:
            await again.settle(2)
            assert await overdue(again, number) == [("power", ["sign"], ["power", "chen"])]


async def test_what_was_done_in_time_or_has_ended_rings_nobody() -> None:
    async with stage(duty=Duty(plans=(LATE,), limits=FAST)) as run:
        await hire_departments(run)
        number = await open_one(run)
        await act(run, number, "dispatch", "power", to="power", actor="chen")
        await act(run, number, "dispatch", "water", to="water", actor="chen")
        await act(run, number, "arrive", "power", actor="power")
        void = TicketStep(
            do=TicketAction.VOID,
            actor="chen",
            role=Role.MANAGER,
            at=run.clock.now(),
            reason="twice",
            extra={"approver": "chief"},
        )
        await run.intake.desk.step_ticket(number, void)
        await run.settle(40)
        assert await overdue(run, number) == []


async def rings_of(run: Stage, words: str) -> list[Ring]:
    found = (await run.store.books.documents(RINGS)).values()
    rings = [msgspec.json.decode(body, type=Ring) for body in found]
    return [ring for ring in rings if words in ring.reason["en"]]


async def test_who_is_far_away_or_no_department_is_handed_nothing() -> None:
    async with stage() as run:
        await hire_departments(run)
        number = await open_one(run)
        for name in ("far", "li", "供电所"):
            await act(run, number, "dispatch", "city", to=name)
            assert case(run, name, number).state is CaseState.REPORTED


async def test_a_leader_hands_over_and_a_department_asks_another_for_help() -> None:
    async with stage() as run:
        await hire_departments(run)
        number = await open_one(run)
        given = await act(run, number, "dispatch", "power", to="power", actor="chen")
        assert (given.given_by, given.state) == ("chen", CaseState.DISPATCHED)
        helped = await act(run, number, "help", "power", to="water", actor="power")
        assert helped.helpers == ("water",)
        assert case(run, "water", number).helps == "power"
        assert case(run, "water", number).sign_by is not None
        with pytest.raises(ConflictError):
            await act(run, number, "check", "water", actor="chen")


async def test_a_rung_that_calls_a_department_hands_it_the_ticket_and_once() -> None:
    ladder = plan(
        rung("worker", "person:li"),
        rung("street", "role:department", after=5 * SECONDS, confirm=True),
    )
    async with stage(duty=Duty(plans=(ladder,))) as run:
        await hire_departments(run)
        ticket = await break_boom(run)
        await run.settle(8)
        assert case(run, "power", ticket.number).given_at is None, "it is only proposed"
        (current,) = await run.store.books.tickets(open_only=True, limit=10)
        await run.intake.climbs.decide(current, CHEN, agreed=True, reason="")
        await run.settle()
        assert case(run, "power", ticket.number).given_by == "hub"
        assert case(run, "water", ticket.number).state is CaseState.DISPATCHED
        assert case(run, "far", ticket.number).given_at is None
        before = await told(run)
        await run.settle(20)
        assert await told(run) == before


async def test_it_is_all_there_after_a_restart() -> None:
    async with stage() as run:
        await hire_departments(run)
        number = await open_one(run)
        await act(run, number, "dispatch", "power", to="power", actor="chen")
        before = case(run, "power", number)
    async with stage(store=run.store, clock=run.clock) as again:
        assert case(again, "power", number) == before
        await act(again, number, "sign", "power", actor="power")


async def test_what_is_discreet_is_no_departments_business() -> None:
    async with stage() as run:
        await hire_departments(run)
        with pytest.raises(NotFoundError):
            await act(run, "GS-1", "dispatch", "power", to="power", actor="chen")
