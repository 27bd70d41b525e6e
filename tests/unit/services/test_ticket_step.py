"""Tickets in people's hands: who may do what, when, and what the journal says."""

from __future__ import annotations

import pytest

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.alarm import Class, Severity, TicketSpec, Urgency
from hub.model.ticket import Ticket, TicketFlag, TicketState, TicketStep
from hub.services.tickets.ticket import possible_steps, step
from hub.services.tickets.transition import CHECKS, TRANSITIONS, same_person
from tests.support.detour import EXTRA, fit, unfit
from tests.unit.services.making import HOUR, NOW, make_ticket, wish

MANAGER = {"actor": "chen", "role": "manager"}


def go(ticket: Ticket, *wishes: TicketStep, healthy: bool = True, now: float = NOW) -> Ticket:
    for each in wishes:
        ticket, _ = step(ticket, each, healthy=healthy, now=now)
    return ticket


def completed() -> Ticket:
    return go(make_ticket(), wish("take"), wish("arrive"), wish("complete"))


def closed(now: float = NOW) -> Ticket:
    return go(completed(), wish("verify", "li"), wish("close", **MANAGER), now=now)


def test_an_opened_ticket_carries_what_the_rule_said_and_its_limits() -> None:
    ticket = make_ticket(
        severity=Severity.CRITICAL,
        ticket=TicketSpec(urgency=Urgency.URGENT, class_=Class.DIFFICULT, trade="gate"),
    )
    assert (ticket.state, ticket.severity, ticket.trade) == ("new", "critical", "gate")
    assert (ticket.subject, ticket.uid, ticket.place) == ("gate-1", "d_gate-1", "guanshan/a/west")
    assert ticket.take_by == NOW + 300
    assert ticket.arrive_by == NOW + 1800
    assert ticket.finish_by == NOW + 48 * HOUR
    assert ticket.alarms == ("A0000000001",)
    assert [each.point for each in ticket.evidence] == ["arm.position"]


def test_what_was_done_without_a_network_stands_beside_the_hubs_own_time() -> None:
    taken, later = go(make_ticket(), wish("take")), NOW + 3600
    ticket, [draft] = step(taken, wish("arrive", done_at=NOW + 600), healthy=True, now=later)
    assert (draft.at, draft.data["done_at"]) == (later, NOW + 600)
    _, [draft] = step(ticket, wish("comment", text="x", done_at=NOW + 9e9), healthy=True, now=later)
    assert "done_at" not in draft.data


def test_a_ticket_walks_from_new_to_closed_with_every_step_in_the_journal() -> None:
    walk = [
        (wish("dispatch", to="wang", **MANAGER), "dispatched", "ticket.dispatched"),
        (wish("take"), "taken", "ticket.taken"),
        (wish("arrive"), "arrived", "ticket.arrived"),
        (wish("complete", code="replaced", text="new motor"), "completed", "ticket.completed"),
        (wish("verify", "li", "guard"), "verified", "ticket.verified"),
        (wish("close", **MANAGER), "closed", "ticket.closed"),
    ]
    ticket = make_ticket()
    for number, (each, state, entry) in enumerate(walk, start=2):
        ticket, [draft] = step(ticket, each, healthy=True, now=NOW + number)
        assert (ticket.state, draft.type, draft.actor) == (state, entry, each.actor)
        assert (draft.subject, draft.place) == (ticket.number, "guanshan/a/west")
        assert (draft.data["state"], draft.data["revision"]) == (state, number)
        assert draft.at == NOW + number
    assert (ticket.holder, ticket.completed_by, ticket.verified_by) == ("wang", "wang", "li")
    assert (ticket.closing_code, ticket.closing_note) == ("replaced", "new motor")
    assert ticket.closed_at == NOW + 7


def test_a_draft_tells_only_what_has_changed_and_the_words_of_the_person() -> None:
    _, [draft] = step(make_ticket(), wish("take"), healthy=False, now=NOW)
    assert draft.data == {"state": "taken", "holder": "wang", "revision": 2}
    taken = go(make_ticket(), wish("take"))
    _, [draft] = step(taken, wish("return", reason="ill"), healthy=False, now=NOW)
    assert draft.data == {"state": "new", "holder": "", "revision": 3, "reason": "ill"}


@pytest.mark.parametrize("do", ["arrive", "complete", "verify", "reject", "close", "reopen"])
def test_a_new_ticket_skips_no_step(do: str) -> None:
    with pytest.raises(ConflictError) as caught:
        step(make_ticket(), wish(do, reason="r"), healthy=True, now=NOW)
    assert caught.value.possible == ("acknowledge", "take", "comment")
    assert "take, comment" in str(caught.value)


