"""What answers about the scorecard look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape
from hub.model.scorecard import Judge


class Given(Shape):
    """Who has given a score, and who has typed it."""

    giver: str
    why: str
    actor: str
    at: Moment


class ScoreLine(Shape):
    """One criterion: its score (0 to 100) and points, null while not known.

    `rows` are the numbers of the tickets behind a figure, or the ids of the surveys.
    """

    id: str
    name: Both
    by: Judge
    weight: int
    figure: str
    score: float | None
    points: float | None
    given: Given | None
    rows: list[str]


class Scorecard(Shape):
    """A month's result; `total` is null as long as a score is missing."""

    month: str
    lines: list[ScoreLine]
    total: float | None
