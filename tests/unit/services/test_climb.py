"""How a ticket climbs: delays, triggers, pauses, quiet hours, holes, proposals, restarts."""

from __future__ import annotations

import msgspec
import pytest

from hub.assembly.duty_file import shipped_duty
from hub.errors import ConflictError
from hub.model.access import Role
from hub.model.alarm import Urgency
from hub.model.rung import Plan, Quiet, Trigger
from hub.model.ticket import TicketFlag, TicketState
from hub.services.duty.rung import choose_plan, holds
from tests.support.duty import (
    CRITICAL,
    DAY,
    HOUR,
    LADDER,
    MINUTE,
    PEOPLE,
    Play,
    identities,
    plan,
    roster,
    rung,
    said,
    shift,
)
from tests.unit.services.making import NOW, make_ticket

TAKEN, ARRIVED, DONE = TicketState.TAKEN, TicketState.ARRIVED, TicketState.COMPLETED
NIGHT = Quiet(start=22 * 3600, end=7 * 3600)
WAITING, SHELVED = (TicketFlag.SUSPENDED,), (TicketFlag.SHELVED,)


def test_a_new_ticket_rings_its_first_rung_at_once_and_each_further_one_after_its_delay() -> None:
    play = Play()
    assert play.look() == ["li"]
    assert play.wait(9.9) == []
    assert play.wait(0.1) == ["zhao"]
    assert play.wait(19.9) == []
    assert play.wait(0.1) == ["chen"]
    assert play.wait(5000) == [], "each rung comes once"
    assert play.told() == [
        ("ticket.escalated", "worker"),
        ("ticket.escalated", "leader"),
        ("ticket.escalated", "manager"),
    ]


def test_a_ring_says_who_which_ticket_why_and_how() -> None:
    ladder = plan(rung("worker", "person:li", channels=("wecom", "sms"), wait=60.0, informed=()))
    play = Play(ladder)
    play.look()
    [ring] = play.rings
    assert (ring.ticket, ring.rung, ring.person) == (play.ticket.number, 1, "li")
    assert (ring.channels, ring.wait) == (("wecom", "sms"), 60.0)
    assert (ring.at, ring.not_before, ring.critical, ring.test) == (NOW, NOW, False, False)
    assert ring.reason == {"zh": "第 1 级 worker：新工单", "en": "rung 1, worker: a new ticket"}
    [draft] = play.drafts
    assert draft.data["responsible"] == ["li"]
    assert draft.data["channels"] == ["wecom", "sms"]
    assert (draft.data["rung"], draft.data["plan"], draft.actor) == (1, "p", "hub")


def test_the_ring_of_a_drill_says_so() -> None:
    play = Play()
    play.change(test=True)
    assert play.rings[0].test


def test_a_ticket_that_is_taken_climbs_no_further_until_a_limit_calls() -> None:
    play = Play()
    play.look()
    assert play.change(state=TAKEN) == []
    assert play.wait(600) == []
    assert play.due() is None
    assert play.change(overdue=("finish",)) == ["zhao"], "what calls a higher rung calls this one"
    assert play.wait(20) == ["chen"]
    assert play.drafts[-1].data["why"]["en"] == "it was not completed in time"


def test_a_limit_that_has_passed_counts_only_while_it_still_runs() -> None:
    ladder = plan(
        rung("worker", "person:li", on=(Trigger.OPENED,)),
        rung("leader", "person:zhao", on=(Trigger.ARRIVE,)),
    )
    play = Play(ladder)
    play.look()
    play.change(state=ARRIVED, overdue=("take", "arrive"))
    assert play.rings[1:] == []
    assert play.change(state=TAKEN) == ["zhao"]


def test_one_that_was_acknowledged_but_not_taken_climbs_on() -> None:
    # Acknowledging changes the ticket's revision and no more: the clock goes on.
    play = Play()
    play.look()
    play.change(revision=2)
    assert play.wait(10) == ["zhao"]


def test_a_recovered_ticket_that_nobody_takes_climbs_too() -> None:
    play = Play()
    play.look()
    play.change(flags=(TicketFlag.RECOVERED,))
    assert play.wait(30) == ["zhao", "chen"]


