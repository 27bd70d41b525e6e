"""The page of the bells: whether each works, a button that tries it, and who is being rung."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.frame.naming import place_name
from hub.console.frame.page import LEADERS, ONLOOKERS, Visit, show, visit_of
from hub.errors import HubError, InvalidRequestError, NotFoundError
from hub.ports import BellProof, ChannelNews, RingCard

DELIVERED = "delivered"
REFUSALS = (InvalidRequestError, NotFoundError)


class RingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ring in the list; `page` is where it leads."""

    ticket: str
    page: str
    person: str
    title: str
    where: str
    at: float
    channel: str
    given_up: bool
    news: tuple[ChannelNews, ...]


async def bell_page(request: Request) -> Response:
    """Show the bells to leaders, and to everybody who is being rung for what."""
    return await _page(request)


async def test_by_form(request: Request, bell: str) -> Response:
    """Send a test, and tell above the list what became of it."""
    ports, who = ports_of(request), await identity_of(request)
    to = str((await request.form()).get("to", "")).strip()
    try:
        proof = await ports.bells.test(bell, to, who)
    except REFUSALS as error:
        return await _page(request, refusal=error)
    return await _page(request, proof=proof)


async def _page(
    request: Request, *, proof: BellProof | None = None, refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    leads = visit.who.role in LEADERS
    said = visit.words.of(refusal.texts) if refusal else _tell(visit, proof)
    return show(
        visit,
        "bells.html",
        status=404 if refusal else 200,
        bells=visit.ports.bells.bells() if leads else (),
        leads=leads,
        rings=[_row(visit, card) for card in visit.ports.bells.rings(visit.who)],
        message=said,
    )


def _tell(visit: Visit, proof: BellProof | None) -> str:
    if proof is None:
        return ""
    if proof.verdict == DELIVERED:
        return visit.words("bells.went", bell=proof.bell, person=proof.person)
    return visit.words("bells.went_not", bell=proof.bell, person=proof.person, why=proof.why)


def _row(visit: Visit, card: RingCard) -> RingRow:
    return RingRow(
        ticket=card.ticket,
        page=card.page or f"/tickets/{card.ticket}",
        person=card.person,
        title=visit.words.of(card.title),
        where=place_name(card.place, visit.ports.live.places()),
        at=card.at,
        channel=card.channel,
        given_up=card.given_up,
        news=card.news,
    )


CALLS = (
    Call(
        method="GET",
        path="/bells",
        answer=bell_page,
        roles=ONLOOKERS,
        operation="showBells",
        about="The bells, and who is being rung",
    ),
    Call(
        method="POST",
        path="/bells/{bell}/test",
        answer=test_by_form,
        roles=LEADERS,
        operation="testBellByForm",
        about="Tries a bell",
    ),
)
