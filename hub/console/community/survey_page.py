"""The pages of surveys (满意度调查): the draw, who is to be asked, the sheets, what it comes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.errors import ConflictError, ForbiddenError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.instant import to_local_text
from hub.model.survey import Answer, Asked, Outcome, Survey
from hub.ports.survey import Reply
from hub.services.community.survey import LEAST, MOST, MOST_SHEETS, count
from hub.services.reports.label_book import path_words

ASKERS = LEADERS | {Role.GRID_WORKER}
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError, ForbiddenError)
USUAL = "30"
QUESTIONS = ("responded", "solved", "satisfied")
MISSED = "missed"
Change = Callable[[WebPorts, str, FormData, Identity], Awaitable[object]]


class AskedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of the sample, in words."""

    report: str
    ticket: str
    where: str
    missed: int
    answer: str


async def list_page(request: Request) -> Response:
    """Show the surveys, and the draw where it is due."""
    return await _list(request)


async def draw_by_form(request: Request) -> Response:
    """Draw who is asked."""
    form, who = await request.form(), await identity_of(request)
    try:
        drawn = await ports_of(request).surveys.draw(_number(form, "size"), who)
    except REFUSALS as error:
        return await _list(request, error)
    return RedirectResponse(f"/surveys/{drawn.id}", 303)


async def survey_page(request: Request, survey: str) -> Response:
    """Show one survey: whom to call, and what the others have said."""
    return await _one(request, survey)


async def answer_by_form(request: Request, survey: str) -> Response:
    """Note what one of the sample has said, or that nobody was reached."""
    return await _change(request, survey, _answer)


async def hand_out_by_form(request: Request, survey: str) -> Response:
    """Note how many sheets of paper were given out."""
    return await _change(request, survey, _hand_out)


async def enter_by_form(request: Request, survey: str) -> Response:
    """Type in a sheet that has come back."""
    return await _change(request, survey, _enter)


async def _answer(ports: WebPorts, survey: str, form: FormData, who: Identity) -> object:
    reply = None if form.get("do") == MISSED else _reply(form)
    return await ports.surveys.answer(survey, str(form.get("report", "")), reply, who)


async def _hand_out(ports: WebPorts, survey: str, form: FormData, who: Identity) -> object:
    return await ports.surveys.hand_out(survey, _number(form, "handed_out"), who)


async def _enter(ports: WebPorts, survey: str, form: FormData, who: Identity) -> object:
    return await ports.surveys.enter(survey, _reply(form), who)


async def _change(request: Request, survey: str, change: Change) -> Response:
    form, who = await request.form(), await identity_of(request)
    try:
        await change(ports_of(request), survey, form, who)
    except REFUSALS as error:
        return await _one(request, survey, error)
    return RedirectResponse(f"/surveys/{survey}", 303)


def _reply(form: FormData) -> Reply:
    said = {name: str(form.get(name, "")) for name in QUESTIONS}
    missing = [name for name, text in said.items() if text not in {"yes", "no"}]
    if missing:
        raise InvalidRequestError(
            "answer each question with yes or no",
            problems=dict.fromkeys(missing, "yes or no"),
            zh="三个问题都要选“是”或“否”。",
        )
    return Reply(**{name: text == "yes" for name, text in said.items()})


def _number(form: FormData, field: str) -> int:
    text = str(form.get(field, ""))
    if not (text.isascii() and text.isdigit() and len(text) < len(str(MOST_SHEETS)) + 1):
        raise InvalidRequestError(
            f"{field}: a number", problems={field: "a number"}, zh="请填数字。"
        )
    return int(text)


async def _list(request: Request, refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    office = visit.ports.surveys
    due = office.due(visit.who)
    return show(
        visit,
        "surveys.html",
        status=422 if refusal else 200,
        rows=[
            (each.id, span_words(each), _words(each, visit.words))
            for each in office.surveys(visit.who)
        ],
        due=_span(*due) if due else "",
        size=USUAL,
        least=LEAST,
        most=MOST,
        leads=visit.who.role in LEADERS,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _one(request: Request, survey: str, refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    found = visit.ports.surveys.survey(survey, visit.who)
    rows = [_row(each, visit) for each in found.asked]
    return show(
        visit,
        "survey.html",
        status=422 if refusal else 200,
        survey=found,
        span=span_words(found),
        summary=_words(found, visit.words),
        open=[row for row in rows if not row.answer],
        answered=[row for row in rows if row.answer],
        questions=QUESTIONS,
        leads=visit.who.role in LEADERS,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _row(asked: Asked, visit: Visit) -> AskedRow:
    return AskedRow(
        report=asked.report,
        ticket=asked.ticket,
        where=path_words(asked.place, visit.ports.live.places()),
        missed=asked.missed,
        answer=_said(asked.answer, visit.words) if asked.answer else "",
    )


def _said(answer: Answer, words: Words) -> str:
    told = (words(f"survey_said.{name}_{getattr(answer, name)}".lower()) for name in QUESTIONS)
    return words("punct.list").join(told)


def span_words(survey: Survey) -> str:
    """Write which half of a month a survey is about."""
    return _span(survey.start, survey.end)


def _span(start: float, end: float) -> str:
    """Write a half of a month by its first and last day."""
    return f"{to_local_text(start)[:10]} – {to_local_text(end - 1)[5:10]}"


def _words(survey: Survey, words: Words) -> str:
    return outcome_words(count(survey), words)


def outcome_words(outcome: Outcome, words: Words) -> str:
    """Write what a survey comes to in one line."""
    shares = {
        name: "–" if share is None else f"{share:.0%}"
        for name in ("response", *QUESTIONS)
        for share in (getattr(outcome, name),)
    }
    return words("survey.outcome", asked=outcome.asked, answered=outcome.answered, **shares)


CALLS = (
    Call(
        method="GET",
        path="/surveys",
        answer=list_page,
        roles=ASKERS,
        operation="showSurveys",
        about="Surveys",
    ),
    Call(
        method="GET",
        path="/surveys/{survey}",
        answer=survey_page,
        roles=ASKERS,
        operation="showSurvey",
        about="One survey",
    ),
    *forms(
        LEADERS,
        ("/surveys", draw_by_form, "drawSurveyByForm", "Draws a survey's sample"),
        ("/surveys/{survey}/paper", hand_out_by_form, "handOutByForm", "Counts the sheets"),
    ),
    *forms(
        ASKERS,
        ("/surveys/{survey}/answers", answer_by_form, "answerSurveyByForm", "Notes an answer"),
        ("/surveys/{survey}/sheets", enter_by_form, "enterSheetByForm", "Types in a sheet"),
    ),
)