def test_one_that_is_returned_climbs_from_where_it_was() -> None:
    play = Play()
    play.look()
    play.change(state=TAKEN)
    play.wait(60)
    assert play.change(state=TicketState.NEW) == ["zhao"], "its delay has long passed"


def test_what_waits_does_not_climb_and_the_rest_of_the_delay_is_left_for_afterwards() -> None:
    play = Play()
    play.look()
    play.wait(4)
    play.change(flags=WAITING)
    assert play.wait(1000) == []
    play.change(flags=())
    assert play.wait(5.9) == []
    assert play.wait(0.1) == ["zhao"]


def test_a_shelved_ticket_rings_on_its_review_date_only() -> None:
    play = Play()
    play.look()
    play.change(flags=SHELVED)
    assert play.wait(100_000) == []
    assert play.change(overdue=("finish", "review")) == ["chen"]
    assert play.wait(100_000) == []
    assert play.drafts[-1].data["why"]["zh"] == "挂账到期复核"


def test_a_second_review_rings_again_with_a_number_of_its_own() -> None:
    play = Play()
    play.look()
    play.change(flags=SHELVED, overdue=("review",))
    play.change(overdue=())
    assert play.change(overdue=("review",)) == ["chen"]
    assert len({ring.id for ring in play.rings}) == len(play.rings) == 3


def test_a_ticket_that_was_taken_and_shelved_still_has_its_review() -> None:
    play = Play()
    play.look()
    play.change(state=TAKEN)
    assert play.change(flags=(*SHELVED, *WAITING), overdue=("review",)) == ["chen"]


def test_quiet_hours_hold_a_rung_back_and_the_next_delay_waits_with_it() -> None:
    play = Play(quiet=NIGHT)
    play.look()
    assert play.rings[0].not_before == NOW + 7 * HOUR
    assert play.wait(7 * 60 + 9) == []
    assert play.wait(1) == ["zhao"]
    assert play.rings[1].not_before == play.now


def test_what_is_critical_rings_at_night() -> None:
    play = Play(quiet=NIGHT)
    play.change(severity=CRITICAL)
    assert play.rings[0].not_before == NOW
    assert play.rings[0].critical
    assert play.wait(10) == ["zhao"]


def test_what_becomes_critical_at_night_is_rung_at_once_in_place_of_the_held_ring() -> None:
    play = Play(quiet=NIGHT)
    play.look()
    play.now += HOUR
    assert play.change(severity=CRITICAL) == ["li"]
    held, freed = play.rings
    assert play.withdrawn == [held.id]
    assert freed.id != held.id
    assert freed.not_before == play.now
    assert play.told() == [("ticket.escalated", "worker")]
    assert play.wait(10) == ["zhao"]


def test_what_was_held_back_is_not_let_go_for_a_ticket_that_somebody_has_taken() -> None:
    ladder = plan(rung("worker", "person:li", on=(Trigger.OPENED,)), rung("leader", "person:zhao"))
    play = Play(ladder, quiet=NIGHT)
    play.look()
    play.change(state=TAKEN)
    assert play.change(severity=CRITICAL) == []


def test_a_late_arrival_at_night_is_told_at_once_when_the_ticket_becomes_critical() -> None:
    ladder = plan(
        rung("worker", "person:li", on=(Trigger.OPENED,)),
        rung("leader", "person:zhao", on=(Trigger.ARRIVE,)),
    )
    play = Play(ladder, quiet=NIGHT)
    play.look()
    play.change(state=TAKEN, overdue=("arrive",))
    play.now += HOUR
    assert play.change(severity=CRITICAL) == ["zhao"]
    assert play.drafts[-1].data["why"]["en"] == "nobody arrived in time"


def test_an_empty_rung_passes_to_the_next_at_once_and_the_managers_are_told() -> None:
    ladder = plan(rung("worker", "roster:night"), rung("leader", "person:zhao", after=60))
    play = Play(ladder, rosters={"night": roster("night")})
    assert play.look() == ["(chen)", "(zhao)", "zhao"]
    assert play.told() == [("roster.hole", "worker"), ("ticket.escalated", "leader")]
    assert "night" in play.drafts[0].data["hole"]["zh"]
    assert play.rings[0].reason["zh"] == "第 1 级 worker：无人可叫: night；没有排班"
    assert play.drafts[1].data["why"]["en"] == "the rung below has nobody"


