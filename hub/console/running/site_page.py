"""The page of the books: the roll call, and a workbook that is tried, loaded and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from hub.access.http import is_proven, ports_of, whole_community
from hub.access.policy import Call, forms
from hub.console.frame.language import Language, Words
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.running.tray import Tray
from hub.errors import (
    ConfigError,
    ConflictError,
    HubError,
    InvalidRequestError,
    Problem,
)
from hub.model.access import Role
from hub.ports.site import Adoption, PairingWish, SiteProof

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
LISTED = 200
"""Faults, absent devices and strangers on the page; programs get all of them."""
LARGEST = 10 * 1024 * 1024
LONGEST_NAME = 100
NO_CODES: Mapping[str, str] = MappingProxyType({})
ADOPTION = ("link", "address", "id", "model", "place", "name")
"""The fields of the form by which a newcomer is put into the books."""


async def site_page(request: Request) -> Response:
    """Show who was heard and who was not; to administrators also the workbook."""
    return await _page(request)


async def check_by_form(request: Request) -> Response:
    """Try a workbook, and show its faults or what it would change."""
    who = await whole_community(request)
    file, data = await _read_file(request)
    if not data:
        visit = await visit_of(request)
        return await _page(request, message=visit.words("workbook.choose"), status=422)
    proof = await ports_of(request).site.check(data, file)
    word = "" if proof.problems else _tray(request).put(who.name, file, data)
    return await _page(request, proof=proof, word=word, file=file)


async def _read_file(request: Request) -> tuple[str, bytes]:
    """Return name and bytes of the form's file; nothing of one that is missing or too large."""
    sent = (await request.form()).get("file")
    try:
        if not isinstance(sent, UploadFile) or (sent.size or 0) > LARGEST:
            return "", b""
        return (sent.filename or "workbook")[-LONGEST_NAME:], await sent.read()
    finally:
        await request.close()


async def load_by_form(request: Request) -> Response:
    """Load the workbook that was tried; the hub starts again."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    try:
        tried = _tray(request).take(str(form.get("word", "")), who.name)
        loaded = await visit.ports.site.load(
            tried.data,
            tried.file,
            who,
            remove=form.get("remove") == "yes",
            people=is_proven(request, who),
        )
    except ConfigError as error:
        return await _page(request, proof=SiteProof(problems=list(error.problems), notes=[]))
    except ConflictError as error:
        return await _page(request, refusal=error)
    message = visit.words("workbook.loaded", n=loaded.load.number)
    return await _page(request, message=message, codes=loaded.codes, began=True)


async def adopt_by_form(request: Request) -> Response:
    """Put a newcomer into the books; the hub starts again."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    words = {name: str(form.get(name, "")).strip() for name in ADOPTION}
    try:
        load = await visit.ports.site.adopt(msgspec.convert(words, Adoption), who)
    except ConfigError as error:
        return await _page(request, proof=SiteProof(problems=list(error.problems), notes=[]))
    except ConflictError as error:
        return await _page(request, refusal=error)
    return await _page(request, message=visit.words("workbook.loaded", n=load.number), began=True)


async def pair_by_form(request: Request) -> Response:
    """Open a pairing window."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    minutes = str(form.get("minutes", ""))
    wish = PairingWish(
        place=str(form.get("place", "")).strip(),
        model=str(form.get("model", "")),
        minutes=int(minutes) if minutes.isdecimal() else 0,
    )
    try:
        await visit.ports.site.open_pairing(wish, who)
    except InvalidRequestError as error:
        return await _page(request, message=visit.words.of(error.texts), status=422)
    return RedirectResponse("/site", 303)


async def unpair_by_form(request: Request, pairing: str) -> Response:
    """Close a pairing window."""
    who = await whole_community(request)
    await ports_of(request).site.close_pairing(pairing, who)
    return RedirectResponse("/site", 303)


async def undo_by_form(request: Request) -> Response:
    """Take the newest load back; the hub starts again."""
    who = await whole_community(request)
    visit = await visit_of(request)
    try:
        load = await visit.ports.site.undo(who, people=is_proven(request, who))
    except ConflictError as error:
        return await _page(request, refusal=error)
    return await _page(request, message=visit.words("workbook.undone", n=load.number), began=True)


def _tray(request: Request) -> Tray:
    tray: Tray = request.state.tray
    return tray


async def _page(
    request: Request,
    *,
    proof: SiteProof | None = None,
    refusal: HubError | None = None,
    message: str = "",
    status: int = 200,
    word: str = "",
    file: str = "",
    codes: Mapping[str, str] = NO_CODES,
    began: bool = False,
) -> Response:
    await whole_community(request)
    visit = await visit_of(request)
    ports = visit.ports
    loads = await ports.site.loads()
    return show(
        visit,
        "site.html",
        status=409 if refusal else status,
        roll=await ports.site.roll(ports.live.devices()),
        listed=LISTED,
        models=ports.site.models(),
        pairings=[each for each in await ports.site.pairings() if each.is_open(ports.clock.now())],
        places=sorted(ports.live.places()),
        may_load=visit.who.role in ADMINISTRATORS,
        loads=loads,
        newest=next((each.number for each in loads if each.undone_at is None), 0),
        proof=proof,
        faults=_faults(visit, proof.problems if proof else ()),
        message=visit.words.of(refusal.texts) if refusal else message,
        word=word,
        file=file,
        codes=codes,
        people=is_proven(request, visit.who),
        began=began,
    )


def _faults(visit: Visit, problems: Sequence[Problem]) -> list[tuple[str, str, str]]:
    """Return the first faults: where, what, and the next step, in the page's language."""
    return [(_where(each), *say(visit.words, each)) for each in problems[:LISTED]]


def _where(problem: Problem) -> str:
    if not problem.sheet:
        return f"{problem.line}:{problem.column}" if problem.line else ""
    return f"{problem.sheet} {problem.cell}".strip()


def say(words: Words, problem: Problem) -> tuple[str, str]:
    """Return what is wrong and the next step, in English where nobody has said it in Chinese."""
    if words.language is Language.ZH and problem.zh:
        return problem.zh, problem.zh_hint
    return problem.message, problem.hint


CALLS = (
    Call(
        method="GET",
        path="/site",
        answer=site_page,
        roles=LEADERS,
        operation="showSite",
        about="The roll call, and the workbook of the site",
    ),
    *forms(
        ADMINISTRATORS,
        ("/site/check", check_by_form, "checkWorkbookByForm", "Tries a workbook"),
        ("/site/loads", load_by_form, "loadWorkbookByForm", "Loads the workbook that was tried"),
        ("/site/adopt", adopt_by_form, "adoptByForm", "Puts a newcomer into the books"),
        ("/site/pairings", pair_by_form, "openPairingByForm", "Opens a pairing window"),
        (
            "/site/pairings/{pairing}/close",
            unpair_by_form,
            "closePairingByForm",
            "Closes a pairing window",
        ),
        ("/site/undo", undo_by_form, "undoLoadByForm", "Takes the newest load back"),
    ),
)
