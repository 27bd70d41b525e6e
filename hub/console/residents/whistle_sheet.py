"""Paints the pages of residents: no script, no cookie, no name of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse

from hub.access.http import ports_of
from hub.console.frame.language import Language, Words, language_of, words_of
from hub.console.frame.template import paint
from hub.console.residents.progress_news import news_of, when
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.model.trouble import OTHER, TROUBLE_BY_ID, troubles_of
from hub.ports.whistle import Known, Progress, PublicView, Receipt
from hub.services.reports.label_code import in_groups

FIXED = frozenset({TicketState.COMPLETED, TicketState.VERIFIED})
LANGUAGE = "lang"


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed into the form, to be shown again when it was refused."""

    category: str = ""
    text: str = ""
    phone: str = ""
    open: bool = False


class KnownRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that is known already, in words."""

    number: str
    title: str
    where: str
    state: str
    by: str
    count: int


def chosen(request: Request, typed: Mapping[str, str] | None = None) -> Words:
    """Return the words of the language that the address, or the form, names; Chinese otherwise."""
    code = (typed or {}).get(LANGUAGE) or request.query_params.get(LANGUAGE, "")
    return words_of(language_of(code))


def sheet(
    request: Request, template: str, words: Words, *, status: int = 200, **context: object
) -> HTMLResponse:
    """Paint a page; it is not to be kept, nor found by a search."""
    usual: dict[str, object] = {"message": "", "title": words("whistle.title")}
    given = usual | {"community": ports_of(request).community} | context
    other = _other_language(request, words)
    html = paint(template, words, other_language=other, **given)
    return HTMLResponse(html, status_code=status)


def label_sheet(
    request: Request,
    words: Words,
    view: PublicView,
    typed: Typed | None = None,
    *,
    message: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Paint what is known of a thing, and the form."""
    ports = ports_of(request)
    now = ports.clock.now()
    return sheet(
        request,
        "whistle.html",
        words,
        status=status,
        title=view.target.name,
        view=_in_words(view, now),
        rows=[_row(each, view, words, now) for each in view.known],
        choices=[(each.id, words.of(each.texts)) for each in troubles_of(view.target.kind)],
        action=request.url.path,
        key=ports.whistle.form_key(),
        typed=typed or Typed(),
        message=message,
    )


def receipt_sheet(
    request: Request, words: Words, receipt: Receipt, *, message: str = ""
) -> HTMLResponse:
    """Paint what who reported takes home: number and query code."""
    return sheet(
        request,
        "whistle_receipt.html",
        words,
        title=words("whistle.thanks"),
        receipt=receipt,
        code=in_groups(receipt.code),
        message=message,
    )


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a reported ticket, in words; `way` has name, time and whether it is reached.

    `news` are sentences about what has become of it beside that.
    """

    name: str
    where: str
    way: list[tuple[str, str, bool]]
    by: str
    news: list[str]
    may_reopen: bool


def way_of(progress: Progress, number: str, words: Words, now: float) -> Way:
    """Write how far a report has come, for who knows it by `number`."""
    ticket, report = progress.ticket, progress.report
    trouble = TROUBLE_BY_ID.get(report.category)
    # Who has joined has named nothing: the ticket's own words say what it was.
    named = trouble is not None and trouble.id != OTHER and not report.joined
    name = words.of(trouble.texts if trouble and named else ticket.title)
    return Way(
        name=name,
        where=progress.where,
        way=_steps(ticket, report.at, words, now),
        by=_by(ticket, words, now),
        news=news_of(ticket, number, words, now),
        may_reopen=progress.may_reopen,
    )


_WAY = {
    "opened": frozenset(TicketState),
    "taken": frozenset({TicketState.TAKEN, TicketState.ARRIVED, *FIXED, TicketState.CLOSED}),
    "arrived": frozenset({TicketState.ARRIVED, *FIXED, TicketState.CLOSED}),
    "completed": frozenset({*FIXED, TicketState.CLOSED}),
    "closed": frozenset({TicketState.CLOSED}),
}
"""Step of the way → states that have reached it."""


def _steps(ticket: Ticket, at: float, words: Words, now: float) -> list[tuple[str, str, bool]]:
    if ticket.state is TicketState.VOIDED:
        return [
            (words("whistle.way_opened"), when(at, now), True),
            (words("whistle.way_voided"), when(ticket.closed_at or now, now), True),
        ]
    times = {"opened": when(at, now)}
    if ticket.closed_at is not None:
        times["closed"] = when(ticket.closed_at, now)
    return [
        (words(f"whistle.way_{step}"), times.get(step, ""), ticket.state in states)
        for step, states in _WAY.items()
    ]


def _by(ticket: Ticket, words: Words, now: float) -> str:
    if ticket.state in {TicketState.CLOSED, TicketState.VOIDED}:
        return ""
    flags = tuple(each.value for each in ticket.flags)
    return _limit(ticket.state, flags, ticket.finish_by, words, now)


def _limit(state: str, flags: tuple[str, ...], by: float | None, words: Words, now: float) -> str:
    if state in FIXED:
        return words("whistle.fixed")
    if TicketFlag.SHELVED in flags:
        return words("whistle.shelved")
    if TicketFlag.SUSPENDED in flags:
        return words("whistle.waiting")
    if by is None:
        return words("whistle.by_unknown")
    return words("whistle.late") if by < now else words("whistle.by", time=when(by, now))


def _row(known: Known, view: PublicView, words: Words, now: float) -> KnownRow:
    return KnownRow(
        number=known.number,
        title=words.of(known.texts),
        where="" if known.where == view.target.name else known.where,
        state=words.name("whistle_state", known.state),
        by=_limit(known.state, known.flags, known.by, words, now),
        count=known.count,
    )


def _in_words(view: PublicView, now: float) -> dict[str, object]:
    notices = [(text, when(end, now)) for text, end in view.notices]
    return {"target": view.target, "notices": notices}


def _other_language(request: Request, words: Words) -> str:
    """Return the address of the same page in the other language; a form is begun anew."""
    other = Language.EN if words.language is Language.ZH else Language.ZH
    path = request.url.path.removesuffix("/join")
    path = "/w/progress" if path == "/w/reopen" else path
    return f"{path}?{urlencode({LANGUAGE: other.value})}"
