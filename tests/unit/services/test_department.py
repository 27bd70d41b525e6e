"""A department's work: what is handed to it, in how much time, and what its figures say. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.model.access import Identity, Role
from hub.model.alarm import Urgency
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.services.incidents.case_limit import PACES, expire, expires_at, limits_of, next_limit
from hub.services.incidents.case_step import possible_actions, take_step
from hub.services.incidents.department import (
    department_names,
    figures_of,
    passed_on,
    steps_of_department,
)

NOW, HOUR = 1_764_000_000.0, 3600.0
PACE = PACES[Urgency.NORMAL]


def step(do: str, at: float = NOW, receiver: str = "power", **fields: Any) -> CaseStep:  # noqa: ANN401
    words = {"reason": "why", "text": "words", "to": receiver if do == "dispatch" else ""}
    return CaseStep(do=CaseAction(do), receiver=receiver, at=at, actor="chen", **words | fields)


def live(*steps: CaseStep, case: Case | None = None) -> Case:
    """Play steps, each at its own instant, on a case that was handed over at `NOW`."""
    case = case or Case(receiver="power", incident="GS-1")
    for each in steps:
        case, draft = take_step(case, each, place="gs", now=each.at, pace=PACE)
        assert draft is not None, each.do
    return case


def test_each_step_has_its_limit_from_the_handing_over() -> None:
    case = live(step("dispatch"))
    assert [(each.name, each.by - NOW) for each in limits_of(case)] == [
        ("sign", PACE.sign),
        ("arrive", PACE.arrive),
        ("feed_back", PACE.feed_back),
    ]
    assert (case.given_at, case.given_by) == (NOW, "chen")
    names = []
    for each in (None, step("sign", NOW + 1), step("arrive", NOW + 2), step("feed_back", NOW + 3)):
        case = live(each, case=case) if each else case
        current = next_limit(case)
        names.append(current.name if current else "")
    assert names == ["sign", "arrive", "feed_back", ""]


def test_a_step_that_was_left_out_is_as_good_as_done_with_the_next() -> None:
    case = live(step("dispatch"), step("feed_back", NOW + HOUR))
    assert [(each.done_at or 0) - NOW for each in limits_of(case)] == [HOUR] * 3


def test_what_is_kept_too_late_is_late_for_good_and_an_open_one_from_its_end_on() -> None:
    signed = live(step("dispatch"), step("sign", NOW + PACE.sign + 1))
    assert [each.is_late(NOW + PACE.sign + 2) for each in limits_of(signed)] == [True, False, False]
    open_one = limits_of(live(step("dispatch")))[0]
    assert not open_one.is_late(open_one.by)
    assert open_one.is_late(open_one.by + 1)


def test_a_limit_passes_once_and_again_only_where_it_was_set_anew() -> None:
    case = live(step("dispatch"))
    assert expires_at(case) == NOW + PACE.sign
    assert expire(case, NOW + PACE.sign - 1) == (case, ())
    case, late = expire(case, NOW + PACE.sign)
    assert (late, case.overdue, case.revision) == (("sign",), ("sign",), 2)
    assert expire(case, NOW + PACE.sign + 1) == (case, ())
    assert expires_at(case) == NOW + PACE.arrive
    slept, late = expire(case, NOW + PACE.feed_back + 1)
    assert late == ("arrive", "feed_back"), "the hub was down: both at once"
    assert expires_at(slept) is None
    done = live(step("feed_back", NOW + PACE.feed_back + 2), case=slept)
    back = live(step("return", NOW + PACE.feed_back + 3), case=done)
    assert back.overdue == ("sign", "arrive")
    assert expires_at(back) == NOW + PACE.feed_back + 3 + PACE.feed_back
    until = NOW + 400 * HOUR
    asked = live(step("ask_extension", NOW + PACE.feed_back + 9, until=until), case=slept)
    granted = live(step("decide_extension", NOW + PACE.feed_back + 10, granted=True), case=asked)
    assert expires_at(granted) == until
    again = live(step("dispatch", NOW + PACE.feed_back + 10), case=slept)
    assert again.overdue == ()


def test_what_is_not_at_work_any_more_passes_no_limit() -> None:
    done = live(step("dispatch"), step("feed_back", NOW + 1))
    assert expires_at(done) is None
    assert expire(done, NOW + 1000 * HOUR)[1] == ()
    assert expires_at(Case(receiver="city", incident="GS-1", state=CaseState.DISPATCHED)) is None


def test_an_extension_moves_the_last_limit_and_only_once_it_is_granted() -> None:
    until = NOW + 100 * HOUR
    asked = live(
        step("dispatch"), step("sign", NOW + 1), step("ask_extension", NOW + 2, until=until)
    )
    assert limits_of(asked)[2].by == NOW + PACE.feed_back
    granted = live(step("decide_extension", NOW + 3, granted=True), case=asked)
    assert limits_of(granted)[2].by == until
    refused = live(step("decide_extension", NOW + 3, granted=False), case=asked)
    assert limits_of(refused)[2].by == NOW + PACE.feed_back


def test_work_that_is_sent_back_has_its_last_limit_anew() -> None:
    case = live(
        step("dispatch"), step("feed_back", NOW + 50 * HOUR), step("return", NOW + 60 * HOUR)
    )
    assert case.state is CaseState.SENT_BACK
    limit = next_limit(case)
    assert limit is not None
    assert (limit.name, limit.by) == ("feed_back", NOW + 60 * HOUR + PACE.feed_back)
    assert case.given_at == NOW, "its whole time counts"


def test_handed_over_again_everything_begins_anew() -> None:
    case = live(step("dispatch"), step("sign", NOW + 1), step("return", NOW + 2))
    assert (case.state, next_limit(case)) == (CaseState.FILED, None)
    again = live(step("dispatch", NOW + 9 * HOUR), case=case)
    assert (again.signed_at, again.sign_by) == (None, NOW + 9 * HOUR + PACE.sign)


def test_who_is_no_department_has_no_limits() -> None:
    case, _ = take_step(
        Case(receiver="city", incident="GS-1"), step("dispatch", to="x"), place="gs", now=NOW
    )
    assert limits_of(case) == []


def test_a_dispatch_and_a_call_for_help_hand_work_to_whom_they_name() -> None:
    city = Case(receiver="city", incident="GS-1")
    given = passed_on(city, step("dispatch", receiver="city", to="power"), ["power"])
    assert given is not None
    assert (given.receiver, given.do, given.to) == ("power", CaseAction.DISPATCH, "power")
    power = live(step("dispatch"))
    helped = passed_on(power, step("help", to="water"), ["power", "water"])
    assert helped is not None
    assert (helped.receiver, helped.helps) == ("water", "power")
    assert passed_on(city, step("dispatch", receiver="city", to="供电所"), ["power"]) is None
    assert passed_on(power, step("help", to="power"), ["power"]) is None


def test_what_presses_the_platforms_case_presses_the_department() -> None:
    city = Case(receiver="city", incident="GS-1", to="power", state=CaseState.DISPATCHED)
    for do in ("urge", "supervise"):
        pressed = passed_on(city, step(do, receiver="city"), ["power"])
        assert pressed is not None
        assert (pressed.receiver, pressed.do) == ("power", do)
    assert passed_on(city, step("close", receiver="city"), ["power"]) is None


def test_a_department_does_its_own_steps_and_not_those_from_above() -> None:
    case = live(step("dispatch"))
    steps = steps_of_department(case, possible_actions(case))
    assert steps == ["sign", "arrive", "feed_back", "return", "ask_extension", "help", "comment"]
    done = live(step("feed_back", NOW + 1), case=case)
    assert steps_of_department(done, possible_actions(done)) == ["comment"]


def test_departments_are_people_of_that_role_who_see_the_place() -> None:
    people = {
        "power": Identity(name="power", role=Role.DEPARTMENT),
        "water": Identity(name="water", role=Role.DEPARTMENT, scope="gs/b"),
        "li": Identity(name="li", role=Role.CREW),
    }
    assert department_names(people) == ["power", "water"]
    assert department_names(people, "gs/a") == ["power"]


def test_figures_count_what_was_kept_and_how_long_it_took() -> None:
    kept = live(step("dispatch"), step("sign", NOW + HOUR))
    late = live(step("dispatch"), step("sign", NOW + 7 * HOUR), step("feed_back", NOW + 8 * HOUR))
    untouched = Case(receiver="power", incident="GS-3", state=CaseState.FILED)
    found = figures_of("power", [kept, late, untouched], NOW + 8 * HOUR)
    assert (found.given, found.open, found.late) == (2, 1, 0)
    assert (found.kept["sign"], found.missed["sign"]) == (1, 1)
    assert found.seconds["sign"] == pytest.approx(4 * HOUR)
    assert found.seconds["arrive"] == pytest.approx(8 * HOUR)
    nothing = figures_of("power", [], NOW)
    assert nothing.seconds == {"sign": None, "arrive": None, "feed_back": None}


def test_a_case_that_was_stored_before_departments_had_limits_is_read() -> None:
    old = b'{"receiver":"city","incident":"GS-1","state":"filed","number":"C-1","revision":1}'
    assert limits_of(msgspec.json.decode(old, type=Case)) == []
