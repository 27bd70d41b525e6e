"""The pages over HTTP: who may see which, what the forms do, and what failures look like."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from hub.access.passwords import PasswordDesk
from hub.access.policy import undeclared_routes
from hub.access.session import COOKIE, csrf_token
from hub.console.frame.page import local_path
from hub.console.tickets.step_form import read_step, read_typed
from hub.errors import InvalidRequestError, Problem
from hub.model.access import Identity, Role
from hub.model.alarm import Severity
from hub.model.device import Kind
from hub.model.ticket import TicketAction, TicketFlag, TicketState, TicketStep
from hub.ports import QuarantineRow
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, break_things, make_console

PAGE = {"accept": "text/html"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=60)


@asynccontextmanager
async def browsing(
    console: Console, name: str = "", role: Role = Role.GUARD, scope: str = ""
) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a browser, signed in if a name is given; forms carry the session's token."""
    cookie = console.sign_in(name, role, scope=scope) if name else ""
    headers = {"cookie": f"{COOKIE}={cookie}", **PAGE} if cookie else PAGE
    async with client_of(console.app, **headers) as client:
        client.csrf = csrf_token(cookie)  # type: ignore[attr-defined]
        yield client


def csrf(client: httpx2.AsyncClient) -> str:
    token: str = client.csrf  # type: ignore[attr-defined]
    return token


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.GUARD, "/wall"), (Role.CREW, "/tickets"), (Role.MANAGER, "/tickets")],
)
async def test_home_leads_to_the_page_of_the_role(console: Console, role: Role, path: str) -> None:
    async with browsing(console, "someone", role) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, path)


LEADER = Identity(name="王经理", role=Role.MANAGER)
ALLOWED = {
    "/wall": {Role.GUARD, Role.CREW, Role.MANAGER, Role.ADMINISTRATOR},
    "/tickets": set(Role) - {Role.GRID},
    "/problems": {Role.MANAGER, Role.ADMINISTRATOR},
    "/windows": {Role.MANAGER, Role.ADMINISTRATOR},
    "/bells": set(Role) - {Role.GRID},
    "/site": {Role.MANAGER, Role.ADMINISTRATOR},
    "/devices/camera-1": set(Role) - {Role.GRID, Role.DEPARTMENT, Role.BUILDING_HEAD},
    "/more": set(Role) - {Role.GRID},
}


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("role", Role)
async def test_a_page_opens_for_its_roles_only(console: Console, path: str, role: Role) -> None:
    scope = "guanshan" if role is Role.BUILDING_HEAD else ""
    async with browsing(console, "someone", role, scope=scope) as client:
        answer = await client.get(path)
    assert answer.status_code == (200 if role in ALLOWED[path] else 403)


async def test_the_wall_stream_is_refused_to_whom_the_wall_is_refused(console: Console) -> None:
    async with browsing(console, "dept", Role.DEPARTMENT) as client:
        answer = await client.get("/console/stream?of=wall")
        unknown = await client.get("/console/stream?of=attic")
        device = await client.get("/console/stream?of=device:camera-1")
    assert (answer.status_code, unknown.status_code) == (403, 404)
    assert device.status_code == 404, "a department follows no device"


@pytest.mark.parametrize("path", [*ALLOWED, "/console/stream?of=wall"])
async def test_nobody_known_is_led_to_the_form_and_back(console: Console, path: str) -> None:
    async with browsing(console) as client:
        answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/")


def test_every_route_declares_its_policy(console: Console) -> None:
    static = {"GET /static", "GET/HEAD /static"}
    assert {route for route in undeclared_routes(console.app) if "/static" not in route} == set()
    assert static


async def test_pages_carry_the_shield_and_static_files_their_own(console: Console) -> None:
    async with browsing(console, "wang") as client:
        page = await client.get("/wall")
        script = await client.get("/static/vendor/htmx.min.js")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.headers["cache-control"] == "no-store"
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]


