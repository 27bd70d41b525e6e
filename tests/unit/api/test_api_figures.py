"""Figures of work over HTTP: what they link to, who sees which, and the spreadsheet."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest

from hub.model.access import Role
from tests.unit.access.web_fakes import NOW, TOKENS, World, make_world
from tests.unit.api.app_of_api import asking
from tests.unit.services.making import HOUR
from tests.unit.services.test_figure import Story

SPAN = {"start": str(NOW - 86_400), "end": str(NOW + 1)}


@pytest.fixture
def world() -> World:
    world = make_world()
    opened = NOW - 12 * HOUR
    stories = [
        Story("GS-1", opened_at=opened, finish_by=NOW).repaired(2 * HOUR),
        Story("GS-2", opened_at=opened, finish_by=opened + HOUR, place="guanshan/b/1"),
        Story("GS-3", opened_at=opened, test=True),
    ]
    told = [entry for story in stories for entry in story.entries]
    world.books.entries = [
        msgspec.structs.replace(entry, seq=number) for number, entry in enumerate(told, 1)
    ]
    return world


async def ask(world: World, path: str, **query: str) -> dict[str, Any]:
    async with asking(world, Role.MANAGER) as client:
        answer = await client.get(f"/api/v1{path}", params=SPAN | query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_each_figure_links_to_its_tickets(world: World) -> None:
    (group,) = (await ask(world, "/figures"))["items"]
    assert group["cells"]["tickets"]["value"] == 2, "a drill counts only where all is one"
    late = group["cells"]["late"]
    assert (late["value"], late["tickets"]) == (1, 1)
    async with asking(world, Role.MANAGER) as client:
        rows = (await client.get(late["rows"])).json()["items"]
    assert [(row["number"], row["completed_at"]) for row in rows] == [("GS-2", None)]
    assert rows[0]["class"] == "general"


async def test_a_part_of_the_community_has_figures_of_its_own(world: World) -> None:
    world.give(Role.MANAGER, scope="guanshan/b", token=TOKENS[Role.MANAGER])
    (group,) = (await ask(world, "/figures", by="place"))["items"]
    assert group["key"] == "guanshan/b"
    (row,) = (await ask(world, "/figures/tickets", by="place", key="guanshan/b", figure="open"))[
        "items"
    ]
    assert row["number"] == "GS-2"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/figures", {"by": "weather"}, 422),
        ("/figures", {"start": "yesterday"}, 422),
        ("/figures/tickets", {"figure": "luck"}, 404),
        ("/figures/tickets", {"figure": "late", "by": "class", "key": "none"}, 404),
    ],
)
async def test_what_there_is_not_is_said(
    world: World, path: str, query: dict[str, str], status: int
) -> None:
    async with asking(world, Role.MANAGER) as client:
        answer = await client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == status
    assert "detail" in answer.json()


async def test_the_spreadsheet_has_a_sheet_a_dimension_and_no_formula(world: World) -> None:
    evil = Story("GS-4", opened_at=NOW - HOUR, subject='=HYPERLINK("http://x")')
    number = len(world.books.entries) + 1
    world.books.entries.append(msgspec.structs.replace(evil.entries[0], seq=number))
    async with asking(world, Role.MANAGER) as client:
        answer = await client.get("/api/v1/figures/workbook", params=SPAN)
    assert answer.headers["content-disposition"].startswith("attachment")
    with ZipFile(BytesIO(answer.content)) as file:
        names = file.read("xl/workbook.xml").decode()
        sheets = b"".join(file.read(each) for each in file.namelist() if "worksheets" in each)
    assert [word in names for word in ("按难度", "按厂家", "工单")] == [True] * 3
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets
