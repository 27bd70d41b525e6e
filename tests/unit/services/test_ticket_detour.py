"""A ticket's detours: waiting, shelved, extended, classified, called back, acknowledged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.alarm import Urgency
from hub.model.detour import Pause, Ruling
from hub.model.instant import to_rfc3339
from hub.model.ticket import Ticket, TicketFlag, TicketState, TicketStep
from hub.services.tickets.deadline import due, renew_limits
from hub.services.tickets.follow_up import change, join, merge
from hub.services.tickets.ticket import possible_steps, reopen, step
from tests.support.detour import EXTRA
from tests.unit.services.making import HOUR, NOW, decide, make_ticket, wish

DAY = 24 * HOUR
CHEN = {"actor": "chen", "role": "manager"}
FANG = {"actor": "fang", "role": "administrator"}


def go(ticket: Ticket, *wishes: TicketStep, now: float = NOW) -> Ticket:
    for each in wishes:
        ticket, _ = step(ticket, each, healthy=True, now=now)
    return ticket


def taken() -> Ticket:
    return go(make_ticket(), wish("take"))


def until(instant: float) -> dict[str, Any]:
    return {"until": to_rfc3339(instant)}


def ask(instant: float, **who: str) -> TicketStep:
    return wish("extend", reason="a part is ordered", extra=until(instant), **who)


def late(ticket: Ticket, now: float) -> list[str]:
    return [draft.data["limit"] for _, [draft] in due([ticket], now)]


def refusal(ticket: Ticket, each: TicketStep, now: float = NOW) -> dict[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        step(ticket, each, healthy=True, now=now)
    assert all(name in caught.value.texts["zh"] for name in caught.value.problems)
    return caught.value.problems


def test_who_acknowledges_stands_on_the_ticket_and_the_clock_runs_on() -> None:
    ticket, [draft] = step(
        make_ticket(), wish("acknowledge", "zhao", "guard"), healthy=False, now=NOW + 60
    )
    assert (ticket.acknowledged_by, ticket.acknowledged_at) == ("zhao", NOW + 60)
    assert (ticket.state, draft.type) == ("new", "ticket.acknowledged")
    assert late(ticket, NOW + 1800) == ["take"]
    again = go(ticket, wish("acknowledge", "li"), now=NOW + 90)
    assert (again.acknowledged_by, again.acknowledged_at) == ("li", NOW + 90)


def test_a_platforms_key_acknowledges_nothing() -> None:
    with pytest.raises(ForbiddenError):
        step(make_ticket(), wish("acknowledge", "key:grid", "grid"), healthy=True, now=NOW)


def test_a_raised_class_needs_a_leader_and_a_reason_moves_the_limit_and_is_counted() -> None:
    raise_ = {"extra": {"class": "difficult"}}
    with pytest.raises(ForbiddenError):
        step(make_ticket(), wish("classify", reason="r", **raise_), healthy=True, now=NOW)
    assert set(refusal(make_ticket(), wish("classify", **CHEN, **raise_))) == {"reason"}
    ticket, [draft] = step(
        make_ticket(), wish("classify", reason="r", **CHEN, **raise_), healthy=True, now=NOW
    )
    assert (ticket.class_, ticket.class_raises, ticket.classified_by) == ("difficult", 1, "chen")
    assert draft.data["finish_by"] == ticket.finish_by == NOW + 48 * HOUR
    assert draft.data["reason"] == "r"
    lowered = go(ticket, wish("classify", reason="r", extra={"class": "general"}, **CHEN))
    assert (lowered.class_raises, lowered.finish_by) == (1, NOW + DAY)


def test_an_urgency_set_by_a_leader_is_not_changed_back_by_the_rule() -> None:
    calm = go(make_ticket(), wish("classify", reason="r", extra={"urgency": "planned"}, **CHEN))
    assert (calm.take_by, calm.arrive_by) == (None, None)
    assert (calm.finish_by, calm.class_raises) == (NOW + 72 * HOUR, 1), (
        "time that is won is counted"
    )
    for again in (join(calm, "A2", decide(), NOW)[0], change(calm, (), decide(), NOW)[0]):
        assert (again.urgency, again.class_) == (Urgency.PLANNED, "general")


FRIDAY = {"urgency": "planned", "planned": "2025-11-28"}
"""Three days after `NOW`, a Tuesday's midnight."""