async def test_signing_in_gives_a_cookie_and_leads_on(console: Console) -> None:
    secret = await PasswordDesk().hash("good evening")
    console.sign_in("li", Role.CREW, password_hash=secret)
    form = {"name": "li", "password": "good evening", "next": "/tickets"}
    async with browsing(console) as client:
        answer = await client.post("/sign-in", data=form)
        elsewhere = await client.post("/sign-in", data=form | {"next": "//evil.example/"})
        wrong = await client.post("/sign-in", data=form | {"password": "<b>"})
        empty = await client.post("/sign-in", data={"name": "li"})
        foreign = await client.post("/sign-in", data=form, headers={"origin": "http://evil"})
    assert answer.headers["location"] == "/tickets"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert elsewhere.headers["location"] == "/"
    assert wrong.status_code == 401
    assert "姓名或密码不对" in wrong.text
    assert empty.status_code == 422
    assert foreign.status_code == 403
    assert "set-cookie" not in foreign.headers


async def test_a_locked_account_is_told_so(console: Console) -> None:
    async with browsing(console) as client:
        for _ in range(6):
            answer = await client.post("/sign-in", data={"name": "li", "password": "no"})
    assert answer.status_code == 429
    assert "已暂时锁定" in answer.text
    assert int(answer.headers["retry-after"]) > 0


async def test_language_and_letters_are_remembered_per_browser(console: Console) -> None:
    async with browsing(console, "li", Role.CREW) as client:
        answer = await client.post(
            "/preferences", data={"language": "en", "big": "on", "next": "/tickets"}
        )
        foreign = await client.post(
            "/preferences", data={"language": "en"}, headers={"sec-fetch-site": "cross-site"}
        )
        cookie = client.headers["cookie"]
        chosen = f"{cookie}; lingdang_language=en; lingdang_big=on"
        page = await client.get("/tickets", headers={"cookie": chosen})
    assert answer.headers["location"] == "/tickets"
    assert len(answer.headers.get_list("set-cookie")) == 2
    assert foreign.status_code == 403
    assert '<html lang="en" class="big" data-owner=' in page.text
    assert "<h1>Tickets</h1>" in page.text


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/tickets?x=1", "/tickets?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
    ],
)
def test_forms_lead_only_to_pages_of_this_hub(target: str, path: str) -> None:
    assert local_path(target) == path


