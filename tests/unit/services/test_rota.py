"""Dispatch by the rota: to whom, when, what becomes of what is given back, and what it leaves."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.access import Identity, Role
from hub.model.alarm import Severity
from hub.model.rung import Dispatch, Quiet, Trigger
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.duty.rota import Rota, count_loads
from tests.support.duty import LADDER, Play, identities, plan, roster, rung, shift
from tests.unit.services.making import NOW, make_ticket

ROTA = Dispatch.ROTA
NEW, DISPATCHED, TAKEN = TicketState.NEW, TicketState.DISPATCHED, TicketState.TAKEN
BY_ROTA = plan(
    rung("worker", "roster:crew", on=(Trigger.OPENED,), dispatch=ROTA),
    rung("leader", "person:zhao", after=10),
)
CREW = {"crew": roster("crew", shift("li", "wang"))}


def held(**fields: Any) -> Ticket:  # noqa: ANN401
    return msgspec.structs.replace(make_ticket(), **fields)


def test_a_new_ticket_goes_to_one_who_is_on_and_nobody_else_is_called() -> None:
    play = Play(BY_ROTA, rosters=CREW)
    assert play.look() == ["li"]
    assert play.given == ["li"]
    assert play.rings[0].reason["zh"] == "第 1 级 worker：新工单，已派给您"
    assert play.drafts[0].data["responsible"] == ["li"]


def test_untaken_it_climbs_like_any_other_ticket() -> None:
    play = Play(BY_ROTA, rosters=CREW)
    play.look()
    assert play.wait(9.9) == []
    assert play.wait(0.1) == ["zhao"]
    assert play.given == ["li"], "a leader gets no ticket by the way"


def test_who_has_least_in_hand_is_next_and_of_equals_who_has_waited_longest() -> None:
    people = ["li", "wang", "chen"]
    assert Rota().choose(people) == "li", "the plan's order, where nothing has been given yet"
    assert Rota(loads={"li": 1}).choose(people) == "wang"
    assert Rota(turns={"li": 3, "wang": 1, "chen": 2}).choose(people) == "wang"
    assert Rota(loads={"wang": 2}, turns={"li": 9, "chen": 8}).choose(people) == "chen"
    assert Rota().choose([]) == ""


def test_everybody_gets_as_many_as_the_others() -> None:
    rota, got = Rota(), {"li": 0, "wang": 0, "chen": 0}
    for _ in range(30):
        one = rota.choose(list(got))
        got[one] += 1
        rota = Rota(turns=rota.after(one, got))
    assert set(got.values()) == {10}


def test_turns_of_people_who_have_gone_are_forgotten() -> None:
    assert Rota(turns={"li": 1, "gone": 2}).after("wang", ["li", "wang"]) == {"li": 1, "wang": 3}


def test_what_is_completed_or_waits_is_no_load() -> None:
    tickets = [
        held(number="1", state=TAKEN, holder="li"),
        held(number="2", state=DISPATCHED, holder="li"),
        held(number="3", state=TicketState.COMPLETED, holder="li"),
        held(number="4", state=NEW),
    ]
    assert count_loads(tickets) == {"li": 2}


def test_a_declined_ticket_goes_to_the_next_one_and_the_last_ones_bell_is_taken_back() -> None:
    play = Play(BY_ROTA, rosters=CREW)
    play.look()
    assert play.change(state=NEW, holder="") == ["wang"]
    assert play.given == ["li", "wang"]
    assert play.withdrawn == [play.rings[0].id]
    assert play.change(state=NEW, holder="") == [], "both have had it: it climbs on"
    assert play.wait(10) == ["zhao"]


def test_who_had_it_from_a_leader_and_gave_it_back_does_not_get_it_from_the_rota() -> None:
    play = Play(BY_ROTA, rosters=CREW)
    play.look()
    play.change(state=DISPATCHED, holder="wang")
    assert play.change(state=NEW, holder="") == []
    assert play.given == ["li"]


def test_nothing_is_given_twice_by_a_restart() -> None:
    play = Play(BY_ROTA, rosters=CREW)
    play.look()
    play.restart()
    assert play.look() == []
    assert play.climb is not None
    assert play.climb.given == ("li",)


def test_a_hole_is_passed_as_ever_and_the_leader_is_called_at_once() -> None:
    play = Play(BY_ROTA, rosters={"crew": roster("crew", shift("nobody-known"))})
    assert "zhao" in play.look()
    assert play.given == []
    assert [kind for kind, _ in play.told()] == ["roster.hole", "ticket.escalated"]


def test_a_second_rota_gets_what_the_first_one_has_nobody_for() -> None:
    two = plan(
        rung("worker", "roster:crew", on=(Trigger.OPENED,), dispatch=ROTA),
        rung("reserve", "person:wang", after=10, dispatch=ROTA),
    )
    play = Play(two, rosters={"crew": roster("crew", shift("away"))})
    play.look()
    assert play.given == ["wang"]


def test_only_who_can_take_it_there_gets_it() -> None:
    people = identities() | {
        "guard": Identity(name="guard", role=Role.GUARD),
        "far": Identity(name="far", role=Role.CREW, scope="guanshan/z"),
    }
    crew = {"crew": roster("crew", shift("guard", "far", "wang"))}
    play = Play(BY_ROTA, rosters=crew, people=people)
    play.look()
    assert play.given == ["wang"]


def test_a_rung_of_those_who_cannot_take_it_rings_them_all() -> None:
    people = identities() | {"guard": Identity(name="guard", role=Role.GUARD)}
    play = Play(BY_ROTA, rosters={"crew": roster("crew", shift("guard"))}, people=people)
    assert play.look() == ["guard"]
    assert play.given == []


def test_what_a_leader_has_dispatched_is_left_alone() -> None:
    late = plan(rung("worker", "person:li"), rung("crew", "roster:crew", after=5, dispatch=ROTA))
    play = Play(late, rosters=CREW)
    play.look()
    play.change(state=DISPATCHED, holder="chen")
    assert play.wait(5) == ["li", "wang"], "they are called, since nobody takes it"
    assert play.given == []


def test_what_is_discreet_or_shelved_is_dispatched_by_no_rota() -> None:
    secret = Play(BY_ROTA, make_ticket(discreet=True), rosters=CREW)
    secret.look()
    assert secret.given == []
    quiet = Play(LADDER, rosters=CREW)
    quiet.look()
    quiet.plan = BY_ROTA
    quiet.change(flags=(TicketFlag.SHELVED,))
    assert quiet.given == []


def test_a_plan_that_turns_to_the_rota_takes_no_open_ticket_from_its_way() -> None:
    play = Play(LADDER, rosters=CREW)
    play.look()
    play.plan = BY_ROTA
    assert play.look() == []
    assert play.given == []


def test_at_night_it_is_dispatched_at_once_and_rings_in_the_morning() -> None:
    play = Play(BY_ROTA, make_ticket(severity=Severity.MINOR), rosters=CREW)
    play.quiet = Quiet(start=0, end=7 * 3600)
    play.look()
    assert play.given == ["li"]
    assert play.rings[0].not_before == NOW + 7 * 3600
