"""A department's own pages: its work by time left, each step, and nothing else of the community."""

from __future__ import annotations

import re

import httpx2
import msgspec
import pytest

from hub.model.access import Role
from hub.model.alarm import Urgency
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.model.device import Kind
from hub.model.ticket import Ticket
from hub.services.incidents.case_limit import PACES
from hub.services.incidents.case_step import take_step
from tests.support.photos import photo
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
HOUR = 3600.0


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


@pytest.fixture
def ticket(console: Console) -> Ticket:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    return console.community.open_ticket(gate, "落杆失败", "Does not come down")


def now(console: Console) -> float:
    return console.ports.clock.now()


def hand(console: Console, ticket: Ticket, name: str = "power", **fields: object) -> Case:
    """Have a department's case begin, an hour ago."""
    at = now(console) - HOUR
    step = CaseStep(do=CaseAction.DISPATCH, receiver=name, at=at, to=name, actor="chen")
    pace = PACES[Urgency.NORMAL]
    fresh = Case(receiver=name, incident=ticket.number)
    case, _ = take_step(fresh, step, place=ticket.place, now=at, pace=pace)
    case = msgspec.structs.replace(case, **fields)  # type: ignore[arg-type]
    console.desk.cases.put(case)
    return case


def visitor(
    console: Console, name: str = "power", role: Role = Role.DEPARTMENT, scope: str = ""
) -> httpx2.AsyncClient:
    cookie = console.sign_in(name, role, scope=scope)
    return client_of(console.app, "", cookie=f"lingdang_session={cookie}", **HTML)


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


async def act(client: httpx2.AsyncClient, path: str, do: str, **fields: str) -> httpx2.Response:
    form = {"csrf": csrf_of((await client.get(path)).text), "do": do, **fields}
    target = path if path.startswith("/tickets/") else f"{path}/actions"
    return await client.post(target, data=form)


async def test_a_department_begins_at_its_own_work_and_sees_nothing_else(
    console: Console, ticket: Ticket
) -> None:
    hand(console, ticket)
    other = console.community.open_ticket(
        console.community.of_kind(Kind.UNIT_DOOR)[0], "断杆", "Broken"
    )
    hand(console, other, "water")
    async with visitor(console) as client:
        home = await client.get("/")
        page = (await client.get("/department")).text
        assert home.headers["location"] == "/department"
        assert ticket.number in page
        assert other.number not in page
        assert (await client.get(f"/department/{ticket.number}")).status_code == 200
        for path in (
            f"/department/{other.number}",
            f"/tickets/{other.number}",
            f"/tickets/{other.number}/people",
            "/department/GS-9",
        ):
            assert (await client.get(path)).status_code == 404, path
        for path in ("/wall", f"/tickets/{ticket.number}/cases", "/departments", "/figures"):
            assert (await client.get(path)).status_code == 403, path
        assert other.number not in (await client.get("/tickets")).text
        led = await client.get(f"/tickets/{ticket.number}")
        assert led.headers["location"] == f"/department/{ticket.number}"
    async with visitor(console, role=Role.CREW) as client:
        assert (await client.get("/department")).status_code == 403


async def test_the_api_shows_a_department_what_it_holds_and_no_more(
    console: Console, ticket: Ticket
) -> None:
    async with visitor(console) as client:
        assert (await client.get(f"/tickets/{ticket.number}")).status_code == 404
        held = msgspec.structs.replace(ticket, holder="power")
        console.community.books.ticket_by_number[ticket.number] = held
        assert (await client.get(f"/tickets/{ticket.number}")).status_code == 200
        assert f"/tickets/{ticket.number}" in (await client.get("/department")).text


async def test_the_list_is_by_time_left_and_says_who_presses(
    console: Console, ticket: Ticket
) -> None:
    doors = console.community.of_kind(Kind.UNIT_DOOR)
    urgent = console.community.open_ticket(doors[0], "断杆", "Broken")
    hand(console, ticket, urged=2, supervised=1)
    hand(console, urgent, sign_by=now(console) - 60)
    async with visitor(console) as client:
        page = (await client.get("/department")).text
    assert page.index(urgent.number) < page.index(ticket.number)
    assert "催办 2" in page
    assert "督办 1" in page
    assert "超时 1 分钟" in page
    assert "剩 3 时 0 分" in page or "剩 2 时 59 分" in page


async def test_sign_arrive_feed_back_with_a_photo_and_each_is_in_its_history(
    console: Console, ticket: Ticket
) -> None:
    hand(console, ticket)
    path = f"/department/{ticket.number}"
    async with visitor(console) as client:
        for do, state in (("sign", CaseState.SIGNED), ("arrive", CaseState.SIGNED)):
            answer = await act(client, path, do)
            assert (answer.status_code, answer.headers["location"]) == (303, path)
            assert console.desk.cases.find("power", ticket.number).state is state
        page = (await client.get(path)).text
        assert 'class="primary" name="do" value="feed_back"' in page
        form = {"csrf": csrf_of(page), "do": "feed_back", "text": "已换保险"}
        files = {"photo": ("a.jpg", photo(), "image/jpeg")}
        answer = await client.post(f"{path}/actions", data=form, files=files)
        assert answer.status_code == 303, answer.text
        page = (await client.get(path)).text
    case = console.desk.cases.find("power", ticket.number)
    assert case.state is CaseState.HANDLED
    assert case.signed_at == case.arrived_at == case.fed_back_at
    assert "已交照片 1 张" in page
    assert "反馈 · 已换保险" in page
    assert "用时 1 时 0 分" in page