def test_planned_work_has_a_day_and_its_limits_follow() -> None:
    ticket, [draft] = step(
        make_ticket(), wish("classify", reason="r", extra=FRIDAY, **CHEN), healthy=True, now=NOW
    )
    assert (ticket.urgency, ticket.planned) == (Urgency.PLANNED, "2025-11-28")
    assert ticket.take_by == NOW + 3 * DAY + 8 * HOUR, "taken in its morning"
    assert ticket.arrive_by is None
    assert ticket.finish_by == NOW + 4 * DAY, "finished by its end"
    assert draft.data["planned"] == "2025-11-28"
    assert ticket.class_raises == 1, "four days are more than one"
    sooner = {"planned": "2025-11-26"}
    early = go(ticket, wish("classify", reason="r", extra=sooner, **CHEN))
    assert (early.planned, early.finish_by) == ("2025-11-26", NOW + 2 * DAY)
    assert early.class_raises == 1, "less time is no raise"


def test_a_planned_day_goes_with_the_urgency_and_with_a_reopening() -> None:
    ticket = go(make_ticket(), wish("classify", reason="r", extra=FRIDAY, **CHEN))
    normal = go(ticket, wish("classify", reason="r", extra={"urgency": "normal"}, **CHEN))
    assert (normal.planned, normal.finish_by) == ("", NOW + DAY)
    form = {**FRIDAY, "class": "complex"}
    on_the_day = go(ticket, wish("classify", reason="r", extra=form, **CHEN), now=NOW + 3 * DAY)
    assert on_the_day.planned == "2025-11-28", "a form that says the same day again changes it not"
    again = reopen(msgspec.structs.replace(ticket, state=TicketState.CLOSED), NOW + 9 * DAY)
    assert (again.planned, again.finish_by) == ("", NOW + 12 * DAY)


def test_an_extension_and_a_wait_move_the_end_of_planned_work() -> None:
    ticket = go(make_ticket(), wish("classify", reason="r", extra=FRIDAY, **CHEN))
    pause = Pause(since=NOW, until=NOW + DAY)
    moved = renew_limits(msgspec.structs.replace(ticket, pauses=(pause,)))
    assert moved.finish_by == NOW + 5 * DAY


def test_a_day_that_is_none_or_not_for_planning_is_refused() -> None:
    for extra in (
        {"planned": "2025-11-28"},
        {"urgency": "planned", "planned": "2025-11-25"},
        {"urgency": "planned", "planned": "2027-01-01"},
        {"urgency": "planned", "planned": "28.11."},
        {"urgency": "planned", "planned": 7},
    ):
        each = wish("classify", reason="r", extra=extra, **CHEN)
        assert set(refusal(make_ticket(), each)) == {"planned"}


def test_classify_says_what_it_cannot_do() -> None:
    for extra, field in (
        ({}, "class"),
        ({"class": "general"}, "class"),
        ({"class": "dificult"}, "class"),
        ({"urgency": 3}, "urgency"),
        ({"klass": "complex"}, "klass"),
    ):
        each = wish("classify", reason="r", extra=extra, **CHEN)
        assert set(refusal(make_ticket(), each)) == {field}
    said = refusal(make_ticket(), wish("classify", reason="r", extra={"klass": "x"}, **CHEN))
    assert "did you mean 'class'?" in said["klass"]


