"""The pages with which a round is walked, on a phone: stop by stop, fine or with a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.console.community.inspection_sheet import StopRow, round_rows, stop_row, stop_rows
from hub.console.frame.page import STAFF, Visit, show, visit_of
from hub.console.tickets.hotline_page import REFUSED, offer_row
from hub.console.tickets.picture_form import keep_picture, read_picture
from hub.errors import ConflictError, HubError, NotFoundError
from hub.model.inspection import Round, Stop, Verdict
from hub.model.trouble import Trouble, troubles_of
from hub.model.whistle import Target
from hub.ports.community import Seen
from hub.services.community.finding import APART, say_finding
from hub.services.community.patrol import find_stop

FIELDS = ("key", "check", "category", "text", "join")
LOST = "lost"


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of a round with what was seen there; `tickets` are those of what was found."""

    row: StopRow
    word: str
    tickets: tuple[str, ...]
    is_left: bool


async def round_page(request: Request, walk: str, lost: str = "") -> Response:
    """Show a round: which stops are left, and what was seen at the others."""
    return await _page(request, walk, said="whistle.photo_lost" if lost else "")


async def finish_by_form(request: Request, walk: str) -> Response:
    """Finish a round."""
    ports, who = ports_of(request), await identity_of(request)
    try:
        await ports.inspections.finish(walk, who)
    except ConflictError as error:
        return await _page(request, walk, refusal=error)
    return RedirectResponse("/inspections", 303)


async def stop_page(request: Request, walk: str, stop: str) -> Response:
    """Show one stop: its checklist, and the form of a finding."""
    return await _stop(request, walk, stop, {})


async def answer_by_form(request: Request, walk: str, stop: str) -> Response:
    """Take what was seen, and go on to the next stop that is left."""
    visit, who = await visit_of(request), await identity_of(request)
    office = visit.ports.inspections
    async with request.form() as form:
        typed = {name: str(form.get(name, "")) for name in FIELDS}
        try:
            if form.get("verdict") == Verdict.FINE.value:
                seen = Seen(walk=walk, stop=stop, verdict=Verdict.FINE)
                return _next((await office.answer(seen, who)).walk, stop)
            picture = await read_picture(request, form)
            walked = await office.answer(_finding(visit, walk, stop, typed), who)
        except tuple(kind for kind, _ in REFUSED) as error:
            return await _stop(request, walk, stop, typed, refusal=error)
    lost = await keep_picture(request, walked.ticket, picture, actor=who.name)
    return RedirectResponse(f"/rounds/{walk}{f'?{LOST}=1' * lost}", 303)


def _finding(visit: Visit, walk: str, stop: str, typed: Mapping[str, str]) -> Seen:
    place = find_stop(visit.ports.inspections.round(walk, visit.who), stop)
    said = say_finding(
        place,
        _target(visit, place),
        key=typed["key"],
        check=typed["check"] if typed["check"] in place.checks else "",
        category=typed["category"],
        text=typed["text"],
        join=typed["join"],
    )
    wish = visit.ports.whistle.prepare(said, visit.who)
    check = typed["check"] if typed["check"] in place.checks else ""
    return Seen(walk=walk, stop=stop, verdict=Verdict.FINDING, check=check, wish=wish)


def _target(visit: Visit, stop: Stop) -> Target:
    found = visit.ports.whistle.find_subject(stop.subject)
    if found is None:
        raise NotFoundError(f"there is no {stop.subject!r} any more", zh="这一站的设备已经没有了。")
    return found


def _next(walk: Round, stop: str) -> Response:
    """Lead to the first stop behind this one that is left, or to the round where none is."""
    order = [each.id for each in walk.stops]
    behind = order[order.index(stop) + 1 :]
    following = next((each for each in behind if each in {s.id for s in walk.left}), "")
    way = f"/rounds/{walk.id}/stops/{following}" if following else f"/rounds/{walk.id}"
    return RedirectResponse(way, 303)


async def _page(
    request: Request, walk: str, refusal: HubError | None = None, said: str = ""
) -> Response:
    visit = await visit_of(request)
    found = visit.ports.inspections.round(walk, visit.who)
    message = visit.words.of(refusal.texts) if refusal else said and visit.words(said)
    (row,) = round_rows([found], visit)
    return show(
        visit,
        "round.html",
        status=409 if refusal else 200,
        walk=row,
        is_open=found.is_open,
        stops=[
            _passed(found, each, row, visit)
            for each, row in zip(found.stops, stop_rows(found.stops, visit), strict=True)
        ],
        left=len(found.left),
        message=message,
    )


def _passed(walk: Round, stop: Stop, row: StopRow, visit: Visit) -> Passed:
    answers = walk.of_stop(stop.id)
    tickets = tuple(dict.fromkeys(each.ticket for each in answers if each.ticket))
    state = ("finding" if tickets else "fine") if answers else "left"
    word = visit.words(f"inspection.stop_{state}")
    return Passed(row=row, word=word, tickets=tickets, is_left=not answers)


async def _stop(
    request: Request,
    walk: str,
    stop: str,
    typed: Mapping[str, str],
    refusal: HubError | None = None,
) -> Response:
    visit = await visit_of(request)
    office = visit.ports.inspections
    found = office.round(walk, visit.who)
    place = find_stop(found, stop)
    target = visit.ports.whistle.find_subject(place.subject)
    first = [each.number for each in office.known_at(walk, stop, visit.who)]
    offers = visit.ports.whistle.offered(target, place.category) if target else []
    known = sorted(offers, key=lambda each: each.number not in first)
    status = next((code for kind, code in REFUSED if isinstance(refusal, kind)), 200)
    return show(
        visit,
        "round_stop.html",
        status=status,
        walk=found,
        stop=stop_row(place, visit),
        number=[each.id for each in found.stops].index(stop) + 1,
        answers=found.of_stop(stop),
        has_finding=any(each.ticket for each in found.of_stop(stop)),
        target=target,
        choices=[(each.id, visit.words.of(each.texts)) for each in _choices(target)],
        offers=[offer_row(each, visit) for each in known],
        typed={**dict.fromkeys(FIELDS, ""), "category": place.category, **typed},
        key=visit.ports.whistle.form_key(),
        apart=APART,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _choices(target: Target | None) -> Sequence[Trouble]:
    return troubles_of(target.kind) if target else ()


CALLS = (
    Call(
        method="GET",
        path="/rounds/{walk}",
        answer=round_page,
        roles=STAFF,
        operation="showRound",
        about="A round, and what was seen on it",
    ),
    Call(
        method="GET",
        path="/rounds/{walk}/stops/{stop}",
        answer=stop_page,
        roles=STAFF,
        operation="showStop",
        about="One stop of a round",
    ),
    *forms(
        STAFF,
        ("/rounds/{walk}/finish", finish_by_form, "finishRoundByForm", "Finishes a round"),
        ("/rounds/{walk}/stops/{stop}", answer_by_form, "answerStopByForm", "Takes what was seen"),
    ),
)
