"""Calls and findings typed in by staff: which thing, whether it is known, and who calls back."""

from __future__ import annotations

import re

import httpx2
import msgspec
import pytest

from hub.model.access import Role
from hub.model.alarm import Urgency
from hub.model.device import Kind
from hub.model.instant import to_local_text
from hub.model.ticket import Ticket, TicketState
from hub.model.whistle import PERSONAL, Reporter
from tests.support.photos import bomb, photo
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


@pytest.fixture
def gate(console: Console) -> str:
    return console.community.of_kind(Kind.BARRIER_GATE)[0]


class Clerk:
    """Somebody of the staff at the form."""

    def __init__(self, console: Console, role: Role = Role.GUARD, scope: str = "") -> None:
        self._console = console
        self._cookie = console.sign_in("a guard", role, scope=scope)

    async def get(self, **params: str) -> httpx2.Response:
        async with self.client() as client:
            return await client.get("/hotline", params=params)

    async def file(self, where: str, image: bytes = b"", **fields: str) -> httpx2.Response:
        page = (await self.get(where=where)).text
        hidden = dict(re.findall(r'name="(csrf|key|where)" value="([^"]+)"', page))
        typed = {"source": "hotline", "category": "leak", **hidden, **fields}
        files = {"photo": ("a.jpg", image, "image/jpeg")}
        async with self.client() as client:
            return await client.post("/hotline", data=typed, files=files)

    async def follow(self, answer: httpx2.Response) -> httpx2.Response:
        async with self.client() as client:
            return await client.get(answer.headers["location"])

    def client(self) -> httpx2.AsyncClient:
        cookie = f"lingdang_session={self._cookie}"
        return client_of(self._console.app, "", cookie=cookie, **HTML)


def tickets(console: Console) -> list[Ticket]:
    return list(console.community.books.ticket_by_number.values())


async def test_a_call_opens_a_ticket_with_its_case_and_limits(console: Console) -> None:
    answer = await Clerk(console).file(
        "guanshan",
        caller="王女士",
        phone="13800000000",
        text="三楼漏水",
        case="WH-2026-88",
        sign_by="2026-11-30T10:00",
        handle_by="2026-12-04T18:00",
    )
    (ticket,) = tickets(console)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/tickets/{ticket.number}/people",
    )
    assert (ticket.source, ticket.fault) == ("hotline", "report.leak")
    told = msgspec.json.encode(console.community.books.entries).decode()
    for private in ("王女士", "13800000000", "三楼漏水"):
        assert private not in told
    opened = next(e for e in console.community.books.entries if e.type == "ticket.opened")
    assert opened.actor == "a guard"
    shown = await Clerk(console).client().get(f"/tickets/{ticket.number}")
    assert "12345 签收" in shown.text
    assert "12345 办理" in shown.text
    people = await Clerk(console).client().get(answer.headers["location"])
    for words in (
        "12345 编号 WH-2026-88",
        "签收期限 11-30 10:00",
        "办理期限 12-04 18:00",
        "王女士",
    ):
        assert words in people.text, words


async def test_a_finding_of_a_thing_without_electronics_is_a_ticket_too(console: Console) -> None:
    await Clerk(console, Role.GRID_WORKER).file("guanshan", source="inspection", category="danger")
    (ticket,) = tickets(console)
    assert (ticket.source, ticket.trade) == ("inspection", "building")


async def test_a_photo_of_a_call_or_finding_is_kept_like_a_residents(console: Console) -> None:
    clerk = Clerk(console, Role.GRID_WORKER)
    answer = await clerk.file("guanshan", photo(200), source="inspection", category="danger")
    (ticket,) = tickets(console)
    (kept,) = console.ports.photos.photos(ticket.number)
    assert (kept.moment, kept.actor, kept.width) == ("report", "a guard", 200)
    page = (await clerk.follow(answer)).text
    assert f"/photos/{kept.id}" in page
    assert "没有存下" not in page


@pytest.mark.parametrize("file", [b"<html>", bomb()])
async def test_what_is_no_photo_is_told_and_nothing_is_filed(console: Console, file: bytes) -> None:
    answer = await Clerk(console).file("guanshan", file, text="三楼漏水")
    assert answer.status_code == 422
    assert "照片不行" in answer.text
    assert "三楼漏水</textarea>" in answer.text
    assert tickets(console) == []


async def test_a_call_counts_also_where_its_photo_finds_no_room(console: Console) -> None:
    clerk = Clerk(console)
    for size in range(100, 130, 10):
        await clerk.file("guanshan", photo(size))
    (ticket,) = tickets(console)
    assert len(console.ports.photos.photos(ticket.number)) == 3
    answer = await clerk.file("guanshan", photo(90))
    assert "照片没有存下" in (await clerk.follow(answer)).text
    assert len(console.ports.photos.photos(ticket.number)) == 3


