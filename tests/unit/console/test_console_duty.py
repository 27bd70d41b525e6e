"""The page of rosters, and the line on a ticket's page that says who is next."""

from __future__ import annotations

import msgspec
import pytest

from hub.console.frame.language import Language, words_of
from hub.console.frame.story import is_told, sentence, step_line
from hub.model.access import Identity, Role
from hub.model.climb import Outlook
from hub.model.journal import Entry
from hub.model.ticket import Ticket
from tests.support.duty_office import FakeEscalation
from tests.unit.console.fakes.community import Console, break_things, make_console
from tests.unit.console.test_console_pages import browsing, csrf

LEADER = Identity(name="王经理", role=Role.MANAGER)
NAME = {"zh": "街道", "en": "street"}


@pytest.fixture
def console() -> Console:
    made = make_console(devices=300)
    break_things(made.community)
    return made


def office(console: Console) -> FakeEscalation:
    assert isinstance(console.ports.escalation, FakeEscalation)
    return console.ports.escalation


def a_ticket(console: Console) -> Ticket:
    return console.community.open_tickets()[0]


async def test_the_page_says_who_is_on_and_marks_holes(console: Console) -> None:
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = (await client.get("/rosters")).text
    assert "处空班，请安排替班" in page
    assert "crew；没有排班" in page
    assert "wang" in page
    assert "li" in page


async def test_a_substitute_is_put_seen_and_ended_on_the_page(console: Console) -> None:
    wish = {"roster": "crew", "out": "wang", "by": "zhao", "hours": "24", "reason": "病假"}
    async with browsing(console, "王经理", Role.MANAGER) as client:
        token = {"csrf": csrf(client)}
        bare = await client.post("/substitutes", data=wish)
        put = await client.post("/substitutes", data=wish | token)
        shown = await client.get("/rosters")
        (made,) = console.ports.rosters.substitutes()
        ended = await client.post(f"/substitutes/{made.id}/end", data=token)
        over = await client.post(f"/substitutes/{made.id}/end", data=token)
    assert [bare.status_code, put.status_code, ended.status_code] == [403, 303, 303]
    assert "zhao 替 wang" in shown.text
    assert "病假" in shown.text
    assert made.end - made.start == 24 * 3600
    assert (over.status_code, "已经结束" in over.text) == (422, True)


async def test_what_does_not_fit_is_told_and_keeps_what_was_typed(console: Console) -> None:
    wish = {"roster": "crew", "out": "wang", "by": "wang", "start": "2001-01-01T00:00"}
    async with browsing(console, "王经理", Role.MANAGER) as client:
        token = {"csrf": csrf(client)}
        answer = await client.post("/substitutes", data=wish | token)
        no_day = await client.post("/substitutes", data=wish | token | {"start": "soon"})
    assert answer.status_code == 422
    assert "两人不能相同" in answer.text
    assert "结束时间不对" in answer.text
    assert '<option value="wang" selected>' in answer.text
    assert "开始时间不对" in no_day.text


async def test_a_proposal_is_on_the_page_and_declined_there(console: Console) -> None:
    ticket = a_ticket(console)
    office(console).waiting.append(ticket)
    office(console).outlooks[ticket.number] = Outlook(
        ticket=ticket.number, plan="p", rung="street", name=NAME, proposed=True
    )
    async with browsing(console, "王经理", Role.MANAGER) as client:
        shown = await client.get("/rosters")
        form = {"do": "decline", "reason": "自己能修", "csrf": csrf(client)}
        done = await client.post(f"/tickets/{ticket.number}/escalation", data=form)
        again = await client.post(f"/tickets/{ticket.number}/escalation", data=form)
    assert "→ 街道" in shown.text
    assert (done.status_code, again.status_code) == (303, 422)
    assert office(console).decided == [(ticket.number, "王经理", False, "自己能修")]


async def test_a_tickets_page_says_who_is_next_and_when(console: Console) -> None:
    ticket = a_ticket(console)
    at = console.clock.now() + 300
    outlook = Outlook(ticket=ticket.number, plan="p", rung="street", name=NAME, at=at)
    async with browsing(console, "王经理", Role.MANAGER) as client:
        path = f"/tickets/{ticket.number}"
        without = await client.get(path)
        office(console).outlooks[ticket.number] = outlook
        with_next = await client.get(path)
        office(console).outlooks[ticket.number] = msgspec.structs.replace(
            outlook, at=None, proposed=True
        )
        proposed = await client.get(path)
    assert "下一级" not in without.text
    assert "<dt>下一级</dt><dd>街道 · " in with_next.text
    assert "街道，待确认" in proposed.text


def test_the_first_rung_is_no_news_on_the_wall_and_the_second_is(console: Console) -> None:
    ticket, words = a_ticket(console), words_of(Language.ZH)
    first, second = (
        Entry(
            seq=rung,
            at=0.0,
            type="ticket.escalated",
            subject=ticket.number,
            actor="hub",
            place=ticket.place,
            data={"rung": rung, "name": NAME},
        )
        for rung in (1, 2)
    )
    assert not is_told(first)
    assert is_told(second)
    assert sentence(second, console.community, words).endswith("已升级到街道")
    assert step_line(second, words) == "升级 · 街道"
    assert step_line(first, words) == "呼叫 · 街道", "nothing has climbed yet"
    assert step_line(first, words_of(Language.EN)).startswith("Called · ")
