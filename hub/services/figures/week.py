"""A calendar week, and what a manager looks at in it. Pure.

A week begins on Monday, 00:00 in the community.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hub.model.instant import day_from_text, day_number, start_of_day
from hub.model.journal import Entry
from hub.services.figures.figure import Cell, Group

DAY = 86_400.0
WEEK = 7
MONDAY = 4
"""1970-01-05, the first Monday, counted from 1970-01-01."""
MOST = 5
"""Rows of a list of the worst."""
NO_CELL = Cell(value=None)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """How often a connection of the hub was lost in a span, and for how many seconds."""

    link: str
    times: int
    seconds: float


def week_of(text: str, now: float) -> tuple[float, float]:
    """Return start and end of the week of a day such as `2026-11-25`.

    Without a day it is the week of now; on a Monday the one that has just ended, which is what a
    manager reads then. A day that is none counts as none.
    """
    try:
        day = day_from_text(text)
    except ValueError:
        day = day_number(now)
        day -= (day - MONDAY) % WEEK == 0
    first = day - (day - MONDAY) % WEEK
    return start_of_day(first), start_of_day(first + WEEK)


def cell_of(group: Group | None, figure: str) -> Cell:
    """Return a figure of a group, and one without a value where there is no such group."""
    return NO_CELL if group is None else group.cells.get(figure, NO_CELL)


def worst(groups: Iterable[Group], *figures: str) -> list[Group]:
    """Return the groups with the largest figures, by the first and then the next; no zeros."""

    def size(group: Group) -> tuple[float, ...]:
        return tuple(cell_of(group, each).value or 0.0 for each in figures)

    found = [group for group in groups if any(size(group))]
    return sorted(found, key=lambda group: (*(-each for each in size(group)), group.key))[:MOST]


def wrong_rules(groups: Iterable[Group]) -> list[tuple[Group, int]]:
    """Return the rules with false alarms and how many each had, the most first."""
    found = [
        (group, round((cell.value or 0.0) * len(cell.numbers)))
        for group in groups
        if group.key and (cell := cell_of(group, "false_alarms")).value
    ]
    return sorted(found, key=lambda each: (-each[1], each[0].key))[:MOST]


def cuts(entries: Sequence[Entry], end: float) -> list[Cut]:
    """Return what journal entries `link.down` and `link.up` say of lost connections, by name."""
    times: dict[str, int] = {}
    lost: dict[str, float] = {}
    since: dict[str, float] = {}
    for entry in entries:
        link = entry.subject
        if entry.type == "link.down":
            times[link] = times.get(link, 0) + (link not in since)
            since.setdefault(link, entry.at)
        elif link in since:
            lost[link] = lost.get(link, 0.0) + entry.at - since.pop(link)
    for link, at in since.items():
        lost[link] = lost.get(link, 0.0) + max(0.0, end - at)
    return [Cut(link=link, times=times[link], seconds=lost[link]) for link in sorted(times)]


def starts(entries: Sequence[Entry]) -> int:
    """Return how often the hub began: connections came up that nobody had lost."""
    begun: dict[str, int] = {}
    down: set[str] = set()
    for entry in entries:
        if entry.type == "link.down":
            down.add(entry.subject)
        elif entry.subject in down:
            down.remove(entry.subject)
        else:
            begun[entry.subject] = begun.get(entry.subject, 0) + 1
    return max(begun.values(), default=0)
