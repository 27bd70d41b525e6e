"""What people type of an inspection: checked field by field, and made the next version of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from hub.errors import InvalidRequestError
from hub.model.inspection import Inspection, Rhythm, Schedule, Stop
from hub.model.trouble import TROUBLE_BY_ID
from hub.ports.community import InspectionWish, StopWish
from hub.services.reports.report_form import tidy

Locate = Callable[[str], str | None]
"""Returns the place of a device's id or of a place's path; None where there is no such thing."""
LONGEST_NAME, LONGEST_CHECK = 60, 80
MOST_STOPS, MOST_CHECKS = 100, 20
SHORTEST = 0.25
LONGEST_HOURS = {Rhythm.DAY: 24.0, Rhythm.WEEK: 7 * 24.0, Rhythm.MONTH: 28 * 24.0}
"""Hours in which a round can be walked: it is over when the next one comes."""
LAST_DAY = {Rhythm.DAY: 31, Rhythm.WEEK: 7, Rhythm.MONTH: 28}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
SAID = {
    "title": (f"名称写 1 到 {LONGEST_NAME} 个字", f"1 to {LONGEST_NAME} characters"),
    "team": (f"班组写 1 到 {LONGEST_NAME} 个字", f"1 to {LONGEST_NAME} characters"),
    "day": ("星期写 1 到 7，每月写 1 到 28", "a weekday 1 to 7, or a day of the month 1 to 28"),
    "at": ("时间写成 08:30", "write 08:30"),
    "hours": ("时长要短于一个周期", "from 0.25 up to the time until the next round"),
    "stops": (f"最多 {MOST_STOPS} 站", f"at most {MOST_STOPS}"),
}


def write_inspection(
    wish: InspectionWish, before: Inspection, locate: Locate, *, actor: str, now: float
) -> Inspection:
    """Return the next version of an inspection.

    Another schedule counts from now on. Raises InvalidRequestError that names what does not fit.
    """
    wrong = _find_wrong(wish)
    stops, wrong_stops = _read_stops(wish.stops, before.stops, locate)
    faults = {field: SAID[field] for field in wrong} | wrong_stops
    if faults:
        raise InvalidRequestError(
            "; ".join(f"{field}: {en}" for field, (_, en) in faults.items()) + ".",
            problems={field: en for field, (_, en) in faults.items()},
            zh="；".join(zh for zh, _ in faults.values()) + "。",
        )
    schedule = _schedule(wish)
    return msgspec.structs.replace(
        before,
        title=tidy(wish.title),
        team=tidy(wish.team),
        schedule=schedule,
        since=before.since if schedule == before.schedule and before.revision else now,
        stops=tuple(stops),
        place=common_place([each.place for each in stops]) or before.place,
        revision=before.revision + 1,
        actor=actor,
        at=now,
    )


def wish_of(inspection: Inspection) -> InspectionWish:
    """Return what would be typed for an inspection as it is, to be changed and sent again."""
    schedule = inspection.schedule
    return InspectionWish(
        title=inspection.title,
        team=inspection.team,
        every=schedule.every,
        day=schedule.day,
        at=clock(schedule.at),
        hours=schedule.hours,
        stops=tuple(
            StopWish(
                id=each.id,
                subject=each.subject,
                thing=each.thing,
                checks=each.checks,
                category=each.category,
            )
            for each in inspection.stops
        ),
    )


def clock(seconds: int) -> str:
    """Write seconds after midnight as `08:30`."""
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def common_place(places: Sequence[str]) -> str:
    """Return the lowest place that all of these lie in; empty for none."""
    paths = [each.split("/") for each in places]
    shared = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return "/".join(shared)


def _find_wrong(wish: InspectionWish) -> list[str]:
    fits = {
        "title": 0 < len(tidy(wish.title)) <= LONGEST_NAME,
        "team": 0 < len(tidy(wish.team)) <= LONGEST_NAME,
        "day": 1 <= wish.day <= LAST_DAY[wish.every],
        "at": bool(_CLOCK.fullmatch(wish.at)),
        "hours": SHORTEST <= wish.hours <= LONGEST_HOURS[wish.every],
        "stops": len(wish.stops) <= MOST_STOPS,
    }
    return [field for field, is_good in fits.items() if not is_good]


def _schedule(wish: InspectionWish) -> Schedule:
    hours, minutes = (int(part) for part in wish.at.split(":"))
    at = hours * 3600 + minutes * 60
    return Schedule(every=wish.every, day=wish.day, at=at, hours=wish.hours)


Faults = dict[str, tuple[str, str]]


def _read_stops(
    wishes: Iterable[StopWish], before: Sequence[Stop], locate: Locate
) -> tuple[list[Stop], Faults]:
    known = {each.id for each in before}
    last = max((int(each.id.removeprefix("s")) for each in before), default=0)
    stops: list[Stop] = []
    faults: Faults = {}
    for number, wish in enumerate(wishes, start=1):
        place = locate(wish.subject)
        wrong = NOWHERE if place is None else _wrong_stop(wish)
        if place is None or wrong is not None:
            zh, en = wrong or NOWHERE
            faults[f"stops.{number}"] = (f"第 {number} 站：{zh}", f"stop {number}: {en}")
            continue
        is_new = wish.id not in known
        last += is_new
        known.discard(wish.id)
        stops.append(_stop(wish, f"s{last}" if is_new else wish.id, place))
    return stops, faults


def _stop(wish: StopWish, name: str, place: str) -> Stop:
    return Stop(
        id=name,
        subject=wish.subject,
        place=place,
        thing=tidy(wish.thing),
        checks=tuple(tidy(each) for each in wish.checks),
        category=wish.category,
    )


NOWHERE = ("没有这个位置或设备", "there is no such place or device")


def _wrong_stop(wish: StopWish) -> tuple[str, str] | None:
    if len(tidy(wish.thing)) > LONGEST_NAME:
        return f"东西最多 {LONGEST_NAME} 个字", f"thing: at most {LONGEST_NAME} characters"
    if len(wish.checks) > MOST_CHECKS or len(set(wish.checks)) < len(wish.checks):
        return f"检查项最多 {MOST_CHECKS} 条，不能重复", f"checks: {MOST_CHECKS} different ones"
    if any(not 0 < len(tidy(each)) <= LONGEST_CHECK for each in wish.checks):
        return f"每条检查项 1 到 {LONGEST_CHECK} 个字", f"check: 1 to {LONGEST_CHECK} characters"
    if wish.category and wish.category not in TROUBLE_BY_ID:
        return "没有这种问题类别", f"there is no category {wish.category!r}"
    return None