def test_a_waiting_ticket_says_for_whom_and_its_clock_stands_still() -> None:
    start = NOW + HOUR
    ticket = go(taken(), wish("suspend", to="State Grid", reason="no current"), now=start)
    assert ticket.waiting is not None
    assert (ticket.waiting.body, ticket.waiting.reason) == ("State Grid", "no current")
    assert ticket.flags == (TicketFlag.SUSPENDED,)
    assert late(ticket, NOW + 99 * DAY) == []
    ticket, [draft] = step(ticket, wish("resume"), healthy=True, now=start + 10 * HOUR)
    assert (ticket.waiting, ticket.flags) == (None, ())
    assert ticket.arrive_by == draft.data["arrive_by"] == NOW + 14 * HOUR
    assert ticket.finish_by == draft.data["finish_by"] == NOW + 34 * HOUR
    assert draft.type == "ticket.resumed"


def test_what_had_passed_before_the_wait_stays_late() -> None:
    [(ticket, _)] = due([taken()], NOW + 5 * HOUR)
    assert ticket.overdue == ("arrive",)
    ticket = go(ticket, wish("suspend", to="x", reason="r"), now=NOW + 5 * HOUR)
    ticket = go(ticket, wish("resume"), now=NOW + 9 * HOUR)
    assert (ticket.overdue, ticket.arrive_by) == (("arrive",), NOW + 4 * HOUR)
    assert ticket.finish_by == NOW + 28 * HOUR


def test_several_waits_and_another_class_add_up() -> None:
    ticket = taken()
    for day in (1, 2):
        begin = NOW + day * 6 * HOUR
        ticket = go(ticket, wish("suspend", to="x", reason="r"), now=begin)
        ticket = go(ticket, wish("resume"), now=begin + HOUR)
    assert ticket.finish_by == NOW + 26 * HOUR
    ticket = go(ticket, wish("classify", reason="r", extra={"class": "complex"}, **CHEN))
    assert ticket.finish_by == NOW + 74 * HOUR


def test_who_waits_names_a_body_and_does_no_work_meanwhile() -> None:
    assert set(refusal(taken(), wish("suspend"))) == {"to", "reason"}
    ticket = go(taken(), wish("suspend", to="x", reason="r"))
    for do in ("arrive", "transfer", "return", "extend", "suspend", "shelve"):
        with pytest.raises(ConflictError, match="resume"):
            step(ticket, wish(do, reason="r", to="li", **CHEN), healthy=True, now=NOW)
    assert possible_steps(ticket, "crew", actor="wang") == ("acknowledge", "resume", "comment")
    assert "resume" not in possible_steps(ticket, "crew", actor="li")


def test_a_shelved_ticket_keeps_what_may_be_published_and_tells_its_review_once() -> None:
    ticket = go(make_ticket(), wish("shelve", extra=EXTRA["shelve"], **CHEN))
    assert ticket.shelf is not None
    assert ticket.shelf.condition == "the road is rebuilt"
    assert (ticket.shelf.approved_by, ticket.shelf.approver) == ("street", "Wu")
    assert ticket.flags == (TicketFlag.SHELVED,)
    assert late(ticket, NOW + 30 * DAY - 1) == []
    [(ticket, [draft])] = due([ticket], NOW + 30 * DAY)
    assert (draft.type, draft.data["limit"]) == ("ticket.overdue", "review")
    assert late(ticket, NOW + 99 * DAY) == []
    later = EXTRA["shelve"] | {"review": to_rfc3339(NOW + 60 * DAY)}
    ticket = go(ticket, wish("shelve", extra=later, **CHEN), now=NOW + 31 * DAY)
    assert ticket.shelf is not None
    assert (ticket.shelf.since, ticket.overdue) == (NOW, ())
    assert late(ticket, NOW + 60 * DAY) == ["review"]
    back = go(ticket, wish("unshelve", **CHEN), now=NOW + 60 * DAY)
    assert (back.shelf, back.flags, back.finish_by) == (None, (), NOW + 61 * DAY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"approved_by": "crew"}, "approved_by"),
        ({"approver": " "}, "approver"),
        ({"condition": None}, "condition"),
        ({"measure": 3}, "measure"),
        ({"measure": "x" * 501}, "measure"),
        ({"review": "soon"}, "review"),
        ({"review": 99}, "review"),
        ({"review": "9999-12-31T23:00:00-12:00"}, "review"),
        ({"review": to_rfc3339(NOW)}, "review"),
    ],
)
def test_shelving_is_not_done_by_halves(change: dict[str, Any], field: str) -> None:
    each = wish("shelve", extra=EXTRA["shelve"] | change, **CHEN)
    assert set(refusal(make_ticket(), each)) == {field}


