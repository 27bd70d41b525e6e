"""When rounds of a schedule come due. Pure, in the community's time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.model.inspection import Rhythm, Schedule
from hub.model.instant import COMMUNITY_TIME

HOUR = 3600.0


def next_slot(schedule: Schedule, after: float) -> tuple[float, float]:
    """Return the first span (from, by) that begins later than `after`, in epoch seconds."""
    day = datetime.fromtimestamp(after, COMMUNITY_TIME).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    while not _fits(schedule, day) or (start := day.timestamp() + schedule.at) <= after:
        day += timedelta(days=1)
    return start, start + schedule.hours * HOUR


def slots(schedule: Schedule, after: float, until: float) -> Iterator[tuple[float, float]]:
    """Yield the spans that begin later than `after` and not later than `until`."""
    start, end = next_slot(schedule, after)
    while start <= until:
        yield start, end
        start, end = next_slot(schedule, start)


def _fits(schedule: Schedule, day: datetime) -> bool:
    if schedule.every is Rhythm.WEEK:
        return day.isoweekday() == schedule.day
    return schedule.every is Rhythm.DAY or day.day == schedule.day
