"""A notice as a sheet of paper for the doors of its place."""

from __future__ import annotations

from hub.model.access import Identity, Role
from hub.model.window import WindowKind
from hub.ports import WindowWish
from tests.unit.console.fakes.community import make_console
from tests.unit.console.test_console_pages import browsing

LI = Identity(name="李经理", role=Role.MANAGER)


async def test_a_notice_names_place_time_and_what_for_in_both_languages() -> None:
    console = make_console(devices=60)
    ports = console.ports
    place = min(console.community.places())
    text = {"zh": "停水 <1 小时>", "en": "No water"}
    wish = WindowWish(kind=WindowKind.NOTICE, text=text, end=ports.clock.now() + 3600, place=place)
    notice = await ports.windows.open(wish, LI)
    async with browsing(console, "李经理", Role.MANAGER) as client:
        listed = (await client.get("/windows")).text
        sheet = (await client.get(f"/windows/{notice.id}/notice")).text
        missing = await client.get("/windows/w-9/notice")
    async with browsing(console, "wang", Role.GUARD) as client:
        refused = await client.get(f"/windows/{notice.id}/notice")
    assert f'href="/windows/{notice.id}/notice"' in listed
    for shown in ("<h1>公告</h1>", "停水 &lt;1 小时&gt;", "No water", "关山社区"):
        assert shown in sheet
    assert (missing.status_code, refused.status_code) == (404, 403)