def test_where_nobody_is_a_manager_the_administrator_is_told() -> None:
    play = Play(plan(rung("worker", "person:gone")))
    play.people = {name: one for name, one in play.people.items() if name == "party"}
    assert play.look() == ["(party)"]


def test_a_ladder_of_empty_rungs_ends_and_each_is_told_once() -> None:
    ladder = plan(*(rung(f"r{n}", "person:gone", after=9 * n) for n in range(3)))
    play = Play(ladder, people={})
    assert play.look() == []
    assert play.told() == [("roster.hole", f"r{n}") for n in range(3)]
    assert play.wait(10_000) == []


def test_somebody_disabled_is_nobody() -> None:
    play = Play()
    del play.people["zhao"]
    play.look()
    assert play.wait(10) == ["(chen)", "chen"], "told of the hole, and next in turn"


def test_nobody_is_rung_twice_for_one_rung() -> None:
    ladder = plan(rung("all", "person:li", "role:crew", informed=("role:crew", "role:grid_worker")))
    play = Play(ladder)
    assert play.look() == ["li", "wang", "(grid)"]


def test_a_reopened_ticket_starts_one_rung_higher_and_informs_those_below() -> None:
    play = Play()
    play.look()
    assert play.change(state=TicketState.CLOSED) == []
    assert play.climb is None
    again = {"state": TicketState.DISPATCHED, "reopened": 1, "reopened_at": NOW + DAY}
    play.now = NOW + DAY
    assert play.change(**again) == ["zhao", "(li)"]
    assert play.drafts[-1].data["why"]["zh"] == "办结后重办"
    assert play.wait(20) == ["chen"]
    assert len({ring.id for ring in play.rings}) == len(play.rings)


def test_one_that_is_closed_and_reopened_within_one_batch_begins_anew() -> None:
    play = Play()
    play.wait(30)
    assert play.change(state=TicketState.DISPATCHED, reopened=1, reopened_at=play.now) == [
        "zhao",
        "(li)",
    ]


def test_however_often_it_is_reopened_it_starts_below_what_must_be_confirmed() -> None:
    ladder = plan(*LADDER.rungs, rung("street", "role:department", after=60, confirm=True))
    play = Play(ladder)
    assert play.change(state=TicketState.DISPATCHED, reopened=9, reopened_at=NOW + 1) == [
        "chen",
        "(li)",
        "(zhao)",
    ]


def test_a_ticket_that_comes_out_of_another_one_starts_at_the_bottom() -> None:
    play = Play()
    play.look()
    play.change(state=TicketState.CLOSED, folded_into="GS-1")
    back = {"state": TicketState.DISPATCHED, "folded_into": "", "reopened_at": NOW + 60}
    assert play.change(**back) == ["li"]


STREET = plan(
    rung("worker", "person:li"),
    rung("street", "role:department", after=10, confirm=True, automatic_for=("lift.trapped",)),
    rung("department", "group:bureau", after=30, confirm=True),
)


def test_beyond_the_community_a_person_is_asked_and_nothing_climbs_until_then() -> None:
    play = Play(STREET)
    play.look()
    assert play.wait(10) == ["chen", "zhao"]
    assert play.told()[-1] == ("ticket.escalation_proposed", "street")
    assert "请确认" in play.rings[-1].reason["zh"]
    assert play.wait(9.9) == []
    asked = [ring.id for ring in play.rings[-2:]]
    assert play.decide(agreed=True) == ["street"]
    assert play.withdrawn == asked, "nobody is asked for what has been decided"
    assert (play.drafts[-1].actor, play.told()[-1]) == ("chen", ("ticket.escalated", "street"))
    assert play.wait(30) == ["chen", "zhao"]


def test_what_is_declined_does_not_ring_and_the_next_one_is_proposed_in_its_time() -> None:
    play = Play(STREET)
    play.look()
    play.wait(10)
    assert play.decide(agreed=False) == []
    assert play.withdrawn == [ring.id for ring in play.rings[-2:]]
    assert play.told()[-1] == ("ticket.escalation_declined", "street")
    with pytest.raises(ConflictError):
        play.decide(agreed=True)
    play.wait(30)
    assert play.told()[-1] == ("ticket.escalation_proposed", "department")