def test_an_extension_moves_nothing_until_it_is_granted_and_the_first_limit_stays_known() -> None:
    ticket, [draft] = step(taken(), ask(NOW + 40 * HOUR), healthy=True, now=NOW)
    assert (draft.type, ticket.finish_by) == ("ticket.extension_asked", NOW + DAY)
    assert late(ticket, NOW + DAY) == ["arrive", "finish"]
    ticket, [draft] = step(ticket, wish("grant", **CHEN), healthy=True, now=NOW + 1)
    assert (draft.type, ticket.finish_by) == ("ticket.extension_decided", NOW + 40 * HOUR)
    assert (ticket.first_finish_by, draft.data["first_finish_by"]) == (NOW + DAY,) * 2
    [extension] = ticket.extensions
    assert (extension.ruling, extension.decided_by) == (Ruling.GRANTED, "chen")


def test_a_refused_extension_moves_nothing_and_needs_a_reason() -> None:
    asked = go(taken(), ask(NOW + 40 * HOUR))
    assert set(refusal(asked, wish("refuse", **CHEN))) == {"reason"}
    ticket = go(asked, wish("refuse", reason="parts are there", **CHEN))
    assert (ticket.finish_by, ticket.first_finish_by) == (NOW + DAY, None)
    assert ticket.extensions[0].ruling is Ruling.REFUSED


def test_only_somebody_above_the_holder_decides() -> None:
    asked = go(taken(), ask(NOW + 40 * HOUR))
    with pytest.raises(ForbiddenError):
        step(asked, wish("grant", "li"), healthy=True, now=NOW)
    by_chen = go(taken(), ask(NOW + 40 * HOUR, **CHEN))
    for actor in ("chen", "key:Chen", "wang"):
        with pytest.raises(ConflictError, match="another leader"):
            step(by_chen, wish("grant", actor, "manager"), healthy=True, now=NOW)
    assert go(by_chen, wish("grant", **FANG)).finish_by == NOW + 40 * HOUR


def test_a_second_extension_names_who_at_the_street_decided_and_there_is_no_third() -> None:
    ticket = go(taken(), ask(NOW + 30 * HOUR), wish("grant", **CHEN), ask(NOW + 50 * HOUR))
    for do in ("grant", "refuse"):
        assert set(refusal(ticket, wish(do, reason="r", **CHEN))) == {"street"}
    ticket = go(ticket, wish("grant", extra={"street": "Wu"}, **CHEN))
    assert (ticket.extensions[1].rung, ticket.extensions[1].street) == ("street", "Wu")
    assert (ticket.first_finish_by, ticket.finish_by) == (NOW + DAY, NOW + 50 * HOUR)
    with pytest.raises(ConflictError, match="no third time"):
        step(ticket, ask(NOW + 70 * HOUR), healthy=True, now=NOW)


def test_an_extension_is_asked_for_before_the_limit_by_the_holder_and_one_at_a_time() -> None:
    with pytest.raises(ConflictError, match="has passed"):
        step(taken(), ask(NOW + 40 * HOUR), healthy=True, now=NOW + DAY)
    with pytest.raises(ConflictError, match="only wang"):
        step(taken(), ask(NOW + 40 * HOUR, actor="li"), healthy=True, now=NOW)
    with pytest.raises(ConflictError, match="not decided yet"):
        go(taken(), ask(NOW + 40 * HOUR), ask(NOW + 41 * HOUR))
    assert set(refusal(taken(), ask(NOW + DAY))) == {"until"}
    assert set(refusal(taken(), wish("extend", reason="r"))) == {"until"}
    asked = go(taken(), ask(NOW + 40 * HOUR))
    assert set(refusal(asked, wish("grant", **CHEN), NOW + 41 * HOUR)) == {"until"}


