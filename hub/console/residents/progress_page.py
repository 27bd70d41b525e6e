"""How far a report has come, for who has its number and query code; and its reopening."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.datastructures import FormData

from hub.access.allowance import address_of
from hub.access.http import from_own_page, ports_of
from hub.access.policy import EVERYBODY, Call
from hub.console.frame.language import Words
from hub.console.residents.whistle_page import allowance_of
from hub.console.residents.whistle_refusal import sorry
from hub.console.residents.whistle_sheet import chosen, sheet, way_of
from hub.errors import ConflictError, ForbiddenError, HubError, NotFoundError
from hub.ports.whistle import Progress

LONGEST = 40


async def ask(request: Request, number: str = "") -> Response:
    """Show the form; the number may be in it already, the code never."""
    return _page(request, chosen(request), number=number[:LONGEST])


async def show(request: Request) -> Response:
    """Show how far a report has come; wrong codes are counted."""
    words = chosen(request)
    try:
        number, code, words = await _typed(request)
        found = await _find(request, number, code)
    except NotFoundError:
        return _page(request, words, number=number, message=words("whistle.wrong_code"), status=404)
    except HubError as error:
        return sorry(request, words, error)
    return _page(request, words, number=number, code=code, found=found)


async def reopen(request: Request) -> Response:
    """Reopen a ticket for who has reported it, within seven days of its end."""
    words, ports = chosen(request), ports_of(request)
    try:
        number, code, words = await _typed(request)
        await _find(request, number, code)
        allowance_of(request).take("reopen", address_of(request))
        found = await ports.whistle.reopen(number, code)
    except NotFoundError:
        return _page(request, words, number=number, message=words("whistle.wrong_code"), status=404)
    except ConflictError:
        return _page(request, words, number=number, message=words("whistle.ended"), status=409)
    except HubError as error:
        return sorry(request, words, error)
    said = words("whistle.reopened")
    return _page(request, words, number=number, code=code, found=found, message=said)


async def _typed(request: Request) -> tuple[str, str, Words]:
    if not from_own_page(request):
        raise ForbiddenError("send it from the hub's own page", zh="请从本页提交。")
    form: FormData = await request.form(max_files=0, max_fields=4)
    words = chosen(request, {"lang": str(form.get("lang", ""))})
    number, code = (str(form.get(name, ""))[:LONGEST] for name in ("number", "code"))
    return number.strip().upper(), code.strip(), words


async def _find(request: Request, number: str, code: str) -> Progress:
    """Return the report; NotFoundError where they do not fit, however often that was tried."""
    allowance, address = allowance_of(request), address_of(request)
    allowance.check("wrong_query", address)
    allowance.check("wrong_number", number)
    found = await ports_of(request).whistle.progress(number, code)
    if found is None:
        allowance.take("wrong_query", address)
        allowance.take("wrong_number", number)
        raise NotFoundError("number and code do not fit", zh="编号和查询码对不上。")
    return found


def _page(
    request: Request,
    words: Words,
    *,
    number: str = "",
    code: str = "",
    found: Progress | None = None,
    message: str = "",
    status: int = 200,
) -> Response:
    return sheet(
        request,
        "whistle_progress.html",
        words,
        status=status,
        title=words("whistle.progress_title"),
        number=number,
        code=code,
        found=way_of(found, number, words, ports_of(request).clock.now()) if found else None,
        message=message,
    )


CALLS = (
    Call(
        method="GET",
        path="/w/progress",
        answer=ask,
        roles=EVERYBODY,
        operation="askProgress",
        about="The form to look up a report",
    ),
    Call(
        method="POST",
        path="/w/progress",
        answer=show,
        roles=EVERYBODY,
        operation="showProgress",
        about="How far a report has come",
    ),
    Call(
        method="POST",
        path="/w/reopen",
        answer=reopen,
        roles=EVERYBODY,
        operation="reopenByForm",
        about="Reopens a ticket for who has reported it",
    ),
)
