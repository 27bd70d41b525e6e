"""The joint meeting on pages and over the API: called, decided, carried out, on paper, as XLSX."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import msgspec
import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import TicketState
from tests.unit.access.web_fakes import NOW, World, make_world, ticket
from tests.unit.api.app_of_api import asking
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_inspection_page import Visitor

DECISION = {"text": "限期修好", "body": "供电公司", "by": "2099-01-01"}


@pytest.fixture
def console() -> Console:
    made = make_console(devices=30)
    gate = made.community.of_kind(Kind.BARRIER_GATE)[0]
    lone = made.community.open_ticket(gate, "没人管的门", "Nobody's gate", age=200_000)
    books = made.community.books
    number = getattr(lone, "number", "") or next(iter(books.ticket_by_number))
    books.ticket_by_number[number] = msgspec.structs.replace(
        books.ticket_by_number[number], state=TicketState.NEW, holder=""
    )
    return made


async def test_a_meeting_is_called_decides_and_its_ticket_says_so(console: Console) -> None:
    (number,) = console.community.books.ticket_by_number
    desk = Visitor(console)
    page = (await desk.get("/agenda")).text
    assert "没人管的门" in page
    assert "2 天没有人接单" in page
    made = await desk.send("/agenda", "/meetings", held_at="2099-01-01")
    assert made.headers["location"] == "/meetings/j1"
    matter = f"ownerless:{number}"
    form = "/meetings/j1/decisions"
    wrong = await desk.send("/meetings/j1", form, matter=matter, **DECISION | {"by": "soon"})
    assert wrong.status_code == 422
    assert "请选日期" in wrong.text
    assert "限期修好" in wrong.text, "what was typed stays"
    told = await desk.send("/meetings/j1", form, matter=matter, **DECISION)
    assert told.status_code == 303, told.text
    assert "限期修好 · 供电公司" in (await desk.get(f"/tickets/{number}")).text
    done = await desk.send("/meetings/j1", f"{form}/j1-1", result="修好了")
    assert done.status_code == 303
    shown = (await desk.get("/meetings/j1")).text
    assert "修好了" in shown
    assert "会" in shown
    assert "2099-01-01" in (await desk.get("/agenda")).text


async def test_a_grid_worker_reads_and_decides_nothing(console: Console) -> None:
    worker = Visitor(console, Role.GRID_WORKER)
    text = (await worker.get("/agenda")).text
    assert "没人管的门" in text
    assert 'action="/meetings"' not in text
    assert (await Visitor(console, Role.GUARD).get("/agenda")).status_code == 403


def lone_world() -> World:
    world = make_world()
    lone = ticket("GS-1", state=TicketState.NEW, holder="", opened_at=NOW - 2 * 86_400)
    world.live.tickets = [lone]
    world.books.ticket_by_number["GS-1"] = lone
    return world


async def test_over_the_api_an_agenda_stays_as_it_was_when_the_meeting_was_called() -> None:
    world = lone_world()
    async with asking(world, Role.MANAGER) as client:
        (matter,) = (await client.get("/api/v1/agenda")).json()["items"]
        body = {"held_at": "2026-11-30T15:00:00+08:00"}
        made = await client.post("/api/v1/meetings", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["held_at"] == "2026-11-30T00:00:00.000+08:00"
        world.live.tickets = []
        empty = await client.post("/api/v1/meetings", json=body)
        wish = {"matter": matter["id"], **DECISION, "by": "2099-01-01T00:00:00+08:00"}
        decided = await client.post("/api/v1/meetings/j1/decisions", json=wish)
        past = await client.post(
            "/api/v1/meetings/j1/decisions", json=wish | {"by": "2001-01-01T00:00:00+08:00"}
        )
        nothing = await client.post(
            "/api/v1/meetings/j1/decisions", json=wish | {"matter": "ghost"}
        )
        done = await client.post("/api/v1/meetings/j1/decisions/j1-1", json={"result": "好了"})
        again = await client.post("/api/v1/meetings/j1/decisions/j1-1", json={"result": "好了"})
        sheet = await client.get("/api/v1/meetings/j1/workbook")
        bad = await client.get("/api/v1/agenda", params={"times": 1})
    assert (empty.status_code, decided.status_code, past.status_code) == (409, 201, 422)
    assert (nothing.status_code, done.status_code, again.status_code) == (404, 200, 409)
    assert done.json()["matters"] == [matter]
    assert bad.status_code == 422
    with ZipFile(BytesIO(sheet.content)) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    for words in ("无人负责", "限期修好", "供电公司", "好了", "GS-1"):
        assert words in texts
    assert [e.type for e in world.books.entries if e.type.startswith("meeting.")] == [
        *("meeting.convened", "meeting.decided", "meeting.carried_out"),
    ]


async def test_what_is_discreet_is_on_no_list() -> None:
    world = lone_world()
    world.live.tickets = [msgspec.structs.replace(world.live.tickets[0], discreet=True)]
    async with asking(world, Role.ADMINISTRATOR) as client:
        assert (await client.get("/api/v1/agenda")).json()["items"] == []
