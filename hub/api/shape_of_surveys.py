"""What answers about surveys look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Moment, Shape
from hub.model.survey import Way


class SurveyAnswer(Shape):
    """What one person has said."""

    way: Way
    responded: bool
    solved: bool
    satisfied: bool
    by: str
    at: Moment


class Asked(Shape):
    """One of the sample; `missed` is how often nobody was reached."""

    report: str
    ticket: str
    place: str
    missed: int
    answer: SurveyAnswer | None


class Outcome(Shape):
    """What a survey comes to; shares from 0 to 1, null where there is nothing to make them of."""

    asked: int
    answered: int
    response: float | None
    responded: float | None
    solved: float | None
    satisfied: float | None


class Survey(Shape):
    """The survey of one half of a month."""

    id: str
    start: Moment
    end: Moment
    place: str
    out_of: int
    asked: list[Asked]
    handed_out: int
    sheets: list[SurveyAnswer]
    outcome: Outcome
    actor: str
    at: Moment
