"""The page of the scorecard (综合评价): a month's points, each with where it comes from."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.frame.span import day_and_time
from hub.errors import HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.scorecard import Line
from hub.ports.scorecard import ScoreWish
from hub.services.community.scorecard import SURVEY

GIVERS = frozenset({Role.ADMINISTRATOR})
"""Who types scores: the community, and not the property company that is judged."""
REFUSALS = (InvalidRequestError, NotFoundError)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion in words."""

    id: str
    name: str
    by: str
    weight: int
    score: str
    points: str
    source: str
    rows: tuple[str, ...]
    is_survey: bool
    is_typed: bool


async def scorecard_page(request: Request, month: str = "") -> Response:
    """Show a month's result."""
    return await _show(request, month)


async def give_by_form(request: Request) -> Response:
    """Type a score."""
    form, who = await request.form(), await identity_of(request)
    said = {name: str(form.get(name, "")) for name in ("month", "criterion", "giver", "why")}
    try:
        wish = ScoreWish(value=_value(str(form.get("value", ""))), **said)
        done = await ports_of(request).scorecard.give(wish, who)
    except REFUSALS as error:
        return await _show(request, said["month"], error)
    return RedirectResponse(f"/scorecard?month={done.month}", 303)


def _value(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    return value if value >= 0 else -1.0


async def _show(request: Request, month: str, refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    result = await visit.ports.scorecard.result(month, visit.who)
    return show(
        visit,
        "scorecard.html",
        status=422 if refusal else 200,
        month=result.month,
        rows=[_row(each, visit) for each in result.lines],
        total=_number(result.total),
        is_unfinished=result.total is None,
        gives=visit.who.role in GIVERS,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _row(line: Line, visit: Visit) -> Row:
    criterion, words = line.criterion, visit.words
    source = words("scorecard.none")
    if line.given:
        source = words(
            "scorecard.given",
            giver=line.given.giver,
            actor=line.given.actor,
            at=day_and_time(line.given.at),
        )
        source = f"{source} {line.given.why}".strip()
    elif criterion.figure and line.score is not None:
        source = words("scorecard.computed")
    return Row(
        id=criterion.id,
        name=words.of(criterion.name),
        by=words.name("judge", criterion.by),
        weight=criterion.weight,
        score=_number(line.score),
        points=_number(line.points),
        source=source,
        rows=line.rows,
        is_survey=criterion.figure == SURVEY,
        is_typed=not criterion.figure,
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


CALLS = (
    Call(
        method="GET",
        path="/scorecard",
        answer=scorecard_page,
        roles=LEADERS,
        operation="showScorecard",
        about="A month's result by the site's scorecard",
    ),
    Call(
        method="POST",
        path="/scorecard/scores",
        answer=give_by_form,
        roles=GIVERS,
        operation="giveScoreByForm",
        about="Types a score",
    ),
)