def test_a_proposal_lapses_once_somebody_has_taken_the_ticket() -> None:
    play = Play(STREET)
    play.look()
    play.wait(10)
    play.change(state=TAKEN)
    assert play.climb is not None
    assert play.climb.proposed == ""
    assert play.withdrawn == [ring.id for ring in play.rings[-2:]]
    with pytest.raises(ConflictError):
        play.decide(agreed=True)


def test_a_proposal_that_nobody_answers_is_asked_again_at_its_pace_and_of_more() -> None:
    play = Play(plan(STREET.rungs[0], msgspec.structs.replace(STREET.rungs[1], after=1800.0)))
    play.look()
    assert play.wait(30) == ["chen", "zhao"]
    asked = [ring.id for ring in play.rings[-2:]]
    assert play.wait(29.9) == []
    assert play.wait(0.1) == ["chen", "zhao", "party"], "the question climbs, too"
    assert play.withdrawn == asked, "the earlier asking is taken back"
    assert play.rings[-1].reason["en"].startswith("rung 2, street: please confirm or")
    assert [draft.data.get("asked") for draft in play.drafts[1:]] == [1, 2]
    assert play.wait(60 * 24 * 7) == ["chen", "zhao", "party"] * 336
    assert len({ring.id for ring in play.rings}) == len(play.rings)
    assert {name for _, name in play.told()} == {"worker", "street"}
    assert "ticket.escalated" not in {draft.type for draft in play.drafts[1:]}, "silence is no yes"
    assert play.decide(agreed=True) == ["street"]
    assert play.due() is None


def test_an_asking_that_comes_at_night_is_heard_in_the_morning_and_repeated_from_then_on() -> None:
    play = Play(STREET, quiet=NIGHT, now=NOW + 21.9 * HOUR)
    play.ticket = msgspec.structs.replace(play.ticket, opened_at=play.now)
    play.look()
    assert play.wait(10) == ["chen", "zhao"]
    morning = NOW + DAY + 7 * HOUR
    assert {ring.not_before for ring in play.rings[-2:]} == {morning}
    assert play.wait(8 * 60) == []
    assert play.due() == morning + 10 * MINUTE
    assert play.change(severity=CRITICAL) == ["chen", "zhao", "party"], "it cannot wait any more"


def test_silence_is_a_yes_for_no_other_fault_than_those_of_life_safety() -> None:
    listed = {"silence": 2, "silence_for": ("gate.stuck_open", "lift.trapped")}
    street = msgspec.structs.replace(STREET.rungs[1], **listed)
    play = Play(plan(STREET.rungs[0], street))
    play.look()
    play.wait(10_000)
    assert ("ticket.escalated", "street") not in play.told(), "a gate waits for a person"


def test_a_site_can_have_silence_count_as_a_yes_where_somebody_is_in_danger() -> None:
    listed = {"silence": 2, "silence_for": ("access.fire_input",)}
    street = msgspec.structs.replace(STREET.rungs[1], **listed)
    play = Play(plan(STREET.rungs[0], street), make_ticket(fault="access.fire_input"))
    play.look()
    assert play.wait(10) == ["chen", "zhao"]
    assert play.wait(10) == ["chen", "zhao", "party"]
    assert play.wait(10) == ["street"]
    assert play.drafts[-1].data["why"]["zh"] == "多次询问无人答复"
    assert play.told()[-1] == ("ticket.escalated", "street")
    assert len(play.withdrawn) == 5, "nobody is asked any more"
    assert play.wait(10_000) == []


def test_a_clock_that_is_set_back_has_a_proposal_asked_again_at_once() -> None:
    play = Play(STREET)
    play.look()
    play.wait(10)
    play.now -= 5 * DAY
    assert play.look() == ["chen", "zhao", "party"]
    assert play.wait(9) == []


def test_a_listed_fault_of_life_safety_needs_nobody_to_confirm() -> None:
    play = Play(STREET)
    play.change(fault="lift.trapped")
    assert play.wait(10) == ["street"]