@pytest.mark.parametrize(
    ("do", "fields", "status", "says"),
    [
        ("feed_back", {}, 422, "情况说明"),
        ("return", {}, 422, "原因"),
        ("ask_extension", {"until": "2020-01-01T00:00", "reason": "x"}, 422, "以后的时间"),
        ("ask_extension", {"until": "soon", "reason": "x"}, 422, "以后的时间"),
        ("comment", {"text": "x" * 501}, 422, "情况说明"),
        ("check", {}, 409, "现在不能"),
        ("urge", {}, 409, "现在不能"),
        ("dance", {}, 422, "操作"),
    ],
)
async def test_what_does_not_fit_is_said_on_the_page(
    console: Console, ticket: Ticket, do: str, fields: dict[str, str], status: int, says: str
) -> None:
    before = hand(console, ticket)
    async with visitor(console) as client:
        answer = await act(client, f"/department/{ticket.number}", do, **fields)
    assert answer.status_code == status
    assert says in answer.text
    if fields.get("reason"):
        assert f">{fields['reason']}</textarea>" in answer.text, "what was typed is not lost"
    assert console.desk.cases.find("power", ticket.number) == before


async def test_a_return_with_a_reason_takes_it_off_the_list(
    console: Console, ticket: Ticket
) -> None:
    hand(console, ticket)
    async with visitor(console) as client:
        await act(client, f"/department/{ticket.number}", "return", reason="不属本单位")
        page = (await client.get("/department")).text
    assert "已结束" in page
    assert console.desk.cases.find("power", ticket.number).reason == "不属本单位"


async def test_help_is_asked_of_other_departments_there(console: Console, ticket: Ticket) -> None:
    hand(console, ticket)
    console.sign_in("water", Role.DEPARTMENT)
    console.sign_in("far", Role.DEPARTMENT, scope="guanshan/elsewhere")
    async with visitor(console) as client:
        page = (await client.get(f"/department/{ticket.number}")).text
        assert "<option>water</option>" in page
        assert "far" not in page
        await act(client, f"/department/{ticket.number}", "help", to="water", reason="缺人")
        shown = (await client.get(f"/department/{ticket.number}")).text
    assert "协办单位" in shown


async def test_leaders_hand_over_and_press_on_the_tickets_own_page(
    console: Console, ticket: Ticket
) -> None:
    console.sign_in("power", Role.DEPARTMENT)
    path = f"/tickets/{ticket.number}/cases"
    async with visitor(console, "chen", Role.MANAGER) as client:
        assert "还没有部门或平台接手" in (await client.get(path)).text
        answer = await act(client, path, "dispatch", to="power")
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        await act(client, path, "urge", case="power", reason="住户在等")
        page = (await client.get(path)).text
        case = console.desk.cases.find("power", ticket.number)
        assert (case.state, case.given_by, case.urged) == (CaseState.DISPATCHED, "chen", 1)
        assert "催办 1" in page
        assert "签收、到场、反馈" in page
        assert (await act(client, path, "sign", case="power")).status_code == 404
        assert (await act(client, path, "dispatch", to="nobody")).status_code == 404
        english = await client.get(
            path, headers={"cookie": client.headers["cookie"] + "; lingdang_language=en"}
        )
        assert "Possible next" in english.text
    async with visitor(console, "li", Role.CREW) as client:
        page = (await client.get(path)).text
        assert "待签收" in page
        assert "<form" not in page.partition("<main")[2]
        assert (await client.post(path, data={"csrf": "x"})).status_code == 403


async def test_a_limit_that_has_passed_stands_in_the_history(
    console: Console, ticket: Ticket
) -> None:
    hand(console, ticket, overdue=("sign", "arrive"))
    told = {"receiver": "power", "state": "dispatched", "limits": ["sign", "arrive"]}
    console.community.tell("incident.overdue", ticket.number, place=ticket.place, data=told)
    async with visitor(console) as client:
        page = (await client.get(f"/department/{ticket.number}")).text
    assert "超时 · 签收、到场" in page


async def test_an_extension_is_decided_and_work_is_sent_back(
    console: Console, ticket: Ticket
) -> None:
    console.sign_in("power", Role.DEPARTMENT)
    hand(console, ticket, asked_until=now(console) + 100 * HOUR)
    path = f"/tickets/{ticket.number}/cases"
    async with visitor(console, "chen", Role.MANAGER) as client:
        assert (await act(client, path, "decide_extension", case="power")).status_code == 422
        await act(client, path, "decide_extension", case="power", granted="yes")
        assert console.desk.cases.find("power", ticket.number).extended_until is not None
        hand(console, ticket, state=CaseState.HANDLED)
        assert "返工" in (await client.get(path)).text
        await act(client, path, "return", case="power", reason="没修好")
        assert console.desk.cases.find("power", ticket.number).state is CaseState.SENT_BACK


async def test_leaders_see_each_departments_work_and_times(
    console: Console, ticket: Ticket
) -> None:
    async with visitor(console, "chen", Role.MANAGER) as client:
        assert "还没有部门账号" in (await client.get("/departments")).text
        console.sign_in("power", Role.DEPARTMENT)
        hand(console, ticket, signed_at=now(console) - HOUR / 2)
        page = (await client.get("/departments")).text
    assert ticket.number in page
    assert "1 / 0 · 30 分钟" in page