def test_waiting_moves_an_extended_limit_too() -> None:
    ticket = go(taken(), ask(NOW + 40 * HOUR), wish("grant", **CHEN))
    ticket = go(ticket, wish("suspend", to="x", reason="r"), now=NOW + HOUR)
    ticket = go(ticket, wish("resume"), now=NOW + 3 * HOUR)
    assert (ticket.first_finish_by, ticket.finish_by) == (NOW + 26 * HOUR, NOW + 42 * HOUR)


def verified(source: str) -> Ticket:
    ticket = replace(make_ticket(), source=source)
    return go(ticket, wish("take"), wish("arrive"), wish("complete"), wish("verify", "li"))


@pytest.mark.parametrize("source", ["resident", "hotline"])
def test_what_a_person_reported_is_closed_only_after_the_call_back(source: str) -> None:
    ticket = verified(source)
    with pytest.raises(ConflictError, match="called back"):
        step(ticket, wish("close", **CHEN), healthy=True, now=NOW)
    with pytest.raises(ConflictError, match="another person"):
        step(ticket, wish("call_back", extra={"satisfied": True}), healthy=True, now=NOW)
    assert set(refusal(ticket, wish("call_back", "zhao", "guard"))) == {"satisfied"}
    ticket = go(ticket, wish("call_back", "zhao", "guard", extra={"satisfied": True}))
    assert ticket.call_back is not None
    assert (ticket.call_back.by, ticket.call_back.satisfied) == ("zhao", True)
    assert go(ticket, wish("close", **CHEN)).state is TicketState.CLOSED


def test_who_is_not_satisfied_says_why_and_so_does_whoever_closes_it_then() -> None:
    ticket = verified("resident")
    no = {"extra": {"satisfied": "no"}}
    assert set(refusal(ticket, wish("call_back", "zhao", "guard", **no))) == {"text"}
    ticket = go(ticket, wish("call_back", "zhao", "guard", text="still loud", **no))
    assert set(refusal(ticket, wish("close", **CHEN))) == {"reason"}
    assert go(ticket, wish("close", reason="as loud as new", **CHEN)).state == "closed"


@pytest.mark.parametrize("source", ["device", "inspection", "grid"])
def test_nobody_is_called_back_whom_nobody_knows(source: str) -> None:
    ticket = verified(source)
    with pytest.raises(ConflictError, match="nobody has reported"):
        step(ticket, wish("call_back", "zhao", "guard"), healthy=True, now=NOW)
    assert go(ticket, wish("close", **CHEN)).state == "closed"


def test_a_rejected_repair_is_called_back_about_anew() -> None:
    ticket = replace(make_ticket(), source="resident")
    ticket = go(ticket, wish("take"), wish("arrive"), wish("complete"))
    ticket = go(ticket, wish("call_back", "li", extra={"satisfied": True}))
    assert go(ticket, wish("reject", "li", reason="r")).call_back is None


def test_who_was_there_verifies_nothing_after_a_transfer() -> None:
    ticket = go(taken(), wish("arrive"), wish("transfer", to="li"), wish("take", "li"))
    ticket = go(ticket, wish("arrive", "li"), wish("complete", "li"))
    assert ticket.workers == ("wang", "li")
    for actor in ("wang", "li"):
        with pytest.raises(ConflictError, match="another person"):
            step(ticket, wish("verify", actor), healthy=True, now=NOW)
    assert go(ticket, wish("verify", "zhou")).verified_by == "zhou"