TOLD = plan(
    rung("worker", "role:crew", "group:gates"),
    rung("leader", "nearest:manager", after=10, informed=("nearest:grid_worker",)),
    rung("committee", "role:administrator", after=10),
    rung("street", "role:department", after=10, confirm=True),
)


def test_whom_the_rule_wants_to_be_told_is_informed_with_the_first_rung() -> None:
    play = Play(TOLD)
    assert play.change(tell=("grid_worker", "crew", "somebody")) == [
        *("li", "wang", "group:gates"),
        "(grid)",
    ], "once, and who has to act is not informed beside it"
    assert play.wait(10) == ["zhao", "(grid)"]
    assert play.wait(10) == ["party"]


def test_the_head_of_the_building_is_told_beside_the_line_and_no_other_head() -> None:
    shipped = choose_plan(shipped_duty().plans, make_ticket())
    assert shipped is not None
    heads = {
        "zhou": (Role.BUILDING_HEAD, "guanshan/a/b1"),
        "wu": (Role.BUILDING_HEAD, "guanshan/a/b2"),
        "none": (Role.BUILDING_HEAD, ""),
    }
    play = Play(shipped, make_ticket(), people=identities(PEOPLE | heads))
    play.change(place="guanshan/a/b1/u1")
    assert "(zhou)" in play.wait(30)
    assert not {"wu", "none"} & {ring.person for ring in play.rings}


def test_a_rule_that_tells_the_crew_rings_nobody_who_is_off_duty() -> None:
    night = roster("night", shift("wang"))
    play = Play(plan(rung("worker", "roster:night")), rosters={"night": night})
    assert play.change(tell=("crew", "grid_worker")) == ["wang", "(grid)"]


def test_planned_work_climbs_from_the_morning_of_its_day_on_and_not_before() -> None:
    first = rung("worker", "person:li", on=(Trigger.OPENED,))
    play = Play(plan(first, *LADDER.rungs[1:]), make_ticket())
    play.change(urgency=Urgency.PLANNED, planned="2025-11-28", take_by=NOW + 3 * DAY + 8 * HOUR)
    assert said(play.rings) == ["li"], "the crew learns of it at once"
    assert play.wait(3 * 24 * 60 + 7 * 60) == []
    play.now = NOW + 3 * DAY + 8 * HOUR
    assert play.change(overdue=("take",)) == ["zhao"]
    assert play.wait(20) == ["chen"]


DURESS = plan(
    rung("guard", "person:li", "roster:police", on=(Trigger.OPENED,), channels=("sms",)),
    rung("chief", "person:chen", after=2, channels=("call",)),
    discreet=True,
)


def test_a_discreet_ticket_rings_the_named_and_nobody_else() -> None:
    police = {"police": roster("police", shift("street"))}
    ticket = make_ticket(discreet=True, tell=("guard", "crew", "manager"))
    play = Play(DURESS, ticket, rosters=police)
    assert play.look() == ["li", "street"]
    assert [ring.channels for ring in play.rings] == [("sms",), ("sms",)]
    assert all(ring.discreet for ring in play.rings)
    assert play.wait(2) == ["chen"]
    assert play.wait(10_000) == []


def test_a_hole_in_a_discreet_plan_is_told_to_leaders_who_may_know() -> None:
    people = {name: who for name, who in identities().items() if name != "li"}
    play = Play(DURESS, make_ticket(discreet=True), people=people)
    assert play.look() == ["(chen)", "(zhao)", "chen"]


def test_a_plan_for_what_is_discreet_is_for_nothing_else() -> None:
    plans = [msgspec.structs.replace(DURESS, name="duress", place="guanshan"), LADDER]
    chosen = choose_plan(plans, make_ticket(discreet=True))
    assert chosen is not None
    assert chosen.name == "duress"
    assert choose_plan(plans, make_ticket()) == LADDER
    far = msgspec.structs.replace(plans[0], place="elsewhere")
    assert choose_plan([far, LADDER], make_ticket(discreet=True)) == LADDER, "leaders have it"


