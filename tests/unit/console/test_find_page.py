"""The find page: devices, places and tickets by their words, and nothing that is not one's own."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import TicketState
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing


@pytest.fixture
def console() -> Console:
    console = make_console(devices=120)
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    console.community.open_ticket(gate, "落杆失败", "Does not close")
    console.community.open_ticket(gate, "胁迫报警", "Duress", discreet=True)
    console.community.open_ticket(gate, "已办结的", "Closed one", state=TicketState.CLOSED)
    return console


async def find(console: Console, role: Role, scope: str = "", **asked: str) -> str:
    async with browsing(console, f"{role} {scope}", role, scope=scope) as client:
        answer = await client.get("/find", params=asked)
    assert answer.status_code == 200
    return answer.text.partition("<main")[2]


async def test_words_find_devices_places_and_tickets(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    page = await find(console, Role.GUARD, q="道闸 北门")
    assert f'href="/devices/{gate}"' in page
    assert "落杆失败" in page
    assert "摄像机" not in page
    assert "胁迫" not in page
    assert "胁迫" in await find(console, Role.MANAGER, q="胁迫")
    assert "没有找到" in await find(console, Role.GUARD, q="月亮")
    assert "写几个字就行" in await find(console, Role.GUARD)


async def test_a_place_lists_what_is_in_it_and_a_number_finds_a_closed_ticket(
    console: Console,
) -> None:
    places = await find(console, Role.GUARD, q="guanshan/a/b1")
    assert 'href="/find?place=guanshan/a/b1"' in places
    inside = await find(console, Role.GUARD, place="guanshan/a/b1")
    assert inside.count('href="/devices/') > 5
    old = await find(console, Role.GUARD, q="gs-20261124-0003")
    assert "已办结的" in old


async def test_nobody_finds_what_is_not_theirs(console: Console) -> None:
    elsewhere = await find(console, Role.MANAGER, scope="guanshan/b", q="东苑")
    assert "href=" not in elsewhere.partition("</form>")[2]
    department = await find(console, Role.DEPARTMENT, q="道闸")
    assert "/devices/" not in department
    assert "落杆失败" not in department
