"""Schedules, rounds and their counts: when they come due, what ends them, what is a repetition."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.inspection import (
    Answer,
    Inspection,
    Rhythm,
    Round,
    RoundAction,
    RoundState,
    Schedule,
    Stop,
    Verdict,
)
from hub.model.instant import from_rfc3339, to_local_text
from hub.ports.community import InspectionWish, StopWish
from hub.services.community import patrol
from hub.services.community.inspection_count import count_rounds
from hub.services.community.inspection_form import common_place, wish_of, write_inspection
from hub.services.community.slot import next_slot, slots

MONDAY = from_rfc3339("2026-11-30T09:00")
STOPS = (
    Stop(id="s1", subject="gs/a", place="gs/a", thing="灭火器箱 1 号", checks=("压力", "铅封")),
    Stop(id="s2", subject="gate-1", place="gs/a/b1"),
)
PLAN = Inspection(
    id="i1",
    title="消防巡查",
    team="巡查一组",
    place="gs/a",
    schedule=Schedule(every=Rhythm.WEEK),
    stops=STOPS,
    since=MONDAY,
    actor="li",
    at=MONDAY,
)


def walk(**fields: Any) -> Round:  # noqa: ANN401
    base = patrol.open_round(PLAN, (MONDAY, MONDAY + 36_000))
    return msgspec.structs.replace(base, **fields)


def fine(stop: str, at: float = MONDAY) -> Answer:
    return Answer(stop=stop, verdict=Verdict.FINE, by="li", at=at)


def finding(stop: str, ticket: str, check: str = "") -> Answer:
    found = Answer(stop=stop, verdict=Verdict.FINDING, by="wang", at=MONDAY)
    return msgspec.structs.replace(found, ticket=ticket, report=f"r-{ticket}", check=check)


def starts(schedule: Schedule, days: int) -> list[str]:
    spans = slots(schedule, MONDAY, MONDAY + days * 86_400)
    return [to_local_text(start) for start, _ in spans]


@pytest.mark.parametrize(
    ("schedule", "days", "expected"),
    [
        (
            Schedule(every=Rhythm.DAY, at=9 * 3600),
            2,
            ["2026-12-01 09:00", "2026-12-02 09:00"],
        ),
        (Schedule(every=Rhythm.WEEK, day=1, at=10 * 3600), 7, ["2026-11-30 10:00"]),
        (Schedule(every=Rhythm.WEEK, day=7, at=0), 7, ["2026-12-06 00:00"]),
        (Schedule(every=Rhythm.MONTH, day=28), 30, ["2026-12-28 08:00"]),
    ],
)
def test_rounds_come_due_by_the_community_s_calendar(
    schedule: Schedule, days: int, expected: list[str]
) -> None:
    assert starts(schedule, days) == expected


def test_a_span_lasts_as_many_hours_as_the_schedule_says() -> None:
    start, end = next_slot(Schedule(every=Rhythm.DAY, hours=1.5), MONDAY)
    assert end - start == 5400


def test_a_round_is_done_once_every_stop_has_its_answer() -> None:
    first = patrol.take_answer(walk(), fine("s1"))
    assert first.state is RoundState.WALKING
    with pytest.raises(ConflictError, match="1 stops are left: s2"):
        patrol.finish_round(first, "li", MONDAY)
    both = patrol.take_answer(first, finding("s2", "GS-1"))
    done = patrol.finish_round(both, "li", MONDAY + 60)
    assert (done.state, done.ended_by, done.walked_by) == (RoundState.DONE, "li", ("li", "wang"))
    with pytest.raises(ConflictError, match="is done"):
        patrol.take_answer(done, fine("s1"))


def test_a_finding_takes_the_place_of_fine_and_not_the_other_way() -> None:
    seen = patrol.take_answer(patrol.take_answer(walk(), fine("s1")), finding("s1", "GS-1"))
    assert [each.verdict for each in seen.answers] == [Verdict.FINDING]
    with pytest.raises(ConflictError, match="something was found"):
        patrol.take_answer(seen, fine("s1"))
    assert patrol.take_answer(seen, finding("s1", "GS-1")) is seen, "the same report is one"
    assert len(patrol.take_answer(seen, finding("s1", "GS-2")).findings) == 2


def test_when_its_time_is_over_it_is_missed_unless_all_was_seen() -> None:
    late = MONDAY + 40_000
    assert patrol.end_in_time(walk(), late).state is RoundState.MISSED
    half = patrol.take_answer(walk(), fine("s1"))
    assert patrol.end_in_time(half, late).state is RoundState.MISSED
    whole = patrol.end_in_time(patrol.take_answer(half, fine("s2")), late)
    assert (whole.state, whole.ended_by, whole.ended_at) == (RoundState.DONE, "hub", whole.due_by)


def test_the_table_lets_nothing_out_of_an_end() -> None:
    ends = {RoundState.DONE, RoundState.MISSED}
    assert not {state for state, _ in patrol.ROUND_STEPS} & ends
    assert (RoundState.DUE, RoundAction.FINISH) not in patrol.ROUND_STEPS


def test_what_was_found_at_a_stop_before_is_known_newest_first() -> None:
    old = walk(answers=(finding("s1", "GS-1", "压力"), finding("s2", "GS-3")))
    new = walk(id="i1-b", due_from=MONDAY + 1, answers=(finding("s1", "GS-2", "铅封"),))
    assert patrol.known_findings([old, new], STOPS[0]) == ["GS-2", "GS-1"]
    assert patrol.known_findings([old, new], STOPS[0], "压力") == ["GS-1"]
    other = msgspec.structs.replace(STOPS[0], thing="灭火器箱 2 号")
    assert patrol.known_findings([old, new], other) == []


def test_an_unknown_stop_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no stop 's9'"):
        patrol.find_stop(walk(), "s9")


def test_rounds_are_counted_by_team_with_the_ids_behind_each_figure() -> None:
    seen = patrol.take_answer(walk(), finding("s1", "GS-1"))
    done = patrol.finish_round(patrol.take_answer(seen, finding("s2", "GS-1")), "li", MONDAY + 5)
    missed = patrol.end_in_time(walk(id="i1-b"), MONDAY + 40_000)
    (count,) = count_rounds([done, missed, walk(id="i1-c")], MONDAY, MONDAY + 86_400)
    assert (count.done, count.missed) == ((done.id,), ("i1-b",))
    assert (count.findings, count.stops) == (("GS-1",), 2)
    assert count_rounds([done], MONDAY + 6, MONDAY + 7) == []


def locate(subject: str) -> str | None:
    return {"gs/a": "gs/a", "gate-1": "gs/a/b1"}.get(subject)


def test_stops_keep_their_ids_and_another_schedule_counts_from_now() -> None:
    wish = wish_of(PLAN)
    stops = (*wish.stops[1:], StopWish(subject="gs/a", checks=(" 门锁 ",)))
    later = msgspec.structs.replace(wish, stops=stops, at="14:30")
    after = write_inspection(later, PLAN, locate, actor="wu", now=MONDAY + 10)
    assert [each.id for each in after.stops] == ["s2", "s3"]
    assert after.stops[1].checks == ("门锁",)
    assert (after.since, after.schedule.at, after.revision) == (MONDAY + 10, 52_200, 2)
    same = write_inspection(wish, PLAN, locate, actor="wu", now=MONDAY + 10)
    assert same.since == MONDAY, "the route alone leaves the schedule"


def test_every_fault_of_a_form_is_named_at_once() -> None:
    wish = InspectionWish(
        title=" ",
        team="x" * 61,
        every=Rhythm.WEEK,
        day=8,
        at="8:30",
        hours=200,
        stops=(StopWish(subject="nowhere"), StopWish(subject="gs/a", category="ghost")),
    )
    with pytest.raises(InvalidRequestError) as refused:
        write_inspection(wish, PLAN, locate, actor="li", now=MONDAY)
    assert set(refused.value.problems) == {
        *("title", "team", "day", "at", "hours"),
        *("stops.1", "stops.2"),
    }
    assert "第 1 站：没有这个位置或设备" in refused.value.texts["zh"]


@pytest.mark.parametrize(
    ("places", "shared"),
    [(["gs/a/b1", "gs/a/b2"], "gs/a"), (["gs/a"], "gs/a"), ([], ""), (["gs/a", "gs/ab"], "gs")],
)
def test_an_inspection_lies_where_all_its_stops_lie(places: list[str], shared: str) -> None:
    assert common_place(places) == shared
