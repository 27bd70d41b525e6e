"""A month's result: typed scores and shares of the journal, weighed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from hub.errors import InvalidRequestError
from hub.model.instant import from_rfc3339, to_local_text
from hub.model.scorecard import FULL, Criterion, Line, Result, Score, Scorecard
from hub.model.survey import Survey
from hub.services.figures.figure import Cell

MONTHS = 12
LENGTH = len("2026-11")
SURVEY = "survey"


def month_of(at: float) -> str:
    """Return the month of an instant, such as `2026-11`."""
    return to_local_text(at)[:LENGTH]


def span_of(month: str) -> tuple[float, float]:
    """Return a month's begin and end; InvalidRequestError where it is none."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        first = None
    if first is None or len(month) != LENGTH:
        raise InvalidRequestError(
            f"month: {month!r} is no month such as 2026-11",
            problems={"month": "such as 2026-11"},
            zh="月份写成 2026-11 这样。",
        )
    following = date(first.year + first.month // MONTHS, first.month % MONTHS + 1, 1)
    return _midnight(first), _midnight(following)


def share_of_surveys(surveys: Iterable[Survey], start: float, end: float) -> Cell:
    """Return the share of the satisfied in the surveys about a span; their ids are its rows."""
    found = [each for each in surveys if start <= each.start < end]
    answers = [answer for each in found for answer in each.answers]
    if not answers:
        return Cell(value=None)
    share = sum(answer.satisfied for answer in answers) / len(answers)
    return Cell(value=share, numbers=tuple(each.id for each in found if each.answers))


def weigh(
    card: Scorecard, month: str, scores: Mapping[str, Score], cells: Mapping[str, Cell]
) -> Result:
    """Return a month's result; `scores` are by criterion, `cells` by figure."""
    lines = tuple(_line(each, scores.get(each.id), cells) for each in card.criteria)
    points = [each.points for each in lines if each.points is not None]
    is_whole = bool(lines) and len(points) == len(lines)
    return Result(month=month, lines=lines, total=sum(points) if is_whole else None)


def _line(criterion: Criterion, given: Score | None, cells: Mapping[str, Cell]) -> Line:
    if criterion.figure:
        cell = cells.get(criterion.figure, Cell(value=None))
        score = None if cell.value is None else FULL * cell.value
        return _weighed(criterion, score, None, cell.numbers)
    return _weighed(criterion, given.value if given else None, given, ())


def _weighed(
    criterion: Criterion, score: float | None, given: Score | None, rows: Sequence[str]
) -> Line:
    points = None if score is None else score * criterion.weight / FULL
    return Line(criterion=criterion, score=score, points=points, given=given, rows=tuple(rows))


def _midnight(day: date) -> float:
    return from_rfc3339(f"{day.isoformat()}T00:00:00")
