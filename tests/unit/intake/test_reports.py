"""Reports of people in the one loop: one effect for one key, one ticket for one fault."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from hub.errors import ConflictError, InvalidRequestError
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.model.whistle import PERSONAL, Filed, Reporter, ReportWish, Source, Target
from hub.services.reports.report_shelf import ReportShelf
from hub.services.tickets.transition import is_reported
from tests.support.whistle import CODES
from tests.unit.intake.stage import GATE, Stage, stage

BARRIER = Target(
    name="西门道闸",
    place=GATE.place,
    where="1栋",
    device=GATE.id,
    uid=GATE.uid,
    kind=GATE.kind,
)
YARD = Target(name="1栋", place="gs/a/b1", where="1栋")
REPORTER = Reporter(phone="13800000000", text="杆掉在地上")


def wish(key: str, category: str = "struck", **fields: Any) -> ReportWish:  # noqa: ANN401
    given = {"id": key, "source": Source.RESIDENT, "category": category, "target": BARRIER}
    return ReportWish(**(given | fields))


async def file(on: Stage, *args: str, **fields: Any) -> Filed:  # noqa: ANN401
    return await on.intake.desk.report(wish(*args, **fields))


async def tickets(on: Stage) -> list[Ticket]:
    return await on.store.books.tickets(open_only=True, limit=100)


async def test_a_report_opens_a_ticket_and_keeps_the_person_out_of_the_journal() -> None:
    async with stage() as on:
        filed = await file(on, "r1", reporter=REPORTER)
        (ticket,) = await tickets(on)
        assert (ticket.number, ticket.source) == (filed.report.ticket, "resident")
        assert filed.report.call_back
        journal = msgspec.json.encode(await on.store.books.journal(after=0, limit=1000))
        assert b"13800000000" not in journal
        feed = await on.store.books.feed(after=0, limit=10)
        assert [row.incident for row in feed] == [ticket.number]
        assert b"13800000000" not in feed[0].body
        kept = await on.store.books.documents(PERSONAL)
        assert [msgspec.json.decode(body, type=Reporter) for body in kept.values()] == [REPORTER]


async def test_what_a_rule_knows_already_is_joined_and_counted() -> None:
    async with stage() as on:
        on.say("state", {"points": {"boom.broken": True}})
        await on.settle(61)
        (known,) = await tickets(on)
        assert known.fault == "gate.boom_broken"
        for number, key in enumerate(("r1", "r2"), start=1):
            filed = await file(on, key)
            assert (filed.report.ticket, filed.count) == (known.number, number)
            assert filed.report.joined
        assert await tickets(on) == [known], "joining changes no ticket"
        entries = await on.store.books.journal(after=0, limit=1000, types=("ticket.joined",))
        assert [entry.data["count"] for entry in entries] == [1, 2]


async def test_who_joins_with_a_phone_has_to_be_called_back_before_the_end() -> None:
    async with stage() as on:
        on.say("state", {"points": {"boom.broken": True}})
        await on.settle(61)
        await file(on, "r1", reporter=Reporter(phone="13800000000"))
        (ticket,) = await tickets(on)
        assert is_reported(ticket)
        await file(on, "r2", reporter=Reporter(phone="13900000000"))
        assert await tickets(on) == [ticket]


async def test_an_alarm_that_comes_after_the_report_is_the_same_ticket() -> None:
    async with stage() as on:
        filed = await file(on, "r1")
        on.say("state", {"points": {"boom.broken": True}})
        await on.settle(61)
        (ticket,) = await tickets(on)
        assert ticket.number == filed.report.ticket
        assert ticket.alarms
        assert (ticket.source, ticket.rule) == ("resident", "barrier-boom-broken")


async def test_a_thousand_clients_with_one_key_have_one_effect() -> None:
    async with stage() as on:
        answers = await asyncio.gather(*(file(on, "one", "leak", target=YARD) for _ in range(1000)))
        assert len(await tickets(on)) == 1
        assert {each.report for each in answers} == {answers[0].report}
        assert sum(each.fresh for each in answers) == 1
        assert {each.count for each in answers} == {1}


async def test_after_a_restart_a_key_is_still_known_and_the_count_goes_on() -> None:
    async with stage() as on:
        first = await file(on, "r1", "leak", target=YARD)
        store, clock = on.store, on.clock
    async with stage(store, clock) as on:
        again = await file(on, "r1", "leak", target=YARD)
        assert (again.report, again.fresh) == (first.report, False)
        assert (await file(on, "r2", "leak", target=YARD)).count == 2
        assert len(await tickets(on)) == 1


async def test_a_thousand_reports_of_one_leak_at_once_are_one_ticket() -> None:
    async with stage() as on:
        keys = [f"r{number}" for number in range(1000)]
        answers = await asyncio.gather(*(file(on, key, "leak", target=YARD) for key in keys))
        assert len(await tickets(on)) == 1
        assert sorted(each.count for each in answers) == list(range(1, 1001))
        (gathering,) = (await on.store.books.documents("gathering")).values()
        assert msgspec.json.decode(gathering)["count"] == 1000
        assert len(msgspec.json.decode(gathering)["reports"]) == 500


async def test_joining_what_was_closed_meanwhile_says_so() -> None:
    async with stage() as on:
        with pytest.raises(ConflictError, match="not open any more"):
            await file(on, "r1", join="GS-20260101-0001")
        assert await tickets(on) == []


def split(part: str) -> TicketStep:
    said = {"actor": "chen", "role": "manager", "reason": "another arm"}
    return TicketStep(do=TicketAction.SPLIT, at=0.0, extra={"part": part}, **said)


async def test_a_report_that_is_split_off_is_found_by_its_old_number_also_after_a_restart() -> None:
    async with stage() as on:
        on.say("state", {"points": {"boom.broken": True}})
        await on.settle(61)
        await file(on, "r1", reporter=REPORTER)
        (known,) = await tickets(on)
        assert is_reported(known)
        whole = await on.intake.desk.step_ticket(known.number, split("r1"))
        (number,) = whole.split_off
        assert not is_reported(whole), "who waits for a call waits for the other one"
        store, clock = on.store, on.clock
    async with stage(store, clock) as on:
        mine = await on.store.books.ticket(number)
        assert mine is not None
        assert (mine.source, mine.split_from, mine.alarms) == ("resident", known.number, ())
        shelf = ReportShelf(on.store.books, CODES)
        report = await shelf.find(known.number, CODES.query("r1"))
        assert report is not None
        assert report.ticket == number
        assert await shelf.find(number, CODES.query("r1")) == report
        assert await shelf.newest(known.number) == []
        assert [each for each, _ in await shelf.newest(number)] == [report]
        again = await file(on, "r1")
        assert (again.report.ticket, again.fresh) == (number, False)
        with pytest.raises(InvalidRequestError, match="very thing"):
            await on.intake.desk.step_ticket(number, split("r1"))
        with pytest.raises(InvalidRequestError, match="does not hold"):
            await on.intake.desk.step_ticket(known.number, split("r1"))
        await on.intake.desk.forget_reports([], [], ["r1"])
        assert await on.store.books.documents("gathering") == {}
