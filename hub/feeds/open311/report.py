"""`POST /open311/v2/requests`: what people report in another program becomes a ticket."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from fastapi import Request, Response

from hub.access.body import read_form
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import HEADER, once
from hub.errors import InvalidRequestError, NotFoundError
from hub.feeds.handing import is_incident
from hub.feeds.open311.location import find_target
from hub.feeds.open311.service import find_service
from hub.feeds.open311.shape import Made, RequestForm
from hub.feeds.open311.wire import answer
from hub.model.access import Identity
from hub.model.whistle import Reporter, Source
from hub.ports.whistle import Receipt, Said

KNOWN = "已知，正在处理 It is known, and in hand."
TAKEN = "已受理 It is a repair ticket of the community."


async def make_request(request: Request) -> Response:
    """File a report: it opens a ticket, or joins the one that is known for the same fault."""
    who = await identity_of(request)

    async def act() -> Response:
        form = read_form(await request.body(), RequestForm)
        check_jurisdiction(request, form.jurisdiction_id)
        receipt = await _file(request, who, form)
        made = Made(
            service_request_id=receipt.number,
            service_notice=KNOWN if receipt.filed.report.joined else TAKEN,
            account_id=None,
        )
        return answer(request, "service_requests", [made])

    return await once(request, who, act)


def check_jurisdiction(request: Request, jurisdiction_id: str) -> None:
    """Raise NotFoundError for a community that this hub does not serve; none names this one."""
    known = ports_of(request).community.id
    if jurisdiction_id not in {"", known}:
        raise NotFoundError(f"jurisdiction_id: there is no {jurisdiction_id!r} here; {known!r} is.")


async def _file(request: Request, who: Identity, form: RequestForm) -> Receipt:
    ports, trouble = ports_of(request), find_service(form.service_code)
    said = Said(
        key=f"open311\n{request.headers.get(HEADER) or uuid4().hex}",
        source=Source.GRID,
        category=trouble.id,
        target=find_target(ports, who, form, trouble),
        reporter=Reporter(
            caller=f"{form.first_name} {form.last_name}".strip(),
            phone=form.phone,
            text=_text(form),
        ),
    )
    receipt = await ports.whistle.file_for(said, who)
    if await is_incident(ports, receipt.number):
        return receipt
    # What is known there is not for platforms to see: a number that nobody can look up helps none.
    own = msgspec.structs.replace(said, key=f"{said.key}\napart", apart=True)
    return await ports.whistle.file_for(own, who)


def _text(form: RequestForm) -> str:
    """Write what the crew reads: the words, and where exactly; it is sealed like all of them."""
    point = f"WGS-84 {form.lat}, {form.long}" if None not in {form.lat, form.long} else ""
    if form.media_url and urlsplit(form.media_url).scheme not in {"http", "https"}:
        problem = "write http:// or https://"
        raise InvalidRequestError(f"media_url: {problem}.", problems={"media_url": problem})
    lines = (form.description, form.address_string, point, form.media_url)
    return "\n".join(line for line in lines if line)
