"""Inspections, rounds and stops as rows for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.page import Visit
from hub.console.frame.span import day_and_time, left
from hub.model.inspection import Inspection, Rhythm, Round, Schedule, Stop
from hub.services.community.inspection_count import RoundCount
from hub.services.community.inspection_form import clock
from hub.services.community.slot import next_slot
from hub.services.reports.label_book import path_words


class RoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A round in a list."""

    id: str
    title: str
    team: str
    state: str
    word: str
    when: str
    left: str
    by: str
    seen: int
    stops: int
    tickets: tuple[str, ...]


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection in a list; `next` is empty where no round comes due."""

    id: str
    title: str
    team: str
    schedule: str
    stops: int
    next: str


class StopRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of a route: what is looked at there, and where that is."""

    id: str
    name: str
    where: str
    checks: tuple[str, ...]


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one team has walked."""

    team: str
    done: int
    missed: int
    findings: int


def round_rows(rounds: Iterable[Round], visit: Visit) -> list[RoundRow]:
    """Write rounds."""
    return [_round(each, visit) for each in rounds]


def plan_rows(inspections: Iterable[Inspection], visit: Visit) -> list[PlanRow]:
    """Write inspections."""
    return [_plan(each, visit) for each in inspections]


def count_rows(counts: Iterable[RoundCount], visit: Visit) -> list[CountRow]:
    """Write counts of rounds."""
    return [
        CountRow(
            team=team_name(each.team, visit),
            done=len(each.done),
            missed=len(each.missed),
            findings=len(each.findings),
        )
        for each in counts
    ]


def stop_rows(stops: Sequence[Stop], visit: Visit) -> list[StopRow]:
    """Write stops."""
    return [stop_row(each, visit) for each in stops]


def stop_row(stop: Stop, visit: Visit) -> StopRow:
    """Write a stop: the thing, or else the device or place itself."""
    target = visit.ports.whistle.find_subject(stop.subject)
    where = path_words(stop.place, visit.ports.live.places())
    name = stop.thing or (target.name if target else stop.subject)
    return StopRow(id=stop.id, name=name, where=where, checks=stop.checks)


def team_name(team: str, visit: Visit) -> str:
    """Return what a team is called: the title of its roster, or its own word."""
    titles = {each.name: visit.words.of(each.title) for each in visit.ports.rosters.rosters()}
    return titles.get(team, team)


def schedule_words(schedule: Schedule, words: Words) -> str:
    """Write when rounds come due: `每周三 08:00，10 小时内`."""
    day = (
        words.name("weekday", schedule.day) if schedule.every is Rhythm.WEEK else str(schedule.day)
    )
    hours = f"{schedule.hours:g}"
    return words(f"inspection.every_{schedule.every}", day=day, at=clock(schedule.at), hours=hours)


def _round(walk: Round, visit: Visit) -> RoundRow:
    words, now = visit.words, visit.page.now
    return RoundRow(
        id=walk.id,
        title=walk.title,
        team=team_name(walk.team, visit),
        state=walk.state.value,
        word=words.name("round_state", walk.state),
        when=day_and_time(walk.due_from if walk.is_open else walk.ended_at or walk.due_by),
        left=left(walk.due_by, now, words) if walk.is_open else "",
        by=words("punct.list").join(walk.walked_by),
        seen=len(walk.stops) - len(walk.left),
        stops=len(walk.stops),
        tickets=tuple(dict.fromkeys(each.ticket for each in walk.findings)),
    )


def _plan(inspection: Inspection, visit: Visit) -> PlanRow:
    coming = next_slot(inspection.schedule, visit.page.now)[0]
    return PlanRow(
        id=inspection.id,
        title=inspection.title,
        team=team_name(inspection.team, visit),
        schedule=schedule_words(inspection.schedule, visit.words),
        stops=len(inspection.stops),
        next=day_and_time(coming) if inspection.stops else "",
    )
