"""Calls about the books of the site: a workbook is checked, loaded, taken back, and written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import is_proven, ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_site as shape
from hub.api.figures import SHEET
from hub.api.paging import json_response, page
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.api.shape import Page
from hub.errors import ForbiddenError, Problem
from hub.model.device import Device
from hub.model.instant import to_rfc3339
from hub.model.site_load import Changes, SiteLoad
from hub.ports.site import Adoption, SiteProof, Stranger

FILE = Annotated[str, Query(max_length=200, description="the workbook's name, for messages")]


async def check_workbook(request: Request, file: FILE = "workbook") -> Response:
    """Check a workbook, and write nothing; the body is the file: XLSX, XLS or CSV."""
    await whole_community(request)
    proof = await ports_of(request).site.check(await request.body(), file)
    return json_response(write_proof(proof))


async def load_workbook(
    request: Request,
    file: FILE = "workbook",
    *,
    remove: Annotated[bool, Query(description="devices that it lacks may leave the books")] = False,
) -> Response:
    """Load a workbook as a whole; the hub starts again with it, within seconds."""
    who = await whole_community(request)
    data, people = await request.body(), is_proven(request, who)

    async def act() -> Response:
        site = ports_of(request).site
        loaded = await site.load(data, file, who, remove=remove, people=people)
        return json_response(write_load(loaded.load) | {"codes": loaded.codes}, 201)

    return await once(request, who, act)


async def adopt_newcomer(request: Request) -> Response:
    """Add one device to the books (登记); the hub starts again with it, within seconds."""
    who = await whole_community(request)
    adoption = read_struct(await request.body(), Adoption)

    async def act() -> Response:
        load = await ports_of(request).site.adopt(adoption, who)
        return json_response(write_load(load), 201)

    return await once(request, who, act)


async def undo_load(request: Request) -> Response:
    """Take back the newest load as a whole; the hub starts again with what counted before."""
    who = await whole_community(request)

    async def act() -> Response:
        undone = await ports_of(request).site.undo(who, people=is_proven(request, who))
        return json_response(write_load(undone))

    return await once(request, who, act)


async def list_loads(request: Request) -> Response:
    """List the loads that are kept, newest first."""
    await whole_community(request)
    return page([write_load(each) for each in await ports_of(request).site.loads()], None)


async def read_roll(request: Request) -> Response:
    """Call the roll: how many of the books were heard, who never was, and who is unlisted."""
    await whole_community(request)
    ports = ports_of(request)
    roll = await ports.site.roll(ports.live.devices())
    return json_response(
        {
            "heard": roll.heard,
            "absent": [_absent(each) for each in roll.absent],
            "strangers": [_stranger(each) for each in roll.strangers],
        }
    )


async def write_workbook(
    request: Request,
    *,
    people: Annotated[bool, Query(description="also who can sign in, with telephones")] = False,
) -> Response:
    """Give the books that count as a workbook, which can be loaded again."""
    who = await whole_community(request)
    if people and not is_proven(request, who):
        raise ForbiddenError(
            f"{who.name}: people are behind a second factor on this hub; set it up at /account",
            zh="人员表要用动态口令：请先在“更多 → 动态口令”里设好，再重新登录。",
        )
    body = await ports_of(request).site.export(people=people)
    headers = {"content-disposition": 'attachment; filename="site.xlsx"'}
    return Response(body, media_type=SHEET, headers=headers)


def write_proof(proof: SiteProof) -> dict[str, Any]:
    """Write what a workbook would do."""
    return {
        "problems": [_fault(each) for each in proof.problems],
        "notes": proof.notes,
        "devices": _changes(proof.devices),
        "places": _changes(proof.places),
        "areas": _changes(proof.areas),
        "people": _changes(proof.people or Changes()),
        "count": proof.count,
    }


def write_load(load: SiteLoad) -> dict[str, Any]:
    """Write a load, without its sheets."""
    return {
        "number": load.number,
        "at": to_rfc3339(load.at),
        "actor": load.actor,
        "file": load.file,
        "count": load.count,
        "devices": load.devices,
        "places": load.places,
        "areas": load.areas,
        "people": load.people,
        "undone_at": to_rfc3339(load.undone_at) if load.undone_at is not None else None,
        "undone_by": load.undone_by,
    }


def _fault(problem: Problem) -> dict[str, Any]:
    names = ("sheet", "cell", "line", "column", "message", "hint", "zh", "zh_hint")
    return {name: getattr(problem, name) for name in names}


def _absent(device: Device) -> dict[str, str]:
    return {name: getattr(device, name) for name in ("id", "name", "place", "link", "address")}


def _stranger(each: Stranger) -> dict[str, Any]:
    guess = each.guess
    return {
        "link": each.link,
        "address": each.address,
        "first_seen": to_rfc3339(each.first_seen),
        "last_seen": to_rfc3339(each.last_seen),
        "count": each.count,
        "kinds": list(guess.kinds) if guess else [],
        "model": guess.model if guess else "",
        "reason": guess.reason if guess else None,
        "near": each.near,
    }


def _changes(changes: Changes) -> dict[str, list[str]]:
    return {name: getattr(changes, name) for name in Changes.__struct_fields__}


CALLS = (
    Call(
        method="POST",
        path="/site/check",
        answer=check_workbook,
        roles=ADMINISTRATORS,
        operation="checkWorkbook",
        about="Check a workbook of the site; the body is the file",
        shows=shape.WorkbookProof,
    ),
    Call(
        method="GET",
        path="/site/loads",
        answer=list_loads,
        roles=ADMINISTRATORS,
        operation="listLoads",
        about="Workbooks that were loaded",
        shows=Page[shape.Load],
    ),
    Call(
        method="POST",
        path="/site/loads",
        answer=load_workbook,
        roles=ADMINISTRATORS,
        operation="loadWorkbook",
        about="Load a workbook of the site; the body is the file",
        shows=shape.FreshLoad,
        statuses=(201,),
        problems=(409,),
    ),
    Call(
        method="POST",
        path="/site/adopt",
        answer=adopt_newcomer,
        roles=ADMINISTRATORS,
        operation="adoptNewcomer",
        about="Add one device to the books",
        body=Adoption,
        shows=shape.Load,
        statuses=(201,),
        problems=(409,),
    ),
    Call(
        method="POST",
        path="/site/loads/undo",
        answer=undo_load,
        roles=ADMINISTRATORS,
        operation="undoLoad",
        about="Take back the newest load",
        shows=shape.Load,
        problems=(409,),
    ),
    Call(
        method="GET",
        path="/site/roll",
        answer=read_roll,
        roles=LEADERS,
        operation="readRoll",
        about="Who was heard, who never was, and who is unlisted",
        shows=shape.RollCall,
    ),
    Call(
        method="GET",
        path="/site/workbook",
        answer=write_workbook,
        roles=ADMINISTRATORS,
        operation="writeWorkbook",
        about="The books as a workbook (XLSX)",
        shows=str,
        media=SHEET,
    ),
)
