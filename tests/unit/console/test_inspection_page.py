"""Inspections on pages without script: planned at a desk, walked on a phone."""

from __future__ import annotations

import re

import httpx2
import pytest

from hub.model.access import Role
from hub.model.inspection import RoundState
from hub.model.ticket import Ticket
from tests.support.photos import photo
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

LARGE = photo() + bytes(2_000_000)
"""A photo as telephones take them: more than other bodies may have."""
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
PLAN = {
    "title": "消防巡查",
    "team": "巡查一组",
    "every": "day",
    "day": "1",
    "at": "00:00",
    "hours": "24",
}
STOP = {"place": "guanshan/a", "thing": "灭火器箱 3 号", "checks": "压力在绿区\n铅封完好\n"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


class Visitor:
    """Somebody at a browser."""

    def __init__(self, console: Console, role: Role = Role.MANAGER) -> None:
        self._console = console
        self._cookie = console.sign_in(f"a {role}", role)

    async def get(self, path: str) -> httpx2.Response:
        async with self._client() as client:
            return await client.get(path)

    async def send(
        self, page: str, action: str, image: bytes = b"", **typed: str
    ) -> httpx2.Response:
        """Fill in a form of a page."""
        text = (await self.get(page)).text
        assert f'action="{action}"' in text, text
        hidden = dict(re.findall(r'name="(csrf|key)" value="([^"]+)"', text))
        async with self._client() as client:
            if f'action="{action}" enctype="multipart/form-data"' not in text:
                return await client.post(action, data=hidden | typed)
            files = {"photo": ("a.jpg", image, "image/jpeg")}
            return await client.post(action, data=hidden | typed, files=files)

    def _client(self) -> httpx2.AsyncClient:
        cookie = f"lingdang_session={self._cookie}"
        return client_of(self._console.app, "", cookie=cookie, **HTML)


def tickets(console: Console) -> list[Ticket]:
    return list(console.community.books.ticket_by_number.values())


async def plan(console: Console, *stops: dict[str, str]) -> str:
    """Plan an inspection with these stops, and let its round come due; returns its address."""
    desk = Visitor(console)
    made = await desk.send("/inspections", "/inspections", **PLAN)
    address = made.headers["location"]
    assert (made.status_code, address) == (303, "/inspections/i1")
    for stop in stops or (STOP,):
        added = await desk.send(address, f"{address}/stops", **stop)
        assert added.status_code == 303, added.text
    await console.clock.advance(86_400)  # type: ignore[attr-defined]
    await console.inspecting.tick()
    (walk,) = console.inspecting.room.rounds
    return f"/rounds/{walk}"


async def test_a_round_is_walked_stop_by_stop_and_finished(console: Console) -> None:
    walk = await plan(console, STOP, STOP | {"thing": "灭火器箱 4 号"})
    phone = Visitor(console, Role.GRID_WORKER)
    due = (await phone.get("/inspections")).text
    assert f'href="{walk}"' in due
    assert "新建巡查" not in due
    first = await phone.send(f"{walk}/stops/s1", f"{walk}/stops/s1", verdict="fine")
    assert first.headers["location"] == f"{walk}/stops/s2"
    second = await phone.send(f"{walk}/stops/s2", f"{walk}/stops/s2", verdict="fine")
    assert second.headers["location"] == walk
    done = await phone.send(walk, f"{walk}/finish")
    assert done.headers["location"] == "/inspections"
    (found,) = console.inspecting.room.rounds.values()
    assert (found.state, found.ended_by) == (RoundState.DONE, "a grid_worker")
    assert "已完成" in (await phone.get("/inspections")).text


async def test_a_finding_with_a_photo_is_a_ticket_that_the_next_walk_knows(
    console: Console,
) -> None:
    walk = await plan(console)
    phone = Visitor(console, Role.GRID_WORKER)
    stop = f"{walk}/stops/s1"
    typed = {"check": "压力在绿区", "category": "fire_lane", "text": "指针在红区"}
    sent = await phone.send(stop, stop, LARGE, verdict="finding", **typed)
    assert sent.headers["location"] == walk
    (ticket,) = tickets(console)
    assert len(console.ports.photos.photos(ticket.number)) == 1
    ((_, reporter),) = await console.ports.whistle.reports_of(ticket.number)
    assert reporter.text == "灭火器箱 3 号 · 压力在绿区：指针在红区"
    shown = (await phone.get(stop)).text
    assert ticket.number in shown
    assert "都正常" not in shown, "it is not fine any more"
    again = await phone.send(stop, stop, verdict="finding", **typed, join=ticket.number)
    assert again.status_code == 303
    assert len(tickets(console)) == 1
    assert ticket.number in (await phone.get(walk)).text


async def test_what_does_not_fit_is_told_and_what_was_typed_is_kept(console: Console) -> None:
    desk = Visitor(console)
    wrong = await desk.send("/inspections", "/inspections", **PLAN | {"hours": "x", "at": "99"})
    assert wrong.status_code == 422
    assert "时间写成 08:30" in wrong.text
    assert 'value="消防巡查"' in wrong.text
    walk = await plan(console)
    stop = f"{walk}/stops/s1"
    bare = await Visitor(console).send(stop, stop, verdict="finding", text="指针在红区")
    assert bare.status_code == 422
    assert "请选择怎么了" in bare.text
    assert "指针在红区" in bare.text
    assert tickets(console) == []


async def test_a_leader_moves_and_takes_out_stops_and_ends_it(console: Console) -> None:
    await plan(console, STOP, STOP | {"thing": "灭火器箱 4 号"})
    desk, page = Visitor(console), "/inspections/i1"
    await desk.send(page, f"{page}/stops/s2", do="up")
    plans = console.inspecting.room.inspections
    assert [each.id for each in plans["i1"].stops] == ["s2", "s1"]
    await desk.send(page, f"{page}/stops/s1", do="remove")
    assert [each.id for each in plans["i1"].stops] == ["s2"]
    nowhere = await desk.send(page, f"{page}/stops", subject="gate-x", thing="门")
    assert nowhere.status_code == 422
    assert "没有这个位置或设备" in nowhere.text
    changed = await desk.send(page, page, **PLAN | {"title": "周巡查"})
    assert (changed.status_code, plans["i1"].title) == (303, "周巡查")
    await desk.send(page, f"{page}/end")
    assert "已停止" in (await desk.get(page)).text


async def test_a_guard_sees_the_plan_without_the_forms(console: Console) -> None:
    await plan(console)
    shown = await Visitor(console, Role.GUARD).get("/inspections/i1")
    assert shown.status_code == 200
    assert "加一站" not in shown.text


async def test_a_round_that_is_over_says_where_to_go(console: Console) -> None:
    walk = await plan(console)
    await console.clock.advance(86_400)  # type: ignore[attr-defined]
    await console.inspecting.tick()
    guard = Visitor(console, Role.GUARD)
    assert "漏查" in (await guard.get(walk)).text
    assert "接报" in (await guard.get(f"{walk}/stops/s1")).text
    assert [each.id for each in console.inspecting.told] == [walk.removeprefix("/rounds/")]
