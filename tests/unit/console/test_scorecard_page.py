"""The scorecard on its page and over the API: seen by leaders, typed by the community alone."""

from __future__ import annotations

from hub.model.access import Role
from hub.services.community.scorecard import month_of
from tests.unit.access.web_fakes import make_world
from tests.unit.api.app_of_api import asking
from tests.unit.console.fakes.community import make_console
from tests.unit.console.test_inspection_page import Visitor

FORM = "/scorecard/scores"


async def test_the_community_types_a_score_and_the_manager_sees_it() -> None:
    console = make_console(devices=30)
    month = month_of(console.clock.now())
    desk, said = Visitor(console, Role.ADMINISTRATOR), {"month": month, "criterion": "street"}
    page = (await desk.get("/scorecard")).text
    for words in ("街道检查", "按时完工", "还没有", "不是官方等级"):
        assert words in page, words
    wrong = await desk.send("/scorecard", FORM, **said, value="x", giver="王")
    assert (wrong.status_code, "0 到 100" in wrong.text) == (422, True)
    made = await desk.send("/scorecard", FORM, **said, value="88.5", giver="<b>王</b>")
    assert (made.status_code, made.headers["location"]) == (303, f"/scorecard?month={month}")
    manager = Visitor(console)
    seen = (await manager.get(f"/scorecard?month={month}")).text
    assert "88.5" in seen
    assert "&lt;b&gt;王&lt;/b&gt; 评" in seen
    assert f'action="{FORM}"' not in seen, "who is judged does not type"
    assert "88.5" not in (await manager.get("/scorecard?month=2020-01")).text
    assert (await manager.get("/scorecard?month=2020-99")).status_code == 422
    assert (await Visitor(console, Role.GUARD).get("/scorecard")).status_code == 403


async def test_programs_do_the_same() -> None:
    body = {"month": "2025-11", "criterion": "community", "value": 90, "giver": "社区"}
    world = make_world()
    async with asking(world, Role.ADMINISTRATOR) as client:
        made = await client.post("/api/v1/scorecard/scores", json=body)
        assert made.status_code == 201
        read = (await client.get("/api/v1/scorecard?month=2025-11")).json()
        assert read == made.json()
        line = next(each for each in read["lines"] if each["id"] == "community")
        assert (line["points"], line["given"]["giver"], read["total"]) == (18.0, "社区", None)
        unknown = await client.post("/api/v1/scorecard/scores", json=body | {"criterion": "x"})
        assert unknown.status_code == 404
    async with asking(world, Role.MANAGER) as client:
        assert (await client.post("/api/v1/scorecard/scores", json=body)).status_code == 403