async def test_a_step_needs_the_forms_own_token(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(gate, "落杆失败", "Does not close")
    path = f"/tickets/{ticket.number}/actions"
    async with browsing(console, "li", Role.CREW) as client:
        bare = await client.post(path, data={"do": "take"})
        assert console.desk.asked == []
        taken = await client.post(path, data={"do": "take", "csrf": csrf(client)})
        again = await client.post(path, data={"do": "take", "csrf": csrf(client)})
        nonsense = await client.post(path, data={"do": "fly", "csrf": csrf(client)})
    assert bare.status_code == 403
    assert (taken.status_code, taken.headers["location"]) == (303, f"/tickets/{ticket.number}")
    assert again.status_code == 409
    assert "现在可以做：收到、到场" in again.text
    assert nonsense.status_code == 422


async def test_a_maintenance_is_opened_seen_and_ended_on_its_page(console: Console) -> None:
    device = console.community.of_kind(Kind.UNIT_DOOR)[0]
    async with browsing(console, "王经理", Role.MANAGER) as client:
        token = {"csrf": csrf(client)}
        blank = await client.get("/windows")
        assert '<option value="" selected>请选择' in blank.text, "nobody mutes a site by oversight"
        form = await client.get("/windows", params={"device": device})
        assert f'<option value="device:{device}" selected>' in form.text
        wish = {"kind": "maintenance", "where": f"device:{device}", "text": "换锁", "hours": "4"}
        bare = await client.post("/windows", data=wish)
        opened = await client.post("/windows", data=wish | token)
        shown = await client.get("/windows")
        (window,) = console.ports.windows.windows(LEADER)
        ended = await client.post(f"/windows/{window.id}/end", data=token)
        over = await client.post(f"/windows/{window.id}/end", data=token)
    assert (bare.status_code, opened.status_code, ended.status_code) == (403, 303, 303)
    assert "检修 · " in shown.text
    assert "换锁" in shown.text
    assert window.end - window.start == 4 * 3600
    assert (over.status_code, "已经结束" in over.text) == (422, True)
    assert list(console.ports.windows.windows(LEADER)) == []


async def test_a_window_above_ones_part_is_shown_without_its_button(console: Console) -> None:
    whole = min(console.community.places(), key=len)
    part = next(path for path in console.community.places() if path.startswith(f"{whole}/"))
    wish = {"kind": "notice", "where": f"place:{whole}", "text": "全区停电", "hours": "4"}
    async with browsing(console, "王经理", Role.MANAGER) as client:
        await client.post("/windows", data=wish | {"csrf": csrf(client)})
        mine = await client.get("/windows")
    async with browsing(console, "李经理", Role.MANAGER, scope=part) as client:
        shown = await client.get("/windows")
        (window,) = console.ports.windows.windows(LEADER)
        refused = await client.post(f"/windows/{window.id}/end", data={"csrf": csrf(client)})
    assert f"/windows/{window.id}/end" in mine.text
    assert "全区停电" in shown.text
    assert f"/windows/{window.id}/end" not in shown.text
    assert refused.status_code == 403


async def test_a_window_that_does_not_fit_keeps_what_was_typed(console: Console) -> None:
    place = next(iter(console.community.places()))
    async with browsing(console, "王经理", Role.MANAGER) as client:
        wish = {
            "where": f"place:{place}",
            "kind": "notice",
            "text": " ",
            "start": "2001-01-01T00:00",
        }
        answer = await client.post("/windows", data=wish | {"csrf": csrf(client)})
    assert answer.status_code == 422
    assert "请填写说明" in answer.text
    assert "结束时间不对" in answer.text
    assert f'<option value="place:{place}" selected>' in answer.text
    assert 'value="2001-01-01T00:00"' in answer.text


async def test_a_refused_form_keeps_what_was_typed(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(
        gate, "落杆失败", "Does not close", state=TicketState.ARRIVED, holder="li"
    )
    path = f"/tickets/{ticket.number}/actions"
    async with browsing(console, "li", Role.CREW) as client:
        token = {"csrf": csrf(client)}
        bare = await client.post(path, data={"do": "complete", "code": "reset", **token})
        unsaid = await client.post(path, data={"do": "transfer", "reason": "下班了", **token})
    assert bare.status_code == 409
    assert "完工要写明原因" in bare.text
    assert '<option value="reset" selected>' in bare.text
    assert unsaid.status_code == 422
    assert "下班了</textarea>" in unsaid.text
    assert "转给" in unsaid.text


async def test_the_ticket_page_answers_where_what_since_when_and_what_now() -> None:
    console = make_console(devices=150)
    break_things(console.community)
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get("/tickets/GS-20261124-0006")).text
    for answer in ("门超时未关", "已 8 分钟", "门开", "维保单位", "规则", "开单", "超时 3 分钟"):
        assert answer in page
    assert 'value="take"' in page
    assert 'name="csrf"' in page


async def test_buttons_are_those_that_are_possible(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(
        gate, "落杆失败", "x", state=TicketState.COMPLETED, holder="li", completed_by="li"
    )
    async with browsing(console, "li", Role.CREW) as client:
        own = await client.get(f"/tickets/{ticket.number}")
    async with browsing(console, "zhao", Role.CREW) as client:
        other = await client.get(f"/tickets/{ticket.number}")
    assert 'value="verify"' not in own.text
    assert 'value="verify"' in other.text


async def test_a_ticket_outside_of_the_area_is_as_if_it_were_not_there(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = console.community.open_ticket(gate, "落杆失败", "x")
    async with browsing(console, "li", Role.CREW, scope="guanshan/zz") as client:
        answers = [
            await client.get(f"/tickets/{ticket.number}"),
            await client.get(f"/devices/{gate}"),
            await client.get("/tickets/GS-0"),
        ]
        listed = await client.get("/tickets")
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "没有这一页" in answers[0].text
    assert ticket.number not in listed.text


async def test_a_discreet_ticket_is_for_leaders(console: Console) -> None:
    gate = console.community.of_kind(Kind.ACCESS_CONTROLLER)[0]
    ticket = console.community.open_ticket(gate, "胁迫", "Duress")
    console.community.raise_alarm(
        gate, "胁迫", "Duress", severity=Severity.CRITICAL, discreet=True, ticket=ticket.number
    )
    for role, status in ((Role.GUARD, 404), (Role.CREW, 404), (Role.MANAGER, 200)):
        async with browsing(console, f"a-{role}", role) as client:
            assert (await client.get(f"/tickets/{ticket.number}")).status_code == status
            assert ("胁迫" in (await client.get("/tickets")).text) == (status == 200)


async def test_a_ticket_stays_discreet_when_its_alarm_is_over(console: Console) -> None:
    gate = console.community.of_kind(Kind.ACCESS_CONTROLLER)[0]
    ticket = console.community.open_ticket(gate, "胁迫", "Duress", discreet=True)
    for role, status in ((Role.GUARD, 404), (Role.MANAGER, 200)):
        async with browsing(console, f"a-{role}", role) as client:
            assert (await client.get(f"/tickets/{ticket.number}")).status_code == status
            assert ("胁迫" in (await client.get("/tickets")).text) == (status == 200)
            assert "胁迫" not in (await client.get("/")).text, "it is on no wall"


async def test_tickets_are_listed_by_time_left_my_own_first() -> None:
    console = make_console(devices=150)
    break_things(console.community)
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get("/tickets")).text
    numbers = re.findall(r"GS-20261124-(\d{4})</span>", page)
    assert numbers == ["0003", "0001", "0006", "0004", "0005", "0002"]
    assert page.index("我的工单") < page.index("待接单") < page.index("等核查、办结")


async def test_a_device_shows_points_why_events_and_a_curve(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get(f"/devices/{gate}")).text
    for shown in ("闸杆位置", "落杆", "38.5 ℃", "设备在用", "车辆通过", "<svg", "polyline"):
        assert shown in page


async def test_a_device_stands_on_its_page_as_on_the_wall(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    async with browsing(console, "li", Role.CREW) as client:
        assert 'class="title normal"' in (await client.get(f"/devices/{gate}")).text
        console.community.open_ticket(gate, "闸杆脱落", "Boom broken")
        page = (await client.get(f"/devices/{gate}")).text
    assert 'class="title fault"' in page
    assert '<span class="state">故障</span>' in page


async def test_a_household_meter_shows_no_reading_and_no_curve(console: Console) -> None:
    meters = [
        view.device.id
        for view in console.community.devices()
        if view.device.attributes.get("scope") == "household"
    ]
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get(f"/devices/{meters[0]}?point=voltage.a")).text
    assert "住户表" in page
    assert "231.4" not in page
    assert "<svg" not in page


async def test_problems_and_quarantine_are_named_and_newcomers_counted() -> None:
    problem = Problem(file="lingdang.toml", line=7, message="no such link", hint="write 'mqtt'")
    console = make_console(problems=[problem])
    books = console.community.books
    books.new.append(
        {"link": "mqtt", "address": "x9", "last_seen": 1_763_999_990.0, "count": 3, "guess": "门"}
    )
    books.quarantined_rows.append(
        QuarantineRow(link="mqtt", address="<x>", payload=b"", reason="not JSON", at=1.0)
    )
    async with browsing(console, "boss", Role.MANAGER) as client:
        page = (await client.get("/problems")).text
    async with browsing(console, "part", Role.MANAGER, scope="guanshan/a") as client:
        partly = (await client.get("/problems")).text
    for shown in (
        "lingdang.toml",
        "第 7 行",
        "no such link",
        "/newcomers",
        "not JSON",
        "&lt;x&gt;",
    ):
        assert shown in page.partition("<main")[2]
    assert "not JSON" not in partly


async def test_a_failure_is_told_in_words_with_the_next_step(console: Console) -> None:
    async with browsing(console, "li", Role.CREW) as client:
        missing = await client.get("/nowhere")
        program = await client.get("/nowhere", headers={"accept": "application/json"})
        english = await client.get("/nowhere", headers={"cookie": "lingdang_language=en"})
    assert missing.status_code == 404
    assert "下一步" in missing.text
    assert program.headers["content-type"] == "application/problem+json"
    assert "There is no such page" in english.text


async def test_signing_out_ends_the_session(console: Console) -> None:
    async with browsing(console, "li", Role.CREW) as client:
        answer = await client.post("/sign-out", data={"csrf": csrf(client)})
        after = await client.get("/tickets")
    assert answer.headers["location"] == "/sign-in?said=out"
    assert after.status_code == 303


def press(do: str, **form: str) -> TicketStep:
    return read_step(read_typed(do, form), "li", Role.CREW, 1.0)


def test_the_buttons_false_alarm_and_received_are_short_for_other_steps() -> None:
    typed = {"code": "reset", "reason": "r", "to": "zhao", "text": "t"}
    wrong = press("false_alarm", **typed)
    assert (wrong.do, wrong.code, wrong.reason) == (TicketAction.COMPLETE, "false_alarm", "r")
    assert press("receive", **typed).do is TicketAction.ACKNOWLEDGE
    take = press("take", **typed)
    assert (take.to, take.code) == ("", "")
    for nonsense in ("", "fly"):
        with pytest.raises(InvalidRequestError):
            press(nonsense)


def test_a_step_takes_the_fields_of_its_own_form_and_no_others() -> None:
    form = {"suspend.to": "国家电网", "suspend.reason": "停电", "return.reason": "病了"}
    wait = press("suspend", **form)
    assert (wait.to, wait.reason, wait.extra) == ("国家电网", "停电", {})
    done = press("complete", **{"complete.code": "replaced", "complete.minutes": " 45 "})
    assert (done.code, done.extra) == ("replaced", {"minutes": "45"})


async def test_the_history_of_an_old_ticket_is_found_in_a_long_journal(console: Console) -> None:
    community = console.community
    now = console.clock.now()
    for number in range(3000):
        community.tell("device.gap", f"d{number}", at=now - 90_000 + number * 20)
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    ticket = community.open_ticket(gate, "落杆失败", "x", age=30_000)
    community.tell("ticket.taken", ticket.number, "li", ticket.place, at=now - 20_000)
    for number in range(700):
        community.tell("ticket.commented", f"other-{number}", "x", at=now - 100)
    community.books.reads = 0
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
    assert "开单" in page
    assert page.index("<b>li</b> 接单") < page.index("开单")
    assert community.books.reads < 25


async def test_a_recovered_ticket_says_that_it_can_be_completed(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    flags = (TicketFlag.RECOVERED,)
    ticket = console.community.open_ticket(
        gate, "落杆失败", "x", state=TicketState.ARRIVED, holder="li", flags=flags
    )
    async with browsing(console, "li", Role.CREW) as client:
        page = (await client.get(f"/tickets/{ticket.number}")).text
        done = await client.post(
            f"/tickets/{ticket.number}/actions", data={"do": "complete", "csrf": csrf(client)}
        )
    assert "告警已消除" in page
    assert done.status_code == 303
