"""What a label leads to: a page for everybody that says what is known, and takes a report."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from fastapi import Request, Response
from starlette.datastructures import FormData

from hub.access.allowance import Allowance, Limit, address_of
from hub.access.http import from_own_page, ports_of
from hub.access.policy import EVERYBODY, Call
from hub.console.frame.language import Words
from hub.console.residents.whistle_refusal import explain, sorry, status_of
from hub.console.residents.whistle_sheet import Typed, chosen, label_sheet, receipt_sheet
from hub.console.tickets.picture_form import keep_picture, read_picture
from hub.errors import (
    ForbiddenError,
    HubError,
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
)
from hub.model.whistle import Reporter, Source, Target
from hub.ports.whistle import Said
from hub.services.reports.label_code import is_well_typed, tidy_code
from hub.services.reports.report import RESIDENT

HOUR, DAY = 3600.0, 86_400.0
LIMITS = {
    "post": Limit(count=10, seconds=600),
    "post_label": Limit(count=120, seconds=HOUR),
    "post_all": Limit(count=600, seconds=HOUR),
    "join": Limit(count=60, seconds=600),
    "join_ticket": Limit(count=3, seconds=DAY),
    "wrong_label": Limit(count=20, seconds=600),
    "wrong_query": Limit(count=5, seconds=600),
    "wrong_number": Limit(count=20, seconds=HOUR),
    "reopen": Limit(count=3, seconds=HOUR),
    "provider": Limit(count=120, seconds=600),
}
"""By address: reports, joinings, joinings of one ticket, wrong codes, ways to the organisation's
sign-in. By label and in all: reports. A ticket's number bears so many wrong query codes, whoever
types them."""
FIELDS, FIELD_BYTES = 12, 16_384


async def show_label(request: Request, code: str) -> Response:
    """Show what is known of a thing, and the form to report it."""
    words = chosen(request)
    try:
        target = find_target(request, code)
        view = await ports_of(request).whistle.look(target)
    except HubError as error:
        return sorry(request, words, error)
    return label_sheet(request, words, view)


async def take_report(request: Request, code: str) -> Response:
    """File a report; what does not fit is told above the form, which keeps what was typed."""
    words = chosen(request)
    try:
        target = _admit(request, code)
        async with _form(request) as form:
            words = chosen(request, {"lang": str(form.get("lang", ""))})
            return await _file(request, words, target, form)
    except HubError as error:
        return sorry(request, words, error)


async def _file(request: Request, words: Words, target: Target, form: FormData) -> Response:
    whistle = ports_of(request).whistle
    try:
        picture = await read_picture(request, form)
        receipt = await whistle.file(_said(form, target))
    except (InvalidRequestError, TooManyRequestsError) as error:
        view, said = await whistle.look(target), explain(error, words)
        status, typed = status_of(error), _typed(form)
        return label_sheet(request, words, view, typed, message=said, status=status)
    lost = await keep_picture(request, receipt.number, picture, actor=RESIDENT)
    return receipt_sheet(request, words, receipt, message=words("whistle.photo_lost") * lost)


async def take_joining(request: Request, code: str) -> Response:
    """Note one more who has what is known already."""
    words, ports = chosen(request), ports_of(request)
    try:
        target = find_target(request, code)
        _refuse_foreign(request)
        allowance_of(request).take("join", address_of(request))
        async with _form(request) as form:
            words = chosen(request, {"lang": str(form.get("lang", ""))})
            number, key = (str(form.get(name, "")) for name in ("number", "key"))
        allowance_of(request).take("join_ticket", f"{number} {address_of(request)}")
        said = Said(
            key=key,
            source=Source.RESIDENT,
            category="",
            target=target,
            join=number,
        )
        receipt = await ports.whistle.file(said)
    except HubError as error:
        return sorry(request, words, error)
    return receipt_sheet(request, words, receipt)


def find_target(request: Request, code: str) -> Target:
    """Return what a code stands on.

    Raises NotFoundError for every other code, and TooManyRequestsError for who tries many.
    """
    allowance, address = allowance_of(request), address_of(request)
    allowance.check("wrong_label", address)
    digits = tidy_code(code)
    target = ports_of(request).whistle.find(digits) if is_well_typed(digits) else None
    if target is None:
        allowance.take("wrong_label", address)
        raise NotFoundError("there is no such code", zh="没有这个码。")
    return target


def allowance_of(request: Request) -> Allowance:
    """Return the counts of the router that answers this request."""
    allowance: Allowance = request.state.allowance
    return allowance


def _admit(request: Request, code: str) -> Target:
    """Return what the code stands on, before a byte of the form is read."""
    target = find_target(request, code)
    _refuse_foreign(request)
    allowance = allowance_of(request)
    allowance.take("post", address_of(request))
    allowance.take("post_label", target.subject)
    allowance.take("post_all")
    return target


def _refuse_foreign(request: Request) -> None:
    if not from_own_page(request):
        raise ForbiddenError("send it from the page of the label", zh="请从标签上的页面提交。")


def _form(request: Request) -> AbstractAsyncContextManager[FormData]:
    return request.form(max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES)


def _said(form: FormData, target: Target) -> Said:
    typed = _typed(form)
    return Said(
        key=str(form.get("key", "")),
        source=Source.RESIDENT,
        category=typed.category,
        target=target,
        reporter=Reporter(phone=typed.phone, text=typed.text),
    )


def _typed(form: FormData) -> Typed:
    return Typed(
        category=str(form.get("category", "")),
        text=str(form.get("text", "")),
        phone=str(form.get("phone", "")),
        open=bool(form.get("photo")),
    )


CALLS = (
    Call(
        method="GET",
        path="/w/{code}",
        answer=show_label,
        roles=EVERYBODY,
        operation="showLabel",
        about="What is known of a thing, for everybody, and the form to report it",
    ),
    Call(
        method="POST",
        path="/w/{code}",
        answer=take_report,
        roles=EVERYBODY,
        operation="reportByForm",
        about="Files a resident's report",
    ),
    Call(
        method="POST",
        path="/w/{code}/join",
        answer=take_joining,
        roles=EVERYBODY,
        operation="joinByForm",
        about="Notes one more who has what is known",
    ),
)
