"""`/open311/v2`: services, requests and reports as GeoReport v2 wants them.

A key comes as `api_key` or in the header. Without one nothing answers, as anywhere in the hub:
GeoReport lets reading be open, and does not ask for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request, Response

from hub.access.http import bind, identity_of, ports_of
from hub.access.policy import Call, mount
from hub.access.web_ports import WebPorts
from hub.errors import AuthenticationError, InvalidRequestError, NotFoundError
from hub.feeds.catalogue import IncidentCatalogue, catalogue_of
from hub.feeds.open311.report import check_jurisdiction, make_request
from hub.feeds.open311.request import describe_request
from hub.feeds.open311.search import read_search
from hub.feeds.open311.service import CHANGESET, find_service, list_of_services
from hub.feeds.open311.shape import (
    Discovery,
    Endpoint,
    Fault,
    Made,
    RequestForm,
    Service,
    ServiceDefinition,
    ServiceRequest,
    TokenAnswer,
)
from hub.feeds.open311.wire import JSON, PREFIX, XML, answer
from hub.model.access import Role

PLATFORMS = frozenset({Role.GRID, Role.ADMINISTRATOR})
REPORTERS = frozenset({Role.GRID})
FORM = "application/x-www-form-urlencoded"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
KEY = "api_key"

Word = Annotated[str, Query(max_length=200)]
Words = Annotated[str, Query(max_length=4000, description="several with commas between")]
Moment = Annotated[str, Query(max_length=40, description="RFC 3339")]
Number = Annotated[str, Query(max_length=10)]


async def discover(request: Request) -> Response:
    """Say where the interface is, and how one gets a key."""
    community = ports_of(request).community
    endpoint = Endpoint(
        specification=SPECIFICATION,
        url=f"{request.url.scheme}://{request.url.netloc}{PREFIX}",
        changeset=CHANGESET,
        type="test" if community.test else "production",
        formats=[XML, JSON],
    )
    found = Discovery(
        changeset=CHANGESET,
        contact=f"{community.name} {community.phone}".strip(),
        key_service="社区管理员发放密钥 The community's administrator gives keys:"
        " lingdang key new --role grid --name NAME",
        endpoints=[endpoint],
    )
    return answer(request, "discovery", found)


async def list_services(request: Request, jurisdiction_id: Word = "") -> Response:
    """List what can be reported."""
    check_jurisdiction(request, jurisdiction_id)
    return answer(request, "services", list_of_services())


async def read_service(request: Request, service_code: str, jurisdiction_id: Word = "") -> Response:
    """Say which questions a service asks: none has any, so `attributes` are empty."""
    check_jurisdiction(request, jurisdiction_id)
    found = ServiceDefinition(service_code=find_service(service_code).id, attributes=[])
    return answer(request, "service_definition", found)


async def search_of(
    *,
    service_request_id: Words = "",
    service_code: Words = "",
    start_date: Moment = "",
    end_date: Moment = "",
    status: Word = "",
    updated_after: Moment = "",
    updated_before: Moment = "",
    page: Number = "",
    page_size: Number = "",
    extensions: Number = "",
) -> dict[str, str]:
    """Collect the parameters of a search; `read_search` reads them."""
    return dict(locals())


async def list_requests(
    request: Request,
    given: Annotated[dict[str, str], Depends(search_of)],
    jurisdiction_id: Word = "",
) -> Response:
    """List requests as they stand: what the key sees, discreet ones never."""
    check_jurisdiction(request, jurisdiction_id)
    ports, who = ports_of(request), await identity_of(request)
    search = read_search(given, ports.clock.now())
    catalogue = await catalogue_of(request)
    found = [each for each in catalogue.all() if who.may_see(each.place) and search.fits(each)]
    agency = ports.community.name
    shown = [
        describe_request(body, agency, extensions=search.extensions)
        for known in search.page_of(found)
        if (body := await catalogue.whole(known))
    ]
    return answer(request, "service_requests", shown)


async def read_request(
    request: Request,
    service_request_id: str,
    extensions: Number = "",
    jurisdiction_id: Word = "",
) -> Response:
    """Show one request, in a list as the standard wants it."""
    check_jurisdiction(request, jurisdiction_id)
    wants = read_search({"extensions": extensions}, 0.0).extensions
    body = await _find(request, service_request_id)
    agency = ports_of(request).community.name
    return answer(request, "service_requests", [describe_request(body, agency, extensions=wants)])


async def read_token(request: Request, token: str, jurisdiction_id: Word = "") -> Response:
    """Give the request of a token: every report has its number at once, which is its token."""
    check_jurisdiction(request, jurisdiction_id)
    await _find(request, token)
    return answer(request, "service_requests", [TokenAnswer(service_request_id=token, token=token)])


def build_open311(ports: WebPorts, catalogue: IncidentCatalogue) -> APIRouter:
    """Make the router of `/open311/v2`."""

    async def put(request: Request) -> None:
        request.state.catalogue = catalogue
        _check_form(request)
        if "authorization" not in request.headers and (key := await _key_of(request)):
            who = await ports.gatekeeper.by_token(key)
            if who is None:
                raise AuthenticationError("api_key 无效。 The api_key is not valid (any more).")
            request.state.who = who

    router = APIRouter(prefix=PREFIX, dependencies=[bind(ports), Depends(put)])
    mount(router, CALLS)
    return router


def _check_form(request: Request) -> None:
    """Refuse what is no form before its key is looked for: clients send photos as multipart."""
    sent = request.headers.get("content-type", FORM)
    if request.method == "POST" and not sent.lower().startswith(FORM):
        problem = f"send {FORM}, with the address of a photo in media_url; this is {sent[:60]}"
        raise InvalidRequestError(f"content-type: {problem}.", problems={"content-type": problem})


async def _key_of(request: Request) -> str:
    if key := request.query_params.get(KEY):
        return key
    if request.method != "POST":
        return ""
    body = (await request.body()).decode("ascii", "replace")
    return next(iter(parse_qs(body, errors="replace").get(KEY, [])), "")


async def _find(request: Request, number: str) -> bytes:
    catalogue, who = await catalogue_of(request), await identity_of(request)
    known = catalogue.find(number)
    body = await catalogue.whole(known) if known and who.may_see(known.place) else None
    if body is None:
        raise NotFoundError(f"There is no request {number!r}.", zh=f"没有 {number}。")
    return body


_ROWS: tuple[tuple[str, str, str, str, Callable[..., Awaitable[Response]], Any], ...] = (
    ("GET", "/discovery", "discoverOpen311", "Where Open311 is", discover, Discovery),
    (
        "GET",
        "/services",
        "listOpen311Services",
        "What can be reported",
        list_services,
        list[Service],
    ),
    (
        "GET",
        "/services/{service_code}",
        "readOpen311Service",
        "Which questions a service asks",
        read_service,
        ServiceDefinition,
    ),
    (
        "GET",
        "/requests",
        "listOpen311Requests",
        "Requests as they stand",
        list_requests,
        list[ServiceRequest],
    ),
    (
        "GET",
        "/requests/{service_request_id}",
        "readOpen311Request",
        "One request as it stands",
        read_request,
        list[ServiceRequest],
    ),
    (
        "GET",
        "/tokens/{token}",
        "readOpen311Token",
        "The request of a token",
        read_token,
        list[TokenAnswer],
    ),
    (
        "POST",
        "/requests",
        "makeOpen311Request",
        "Report something",
        make_request,
        list[Made],
    ),
)


def _calls() -> Iterator[Call]:
    """Yield each call twice, for JSON and for XML; the second's operation ends with AsXml."""
    for method, path, operation, about, respond, shows in _ROWS:
        is_report = method == "POST"
        for ending, media in (("json", JSON), ("xml", XML)):
            yield Call(
                method=method,
                path=f"{path}.{ending}",
                answer=respond,
                roles=REPORTERS if is_report else PLATFORMS,
                operation=operation if media == JSON else f"{operation}AsXml",
                about=about,
                body=RequestForm if is_report else None,
                takes=FORM,
                shows=shows if media == JSON else str,
                media=media,
                problems=(400, 403, 404, 413, 503) if is_report else (400, 403, 404, 503),
                fails=list[Fault] if media == JSON else str,
            )


CALLS = tuple(_calls())
