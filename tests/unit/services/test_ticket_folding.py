"""Tickets that people fold into one another, and take apart again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.alarm import Action, Class, Evidence, TicketSpec, Urgency
from hub.model.ticket import Ticket, TicketState
from hub.services.tickets.consequence import Consequences
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.folding import is_related, take_in
from tests.unit.services.making import HOUR, NOW, decide, make_book, make_device, make_ticket, wish

CHEN = {"actor": "chen", "role": "manager"}
BOOM = {"rule": "boom", "fault": "gate.boom_broken"}
CLEAR, CHANGE = Action.CLEAR, Action.CHANGE


def two(**fields: object) -> tuple[DeskBook, str, str]:
    """Open two tickets of one gate."""
    book = make_book(make_device(), make_device("far", place="guanshan/b/east"))
    first = book.apply(decide(), NOW).tickets[0].number
    second = book.apply(decide(**(BOOM | fields)), NOW).tickets[0].number
    return book, first, second


def fold(book: DeskBook, folded: str, into: str, now: float = NOW) -> Consequences:
    return book.step(folded, wish("merge", to=into, **CHEN), now)[1]


def ticket_of(book: DeskBook, number: str) -> Ticket:
    found = book.index.ticket(number)
    assert found is not None
    return found


def test_what_is_folded_keeps_its_history_and_the_other_one_has_its_alarms() -> None:
    book, first, second = two()
    out = fold(book, second, first)
    assert [draft.type for draft in out.drafts] == [
        *("alarm.changed", "ticket.merged", "ticket.updated"),
    ]
    folded, whole = ticket_of(book, second), ticket_of(book, first)
    assert (folded.state, folded.folded_into) == (TicketState.CLOSED, first)
    assert whole.alarms == (*ticket_of(book, first).alarms[:1], *folded.alarms)
    assert out.drafts[-1].data["took"] == second
    assert {alarm.ticket for alarm in book.index.open_alarms()} == {first}
    told = [(draft.subject, draft.data["revision"]) for draft in out.drafts[1:]]
    assert told == [(ticket.number, ticket.revision) for ticket in out.tickets]


def test_the_whole_is_healthy_when_the_last_of_its_alarms_is_gone() -> None:
    book, first, second = two()
    fold(book, second, first)
    assert [draft.type for draft in book.apply(decide(CLEAR), NOW).drafts] == ["alarm.cleared"]
    for do in ("take", "arrive"):
        book.step(first, wish(do), NOW)
    with pytest.raises(ConflictError, match="not healthy"):
        book.step(first, wish("complete"), NOW)
    cleared = book.apply(decide(CLEAR, **BOOM), NOW)
    assert [draft.type for draft in cleared.drafts] == ["alarm.cleared", "ticket.recovered"]
    assert book.step(first, wish("complete"), NOW)[0].state is TicketState.COMPLETED


def test_a_fault_that_comes_again_joins_the_ticket_that_it_was_folded_into() -> None:
    book, first, second = two()
    fold(book, second, first)
    book.apply(decide(CLEAR, **BOOM), NOW + 60)
    out = book.apply(decide(**BOOM), NOW + HOUR)
    assert [draft.type for draft in out.drafts] == ["alarm.raised", "ticket.updated"]
    assert out.alarms[0].ticket == first
    assert ticket_of(book, second).state is TicketState.CLOSED


def test_a_folded_rule_that_turns_milder_makes_the_whole_no_milder() -> None:
    book, first, second = two()
    fold(book, second, first)
    mild = TicketSpec(urgency=Urgency.PLANNED, class_=Class.COMPLEX)
    book.apply(
        decide(CHANGE, ticket=mild, evidence=(Evidence(point="x", value=1, at=NOW),), **BOOM), NOW
    )
    whole = ticket_of(book, first)
    assert (whole.urgency, whole.class_) == (Urgency.NORMAL, Class.GENERAL)


def test_reopening_takes_it_apart_again_and_counts_nothing() -> None:
    book, first, second = two()
    fold(book, second, first)
    again, out = book.step(second, wish("reopen", reason="two faults", **CHEN), NOW + 60)
    assert (again.state, again.folded_into, again.reopened) == (TicketState.DISPATCHED, "", 0)
    assert [draft.type for draft in out.drafts] == [
        *("alarm.changed", "ticket.reopened", "ticket.updated"),
    ]
    assert set(ticket_of(book, first).alarms).isdisjoint(again.alarms)
    assert {alarm.ticket for alarm in book.index.open_alarms()} == {first, second}


@pytest.mark.parametrize("into", ["GS-20251125-0009", "itself", "ended"])
def test_only_another_open_ticket_takes_one_in(into: str) -> None:
    book, first, second = two()
    book.step(first, wish("void", reason="r", extra={"approver": "wu"}, **CHEN), NOW)
    number = {"itself": second, "ended": first}.get(into, into)
    with pytest.raises(InvalidRequestError, match="no other open ticket") as caught:
        fold(book, second, number)
    assert set(caught.value.problems) == {"to"}
    assert number in caught.value.texts["zh"]
    assert ticket_of(book, second).revision == 1


def test_a_ticket_somewhere_else_takes_nothing_in() -> None:
    book, first, _ = two()
    far = book.apply(decide(subject="d_far"), NOW).tickets[0].number
    with pytest.raises(InvalidRequestError, match="somewhere else"):
        fold(book, first, far)


def test_only_leaders_fold_and_they_name_the_other_one() -> None:
    book, first, second = two()
    with pytest.raises(ForbiddenError):
        book.step(second, wish("merge", to=first), NOW)
    with pytest.raises(InvalidRequestError) as caught:
        book.step(second, wish("merge", **CHEN), NOW)
    assert set(caught.value.problems) == {"to"}


def test_what_is_near_or_explained_is_related() -> None:
    gate = make_ticket()
    assert is_related(gate, replace(gate, place="guanshan/a", subject="x"))
    assert is_related(replace(gate, place="guanshan/a", subject="x"), gate)
    assert is_related(gate, replace(gate, place="guanshan/b", subject="x", children=("gate-1",)))
    assert not is_related(gate, replace(gate, place="guanshan/b", subject="x"))


def test_who_worked_on_a_folded_ticket_verifies_neither() -> None:
    book, first, second = two()
    for do in ("take", "arrive"):
        book.step(second, wish(do, "zhou"), NOW)
    fold(book, second, first)
    for each in (wish("take"), wish("arrive"), wish("complete", reason="r")):
        book.step(first, each, NOW)
    with pytest.raises(ConflictError, match="another person"):
        book.step(first, wish("verify", "zhou"), NOW)
    assert book.step(first, wish("verify", "li"), NOW)[0].verified_by == "li"


def test_what_was_folded_in_gives_its_rule_to_what_people_reported() -> None:
    reported = replace(make_ticket(), source="resident", rule="")
    assert take_in(reported, make_ticket(), "chen", NOW)[0].rule == "barrier-stuck-open"
    assert take_in(make_ticket(), reported, "chen", NOW)[0].rule == "barrier-stuck-open"


def test_whoever_reported_what_was_folded_is_called_back() -> None:
    whole, _ = take_in(make_ticket(), replace(make_ticket(), source="resident"), "chen", NOW)
    assert whole.reported
    verified = replace(whole, state=TicketState.VERIFIED)
    book = make_book(tickets=[verified])
    with pytest.raises(ConflictError, match="called back"):
        book.step(whole.number, wish("close", **CHEN), NOW)