def test_a_step_of_another_role_is_forbidden_and_says_whose_it_is() -> None:
    with pytest.raises(ForbiddenError, match="administrator, crew, manager"):
        step(make_ticket(), wish("take", "zhao", "guard"), healthy=True, now=NOW)
    with pytest.raises(ForbiddenError):
        step(make_ticket(), wish("void", reason="r"), healthy=True, now=NOW)


def test_only_the_holder_or_a_manager_arrives() -> None:
    taken = go(make_ticket(), wish("take"))
    with pytest.raises(ConflictError, match="only wang or a manager") as caught:
        step(taken, wish("arrive", "li"), healthy=True, now=NOW)
    assert caught.value.possible == ("acknowledge", "comment")
    assert "只有wang或经理能做" in caught.value.texts["zh"]
    assert go(taken, wish("arrive", **MANAGER)).state is TicketState.ARRIVED


def test_an_unhealthy_device_is_completed_only_with_a_reason() -> None:
    arrived = go(make_ticket(), wish("take"), wish("arrive"))
    with pytest.raises(ConflictError, match="not healthy") as caught:
        step(arrived, wish("complete"), healthy=False, now=NOW)
    assert "complete" in caught.value.possible
    done = go(arrived, wish("complete", reason="sensor ordered"), healthy=False)
    assert (done.state, done.closing_note) == ("completed", "sensor ordered")


def test_completion_without_a_code_means_repaired() -> None:
    assert completed().closing_code == "repaired"


def test_a_wrong_code_names_the_nearest_and_wont_fix_needs_a_reason() -> None:
    arrived = go(make_ticket(), wish("take"), wish("arrive"))
    with pytest.raises(InvalidRequestError, match="'repaired'") as caught:
        step(arrived, wish("complete", code="repared"), healthy=True, now=NOW)
    assert set(caught.value.problems) == {"code"}
    with pytest.raises(InvalidRequestError) as caught:
        step(arrived, wish("complete", code="wont_fix"), healthy=True, now=NOW)
    assert set(caught.value.problems) == {"reason"}


@pytest.mark.parametrize("name", ["wang", "Wang ", "key:wang", "ｗａｎｇ"])
def test_who_did_the_work_never_verifies_it_under_any_spelling(name: str) -> None:
    for do in ("verify", "reject"):
        with pytest.raises(ConflictError, match="another person") as caught:
            step(completed(), wish(do, name, "manager", reason="r"), healthy=True, now=NOW)
        assert "verify" not in caught.value.possible


def test_neither_does_the_holder_for_whom_a_manager_completed() -> None:
    ticket = go(make_ticket(), wish("take"), wish("arrive"), wish("complete", **MANAGER))
    for actor in ("wang", "chen"):
        with pytest.raises(ConflictError):
            step(ticket, wish("verify", actor, "manager"), healthy=True, now=NOW)
    assert go(ticket, wish("verify", "li")).verified_by == "li"


def test_a_rejected_ticket_is_taken_again_by_its_holder() -> None:
    ticket = go(completed(), wish("reject", "li", reason="arm still hangs"))
    assert (ticket.state, ticket.holder, ticket.completed_by) == ("taken", "wang", "")
    assert (ticket.closing_code, ticket.closing_note) == ("", "")


