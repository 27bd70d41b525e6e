"""Every ticket's course and every alarm's length, by a place of its own in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import takewhile

from hub.model.course import Course, Fault
from hub.model.journal import Entry
from hub.ports import Books
from hub.services.figures import course

PAGE = 500
TYPES = ("ticket.", "alarm.raised", "alarm.cleared")
KEEP = 400 * 86_400.0
"""Seconds after its end for which something is kept: a year and a month can be compared."""


class CourseBook:
    """A reader of the journal; after a start it begins at the oldest entry, when first asked."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._seq = 0
        self._courses: dict[str, Course] = {}
        self._faults: dict[str, Fault] = {}
        self._reading = asyncio.Lock()

    async def read_on(self) -> tuple[list[Course], list[Fault]]:
        """Read what is new; return the courses and the faults, oldest first."""
        async with self._reading:
            while page := await self._books.journal(after=self._seq, limit=PAGE, types=TYPES):
                for entry in page:
                    self._note(entry)
                self._forget(page[-1].at)
        return list(self._courses.values()), list(self._faults.values())

    def _note(self, entry: Entry) -> None:
        self._seq = entry.seq
        if entry.type == "alarm.raised":
            if (fault := course.begin(entry)) is not None:
                self._faults[fault.alarm] = fault
        elif entry.type == "alarm.cleared":
            if (known := self._faults.get(str(entry.data["id"]))) is not None:
                self._faults[known.alarm] = course.end(known, entry)
        elif (after := course.follow(self._courses.get(entry.subject), entry)) is not None:
            self._courses[entry.subject] = after

    def _forget(self, now: float) -> None:
        """Drop from the front what ended long ago; what lasts holds back what is behind it."""
        for number in _over(((name, each.closed_at) for name, each in self._courses.items()), now):
            del self._courses[number]
        for alarm in _over(((name, each.end) for name, each in self._faults.items()), now):
            del self._faults[alarm]


def _over(ends: Iterable[tuple[str, float | None]], now: float) -> list[str]:
    old = takewhile(lambda end: end[1] is not None and end[1] + KEEP < now, ends)
    return [name for name, _ in old]
