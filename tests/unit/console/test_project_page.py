"""Project claims on pages without script, and over the API: proposed, claimed, proved."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.project import ProjectState
from tests.unit.access.web_fakes import make_world
from tests.unit.api.app_of_api import asking
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_inspection_page import LARGE, Visitor

NEED = {"need": "3 幢加装电梯", "text": "老人多，六楼", "place": "guanshan/a"}
CLAIM = {"do": "claim", "claimant": "供电公司", "kind": "enterprise", "promise": "免费增容"}
DATED = {"by1": "2099-01-01", "text1": "送电", "by2": "2098-12-01", "text2": "勘察"}
PAGE = "/projects/p1"


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


async def test_a_need_is_claimed_proved_and_accepted(console: Console) -> None:
    desk = Visitor(console)
    made = await desk.send("/projects", "/projects", **NEED)
    assert made.headers["location"] == PAGE
    claimed = await desk.send(PAGE, f"{PAGE}/actions", **CLAIM, **DATED)
    assert claimed.status_code == 303, claimed.text
    done = await desk.send(PAGE, f"{PAGE}/milestones/m1", text="报告已交")
    assert done.status_code == 303
    kept = await desk.send(PAGE, f"{PAGE}/photos", LARGE)
    assert kept.status_code == 303
    await desk.send(PAGE, f"{PAGE}/actions", do="deliver", text="已送电")
    await desk.send(PAGE, f"{PAGE}/actions", do="accept", text="现场看过")
    shown = (await desk.get(PAGE)).text
    for words in ("已完成", "供电公司", "报告已交", "/photos/", "现场看过"):
        assert words in shown
    assert "供电公司" in (await desk.get("/projects")).text


async def test_a_linked_ticket_leads_to_its_project(console: Console) -> None:
    desk = Visitor(console)
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    console.community.open_ticket(gate, "地感常占", "Loop always occupied", age=9000)
    number = next(iter(console.community.books.ticket_by_number))
    await desk.send("/projects", "/projects", **NEED)
    linked = await desk.send(PAGE, f"{PAGE}/tickets", ticket=number.lower())
    assert linked.status_code == 303
    assert f'<a href="{PAGE}">3 幢加装电梯' in (await desk.get(f"/tickets/{number}")).text
    assert f"/tickets/{number}" in (await desk.get(PAGE)).text


async def test_what_is_late_stands_first_and_says_so(console: Console) -> None:
    desk = Visitor(console)
    await desk.send("/projects", "/projects", **NEED)
    await desk.send("/projects", "/projects", **NEED | {"need": "修路灯"})
    await desk.send(PAGE, f"{PAGE}/actions", **CLAIM, by1="2099-01-01", text1="送电")
    await console.clock.advance(80 * 365 * 86_400)  # type: ignore[attr-defined]
    text = (await Visitor(console).get("/projects")).text
    assert "1 个节点逾期" in text
    assert text.index("3 幢加装电梯") < text.index("修路灯")


async def test_a_wrong_day_is_told_and_what_was_typed_is_kept(console: Console) -> None:
    desk = Visitor(console)
    await desk.send("/projects", "/projects", **NEED)
    wrong = await desk.send(PAGE, f"{PAGE}/actions", **CLAIM, by1="gestern", text1="送电")
    assert wrong.status_code == 422
    assert "节点" in wrong.text
    assert "免费增容" in wrong.text
    bad = await desk.send(PAGE, f"{PAGE}/tickets", ticket="GS-9")
    assert bad.status_code == 422
    nowhere = await desk.send("/projects", "/projects", **NEED | {"place": "guanshan/z"})
    assert "请选择位置" in nowhere.text


async def test_over_the_api_a_department_claims_and_a_guard_only_reads() -> None:
    world = make_world()
    body = {
        **CLAIM,
        "milestones": [{"text": "送电", "by": "2099-01-01T00:00:00+08:00"}],
    }
    async with asking(world, Role.GRID_WORKER) as client:
        made = await client.post("/api/v1/projects", json=NEED)
        linked = await client.post("/api/v1/projects/p1/tickets", json={"ticket": "GS-1"})
        assert linked.status_code == 404, "a ticket that is not there"
        denied = await client.post("/api/v1/projects/p1/actions", json=body)
    assert (made.status_code, denied.status_code) == (201, 403)
    async with asking(world, Role.DEPARTMENT) as client:
        claimed = await client.post("/api/v1/projects/p1/actions", json=body)
        assert claimed.json()["state"] == "claimed"
        assert claimed.json()["possible"] == ["start", "deliver", "give_back"]
        early = await client.post(
            "/api/v1/projects/p1/actions", json={"do": "accept", "text": "好"}
        )
        assert (early.status_code, early.json()["possible"]) == (
            409,
            ["start", "deliver", "give_back"],
        )
        sent = await client.post("/api/v1/projects/p1/photos", content=LARGE)
        (name,) = sent.json()["photos"]
        fetched = await client.get(f"/api/v1/projects/p1/photos/{name}")
        done = await client.post("/api/v1/projects/p1/milestones/m1", json={"text": "看过"})
    assert fetched.headers["content-type"] == "image/jpeg"
    assert done.json()["milestones"][0]["proof"] == "看过"
    async with asking(world, Role.GUARD) as client:
        (listed,) = (await client.get("/api/v1/projects")).json()["items"]
    assert (listed["possible"], listed["state"]) == ([], ProjectState.CLAIMED)
