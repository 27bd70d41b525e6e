"""Who has reported a ticket, and its photos: for those who handle it, and nobody else."""

from __future__ import annotations

import re

import httpx2
import pytest
from msgspec.structs import replace

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.photo import Moment
from hub.model.ticket import Ticket
from hub.model.whistle import PERSONAL, Reporter, Source
from hub.ports.whistle import Said
from hub.services.reports.picture import develop
from tests.support.photos import bomb, photo
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


@pytest.fixture
def ticket(console: Console) -> Ticket:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    return console.community.open_ticket(gate, "落杆失败", "Does not come down")


def visitor(console: Console, role: Role = Role.CREW, scope: str = "") -> httpx2.AsyncClient:
    cookie = console.sign_in(f"a {role}", role, scope=scope)
    return client_of(console.app, "", cookie=f"lingdang_session={cookie}", **HTML)


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


async def join(console: Console, ticket: Ticket, **fields: str) -> None:
    whistle = console.ports.whistle
    target = whistle.find_subject(ticket.subject)
    assert target is not None
    said = Said(
        key=whistle.form_key(),
        source=Source.RESIDENT,
        category="",
        target=target,
        join=ticket.number,
        reporter=Reporter(**fields),
    )
    await whistle.file(said)


async def test_a_phone_is_masked_until_somebody_asks_and_that_is_told(
    console: Console, ticket: Ticket
) -> None:
    await join(console, ticket, phone="13812345678", text="杆<i>砸</i>车")
    path = f"/tickets/{ticket.number}"
    async with visitor(console) as client:
        whole = (await client.get(path)).text
        assert f'href="{path}/people"' in whole
        page = (await client.get(f"{path}/people")).text
        assert "…5678" in page
        assert "13812345678" not in page
        assert "杆&lt;i&gt;砸&lt;/i&gt;车" in page
        name = re.findall(r'name="report" value="([^"]+)"', page)[0]
        fields = {"csrf": csrf_of(page), "report": name}
        shown = await client.post(f"{path}/phone", data=fields)
        assert 'href="tel:13812345678"' in shown.text
        wrong = await client.post(f"{path}/phone", data={**fields, "report": "x"})
        assert wrong.status_code == 404
    entry = console.community.books.entries[-1]
    assert (entry.type, entry.subject, entry.actor) == ("report.read", ticket.number, "a crew")
    assert entry.data["report"] == name
    books = console.community.books
    books.ticket_by_number[ticket.number] = replace(ticket, holder="a department")
    async with visitor(console, Role.DEPARTMENT) as client:
        page = (await client.get(f"{path}/people")).text
        assert "看电话" not in page
        refused = await client.post(f"{path}/phone", data={"csrf": csrf_of(page), "report": name})
        assert refused.status_code == 403


async def test_who_asks_for_it_is_deleted_by_a_leader_and_the_count_stays(
    console: Console, ticket: Ticket
) -> None:
    await join(console, ticket, phone="13812345678", text="别留我的电话")
    path = f"/tickets/{ticket.number}"
    async with visitor(console) as client:
        page = (await client.get(f"{path}/people")).text
        name = re.findall(r'name="report" value="([^"]+)"', page)[0]
        assert "应本人要求删除" not in page
        fields = {"csrf": csrf_of(page), "report": name}
        assert (await client.post(f"{path}/erase", data=fields)).status_code == 403
    async with visitor(console, Role.MANAGER) as client:
        fields["csrf"] = csrf_of((await client.get(f"{path}/people")).text)
        wrong = await client.post(f"{path}/erase", data={**fields, "report": "x"})
        assert wrong.status_code == 404
        assert (await client.post(f"{path}/erase", data=fields)).status_code == 303
        after = (await client.get(f"{path}/people")).text
    assert "别留我的电话" not in after
    assert "报修人与照片 <b>1</b>" in after
    entry = console.community.books.entries[-1]
    assert (entry.type, entry.data["report"]) == ("report.erased", name)
    assert not [name for name, _ in console.community.books.papers if name == PERSONAL]


async def test_the_crew_adds_photos_before_and_after_and_a_leader_removes_one(
    console: Console, ticket: Ticket
) -> None:
    path = f"/tickets/{ticket.number}"
    async with visitor(console) as client:
        csrf = csrf_of((await client.get(f"{path}/people")).text)
        for moment in ("before", "after"):
            size = 200 if moment == "before" else 300
            done = await client.post(
                f"{path}/photos",
                data={"csrf": csrf, "moment": moment},
                files={"photo": ("any.name", photo(size), "text/html")},
            )
            assert (done.status_code, done.headers["location"]) == (303, f"{path}/people")
        page = (await client.get(f"{path}/people")).text
        assert "修前" in page
        assert "删除" not in page
        first, second = dict.fromkeys(re.findall(rf'{path}/photos/(\w+)"', page))
        shown = await client.get(f"{path}/photos/{first}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.content == develop(photo(200)).body
        assert (await client.get(f"{path}/photos/nothing")).status_code == 404
        gone = f"{path}/photos/{first}/remove"
        assert (await client.post(gone, data={"csrf": csrf})).status_code == 403
    async with visitor(console, Role.MANAGER) as client:
        csrf = csrf_of((await client.get(f"{path}/people")).text)
        assert (await client.post(gone, data={"csrf": csrf})).status_code == 303
        assert (await client.get(f"{path}/photos/{first}")).status_code == 404
        assert (await client.get(f"{path}/photos/{second}")).status_code == 200


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [(b"<html>", 422, "JPEG"), (bomb(), 422, "百万像素"), (photo(), 409, "已有 3 张照片")],
)
async def test_what_cannot_be_kept_is_told_on_the_page(
    console: Console, ticket: Ticket, file: bytes, status: int, words: str
) -> None:
    for side in (50, 60, 70) if status == 409 else ():
        await console.ports.photos.add(
            ticket, develop(photo(side)), moment=Moment.BEFORE, actor="li"
        )
    async with visitor(console) as client:
        path = f"/tickets/{ticket.number}"
        csrf = csrf_of((await client.get(f"{path}/people")).text)
        answer = await client.post(
            f"{path}/photos",
            data={"csrf": csrf, "moment": "before"},
            files={"photo": ("x.jpg", file, "image/jpeg")},
        )
    assert answer.status_code == status
    assert words in answer.text


async def test_who_may_not_see_the_ticket_sees_none_of_it(console: Console, ticket: Ticket) -> None:
    kept = await console.ports.photos.add(ticket, develop(photo()), moment=Moment.AFTER, actor="li")
    paths = [f"/tickets/{ticket.number}/people", f"/tickets/{ticket.number}/photos/{kept.id}"]
    async with visitor(console, Role.MANAGER, "guanshan/elsewhere") as client:
        for path in paths:
            assert (await client.get(path)).status_code == 404
    async with client_of(console.app, "", **HTML) as client:
        for path in paths:
            assert (await client.get(path)).headers["location"].startswith("/sign-in")


async def test_the_tickets_page_fetches_the_part_alone(console: Console, ticket: Ticket) -> None:
    async with visitor(console) as client:
        part = await client.get(f"/tickets/{ticket.number}/people", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert "没有人报修" in part.text
