"""综合评价: what a month of property service is judged by, and what was given for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

SCORES = "score"
"""The collection of the documents; the key is `Score.key`."""
FULL = 100


class Judge(StrEnum):
    """街道 street · 社区 community · 居民 residents · 记录 records (figures of the journal)."""

    STREET = "street"
    COMMUNITY = "community"
    RESIDENTS = "residents"
    RECORDS = "records"


PUBLIC_JUDGES = frozenset({Judge.STREET, Judge.COMMUNITY})
LEAST_PUBLIC = 30
"""Percent that street and community weigh together, at least."""
FIGURES = ("on_time", "on_time_without_extension", "responded", "solved", "satisfied", "survey")
"""Shares that can be a score: figures of work, and the satisfied ones of the month's surveys."""


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged, by whom, with which weight in percent.

    With a `figure` its score is a hundred times that share; without one it is typed, 0 to 100.
    """

    id: str
    name: dict[str, str]
    by: Judge
    weight: int
    figure: str = ""


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """The criteria of the site, in the order of its file; none where it has no file."""

    criteria: tuple[Criterion, ...] = ()


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A score from 0 to 100 for a month such as `2026-11`.

    `giver` is who has given it, at street or community; `actor` the login that has typed it.
    """

    month: str
    criterion: str
    value: float
    giver: str
    why: str = ""
    actor: str
    at: float

    @property
    def key(self) -> str:
        """Return under which key the store has it."""
        return f"{self.month}:{self.criterion}"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion in a month: its score and the points that it makes, None while not known.

    `rows` are the numbers of the tickets behind a figure, or the ids of the surveys.
    """

    criterion: Criterion
    score: float | None
    points: float | None
    given: Score | None = None
    rows: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A month's result; `total` is None as long as a score is missing."""

    month: str
    lines: tuple[Line, ...]
    total: float | None
