"""The page of newcomers: who was heard and is in no book, what it may be, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import whole_community
from hub.access.policy import Call, forms
from hub.console.frame.page import ADMINISTRATORS, LEADERS, Visit, show, visit_of
from hub.console.frame.span import ago, span
from hub.console.running.site_page import ADOPTION, say
from hub.errors import ConfigError, ConflictError, NotFoundError, Problem
from hub.model.device import Device, Lifecycle
from hub.ports.site import Adoption, Stranger
from hub.services.newcomer_shelf import IGNORED, Ignored, Sender, ask_again, ignore, ignored_now

LISTED = 100
"""Newcomers on the page; programs get all of them."""


class NewcomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A newcomer in words; `every` is how often it speaks, `retired` a device that it was once.

    `id` is proposed for the books; `models` may be it, and `kinds` are what it may be.
    """

    stranger: Stranger
    first: str
    last: str
    every: str
    kinds: str
    reason: str
    id: str
    models: tuple[tuple[str, str], ...]
    retired: str
    aside: Ignored | None


async def newcomer_page(request: Request) -> Response:
    """List who is in no book, who was heard last first, and who was put aside."""
    await whole_community(request)
    return await _page(request)


async def adopt_by_form(request: Request) -> Response:
    """Put a newcomer into the books; the hub starts again by itself."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    wish = {name: str(form.get(name, "")).strip() for name in ADOPTION}
    try:
        load = await visit.ports.site.adopt(msgspec.convert(wish, Adoption), who)
    except ConfigError as error:
        return await _page(request, faults=error.problems, typed=form)
    except ConflictError as error:  # no pairing window is open for it
        return await _page(request, status=409, message=visit.words.of(error.texts), typed=form)
    return await _page(request, message=visit.words("workbook.loaded", n=load.number))


async def ignore_by_form(request: Request) -> Response:
    """Put a newcomer aside for a week, or take it back with `again`."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    sender = str(form.get("link", "")), str(form.get("address", ""))
    if sender not in {(each.link, each.address) for each in await _strangers(visit)}:
        raise NotFoundError(f"没有新来者 {sender[1]}。 There is no newcomer {sender[1]!r}.")
    act = ask_again if form.get("again") else ignore
    paper, entry = act(sender, who, visit.page.now)
    await visit.ports.desk.write([paper], [entry])
    return RedirectResponse("/newcomers", 303)


async def _strangers(visit: Visit) -> tuple[Stranger, ...]:
    ports = visit.ports
    return (await ports.site.roll(ports.live.devices())).strangers


async def _page(
    request: Request,
    *,
    status: int = 200,
    faults: Sequence[Problem] = (),
    typed: FormData | None = None,
    message: str = "",
) -> Response:
    visit = await visit_of(request)
    site, now = visit.ports.site, visit.page.now
    strangers = sorted(await _strangers(visit), key=lambda each: -each.last_seen)
    aside = ignored_now(await visit.ports.books.documents(IGNORED), visit.page.now)
    gone = _retired(visit)
    rows = [_row(each, visit, aside, gone) for each in strangers]
    return show(
        visit,
        "newcomers.html",
        status=422 if faults else status,
        rows=[row for row in rows if row.aside is None][:LISTED],
        left_out=max(sum(row.aside is None for row in rows) - LISTED, 0),
        aside=[row for row in rows if row.aside is not None][:LISTED],
        places=sorted(visit.ports.live.places()),
        pairings=[each for each in await site.pairings() if each.is_open(now)],
        models=site.models(),
        changes=visit.who.role in ADMINISTRATORS,
        faults=[("", *say(visit.words, each)) for each in faults],
        typed=typed or {},
        message=visit.words("newcomer.unsound") if faults else message,
    )


def _row(
    each: Stranger, visit: Visit, aside: dict[Sender, Ignored], gone: dict[Sender, Device]
) -> NewcomerRow:
    words, now, sender = visit.words, visit.page.now, (each.link, each.address)
    guess, retired = each.guess, gone.get(sender)
    kinds = [words.name("kind", kind) for kind in guess.kinds] if guess else []
    models = [
        (model.id, words.of(model.name))
        for model in visit.ports.site.models()
        if guess is None or model.kind in guess.kinds
    ]
    every = (each.last_seen - each.first_seen) / (each.count - 1) if each.count > 1 else 0.0
    return NewcomerRow(
        stranger=each,
        first=ago(each.first_seen, now, words),
        last=ago(each.last_seen, now, words),
        every=words("newcomer.every", span=span(every, words)) if every >= 1 else "",
        kinds=words("newcomer.or").join(kinds),
        reason=words.of(guess.reason) if guess else words("newcomer.no_guess"),
        id=_propose(each.address),
        models=tuple(sorted(models, key=lambda model: model[1])),
        retired=retired.id if retired else "",
        aside=aside.get(sender),
    )


def _propose(address: str) -> str:
    """Propose an id: the last part of the address, as ids are written."""
    tail = address.lower().rstrip("/").rpartition("/")[2]
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in tail)
    return "-".join(filter(None, safe.split("-")))[:40]


def _retired(visit: Visit) -> dict[Sender, Device]:
    """Return the retired devices by link and address: who speaks as one is a newcomer."""
    devices = (view.device for view in visit.ports.live.devices())
    gone = (device for device in devices if device.state is Lifecycle.RETIRED)
    return {(device.link, device.address): device for device in gone}


CALLS = (
    Call(
        method="GET",
        path="/newcomers",
        answer=newcomer_page,
        roles=LEADERS,
        operation="showNewcomers",
        about="Devices that were heard and are in no book",
    ),
    *forms(
        ADMINISTRATORS,
        ("/newcomers/adopt", adopt_by_form, "adoptNewcomerByForm", "Puts a newcomer in the books"),
        ("/newcomers/ignore", ignore_by_form, "ignoreNewcomerByForm", "Puts a newcomer aside"),
    ),
)
