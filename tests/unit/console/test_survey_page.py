"""Surveys on pages without script and over the API: drawn, answered, on paper, published."""

from __future__ import annotations

import httpx2
import pytest

from hub.model.access import Role
from hub.services.community.survey import last_half
from tests.support.survey import settle
from tests.unit.access.web_fakes import World, make_world
from tests.unit.api.app_of_api import asking
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_inspection_page import Visitor

YES = {"responded": "yes", "solved": "yes", "satisfied": "yes"}
REPLY = {"responded": True, "solved": True, "satisfied": False}


@pytest.fixture
def console() -> Console:
    made = make_console(devices=30)
    start, _ = last_half(made.clock.now())
    settle(made.community.books, [f"GS-{number}" for number in range(1, 9)], start + 2 * 86_400.0)
    return made


async def draw(console: Console) -> Visitor:
    desk = Visitor(console)
    made = await desk.send("/surveys", "/surveys", size="6")
    assert (made.status_code, made.headers.get("location")) == (303, "/surveys/s1"), made.text
    return desk


def reports(page: str) -> list[str]:
    return [each.split('"')[0] for each in page.split('name="report" value="')[1:]]


async def test_a_sample_is_drawn_asked_and_counted(console: Console) -> None:
    desk = await draw(console)
    page = (await desk.get("/surveys/s1")).text
    assert "从 8 份里抽了 6 份" in page
    assert len(reports(page)) == 6
    assert "13900000000" not in page, "the number stands with its ticket, where a look is noted"
    form, name = "/surveys/s1/answers", reports(page)[0]
    half = await desk.send("/surveys/s1", form, report=name, responded="yes", do="answered")
    assert (half.status_code, "三个问题都要选" in half.text) == (422, True)
    assert (await desk.send("/surveys/s1", form, report=name, do="missed")).status_code == 303
    assert "没联系上 1 次" in (await desk.get("/surveys/s1")).text
    told = await desk.send("/surveys/s1", form, report=name, do="answered", **YES)
    assert told.status_code == 303
    page = (await desk.get("/surveys/s1")).text
    assert "问 6 份，答 1 份，应答率 17%；响应率 100%" in page
    assert "及时、已解决、满意" in page
    assert "抽样" not in (await desk.get("/surveys")).text.split("</p>")[-1]


async def test_sheets_of_paper_are_given_out_and_typed_in(console: Console) -> None:
    desk = await draw(console)
    assert 'action="/surveys/s1/sheets"' not in (await desk.get("/surveys/s1")).text
    wrong = await desk.send("/surveys/s1", "/surveys/s1/paper", handed_out="many")
    assert (wrong.status_code, "请填数字" in wrong.text) == (422, True)
    await desk.send("/surveys/s1", "/surveys/s1/paper", handed_out="2")
    for _ in range(2):
        made = await desk.send("/surveys/s1", "/surveys/s1/sheets", **YES | {"satisfied": "no"})
        assert made.status_code == 303
    page = (await desk.get("/surveys/s1")).text
    assert "2 / 2" in page
    assert "满意率 0%" in page
    assert 'action="/surveys/s1/sheets"' not in page


async def test_a_grid_worker_asks_and_does_not_draw(console: Console) -> None:
    await draw(console)
    worker = Visitor(console, Role.GRID_WORKER)
    page = (await worker.get("/surveys/s1")).text
    told = await worker.send(
        "/surveys/s1", "/surveys/s1/answers", report=reports(page)[0], do="answered", **YES
    )
    assert told.status_code == 303
    assert 'action="/surveys/s1/paper"' not in page
    assert (await Visitor(console, Role.CREW).get("/surveys")).status_code == 403


@pytest.fixture
def world() -> World:
    made = make_world()
    start, _ = last_half(made.clock.now())
    settle(made.books, [f"GS-{number}" for number in range(1, 9)], start + 2 * 86_400.0)
    return made


async def test_programs_do_the_same(world: World) -> None:
    async def post(client: httpx2.AsyncClient, path: str, **body: object) -> httpx2.Response:
        return await client.post(f"/api/v1/surveys{path}", json=body)

    async with asking(world, Role.MANAGER) as client:
        made = await post(client, "", size=5)
        assert made.status_code == 201
        report = made.json()["asked"][0]["report"]
        assert (await post(client, "", size=5)).status_code == 409
        assert (await post(client, "/s1/answers", report=report)).json()["asked"][0]["missed"] == 1
        told = await post(client, "/s1/answers", report=report, reply=REPLY)
        assert told.json()["outcome"]["satisfied"] == 0.0
        assert (await post(client, "/s1/paper", handed_out=1)).status_code == 200
        assert (await post(client, "/s1/sheets", **REPLY)).json()["outcome"]["answered"] == 2
        assert (await post(client, "/s9/sheets", **REPLY)).status_code == 404
        listed = (await client.get("/api/v1/surveys")).json()["items"]
        assert [each["id"] for each in listed] == ["s1"]
        assert (await client.get("/api/v1/surveys/s1")).json() == listed[0]
    async with asking(world, Role.GRID_WORKER) as client:
        assert (await post(client, "", size=5)).status_code == 403
