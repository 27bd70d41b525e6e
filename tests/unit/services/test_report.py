"""What a person reports: which ticket it is about, or what kind of new one it makes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.model.alarm import Severity, Urgency
from hub.model.device import Kind
from hub.model.ticket import Ticket, TicketState
from hub.model.trouble import OTHER, TROUBLE_BY_ID, TROUBLES, troubles_of
from hub.model.whistle import Hotline, Reporter, ReportWish, Source, Target
from hub.services.reports.report import (
    NEAR,
    describe_opening,
    find_known,
    join_report,
    offered,
    open_reported,
)
from hub.services.tickets.afresh import reopen
from hub.services.tickets.deadline import renew_limits
from hub.services.tickets.folding import take_in
from tests.unit.services.making import NOW

GATE = Target(
    name="西门道闸", place="g/a/west", where="西门", device="gate-1", uid="d1", kind="barrier_gate"
)
YARD = Target(name="1栋", place="g/a/b1", where="甲小区 1栋")


def wish(category: str, target: Target = GATE, **fields: Any) -> ReportWish:  # noqa: ANN401
    given = {"id": "r1", "source": Source.RESIDENT, "category": category, "target": target}
    return ReportWish(**(given | fields))


def opened(category: str, target: Target = GATE, at: float = NOW, **fields: Any) -> Ticket:  # noqa: ANN401
    number = f"GS-{int(at)}"
    ticket = open_reported(wish(category, target), number=number, now=at, test=False)
    return msgspec.structs.replace(renew_limits(ticket), **fields)


def test_a_report_of_a_gate_makes_the_ticket_that_its_rule_would_make() -> None:
    ticket = opened("stays_open")
    assert (ticket.fault, ticket.subject, ticket.uid) == ("gate.stuck_open", "gate-1", "d1")
    assert (ticket.source, ticket.trade, ticket.rule) == ("resident", "gate", "")
    assert ticket.take_by == NOW + 1800
    assert ticket.finish_by == NOW + 24 * 3600


def test_what_has_no_electronics_is_a_ticket_of_its_place() -> None:
    ticket = opened("leak", YARD)
    assert (ticket.subject, ticket.uid, ticket.place) == ("g/a/b1", "g/a/b1", "g/a/b1")
    assert (ticket.urgency, ticket.severity) == (Urgency.URGENT, Severity.MAJOR)
    assert (ticket.fault, ticket.title["zh"]) == ("report.leak", "漏水、堵塞")


def test_the_journal_is_told_the_ticket_and_nothing_of_the_person() -> None:
    told = wish("leak", YARD, reporter=Reporter(phone="13800000000", text="三楼王家漏水"))
    ticket = open_reported(told, number="GS-1", now=NOW, test=False)
    _, drafts = join_report(ticket, told, count=2, now=NOW)
    drafts = [describe_opening(ticket, told, NOW), *drafts]
    said = msgspec.json.encode(drafts).decode()
    assert "13800000000" not in said
    assert "王家" not in said
    assert [(each.type, each.actor) for each in drafts] == [
        ("ticket.opened", "resident"),
        ("ticket.joined", "resident"),
    ]
    assert describe_opening(ticket, wish("leak", actor="guard"), NOW).actor == "guard"


@pytest.mark.parametrize(
    ("category", "fields", "is_known"),
    [
        ("stays_open", {}, True),
        ("stays_shut", {}, False),
        ("stays_open", {"apart": True}, False),
        (OTHER, {}, False),
        (OTHER, {"join": f"GS-{int(NOW)}"}, True),
        ("stays_open", {"join": "GS-9"}, False),
    ],
)
def test_a_devices_fault_has_one_ticket_however_old(
    category: str,
    fields: dict[str, Any],
    is_known: bool,
) -> None:
    known = opened("stays_open")
    later = NOW + 9 * 86_400
    assert find_known([known], wish(category, **fields), later) is (known if is_known else None)


def test_an_ended_ticket_is_not_joined_not_even_by_its_number() -> None:
    closed = opened("stays_open", state=TicketState.CLOSED)
    assert find_known([closed], wish("stays_open"), NOW) is None
    assert find_known([closed], wish("stays_open", join=closed.number), NOW) is None
    assert list(offered([closed], GATE)) == []


def test_at_a_place_the_same_is_taken_for_one_fault_within_a_day() -> None:
    known = opened("light", YARD)
    assert find_known([known], wish("light", YARD), NOW + NEAR) is known
    assert find_known([known], wish("light", YARD), NOW + NEAR + 1) is None
    elsewhere = msgspec.structs.replace(YARD, place="g/a/b2")
    assert find_known([known], wish("light", elsewhere), NOW) is None


def test_two_other_things_are_two_faults() -> None:
    first, second = opened(OTHER, YARD), opened(OTHER, YARD, at=NOW + 60)
    assert first.fault != second.fault


def test_what_may_be_meant_is_offered_the_likely_one_first() -> None:
    switch = opened("noise", children=("gate-1",), subject="sw-1", uid="s1", place="g/a")
    far = opened("stays_open", subject="gate-9", uid="d9", place="g/b")
    here, likely = opened("stays_shut", at=NOW + 1), opened("stays_open")
    found = offered([far, switch, here, likely], GATE, "stays_open")
    assert [each.number for each in found] == [likely.number, here.number, switch.number]
    below = opened("light", YARD)
    assert list(offered([below, far], msgspec.structs.replace(YARD, place="g/a"))) == [below]


def test_every_choice_has_both_words_and_is_offered_somewhere() -> None:
    assert len(TROUBLE_BY_ID) == len(TROUBLES)
    for each in TROUBLES:
        assert each.zh
        assert each.en
        assert each.places or each.kinds, each.id
        assert set(each.kinds) <= set(Kind), each.id
        assert set(each.faults) <= set(each.kinds), each.id
    for kind in ("", *Kind):
        choices = [each.id for each in troubles_of(kind)]
        assert choices[-1] == OTHER
        assert 2 <= len(choices) <= 10, kind


CASE = Hotline(number="WH-1", sign_by=NOW + 3600, handle_by=NOW + 9 * 3600)


def test_a_ticket_has_the_earliest_limits_of_its_cases_of_12345() -> None:
    told = wish("leak", YARD, source=Source.HOTLINE, hotline=CASE)
    ticket = open_reported(told, number="GS-1", now=NOW, test=False)
    assert (ticket.sign_by, ticket.handle_by) == (NOW + 3600, NOW + 9 * 3600)
    later = Hotline(number="WH-2", sign_by=NOW + 7200, handle_by=NOW + 8 * 3600)
    again = wish("leak", YARD, source=Source.HOTLINE, hotline=later)
    ticket, [draft] = join_report(ticket, again, count=2, now=NOW)
    assert (ticket.sign_by, ticket.handle_by) == (NOW + 3600, NOW + 8 * 3600)
    assert (draft.type, draft.data["handle_by"]) == ("ticket.joined", NOW + 8 * 3600)
    same, _ = join_report(ticket, wish("leak", YARD), count=3, now=NOW)
    assert same == ticket
    whole, _ = take_in(opened("leak", YARD), ticket, "chen", NOW)
    assert (whole.sign_by, whole.handle_by) == (ticket.sign_by, ticket.handle_by)
    again = reopen(msgspec.structs.replace(ticket, closed_at=NOW), NOW + 60)
    assert (again.sign_by, again.handle_by) == (None, NOW + 8 * 3600)