async def test_what_is_known_is_offered_and_joined_or_kept_apart(
    console: Console, gate: str
) -> None:
    known = console.community.open_ticket(gate, "落杆失败", "Does not come down")
    clerk = Clerk(console)
    page = (await clerk.get(where=gate)).text
    assert "可能已经在处理" in page
    assert f'value="{known.number}"' in page
    await clerk.file(gate, category="", join=known.number)
    assert tickets(console) == [known]
    assert console.community.books.entries[-1].data["count"] == 1
    await clerk.file(gate, category="stays_open")
    await clerk.file(gate, category="stays_open")
    assert len(tickets(console)) == 2, "the same category is one ticket"
    await clerk.file(gate, category="stays_open", join="apart")
    assert len(tickets(console)) == 3


async def test_a_thing_is_found_by_the_digits_of_its_label(console: Console, gate: str) -> None:
    labels = console.ports.whistle.labels_at("")
    code = next(each.code for each in labels if each.target.device == gate)
    spaced = f"{code[:4]} {code[4:8]} {code[8:]}"
    assert "打不开" in (await Clerk(console).get(code=spaced)).text
    assert "打不开" in (await Clerk(console).get(code=gate)).text
    assert (await Clerk(console).get(code="4711")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"category": ""}, "请选择怎么了"),
        ({"category": "stays_open"}, "请选择怎么了"),
        ({"source": "resident"}, "请选择来源"),
        ({"sign_by": "soon"}, "签收期限不是时间"),
        ({"phone": "?"}, "6 到 20 位"),
        ({"case": "<b>"}, "12345 编号只有"),
        ({"text": "水" * 501}, "500 个字"),
        ({"join": "GS-1"}, "没有这个位置或工单"),
    ],
)
async def test_what_does_not_fit_is_told_and_what_was_typed_stays(
    console: Console, fields: dict[str, str], words: str
) -> None:
    answer = await Clerk(console).file("guanshan", **({"caller": "王<i>女士"} | fields))
    assert answer.status_code == 422
    assert words in answer.text
    assert "王&lt;i&gt;女士" in answer.text
    assert tickets(console) == []
    assert not [name for name, _ in console.community.books.papers if name == PERSONAL]


async def test_who_sees_one_part_files_nothing_elsewhere(console: Console, gate: str) -> None:
    clerk = Clerk(console, Role.GRID_WORKER, "guanshan/nowhere")
    assert (await clerk.get(where=gate)).status_code == 404
    assert (await clerk.file(gate)).status_code in {403, 404}
    assert tickets(console) == []
    department = Clerk(console, Role.DEPARTMENT)
    assert (await department.get()).status_code == 403


async def test_what_has_to_be_called_back_is_on_top(console: Console, gate: str) -> None:
    checked = {"source": "hotline", "state": TicketState.VERIFIED}
    due = console.community.open_ticket(gate, "漏水", "Leak", **checked)
    console.community.open_ticket(gate, "系统发现", "Found", state=TicketState.VERIFIED)
    page = (await Clerk(console).get()).text
    assert f'href="/tickets/{due.number}"' in page
    assert "系统发现" not in page


def test_nothing_typed_is_nothing_kept() -> None:
    assert Reporter().is_empty()


async def test_a_leader_plans_work_for_a_day_and_a_guard_does_not(console: Console) -> None:
    now = console.community.clock.now()
    later = to_local_text(now + 4 * 86_400)[:10]
    manager = Clerk(console, Role.MANAGER)
    assert 'name="planned"' in (await manager.get(where="guanshan")).text
    assert 'name="planned"' not in (await Clerk(console).get(where="guanshan")).text
    late = await manager.file("guanshan", planned=to_local_text(now)[:10])
    assert late.status_code == 422
    assert "计划日期要从明天起" in late.text
    assert (await manager.file("guanshan", planned=later)).status_code == 303
    (ticket,) = tickets(console)
    assert (ticket.urgency, ticket.planned) == (Urgency.PLANNED, later)
    assert (await Clerk(console).file("guanshan", planned=later)).status_code == 403
    shown = await manager.follow(
        httpx2.Response(303, headers={"location": f"/tickets/{ticket.number}"})
    )
    assert f"计划 {later} 完成" in shown.text


async def test_a_leader_moves_a_photo_to_the_other_half_and_nowhere_else(console: Console) -> None:
    clerk = Clerk(console, Role.MANAGER)
    await clerk.file("guanshan", photo(200))
    (whole,) = tickets(console)
    books = console.community.books.ticket_by_number
    half = msgspec.structs.replace(whole, number="GS-HALF", split_from=whole.number)
    whole = msgspec.structs.replace(whole, split_off=("GS-HALF",))
    books.update({each.number: each for each in (whole, half)})
    (kept,) = console.ports.photos.photos(whole.number)
    people = f"/tickets/{whole.number}/people"
    page = (await clerk.follow(httpx2.Response(303, headers={"location": people}))).text
    assert "移到 GS-HALF" in page
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
    async with clerk.client() as client:
        path = f"/tickets/{whole.number}/photos/{kept.id}/move"
        elsewhere = await client.post(path, data={"csrf": csrf, "to": "GS-1"})
        done = await client.post(path, data={"csrf": csrf, "to": "GS-HALF"})
    assert (elsewhere.status_code, done.status_code) == (404, 303)
    assert [each.id for each in console.ports.photos.photos("GS-HALF")] == [kept.id]
    assert not console.ports.photos.photos(whole.number)