def test_of_what_is_discreet_only_leaders_hear() -> None:
    play = Play(TOLD)
    assert play.change(discreet=True, tell=("guard", "crew")) == ["(chen)", "(zhao)", "zhao"]
    assert play.told()[:2] == [("roster.hole", "worker"), ("ticket.escalated", "leader")]
    assert play.drafts[0].data["hole"]["en"].startswith("this ticket is only for leaders to see")
    assert play.wait(10) == ["party"]
    play.wait(10)
    play.decide(agreed=True)
    rung_people = {ring.person for ring in play.rings}
    assert rung_people == {"zhao", "chen", "party"}, "no street, no crew, no group"
    assert all(ring.discreet for ring in play.rings)
    assert all(draft.data["discreet"] for draft in play.drafts), "journals hide it by this"


def test_a_restart_at_any_moment_neither_repeats_nor_loses_a_rung() -> None:
    play = Play()
    said = [play.look()]
    for _ in range(40):
        play.restart()
        said.append(play.look())
        play.restart()
        said.append(play.wait(1))
    assert [who for each in said for who in each] == ["li", "zhao", "chen"]


def test_what_came_due_while_the_hub_was_down_comes_at_once_and_once() -> None:
    play = Play()
    play.look()
    play.now += 10 * HOUR
    play.restart()
    assert play.look() == ["zhao"]
    assert play.look() == []
    assert play.wait(20) == ["chen"], "its delay counts from when the one before it did come"


def test_a_clock_that_is_set_back_delays_a_rung_by_its_own_delay_at_most() -> None:
    play = Play()
    play.look()
    play.wait(10)
    play.now -= 300 * DAY
    assert play.look() == []
    assert play.wait(20) == ["chen"]


def test_changed_rungs_count_from_then_on_and_ring_nothing_twice() -> None:
    play = Play()
    play.look()
    play.wait(10)
    worker, leader, manager = LADDER.rungs
    play.plan = plan(worker, rung("deputy", "person:wang", after=1), leader, manager)
    assert play.look() == [], "what was put in below the last rung is behind it"
    assert play.wait(20) == ["chen"]


def test_an_entirely_different_plan_goes_on_at_the_same_height() -> None:
    play = Play()
    play.look()
    play.wait(10)
    play.plan = Plan(
        name="other",
        rungs=tuple(msgspec.structs.replace(each, id=f"x-{each.id}") for each in LADDER.rungs),
    )
    assert play.look() == []
    assert play.wait(20) == ["chen"]


def test_a_plan_that_has_become_shorter_is_at_its_end() -> None:
    play = Play()
    play.look()
    play.wait(30)
    play.plan = plan(rung("x", "person:li"))
    assert play.wait(10_000) == []


def test_what_quiet_hours_hold_back_is_taken_back_with_the_end_of_the_ticket() -> None:
    play = Play(quiet=NIGHT)
    play.look()
    play.change(state=TicketState.CLOSED)
    assert play.withdrawn == [play.rings[0].id]


@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.VOIDED])
def test_what_has_ended_does_not_climb(state: TicketState) -> None:
    play = Play()
    play.look()
    play.change(state=state)
    assert play.climb is None
    assert play.wait(1000) == []


def test_what_is_completed_rests_until_it_is_rejected() -> None:
    play = Play()
    play.look()
    play.change(state=DONE)
    assert play.wait(1000) == []
    assert play.change(state=TAKEN, overdue=("finish",)) == ["zhao"]


def test_a_roster_is_asked_at_the_instant_of_the_rung() -> None:
    nights = roster("night", shift("li", end=12), shift("wang", start=12))
    ladder = plan(rung("first", "roster:night"), rung("second", "roster:night", after=12 * 60.0))
    play = Play(ladder, rosters={"night": nights})
    assert play.look() == ["li"]
    assert play.wait(12 * HOUR / MINUTE) == ["wang"]


def test_a_case_of_12345_that_nobody_has_signed_for_calls_the_manager() -> None:
    late = make_ticket()
    for trigger, limit in ((Trigger.SIGN, "sign"), (Trigger.HANDLE, "handle")):
        assert not holds(trigger, late)
        assert holds(trigger, msgspec.structs.replace(late, overdue=(limit,)))
    shipped = next(plan for plan in shipped_duty().plans if plan.name == "shipped")
    assert {Trigger.SIGN, Trigger.HANDLE} <= set(shipped.rungs[2].on)
