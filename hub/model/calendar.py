"""Days off and shifted working days (节假日/调休): which days of the community are worked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

SATURDAY = 5
STATUTORY = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""(month, day) of the statutory days off that fall on the same date in every year."""


class Pace(StrEnum):
    """How a limit runs: 连续 every hour of every day, 工时 only while people work."""

    CONTINUOUS = "continuous"
    WORKING = "working"


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """A table: `worked` says of a listed day whether it is worked, `years` which years it covers.

    A year maps to whether it is provisional: its days are known, those shifted for it are not yet.
    """

    worked: Mapping[date, bool] = {}
    years: Mapping[int, bool] = {}


def is_worked(calendar: Calendar, day: date) -> bool:
    """Tell whether a day is worked; a year that is in no table has weekends and fixed days off."""
    listed = calendar.worked.get(day)
    if listed is not None:
        return listed
    if day.year not in calendar.years and (day.month, day.day) in STATUTORY:
        return False
    return day.weekday() < SATURDAY


def overlay(calendar: Calendar, own: Calendar) -> Calendar:
    """Return the table with the site's own days and years over it."""
    return Calendar(worked={**calendar.worked, **own.worked}, years={**calendar.years, **own.years})
