"""A roster: who is on duty when, by shifts in which people take turns, and by substitutes."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from hub.model.calendar import Calendar

SUBSTITUTES = "substitute"
"""The collection of the documents: substitutes that people have put, key = `Substitute.id`."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKED_AS = (*WEEKDAYS[:5], "fri", "mon")
"""Which day of the week each of them is like while it is worked."""
EPOCH = date(1970, 1, 1).toordinal()
HOLIDAY = "holiday"
"""A kind of day beside the seven: a shift that names it is for holidays."""


class Turn(StrEnum):
    """How the people of a shift take turns: all at once, or one by one, by day or by week."""

    ALL = "all"
    DAY = "day"
    WEEK = "week"

    @property
    def days(self) -> int:
        """Return how many days one turn has."""
        return 7 if self is Turn.WEEK else 1


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of some days; `start` and `end` are seconds after that day's midnight, local time.

    A night shift ends behind 86,400 and belongs to the day on which it begins, and so do its turns:
    each person has `each` days or weeks, counted from the day `first`. Days are counted from
    1970-01-01; before `first` nobody is on.
    """

    start: int
    end: int
    people: tuple[str, ...]
    days: tuple[str, ...] = WEEKDAYS
    turn: Turn = Turn.ALL
    each: int = 1
    first: int = 0


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """Days from `first` to `last` that count as holidays, or (调休) as another day of the week."""

    first: int
    last: int
    like: str = HOLIDAY
    name: str = ""


def special_days(calendar: Calendar) -> tuple[SpecialDay, ...]:
    """Return what a table of holidays says to rosters: days off, and weekend days that are worked.

    A Saturday that is worked counts as a Friday, and a Sunday as a Monday.
    """
    return tuple(
        SpecialDay(first=number, last=number, like=WORKED_AS[day.weekday()] if worked else HOLIDAY)
        for day, worked in sorted(calendar.worked.items())
        for number in [day.toordinal() - EPOCH]
    )


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """One roster; where no shift of it is for holidays, holidays are days like others."""

    name: str
    title: dict[str, str]
    shifts: tuple[Shift, ...]

    @property
    def has_holidays(self) -> bool:
        """Tell whether some shift is for holidays, and the others therefore are not."""
        return any(HOLIDAY in shift.days for shift in self.shifts)


class Substitute(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is on for another one, put while the hub runs; instants in epoch seconds.

    With `out` alone a person is away and nobody steps in; with `by` alone somebody is on beside
    whoever else is.
    """

    id: str
    roster: str
    start: float
    end: float
    out: str = ""
    by: str = ""
    reason: str = ""
    actor: str = ""
    ended_at: float | None = None
    ended_by: str = ""

    @property
    def until(self) -> float:
        """Return the instant from which on it does not count any more."""
        return self.end if self.ended_at is None else min(self.end, self.ended_at)

    def counts(self, now: float) -> bool:
        """Tell whether it is in force."""
        return self.start <= now < self.until


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on at an instant, and why; nobody is a hole."""

    people: tuple[str, ...]
    reason: dict[str, str]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A span in which the same people are on, for the same reason."""

    start: float
    end: float
    on: OnDuty
