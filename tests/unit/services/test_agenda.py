"""The agenda of the joint meeting: what gets on it, what does not, and what decisions do to it."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.agenda import Decision, Matter, MatterKind, Meeting
from hub.model.case import Case, CaseAction, CaseState
from hub.model.course import Course
from hub.model.detour import Rung, Shelf
from hub.model.project import Claimant, ClaimantKind, Milestone, Project, ProjectState
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.community.agenda import Sources, collect
from tests.unit.access.web_fakes import ticket as make_ticket

NOW = 1_764_000_000.0
DAY = 86_400.0


def course(number: str, days_ago: float = 1, **fields: Any) -> Course:  # noqa: ANN401
    base = Course(
        number=number,
        subject="gate-a",
        place="gs/a",
        fault="gate.stuck_open",
        title={"zh": "不落杆", "en": "Stays open"},
        opened_at=NOW - days_ago * DAY,
    )
    return msgspec.structs.replace(base, **fields)


def ticket(number: str = "GS-1", **fields: Any) -> Ticket:  # noqa: ANN401
    return msgspec.structs.replace(make_ticket(number), **{"opened_at": NOW - 3 * DAY, **fields})


def agenda(**fields: Any) -> list[Matter]:  # noqa: ANN401
    empty: dict[str, Any] = {"courses": (), "tickets": (), "cases": {}, "projects": ()}
    return collect(Sources(**{**empty, "meetings": (), "now": NOW, **fields}))


def test_a_fault_is_repeated_from_its_third_ticket_in_thirty_days_on() -> None:
    found = [course("GS-1"), course("GS-2", 5), course("GS-3", 29)]
    (matter,) = agenda(courses=found)
    assert (matter.kind, matter.tickets) == (MatterKind.REPEATED, ("GS-1", "GS-2", "GS-3"))
    assert matter.why["zh"] == "30 天内 3 次"
    assert agenda(courses=found[:2]) == []
    assert agenda(courses=[*found[:2], course("GS-3", 31)]) == []
    assert len(agenda(courses=found[:2], times=2)) == 1


def test_a_ticket_that_came_back_counts_for_each_time() -> None:
    assert len(agenda(courses=[course("GS-1", reopened=2)])) == 1


def test_what_was_no_fault_or_is_secret_or_apart_does_not_repeat() -> None:
    good = [course("GS-1"), course("GS-2")]
    for change in (
        {"state": "voided"},
        {"folded_into": "GS-1"},
        {"closing_code": "false_alarm"},
        {"discreet": True},
        {"subject": "gate-b"},
        {"fault": "gate.boom_broken"},
    ):
        assert agenda(courses=[*good, course("GS-3", **change)]) == [], change
    numbered = [course(f"GS-{n}", fault=f"report.light/GS-{n}") for n in range(3)]
    assert len(agenda(courses=numbered)) == 1, "a number behind the fault is not another fault"


def test_a_shelved_ticket_is_on_it_with_its_condition_and_review() -> None:
    shelf = Shelf(
        since=NOW - DAY,
        approved_by=Rung.STREET,
        approver="王主任",
        condition="等维修资金",
        measure="围挡",
        review_at=NOW,
    )
    flags = (TicketFlag.SHELVED,)
    (matter,) = agenda(tickets=[ticket(shelf=shelf, flags=flags, state=TicketState.NEW, holder="")])
    assert (matter.kind, matter.since) == (MatterKind.SHELVED, NOW - DAY)
    assert "等维修资金" in matter.why["zh"]
    assert "王主任" not in str(matter.why), "no person stands on the list"


def test_what_nobody_has_taken_for_a_day_or_a_department_refused_is_nobodys() -> None:
    lone = ticket(state=TicketState.NEW, holder="")
    (matter,) = agenda(tickets=[lone])
    assert (matter.kind, matter.why["zh"]) == (MatterKind.OWNERLESS, "3 天没有人接单")
    assert agenda(tickets=[ticket(state=TicketState.NEW, holder="", opened_at=NOW - 60)]) == []
    assert agenda(tickets=[ticket()]) == [], "somebody holds it"
    waits = ticket(state=TicketState.NEW, holder="", flags=(TicketFlag.SUSPENDED,))
    assert agenda(tickets=[waits]) == []
    for case in (
        Case(receiver="城管", incident="GS-1", state=CaseState.REFUSED, reason="不归我们"),
        Case(receiver="城管", incident="GS-1", last=CaseAction.RETURN, reason="不归我们"),
    ):
        (matter,) = agenda(tickets=[ticket()], cases={"GS-1": [case]})
        assert matter.why["zh"] == "城管 不受理：不归我们"
    filed = Case(receiver="城管", incident="GS-1", state=CaseState.FILED, reason="x")
    assert agenda(tickets=[ticket()], cases={"GS-1": [filed]}) == []


def project(**fields: Any) -> Project:  # noqa: ANN401
    base = Project(
        id="p1",
        need="加装电梯",
        text="老人多",
        place="gs/a",
        state=ProjectState.CLAIMED,
        claimant=Claimant(name="供电公司", kind=ClaimantKind.ENTERPRISE),
        milestones=(Milestone(id="m1", text="勘察", by=NOW - DAY),),
        actor="li",
        at=NOW,
    )
    return msgspec.structs.replace(base, **fields)


def test_a_promise_that_is_late_is_on_it_until_it_is_kept_or_given_back() -> None:
    (matter,) = agenda(projects=[project()])
    assert (matter.kind, matter.project) == (MatterKind.UNDELIVERED, "p1")
    assert "供电公司 承诺未做到：勘察" in matter.why["zh"]
    assert agenda(projects=[project(state=ProjectState.DELIVERED)]) == []
    assert agenda(projects=[project(state=ProjectState.OPEN, claimant=None)]) == []


def test_a_decision_that_was_not_carried_out_comes_back() -> None:
    (matter,) = agenda(projects=[project()])
    decision = Decision(
        id="j1-1", matter=matter.id, text="约谈", body="街道", by=NOW - 1, actor="li", at=NOW - DAY
    )
    meeting = Meeting(
        id="j1",
        held_at=NOW,
        place="",
        matters=(matter,),
        decisions=(decision,),
        actor="li",
        at=NOW,
    )
    (again,) = agenda(meetings=[meeting])
    assert (again.id, again.project) == ("decision:j1-1", "p1")
    done = msgspec.structs.replace(decision, done_at=NOW)
    assert agenda(meetings=[msgspec.structs.replace(meeting, decisions=(done,))]) == []


def test_it_goes_by_kind_and_then_by_age_and_names_each_matter_once() -> None:
    found = agenda(
        courses=[course(f"GS-{n}") for n in range(3)],
        tickets=[
            ticket("GS-8", state=TicketState.NEW, holder=""),
            ticket("GS-9", state=TicketState.NEW, holder="", opened_at=NOW - 9 * DAY),
        ],
        projects=[project()],
    )
    assert [each.id for each in found] == [
        "repeated:gate-a:gate.stuck_open",
        "ownerless:GS-9",
        "ownerless:GS-8",
        "project:p1",
    ]
