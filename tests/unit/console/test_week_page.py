"""The manager's week: one page, whose numbers lead to their tickets, for leaders only."""

from __future__ import annotations

import re
from html import unescape

import pytest

from hub.model.access import Role
from hub.model.device import Kind, LinkState
from hub.model.ticket import TicketState
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing

HOUR = 3600.0


@pytest.fixture
def console() -> Console:
    console = make_console()
    community = console.community
    gate, meter = community.of_kind(Kind.BARRIER_GATE)[0], community.of_kind(Kind.WATER_METER)[0]
    for age in (3 * HOUR, 2 * HOUR, HOUR):
        community.open_ticket(gate, "落杆失败", "Does not close", age=age)
    community.open_ticket(meter, "水表不应答", "Meter silent", age=60)
    secret = community.open_ticket(
        gate, "胁迫报警", "Duress", age=HOUR, state=TicketState.NEW, discreet=True
    )
    assert secret.number.endswith("5")
    community.tell("link.up", "mqtt-state")
    community.tell("link.down", "mqtt-state")
    community.tell("link.up", "mqtt-state")
    community.set_link(meter, LinkState.SILENT, heard=community.clock.now() - 60)
    return console


async def test_every_number_of_the_week_leads_to_its_tickets(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = await client.get("/week")
        links = {
            unescape(each) for each in re.findall(r'href="(/figures/tickets[^"]+)"', page.text)
        }
        answers = {link: await client.get(link) for link in links}
    assert page.status_code == 200
    assert "这一周 5 起故障" in page.text
    assert "道闸（4 次）" in page.text, "the device with the most tickets stands in the sentence"
    assert {each.status_code for each in answers.values()} == {200}
    meter = console.community.of_kind(Kind.WATER_METER)[0]
    (of_meter,) = {each for each in links if f"key={meter}&" in each and "figure=tickets" in each}
    assert "水表不应答" in answers[of_meter].text
    assert "落杆失败" not in answers[of_meter].text
    assert re.search(r'href="/week\?week=[-0-9]+"', answers[of_meter].text), "and back again"


async def test_what_is_late_and_what_the_hub_missed_is_said_and_nothing_discreet(
    console: Console,
) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = (await client.get("/week")).text
        english = await client.get(
            "/week", headers={"cookie": f"{client.headers['cookie']}; lingdang_language=en"}
        )
    late = page[page.index('class="lines late"') :]
    assert late.index("落杆失败") < late.index("</ul>")
    assert "没人接单" in page
    assert "胁迫" not in page, "the sheet hangs on a wall"
    assert "连接 mqtt-state 断过 1 次" in page
    assert "现在没有声音的设备：1 台" in page
    assert "Manager&#39;s week" in english.text


async def test_an_empty_week_says_so_and_the_page_is_for_leaders(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        past = await client.get("/week", params={"week": "2020-01-01"})
        odd = await client.get("/week", params={"week": "soon"})
    assert "这一周没有故障" in past.text
    assert 'href="/week?week=2020-01-06"' in past.text
    assert odd.status_code == 422
    async with browsing(console, "李师傅", Role.CREW) as client:
        assert (await client.get("/week")).status_code == 403