def test_who_only_took_it_and_handed_it_on_may_verify_it() -> None:
    ticket = go(taken(), wish("transfer", to="li"), wish("take", "li"))
    ticket = go(ticket, wish("arrive", "li"), wish("complete", "li"))
    assert go(ticket, wish("verify", "wang")).verified_by == "wang"


def test_parts_and_minutes_are_kept_and_thrown_away_by_a_rejection() -> None:
    arrived = go(taken(), wish("arrive"))
    extra = {"parts": "motor，belt\nscrew", "minutes": "45"}
    ticket = go(arrived, wish("complete", extra=extra))
    assert (ticket.parts, ticket.minutes) == (("motor", "belt", "screw"), 45)
    ticket = go(arrived, wish("complete", extra={"parts": ["motor"], "minutes": 0}))
    assert (ticket.parts, ticket.minutes) == (("motor",), 0)
    again = go(ticket, wish("reject", "li", reason="r"))
    assert (again.parts, again.minutes) == ((), None)


@pytest.mark.parametrize(
    "extra",
    [
        {"minutes": -1},
        {"minutes": True},
        {"minutes": "a lot"},
        {"minutes": 10**30},
        {"minutes": "9" * 5000},
        {"minutes": 1.5},
        {"parts": {"a": 1}},
        {"parts": [1]},
        {"parts": ["x"] * 51},
        {"parts": "," * 51},
    ],
)
def test_nonsense_about_parts_and_minutes_is_refused(extra: dict[str, Any]) -> None:
    arrived = go(taken(), wish("arrive"))
    assert set(refusal(arrived, wish("complete", extra=extra))) == set(extra)


def test_an_unknown_field_is_named_however_many_there_are() -> None:
    extra = {f"x{number}": 1 for number in range(5000)}
    assert 0 < len(refusal(make_ticket(), wish("take", extra=extra))) <= 20


def test_voiding_is_approved_by_another_person_and_ends_a_wait() -> None:
    waiting = go(taken(), wish("suspend", to="x", reason="r"))
    each = wish("void", reason="a drill", **CHEN)
    assert set(refusal(waiting, each)) == {"approver"}
    mine = wish("void", reason="a drill", extra={"approver": "Chen"}, **CHEN)
    assert set(refusal(waiting, mine)) == {"approver"}
    ticket = go(waiting, wish("void", reason="a drill", extra={"approver": "Wu"}, **CHEN))
    assert (ticket.state, ticket.waiting, ticket.flags) == ("voided", None, ())


def test_a_waiting_ticket_that_is_folded_waits_no_more() -> None:
    waiting = go(taken(), wish("suspend", to="x", reason="r"))
    ticket, _ = merge(waiting, "GS-1", "r", NOW)
    assert (ticket.waiting, ticket.flags, ticket.state) == (None, (), "closed")


def test_reopening_begins_anew() -> None:
    ticket = replace(verified("hotline"), acknowledged_by="zhao", class_raises=2)
    ticket = go(ticket, wish("call_back", "li", extra={"satisfied": True}), wish("close", **CHEN))
    ticket = go(ticket, wish("reopen", "li", reason="again"), now=NOW + HOUR)
    assert (ticket.acknowledged_by, ticket.acknowledged_at) == ("", None)
    assert (ticket.call_back, ticket.workers, ticket.minutes) == (None, (), None)
    assert (ticket.class_raises, ticket.reopened) == (2, 1)
    assert ticket.finish_by == NOW + 25 * HOUR


def test_a_ticket_that_was_stored_before_there_were_detours_is_read() -> None:
    old = msgspec.json.decode(msgspec.json.encode(make_ticket()))
    for name in (
        *("first_finish_by", "pauses", "waiting", "shelf", "extensions", "acknowledged_by"),
        *("acknowledged_at", "classified_by", "class_raises", "workers", "call_back"),
        *("approver", "parts", "minutes"),
    ):
        del old[name]
    assert msgspec.convert(old, Ticket, strict=False) == make_ticket()