def test_a_reason_is_asked_for_where_the_table_says_so() -> None:
    for ticket, each in (
        (completed(), wish("reject", "li")),
        (make_ticket(), wish("void", reason="  ", extra={"approver": "wu"}, **MANAGER)),
        (closed(), wish("reopen", "li")),
        (go(make_ticket(), wish("take")), wish("return")),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            step(ticket, each, healthy=True, now=NOW)
        assert caught.value.problems == {"reason": f"{each.do} needs it"}


def test_a_transfer_names_somebody_who_then_takes_it() -> None:
    taken = go(make_ticket(), wish("take"))
    with pytest.raises(InvalidRequestError):
        step(taken, wish("transfer"), healthy=True, now=NOW)
    moved = go(taken, wish("transfer", to="li"))
    assert (moved.state, moved.holder) == ("dispatched", "li")
    assert go(moved, wish("take", "li")).holder == "li"


def test_a_comment_changes_nothing_but_the_revision() -> None:
    ticket, [draft] = step(
        make_ticket(),
        wish("comment", "sun", "grid_worker", text="told them"),
        healthy=True,
        now=NOW,
    )
    assert (ticket.state, ticket.revision) == ("new", 2)
    assert draft.data == {"state": "new", "revision": 2, "text": "told them"}


def test_a_voided_ticket_is_ended_and_keeps_its_reason() -> None:
    ticket = go(make_ticket(), wish("void", reason="drill", extra={"approver": "wu"}, **MANAGER))
    assert (ticket.state, ticket.closing_note, ticket.closed_at) == ("voided", "drill", NOW)
    assert ticket.approver == "wu"
    assert possible_steps(ticket, "manager") == ()


def test_people_reopen_within_seven_days_and_get_new_limits() -> None:
    later = NOW + 7 * 86400
    ticket = go(closed(), wish("reopen", "li", reason="again"), now=later)
    assert (ticket.state, ticket.reopened, ticket.flags) == (
        "dispatched",
        1,
        (TicketFlag.REOPENED,),
    )
    assert (ticket.opened_at, ticket.reopened_at) == (NOW, later)
    assert (ticket.take_by, ticket.finish_by) == (later + 1800, later + 24 * HOUR)
    assert (ticket.closed_at, ticket.holder, ticket.verified_by) == (None, "", "")
    with pytest.raises(ConflictError, match="7 days"):
        step(closed(), wish("reopen", "li", reason="again"), healthy=True, now=later + 1)


def test_possible_steps_follow_state_role_and_person() -> None:
    ticket = completed()
    assert possible_steps(make_ticket(), "manager") == (
        *("acknowledge", "dispatch", "take", "shelve", "classify", "merge", "split", "comment"),
        "void",
    )
    assert possible_steps(ticket, "crew") == ("acknowledge", "verify", "reject", "comment")
    assert possible_steps(ticket, "crew", actor="wang") == ("acknowledge", "comment")
    assert possible_steps(ticket, "stranger") == ()
    assert "reopen" in possible_steps(closed(), "grid", now=NOW)
    assert "reopen" not in possible_steps(closed(), "grid", now=NOW + 8 * 86400)


def test_every_row_of_the_table_can_be_walked_by_each_of_its_roles() -> None:
    for (state, action), row in TRANSITIONS.items():
        ticket = fit(_in_state(state), row.only)
        for role in row.roles:
            who = "wang" if row.who == "holder" else "li"
            each = wish(action, who, role, reason="r", to="zhou", text="t", extra=EXTRA.get(action))
            after, [draft] = step(ticket, each, healthy=True, now=NOW)
            assert after.state == (row.to or state)
            assert draft.type == row.entry


def test_every_check_of_a_row_is_answered_by_409_with_its_words() -> None:
    for (state, action), row in TRANSITIONS.items():
        for check in row.only:
            ticket = unfit(fit(_in_state(state), row.only), check)
            with pytest.raises(ConflictError) as caught:
                step(ticket, wish(action, "zhou", "manager"), healthy=True, now=NOW)
            assert CHECKS[check][1]["en"] in str(caught.value), (action, check)
            assert action not in caught.value.possible


def _in_state(state: TicketState) -> Ticket:
    walk = {
        "new": make_ticket(),
        "dispatched": go(make_ticket(), wish("dispatch", **MANAGER)),
        "taken": go(make_ticket(), wish("take")),
        "arrived": go(make_ticket(), wish("take"), wish("arrive")),
        "completed": completed(),
        "verified": go(completed(), wish("verify", "li")),
        "closed": closed(),
    }
    return walk[state]


def test_an_empty_login_is_nobody() -> None:
    assert not same_person("", "")
    assert not same_person("key:", "")
    assert same_person("LI", "key:li")
    assert not same_person("li", "lin")


def test_a_closed_ticket_is_reopened_by_who_verified_it_the_grid_or_a_leader_alone() -> None:
    done = closed()
    reopening = {"reason": "it is broken again"}
    for name, role in (
        (done.verified_by, "guard"),
        ("fang", "grid_worker"),
        ("key:platform", "grid"),
        ("chen", "manager"),
    ):
        assert "reopen" in possible_steps(done, role, actor=name, now=NOW)
        assert go(done, wish("reopen", name, role, **reopening)).reopened == 1
    for name, role in (("another", "guard"), ("another", "crew"), (done.completed_by, "crew")):
        assert "reopen" not in possible_steps(done, role, actor=name, now=NOW)
        with pytest.raises(ConflictError, match="number and query code"):
            step(done, wish("reopen", name, role, **reopening), healthy=True, now=NOW)
