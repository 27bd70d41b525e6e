"""Limits and what has run over them."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from hub.model.alarm import Class, TicketSpec, Urgency
from hub.model.calendar import Pace
from hub.model.ticket import Ticket, TicketState
from hub.services.tickets.deadline import Timing, due, next_limit, renew_limits
from tests.support.detour import SHELF, WAIT
from tests.unit.services.making import HOUR, NOW, make_ticket


def job(urgency: Urgency, class_: Class = Class.GENERAL) -> Ticket:
    return make_ticket(ticket=TicketSpec(urgency=urgency, class_=class_))


class Slow:
    """Counts every other second."""

    def after(self, start: float, seconds: float) -> float:
        return start + 2 * seconds

    def between(self, start: float, end: float) -> float:
        return (end - start) / 2


@pytest.mark.parametrize(
    ("urgency", "take", "arrive"),
    [(Urgency.URGENT, 300, 1800), (Urgency.NORMAL, 1800, 4 * HOUR), (Urgency.PLANNED, None, None)],
)
def test_urgency_sets_the_limits_to_take_and_to_arrive(
    urgency: Urgency, take: float | None, arrive: float | None
) -> None:
    limits = job(urgency)
    assert limits.take_by == (None if take is None else NOW + take)
    assert limits.arrive_by == (None if arrive is None else NOW + arrive)
    assert limits.finish_by == NOW + (72 if urgency is Urgency.PLANNED else 24) * HOUR


@pytest.mark.parametrize(("class_", "hours"), [("general", 24), ("difficult", 48), ("complex", 72)])
def test_class_sets_the_limit_to_finish(class_: str, hours: int) -> None:
    assert job(Urgency.NORMAL, Class(class_)).finish_by == NOW + hours * HOUR
    assert job(Urgency.PLANNED, Class(class_)).finish_by == NOW + 72 * HOUR, "easy work waits too"


def test_another_clock_can_count_the_seconds() -> None:
    slow = Timing(working=Slow(), urgency={Urgency.URGENT: Pace.WORKING})
    limits = renew_limits(job(Urgency.URGENT), slow)
    assert (limits.take_by, limits.finish_by) == (NOW + 600, NOW + 24 * HOUR)


def test_each_limit_is_told_once_when_it_passes() -> None:
    ticket = make_ticket()
    assert due([ticket], NOW + 1799) == []
    [(ticket, [draft])] = due([ticket], NOW + 1800)
    assert (draft.type, draft.subject, draft.actor) == ("ticket.overdue", ticket.number, "hub")
    assert draft.data == {
        "limit": "take",
        "by": NOW + 1800,
        "state": "new",
        "overdue": ["take"],
        "revision": 2,
    }
    assert due([ticket], NOW + 1801) == []
    answers = due([ticket], NOW + 30 * HOUR)
    drafts = [draft for _, [draft] in answers]
    assert [each.data["limit"] for each in drafts] == ["arrive", "finish"]
    assert [each.data["revision"] for each in drafts] == [made.revision for made, _ in answers]
    ticket = answers[-1][0]
    assert (ticket.overdue, ticket.revision) == (("take", "arrive", "finish"), 4)


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("dispatched", ["take", "arrive", "finish"]),
        ("taken", ["arrive", "finish"]),
        ("arrived", ["finish"]),
        ("completed", []),
        ("verified", []),
        ("closed", []),
        ("voided", []),
    ],
)
def test_a_limit_runs_only_until_its_step_is_taken(state: str, running: list[str]) -> None:
    ticket = msgspec.structs.replace(make_ticket(), state=TicketState(state))
    told = [draft.data["limit"] for _, drafts in due([ticket], NOW + 99 * HOUR) for draft in drafts]
    assert told == running


def test_the_next_limit_is_the_earliest_that_was_not_told() -> None:
    ticket = make_ticket()
    assert next_limit(ticket) == NOW + 1800
    [(ticket, _)] = due([ticket], NOW + 1800)
    assert next_limit(ticket) == NOW + 4 * HOUR
    done = msgspec.structs.replace(ticket, state=TicketState.COMPLETED)
    assert next_limit(done) is None


def test_limits_made_anew_run_from_the_reopening_and_can_be_overdue_again() -> None:
    ticket = msgspec.structs.replace(make_ticket(), overdue=("take", "finish"))
    assert renew_limits(ticket).overdue == ("take", "finish")
    again = renew_limits(msgspec.structs.replace(ticket, reopened_at=NOW + HOUR))
    assert (again.take_by, again.overdue) == (NOW + HOUR + 1800, ())
    urgent = renew_limits(msgspec.structs.replace(ticket, urgency=Urgency.URGENT))
    assert (urgent.take_by, urgent.overdue) == (NOW + 300, ("finish",))


def test_the_limits_of_12345_run_on_while_the_ticket_waits_or_is_shelved() -> None:
    case = {"sign_by": NOW + HOUR, "handle_by": NOW + 3 * HOUR}
    bare = replace(make_ticket(), take_by=None, arrive_by=None, **case)
    for ticket in (bare, replace(bare, waiting=WAIT), replace(bare, shelf=SHELF)):
        answers = due([ticket], NOW + 4 * HOUR)
        assert [draft.data["limit"] for _, [draft] in answers] == ["sign", "handle"]
        after = answers[-1][0]
        assert due([after], NOW + 5 * HOUR) == [], "once each"
    taken = replace(bare, state=TicketState.TAKEN)
    [(_, [draft])] = due([taken], NOW + 4 * HOUR)
    assert draft.data["limit"] == "handle", "who has taken it has signed for it"
    assert due([replace(bare, state=TicketState.COMPLETED)], NOW + 4 * HOUR) == []
    assert next_limit(replace(bare, waiting=WAIT)) == NOW + HOUR
