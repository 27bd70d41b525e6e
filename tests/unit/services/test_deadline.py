"""Limits and what has run over them."""

from __future__ import annotations

import msgspec
import pytest

from hub.model.alarm import Class, Urgency
from hub.model.ticket import TicketState
from hub.services.deadline import due, find_limits, next_limit, renew_limits
from tests.unit.services.making import HOUR, NOW, make_ticket


@pytest.mark.parametrize(
    ("urgency", "take", "arrive"),
    [(Urgency.URGENT, 300, 1800), (Urgency.NORMAL, 1800, 4 * HOUR), (Urgency.PLANNED, None, None)],
)
def test_urgency_sets_the_limits_to_take_and_to_arrive(
    urgency: Urgency, take: float | None, arrive: float | None
) -> None:
    limits = find_limits(urgency, Class.GENERAL, 0.0)
    assert (limits.take_by, limits.arrive_by, limits.finish_by) == (take, arrive, 24 * HOUR)


@pytest.mark.parametrize(("class_", "hours"), [("general", 24), ("difficult", 48), ("complex", 72)])
def test_class_sets_the_limit_to_finish(class_: str, hours: int) -> None:
    assert find_limits(Urgency.PLANNED, Class(class_), NOW).finish_by == NOW + hours * HOUR


def test_another_clock_can_count_the_seconds() -> None:
    limits = find_limits(Urgency.URGENT, Class.GENERAL, NOW, lambda start, s: start + 2 * s)
    assert (limits.take_by, limits.finish_by) == (NOW + 600, NOW + 48 * HOUR)


def test_each_limit_is_told_once_when_it_passes() -> None:
    ticket = make_ticket()
    assert due([ticket], NOW + 1799) == []
    [(ticket, [draft])] = due([ticket], NOW + 1800)
    assert (draft.type, draft.subject, draft.actor) == ("ticket.overdue", ticket.number, "hub")
    assert draft.data == {"limit": "take", "by": NOW + 1800, "state": "new", "revision": 2}
    assert due([ticket], NOW + 1801) == []
    [(ticket, drafts)] = due([ticket], NOW + 30 * HOUR)
    assert [each.data["limit"] for each in drafts] == ["arrive", "finish"]
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
