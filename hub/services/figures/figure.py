"""Figures of work, each with the tickets that it is made of.

Pure: courses and faults go in, groups come out. What is counted are tickets that were opened in the
span; voided ones and those folded into another's are nobody's work and stand in no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median

import msgspec

from hub.model.access import Identity
from hub.model.course import Course, Fault
from hub.model.device import Device

SHELVED = "shelved"
FALSE = frozenset({"false_alarm", "no_fault_found"})
DAY = 86_400.0
LEVELS = 2
"""Levels of a place's path by which places are told apart: community and compound."""
DOWN = frozenset({"critical", "major"})
"""Severities of alarms that mean that a device does not do its work."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and the tickets behind it; `value` None where there are none.

    Shares are from 0 to 1, times in seconds, and counts numbers.
    """

    value: float | None
    numbers: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one class, team, trade, place, model, vendor or rule."""

    key: str
    cells: dict[str, Cell]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks about which span, when; `test` counts drills."""

    who: Identity
    start: float
    end: float
    now: float
    test: bool = False


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What figures are made of: `start` <= opened < `end`, judged as of `now`."""

    courses: Sequence[Course]
    faults: Sequence[Fault]
    devices: Mapping[str, Device]
    start: float
    end: float
    now: float


def open_book(
    courses: Iterable[Course], faults: Sequence[Fault], devices: Iterable[Device], view: View
) -> Book:
    """Return what figures for this person are made of; drills count where all is a drill."""
    return Book(
        courses=[
            course
            for course in courses
            if view.who.may_see(course.place) and course.test <= view.test
        ],
        faults=faults,
        devices={device.id: device for device in devices if view.who.may_see(device.place)},
        start=view.start,
        end=view.end,
        now=view.now,
    )


OF_DEVICES: dict[str, Callable[[Device], str]] = {
    "all": lambda _device: "",
    "place": lambda device: area_of(device.place),
    "model": lambda device: device.model,
    "vendor": lambda device: str(device.attributes.get("vendor", "")),
}
"""Dimensions that every device has, also one without a ticket: down time and MTBF need it."""
OF_TICKETS: dict[str, Callable[[Course], str]] = {
    "device": lambda course: course.subject,
    "class": lambda course: course.class_,
    "team": lambda course: course.team,
    "trade": lambda course: course.trade,
    "rule": lambda course: course.rule,
}
OF_FLEETS: dict[str, Callable[[Device], str]] = {
    **OF_DEVICES,
    "device": lambda device: device.id,
}
"""Dimensions in which down time, and the mean time between faults, are told."""
DIMENSIONS = (*OF_DEVICES, *OF_TICKETS)


def area_of(place: str) -> str:
    """Return the compound that a place lies in."""
    return "/".join(place.split("/")[:LEVELS])


def summarise(book: Book, dimension: str) -> list[Group]:
    """Return the groups of a dimension that have tickets, by key; KeyError for an unknown one."""
    members: dict[str, list[Course]] = {}
    for course in counted(book.courses, book.start, book.end):
        members.setdefault(_key(course, book, dimension), []).append(course)
    fleets = _fleets(book, dimension)
    down = _down_times(book) if fleets else {}
    return [
        Group(key=key, cells=_cells(found, book) | _of_fleet(fleets.get(key), down, found, book))
        for key, found in sorted(members.items())
    ]


def _key(course: Course, book: Book, dimension: str) -> str:
    if dimension in OF_TICKETS:
        return OF_TICKETS[dimension](course)
    device = book.devices.get(course.subject)
    if device is not None:
        return OF_DEVICES[dimension](device)
    return area_of(course.place) if dimension == "place" else ""


def counted(courses: Iterable[Course], start: float, end: float) -> list[Course]:
    """Return the courses that figures of the span are about, by number."""
    return sorted(
        (
            course
            for course in courses
            if start <= course.opened_at < end
            and course.state != "voided"
            and not course.folded_into
        ),
        key=lambda course: course.number,
    )


def _cells(courses: Sequence[Course], book: Book) -> dict[str, Cell]:
    judged = [course for course in courses if _is_judged(course, book.now)]
    strict = [course for course in courses if _is_judged(course, book.now, extended=False)]
    coded = [course for course in courses if course.closing_code]
    answered = [course for course in courses if course.satisfied is not None]
    due = [course for course in courses if course.taken_at is not None or "take" in course.missed]
    return {
        "tickets": Cell(value=float(len(courses)), numbers=_numbers(courses)),
        "open": _count(courses, lambda course: course.completed_at is None),
        "shelved": _count(courses, lambda course: SHELVED in course.flags),
        "raised": _count(courses, lambda course: course.class_raises > 0),
        "reopened": _count(courses, lambda course: course.reopened > 0),
        "late": _count(judged, lambda course: not _is_on_time(course)),
        "kept": _count(judged, _is_on_time),
        "on_time": _share(judged, _is_on_time),
        "on_time_without_extension": _share(
            strict, lambda course: _is_on_time(course, extended=False)
        ),
        "to_take": _times(courses, "taken_at", median),
        "to_arrive": _times(courses, "arrived_at", median),
        "to_repair": _times(courses, "completed_at", median),
        "mttr": _times(courses, "completed_at", fmean),
        "responded": _share(due, lambda course: "take" not in course.missed),
        "solved": _share(judged, lambda course: course.completed_at is not None),
        "satisfied": _share(answered, lambda course: bool(course.satisfied)),
        "false_alarms": _share(coded, lambda course: course.closing_code in FALSE),
    }


def _fleets(book: Book, dimension: str) -> dict[str, list[str]]:
    """Return the devices of each group; none where groups are not made of devices."""
    fleets: dict[str, list[str]] = {}
    if (trait := OF_FLEETS.get(dimension)) is not None:
        for name, device in book.devices.items():
            fleets.setdefault(trait(device), []).append(name)
    return fleets


def _of_fleet(
    fleet: Sequence[str] | None, down: Mapping[str, float], courses: Sequence[Course], book: Book
) -> dict[str, Cell]:
    """Return down time, and the mean time between faults, of all devices of a group."""
    if not fleet:
        return {}
    faults = [course for course in courses if _is_fault(course)]
    served = len(fleet) * (min(book.end, book.now) - book.start)
    between = served / len(faults) if faults else None
    lost = sum(down.get(each, 0.0) for each in fleet)
    return {
        "devices": Cell(value=float(len(fleet))),
        "down": Cell(value=lost, numbers=_numbers(faults)),
        "mtbf": Cell(value=between, numbers=_numbers(faults)),
    }


def _down_times(book: Book) -> dict[str, float]:
    """Return the seconds in which each device had an alarm of those that stop its work."""
    until = min(book.end, book.now)
    spans: dict[str, list[tuple[float, float]]] = {}
    for fault in book.faults:
        start, end = max(fault.start, book.start), min(fault.end or until, until)
        if fault.severity in DOWN and start < end:
            spans.setdefault(fault.subject, []).append((start, end))
    return {subject: _union(found) for subject, found in spans.items()}


def _union(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _limit(course: Course, *, extended: bool) -> float:
    by = course.finish_by or 0.0
    return by if extended or course.first_finish_by is None else course.first_finish_by


def _is_judged(course: Course, now: float, *, extended: bool = True) -> bool:
    """Tell whether a limit was kept or broken: it is done, or the limit has passed."""
    if SHELVED in course.flags or course.finish_by is None:
        return False
    return course.completed_at is not None or now > _limit(course, extended=extended)


def _is_on_time(course: Course, *, extended: bool = True) -> bool:
    done = course.completed_at
    return done is not None and done <= _limit(course, extended=extended)


def _is_fault(course: Course) -> bool:
    """Tell whether a device had failed: a rule says so, whoever was the first to report it."""
    seen = course.source == "device" or bool(course.rule)
    return seen and course.closing_code not in FALSE


def _numbers(courses: Iterable[Course]) -> tuple[str, ...]:
    return tuple(course.number for course in courses)


def _count(courses: Iterable[Course], is_meant: Callable[[Course], bool]) -> Cell:
    found = [course for course in courses if is_meant(course)]
    return Cell(value=float(len(found)), numbers=_numbers(found))


def _share(courses: Sequence[Course], is_meant: Callable[[Course], bool]) -> Cell:
    if not courses:
        return Cell(value=None)
    found = sum(1 for course in courses if is_meant(course))
    return Cell(value=found / len(courses), numbers=_numbers(courses))


def _times(courses: Iterable[Course], field: str, mean: Callable[[Sequence[float]], float]) -> Cell:
    """Return the mean time from opening to an instant of the course."""
    reached = [course for course in courses if getattr(course, field) is not None]
    if not reached:
        return Cell(value=None)
    times = [getattr(course, field) - course.opened_at for course in reached]
    return Cell(value=mean(times), numbers=_numbers(reached))
