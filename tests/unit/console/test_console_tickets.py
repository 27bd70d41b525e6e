"""Tickets on a detour, as people see and move them: by forms alone, in both languages."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from hub.console.frame.language import Language, words_of
from hub.console.tickets.step_form import FORMS, action_of
from hub.model.access import Role
from hub.model.alarm import Severity
from hub.model.device import Kind
from hub.model.instant import to_local_text
from hub.model.ticket import Ticket, TicketAction, TicketFlag, TicketState
from hub.services.tickets.step_field import FIELDS
from hub.services.tickets.step_table import TRANSITIONS
from tests.support.detour import SHELF
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing, csrf

DAY = 86400.0


@pytest.fixture
def console() -> Console:
    return make_console()


def open_ticket(console: Console, **fields: object) -> Ticket:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    return console.community.open_ticket(gate, "落杆失败", "Does not close", **fields)


def now_of(console: Console, number: str) -> Ticket:
    found: Ticket = console.community.books.ticket_by_number[number]
    return found


async def press(
    client: httpx2.AsyncClient, ticket: Ticket, do: str, **fields: str
) -> httpx2.Response:
    data: dict[str, Any] = {f"{do}.{name}": value for name, value in fields.items()}
    path = f"/tickets/{ticket.number}/actions"
    return await client.post(path, data=data | {"do": do, "csrf": csrf(client)})


def when(console: Console, days: float) -> str:
    return to_local_text(console.clock.now() + days * DAY).replace(" ", "T")


def test_every_field_that_a_step_needs_has_an_input_and_every_input_a_word() -> None:
    for (_, action), row in TRANSITIONS.items():
        inputs = {field.name for field in FORMS.get(action.value, ())}
        assert set(row.needs) <= inputs, action
        assert set(FIELDS.get(action, ())) <= inputs, action
    for language in Language:
        words = words_of(language)
        for fields in FORMS.values():
            for field in fields:
                assert f"field.{field.label or field.name}" in words.phrases
                assert all(f"{field.group}.{each}" in words.phrases for each in field.choices)
    assert {action_of(do) for do in FORMS} <= set(TicketAction)


async def test_a_holder_waits_and_goes_on_by_forms_alone(console: Console) -> None:
    ticket = open_ticket(console, state=TicketState.TAKEN, holder="li")
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        assert 'name="suspend.to"' in page
        bare = await press(client, ticket, "suspend", reason="停电")
        done = await press(client, ticket, "suspend", to="国家电网", reason="停电")
        page = (await client.get(f"/tickets/{ticket.number}")).text
        listed = (await client.get("/tickets")).text
        gone = await press(client, ticket, "resume")
    assert bare.status_code == 422
    assert "等谁（单位）：必须填写" in bare.text
    assert "停电</textarea>" in bare.text
    assert done.status_code == 303
    assert "挂起，等 国家电网" in page
    assert "等 国家电网" in listed
    assert "停电" in page
    assert 'value="resume"' in page
    assert 'value="arrive"' not in page
    assert 'class="limits"' not in page
    assert gone.status_code == 303
    assert now_of(console, ticket.number).flags == ()


async def test_a_leader_decides_what_the_holder_has_asked_for(console: Console) -> None:
    ticket = open_ticket(console, state=TicketState.TAKEN, holder="li")
    async with browsing(console, "li", Role.CREW) as client:
        asked = await press(client, ticket, "extend", until=when(console, 3), reason="等配件")
        page = (await client.get(f"/tickets/{ticket.number}")).text
        listed = (await client.get("/tickets")).text
    assert asked.status_code == 303
    assert "申请延期到" in page
    assert "申请延期到" in listed
    assert 'value="grant"' not in page
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        assert 'value="grant"' in page
        assert "grant.street" not in page
        granted = await press(client, ticket, "grant")
        page = (await client.get(f"/tickets/{ticket.number}")).text
    assert granted.status_code == 303
    assert "不计延期" in page
    assert "社区：同意" in page
    assert "延期批复 · 同意" in page


async def test_the_second_extension_asks_who_at_the_street_decided(console: Console) -> None:
    ticket = open_ticket(console, state=TicketState.TAKEN, holder="li")
    for days in (3, 5):
        async with browsing(console, "li", Role.CREW) as client:
            await press(client, ticket, "extend", until=when(console, days), reason="等配件")
        async with browsing(console, "boss", Role.MANAGER) as client:
            bare = await press(client, ticket, "grant")
            page = (await client.get(f"/tickets/{ticket.number}")).text
    assert bare.status_code == 422
    assert "街道谁批的" in bare.text
    assert "grant.street" in page
    async with browsing(console, "boss", Role.MANAGER) as client:
        done = await press(client, ticket, "grant", street="吴主任")
    assert done.status_code == 303
    assert now_of(console, ticket.number).extensions[1].street == "吴主任"


async def shelve(console: Console, ticket: Ticket) -> httpx2.Response:
    async with browsing(console, "boss", Role.MANAGER) as client:
        return await press(
            client,
            ticket,
            "shelve",
            approved_by="street",
            approver="吴主任",
            condition="等道路改造",
            measure="保安手动抬杆",
            review=when(console, 30),
        )


async def test_a_shelved_ticket_is_listed_for_the_public_and_asks_nobody_on_the_wall(
    console: Console,
) -> None:
    ticket = open_ticket(console, holder="李师傅")
    assert (await shelve(console, ticket)).status_code == 303
    async with browsing(console, "li", Role.CREW) as client:
        public = (await client.get("/shelved")).text
        listed = (await client.get("/tickets")).text
        wall = (await client.get("/wall")).text
        cookie = f"{client.headers['cookie']}; lingdang_language=en"
        english = (await client.get("/shelved", headers={"cookie": cookie})).text
    assert "等道路改造" in public
    assert "保安手动抬杆" in public
    assert ticket.number in public
    for name in ("吴主任", "李师傅", "boss"):
        assert name not in public
    assert "挂账" in listed
    assert words_of(Language.ZH)("wall.nothing") in wall
    assert "Shelved repairs" in english
    assert "Does not close" in english


async def test_a_review_that_is_due_is_asked_for_on_the_wall_again(console: Console) -> None:
    shelf = replace(SHELF, review_at=console.clock.now() - 1)
    flags = (TicketFlag.SHELVED,)
    open_ticket(console, shelf=shelf, flags=flags, overdue=("review",))
    async with browsing(console, "li", Role.CREW) as client:
        assert "落杆失败" in (await client.get("/wall")).text
        assert "复核" in (await client.get("/tickets")).text


async def test_a_leader_raises_the_class_and_the_page_counts_it(console: Console) -> None:
    ticket = open_ticket(console)
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        assert '<option value="general" selected>' in page
        fields = {"class": "complex", "urgency": "normal", "reason": "要挖路"}
        done = await press(client, ticket, "classify", **fields)
        page = (await client.get(f"/tickets/{ticket.number}")).text
    assert done.status_code == 303
    assert now_of(console, ticket.number).class_ == "complex"
    assert "等级调高" in page
    assert "1 次" in page
    assert "改等级 · 复杂 · 要挖路" in page


async def test_a_call_back_is_the_big_button_until_it_is_done(console: Console) -> None:
    state = {"state": TicketState.VERIFIED, "source": "resident", "completed_by": "li"}
    ticket = open_ticket(console, **state)
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        assert 'class="primary" form="acts" name="do" value="call_back"' in page
        assert 'value="close"' not in page
        told = await press(client, ticket, "call_back", satisfied="false", text="还响")
        page = (await client.get(f"/tickets/{ticket.number}")).text
        bare = await press(client, ticket, "close")
        done = await press(client, ticket, "close", reason="正常声音")
    assert told.status_code == 303
    assert "不满意 · 还响 · boss" in page
    assert 'name="close.reason"' in page
    assert bare.status_code == 422
    assert done.status_code == 303


async def test_parts_minutes_and_the_asset_card_stand_on_the_page(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    view = console.community.device(gate)
    assert view is not None
    more = view.device.attributes | {"vendor_phone": "0571-8", "emergency_card": "岗亭红盒钥匙"}
    device = replace(view.device, attributes=more)
    console.community._views[gate] = replace(view, device=device)
    ticket = open_ticket(
        console,
        state=TicketState.ARRIVED,
        holder="li",
        flags=(TicketFlag.RECOVERED,),
    )
    async with browsing(console, "li", Role.CREW) as client:
        before = (await client.get(f"/tickets/{ticket.number}")).text
        fields = {"code": "replaced", "parts": "电机、皮带", "minutes": "45"}
        done = await press(client, ticket, "complete", **fields)
        page = (await client.get(f"/tickets/{ticket.number}")).text
    assert done.status_code == 303
    assert "0571-8" in before
    assert "岗亭红盒钥匙" not in before
    assert "电机、皮带" in page
    assert "45 分钟" in page
    books = console.community.books.ticket_by_number
    books[ticket.number] = msgspec.structs.replace(books[ticket.number], severity=Severity.CRITICAL)
    async with browsing(console, "li", Role.CREW) as client:
        assert "岗亭红盒钥匙" in (await client.get(f"/tickets/{ticket.number}")).text


async def test_got_it_is_a_button_of_the_page_and_says_who(console: Console) -> None:
    ticket = open_ticket(console)
    async with browsing(console, "zhao", Role.GUARD) as client:
        done = await press(client, ticket, "receive")
        page = (await client.get(f"/tickets/{ticket.number}")).text
    assert done.status_code == 303
    assert now_of(console, ticket.number).acknowledged_by == "zhao"
    assert "zhao</b> 收到" in page


async def test_a_building_head_reads_the_tickets_of_the_building_and_does_nothing(
    console: Console,
) -> None:
    doors = console.community.of_kind(Kind.UNIT_DOOR)
    tickets = [console.community.open_ticket(each, "锁不上", "Does not lock") for each in doors]
    mine, building = tickets[0], "/".join(tickets[0].place.split("/")[:3])
    foreign = next(each for each in tickets if not each.place.startswith(f"{building}/"))
    async with browsing(console, "zhou", Role.BUILDING_HEAD, scope=building) as client:
        listed = (await client.get("/tickets")).text
        page = await client.get(f"/tickets/{mine.number}")
        hidden = await client.get(f"/tickets/{foreign.number}")
        others = [
            (await client.get(f"/tickets/{mine.number}/{part}")).status_code
            for part in ("people", "cases", "photos/p1")
        ]
        step = await press(client, mine, "comment", text="seen")
        stream = await client.get(f"/console/stream?of=device:{doors[0]}")
    assert mine.number in listed
    assert foreign.number not in listed
    assert page.status_code == 200
    assert f"/devices/{doors[0]}" not in page.text, "no link to what is not theirs to see"
    assert f"/tickets/{mine.number}/people" not in page.text
    assert (hidden.status_code, stream.status_code) == (404, 404)
    assert others == [403, 403, 403]
    assert step.status_code == 403
    async with browsing(console, "nobody", Role.BUILDING_HEAD) as client:
        assert mine.number not in (await client.get("/tickets")).text, "without a building: none"


async def test_what_people_type_is_shown_as_text(console: Console) -> None:
    ticket = open_ticket(console, state=TicketState.TAKEN, holder="li")
    async with browsing(console, "li", Role.CREW) as client:
        await press(client, ticket, "suspend", to="<b>x</b>", reason='"><script>')
        page = (await client.get(f"/tickets/{ticket.number}")).text
        listed = (await client.get("/tickets")).text
    for shown in (page, listed):
        assert "<b>x</b>" not in shown
        assert '"><script>' not in shown


async def test_a_leader_takes_a_part_off_by_a_form_and_each_half_leads_to_the_other(
    console: Console,
) -> None:
    community = console.community
    gate, other = community.of_kind(Kind.BARRIER_GATE)[:2]
    ticket = community.open_ticket(gate, "落杆失败", "Does not close", children=(other,))
    bare = open_ticket(console)
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        nothing = (await client.get(f"/tickets/{bare.number}")).text
        wrong = await press(client, ticket, "split", reason="两件事")
    assert f'<option value="{other}">受影响：' in page
    assert 'value="split"' not in nothing, "there is nothing to take apart"
    assert wrong.status_code == 422
    assert "拆出哪一项" in wrong.text
    halves = {"split_off": ("GS-2",), "folded": ("GS-3",), "split_from": "GS-1"}
    community.books.ticket_by_number[bare.number] = replace(bare, **halves)
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get(f"/tickets/{bare.number}")).text
        assert 'value="split"' not in (await client.get(f"/tickets/{ticket.number}")).text
    for number, words in (("GS-1", "拆自 GS-1"), ("GS-2", "拆出 GS-2"), ("GS-3", "含并入的 GS-3")):
        assert f'href="/tickets/{number}"' in page
        assert words in page
