"""The working-time clock: an hour counts only while people work, and which limit runs on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count

import structlog

from hub.config.limits import LimitSettings
from hub.errors import Problem
from hub.model.calendar import Calendar, is_worked
from hub.model.instant import COMMUNITY_TIME
from hub.services.tickets.deadline import Timing

log = structlog.get_logger(__name__)

Span = tuple[float, float]
"""Seconds since local midnight at which a stretch of work begins and ends."""


class WorkingTime:
    """Implements `hub.services.tickets.deadline.WorkClock` by a calendar and the hours of a day.

    `unsure` maps each year that was asked for, and that is not wholly known, to whether its
    statutory days are: it is told in the log, once.
    """

    def __init__(self, calendar: Calendar, hours: Sequence[Span]) -> None:
        """Take the hours in order, at least one stretch of them."""
        self._calendar = calendar
        self._hours = tuple(hours)
        self.unsure: dict[int, bool] = {}

    def after(self, start: float, seconds: float) -> float:
        """Return the instant at which so many seconds have been worked since `start`."""
        if seconds <= 0:
            return start
        for begin, end in self._stretches(start):
            if seconds <= end - begin:
                return begin + seconds
            seconds -= end - begin
        raise AssertionError("work goes on for ever")

    def between(self, start: float, end: float) -> float:
        """Return how many seconds are worked from `start` to `end`."""
        worked = 0.0
        for begin, close in self._stretches(start):
            if begin >= end:
                break
            worked += min(close, end) - begin
        return worked

    def _stretches(self, start: float) -> Iterator[Span]:
        """Yield each stretch of work that ends behind `start`, cut to what lies behind it."""
        first = datetime.fromtimestamp(start, COMMUNITY_TIME).date()
        for number in count():
            day = first + timedelta(days=number)
            hours = self._hours if self._is_worked(day) else ()
            midnight = datetime.combine(day, time(), COMMUNITY_TIME).timestamp()
            for begin, end in hours:
                if midnight + end > start:
                    yield max(midnight + begin, start), midnight + end

    def _is_worked(self, day: date) -> bool:
        if self._calendar.years.get(day.year, True) and day.year not in self.unsure:
            self.unsure[day.year] = day.year in self._calendar.years
            log.warning(
                "the table of holidays is not whole for a year; write it into [limits] calendar",
                year=day.year,
                known="statutory days" if self.unsure[day.year] else "weekends and fixed days",
            )
        return is_worked(self._calendar, day)


def build_timing(limits: LimitSettings, clock: WorkingTime) -> Timing:
    """Return which limits run on the working-time clock, as the settings say."""
    return Timing(working=clock, urgency=limits.urgency, class_=limits.class_, trade=limits.trade)


def tell_unsure(clock: WorkingTime) -> list[Problem]:
    """Write a problem for each year whose table of holidays is missing or provisional."""
    return [
        Problem(
            file="[limits] calendar",
            message=f"{year}: the table of holidays {_LACKS[known]}",
            hint="write the notice's days and shifted working days into the site's calendar",
        )
        for year, known in sorted(clock.unsure.items())
    ]


_LACKS = {
    True: "is provisional: its shifted working days are not in it",
    False: "is missing: weekends and the fixed statutory days count",
}
