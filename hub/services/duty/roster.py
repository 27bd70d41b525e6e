"""Who is on duty by a roster: pure, by the community's days; a hole is nobody, with a reason."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hub.model.instant import day_number, start_of_day
from hub.model.roster import (
    HOLIDAY,
    WEEKDAYS,
    OnDuty,
    Roster,
    Shift,
    SpecialDay,
    Stretch,
    Substitute,
    Turn,
)

THURSDAY = 3
"""Day 0, 1970-01-01, was one."""
LOOK_BACK = 2
"""Days: the longest shift that began so long ago may still last."""


class Almanac(msgspec.Struct, frozen=True, kw_only=True):
    """What counts beside the rosters themselves.

    `known` are the logins of people who are there, None where that is not to be looked at.
    """

    days: tuple[SpecialDay, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    known: Container[str] | None = None


def on_duty(roster: Roster, at: float, almanac: Almanac) -> OnDuty:
    """Return who is on at an instant."""
    planned, holiday = _planned(roster, at, almanac.days)
    people, said = list(planned), []
    for each in almanac.substitutes:
        if each.roster == roster.name and each.counts(at) and _fits(each, planned):
            people = _exchange(people, each)
            said.append(each)
    there = [one for one in people if almanac.known is None or one in almanac.known]
    gone = [one for one in people if one not in there]
    return OnDuty(
        people=tuple(dict.fromkeys(there)), reason=_reason(roster, planned, said, gone, holiday)
    )


def stretches(roster: Roster, start: float, end: float, almanac: Almanac) -> list[Stretch]:
    """Return who is on from `start` to `end`, without a gap: holes are stretches of nobody."""
    edges = sorted({start, *(at for at in _edges(roster, start, end, almanac) if start < at < end)})
    found: list[Stretch] = []
    for at, until in zip(edges, [*edges[1:], end], strict=True):
        on = on_duty(roster, at, almanac)
        if found and found[-1].on == on:
            found[-1] = msgspec.structs.replace(found[-1], end=until)
        else:
            found.append(Stretch(start=at, end=until, on=on))
    return found


def kind_of_day(day: int, days: Sequence[SpecialDay]) -> str:
    """Return `mon` to `sun` or `holiday`; of special days that overlap the last one counts."""
    special = [each.like for each in days if each.first <= day <= each.last]
    return special[-1] if special else WEEKDAYS[(day + THURSDAY) % 7]


def _planned(roster: Roster, at: float, days: Sequence[SpecialDay]) -> tuple[tuple[str, ...], bool]:
    """Return who is on by the shifts, and whether today's is a holiday's."""
    today = day_number(at)
    people: dict[str, None] = {}
    for day in range(today - LOOK_BACK, today + 1):
        for shift in _shifts_of(roster, day, days):
            if shift.start <= at - start_of_day(day) < shift.end:
                people |= dict.fromkeys(_whose_turn(shift, day))
    return tuple(people), kind_of_day(today, days) == HOLIDAY


def _shifts_of(roster: Roster, day: int, days: Sequence[SpecialDay]) -> Iterator[Shift]:
    kind = kind_of_day(day, days)
    if kind == HOLIDAY and not roster.has_holidays:
        kind = WEEKDAYS[(day + THURSDAY) % 7]
    yield from (shift for shift in roster.shifts if kind in shift.days)


def _whose_turn(shift: Shift, day: int) -> tuple[str, ...]:
    if shift.turn is Turn.ALL or not shift.people:
        return shift.people
    if day < shift.first:
        return ()
    turn = (day - shift.first) // (shift.turn.days * shift.each)
    return (shift.people[turn % len(shift.people)],)


def _fits(each: Substitute, planned: tuple[str, ...]) -> bool:
    return not each.out or each.out in planned


def _exchange(people: Sequence[str], each: Substitute) -> list[str]:
    if not each.out:
        return [*people, each.by]
    others = [each.by] if each.by else []
    return [name for one in people for name in (others if one == each.out else [one])]


def _edges(roster: Roster, start: float, end: float, almanac: Almanac) -> Iterator[float]:
    for day in range(day_number(start) - LOOK_BACK, day_number(end) + 1):
        midnight = start_of_day(day)
        yield midnight
        for shift in _shifts_of(roster, day, almanac.days):
            yield midnight + shift.start
            yield midnight + shift.end
    for each in almanac.substitutes:
        if each.roster == roster.name:
            yield from (each.start, each.until)


def _reason(
    roster: Roster,
    planned: Sequence[str],
    said: Iterable[Substitute],
    gone: Sequence[str],
    holiday: bool,
) -> dict[str, str]:
    zh, en = [roster.title["zh"]], [roster.title["en"]]
    if holiday:
        zh, en = [*zh, "节假日"], [*en, "a holiday"]
    if not planned:
        zh, en = [*zh, "没有排班"], [*en, "no shift has anybody"]
    for each in said:
        zh.append(_SAID[bool(each.out), bool(each.by)][0].format(each=each))
        en.append(_SAID[bool(each.out), bool(each.by)][1].format(each=each))
    for name in gone:
        zh, en = [*zh, f"{name} 不在册或已停用"], [*en, f"{name} is not known or disabled"]
    return {"zh": "；".join(zh), "en": "; ".join(en)}


_SAID = {
    (True, True): ("{each.by} 替 {each.out}", "{each.by} is on for {each.out}"),
    (True, False): ("{each.out} 请假", "{each.out} is away"),
    (False, True): ("{each.by} 加班", "{each.by} is on too"),
    (False, False): ("", ""),
}
