"""Draws who is asked, and counts what they say. Pure.

The draw is by a hash of the survey and the report: nobody chooses, and everybody can repeat it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from hashlib import sha256

from hub.errors import ConflictError, InvalidRequestError
from hub.model.course import Course
from hub.model.instant import from_rfc3339, to_local_text
from hub.model.survey import Answer, Asked, Outcome, Survey
from hub.model.whistle import Report

MIDDLE = 16
"""The day of the month on which its second half begins."""
LEAST, MOST = 5, 200
"""How many are drawn, at least and at most, as far as there are so many."""
MOST_SHEETS = 2000


def last_half(now: float) -> tuple[float, float]:
    """Return the last half of a month that is over: its begin and its end."""
    today = date.fromisoformat(to_local_text(now)[:10])
    if today.day >= MIDDLE:
        return _midnight(today.replace(day=1)), _midnight(today.replace(day=MIDDLE))
    end = today.replace(day=1)
    return _midnight((end - timedelta(days=1)).replace(day=MIDDLE)), _midnight(end)


def settled(courses: Iterable[Course], start: float, end: float) -> list[Course]:
    """Return the tickets that were closed in a span; what is discreet or a drill asks nobody."""
    return [
        each
        for each in courses
        if each.closed_at is not None
        and start <= each.closed_at < end
        and each.state == "closed"
        and not (each.discreet or each.test or each.folded_into)
    ]


def draw(survey: str, reports: Iterable[Report], size: int) -> tuple[Asked, ...]:
    """Return who is asked: of each ticket one report, so that no fault is asked about twice."""
    if not LEAST <= size <= MOST:
        raise InvalidRequestError(
            f"size: {LEAST} to {MOST}",
            problems={"size": f"{LEAST} to {MOST}"},
            zh=f"抽样数要在 {LEAST} 到 {MOST} 之间。",
        )
    ranked = sorted(reports, key=lambda each: sha256(f"{survey}:{each.id}".encode()).digest())
    firsts = {each.ticket: each for each in reversed(ranked)}
    chosen = [each for each in ranked if firsts[each.ticket] is each][:size]
    return tuple(Asked(report=e.id, ticket=e.ticket, place=e.place) for e in chosen)


def find_asked(survey: Survey, report: str) -> Asked:
    """Return one of the sample that can still be asked; ConflictError where it has answered."""
    found = next((each for each in survey.asked if each.report == report), None)
    if found is None:
        raise InvalidRequestError(
            f"report {report!r} is not in the sample",
            problems={"report": "not drawn"},
            zh="不在样本里。",
        )
    if found.answer is not None:
        raise ConflictError(f"report {report!r} has been answered", zh="这一份已经答过了。")
    return found


def check_sheets(survey: Survey, handed_out: int) -> None:
    """Raise where there would be more sheets back than were given out."""
    if not len(survey.sheets) <= handed_out <= MOST_SHEETS:
        raise InvalidRequestError(
            f"handed_out: from {len(survey.sheets)}, which have come back, to {MOST_SHEETS}",
            problems={"handed_out": f"{len(survey.sheets)} to {MOST_SHEETS}"},
            zh=f"已收回 {len(survey.sheets)} 份，发出数不能更少，最多 {MOST_SHEETS}。",
        )


def count(survey: Survey) -> Outcome:
    """Return what a survey comes to as of now."""
    answers = survey.answers
    asked = len(survey.asked) + survey.handed_out
    return Outcome(
        asked=asked,
        answered=len(answers),
        response=len(answers) / asked if asked else None,
        responded=_share(answers, "responded"),
        solved=_share(answers, "solved"),
        satisfied=_share(answers, "satisfied"),
    )


def _share(answers: Sequence[Answer], question: str) -> float | None:
    if not answers:
        return None
    return sum(bool(getattr(each, question)) for each in answers) / len(answers)


def _midnight(day: date) -> float:
    return from_rfc3339(f"{day.isoformat()}T00:00:00")
