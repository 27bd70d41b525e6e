"""The page of figures: numbers that lead to their tickets, for leaders only."""

from __future__ import annotations

import re
from html import unescape

import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.journal import Entry
from hub.services.difference import spell_out
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing


@pytest.fixture
def console() -> Console:
    console = make_console()
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(gate, "落杆失败", "Does not close")
    opened = Entry(
        seq=console.community.pulse.last_seq() + 1,
        at=ticket.opened_at,
        type="ticket.opened",
        subject=ticket.number,
        actor="rule:x",
        place=ticket.place,
        data=spell_out(ticket),
    )
    console.community.books.entries.append(opened)
    return console


@pytest.mark.parametrize(
    "by", ["all", "class", "team", "trade", "place", "model", "vendor", "rule"]
)
async def test_a_number_leads_to_its_tickets(console: Console, by: str) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = await client.get("/figures", params={"by": by})
        assert page.status_code == 200
        (link,) = re.findall(r'href="(/figures/tickets\?[^"]*figure=open)"', page.text)
        rows = await client.get(unescape(link))
    assert rows.status_code == 200
    assert "落杆失败" in rows.text
    assert "未完工" in rows.text


async def test_the_page_is_for_leaders_and_knows_what_there_is_not(console: Console) -> None:
    async with browsing(console, "李师傅", Role.CREW) as client:
        assert (await client.get("/figures")).status_code == 403
    async with browsing(console, "王经理", Role.MANAGER) as client:
        assert (await client.get("/figures", params={"by": "luck"})).status_code == 422
        lost = await client.get("/figures/tickets", params={"figure": "late", "key": "moon"})
    assert lost.status_code == 404
    assert "没有这项数字" in lost.text
