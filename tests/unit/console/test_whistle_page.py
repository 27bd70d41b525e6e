"""What a label leads to: known faults, three taps, a query code; and what strangers try."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from hub.console.residents.whistle_page import LIMITS
from hub.model.access import Role
from hub.model.detour import Ruling
from hub.model.device import Kind
from hub.model.ticket import TicketFlag, TicketState
from hub.model.whistle import PERSONAL, Reporter
from hub.model.window import Window, WindowKind
from hub.services.tickets.shelf import list_public
from tests.support.detour import ASKED, NOW, SHELF, WAIT
from tests.support.photos import bomb, photo
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import GUANSHAN, Console, make_console

HERE = {"sec-fetch-site": "same-origin"}
DAY = 86_400.0


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


class Resident:
    """Somebody with a telephone before a label."""

    def __init__(self, console: Console, subject: str, address: str = "192.0.2.1") -> None:
        labels = console.ports.whistle.labels_at("")
        code = next(each.code for each in labels if each.target.subject == subject)
        self.path = f"/w/{code}"
        self.transport = httpx2.ASGITransport(app=console.app, client=(address, 1))

    async def get(self, path: str = "", **params: str) -> httpx2.Response:
        async with self._client() as client:
            return await client.get(path or self.path, params=params)

    async def send(
        self, fields: dict[str, str], path: str = "", *, file: bytes = b"", **headers: str
    ) -> httpx2.Response:
        files = {"photo": ("x.jpg", file, "image/jpeg")} if file else None
        async with self._client() as client:
            where = path or self.path
            return await client.post(where, data=fields, files=files, headers=HERE | headers)

    async def report(self, *, file: bytes = b"", **fields: str) -> httpx2.Response:
        key = key_of((await self.get()).text)
        return await self.send({"key": key, "category": "stays_open", **fields}, file=file)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=self.transport, base_url="http://hub")


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found, page
    return found[1]


def codes_of(page: str) -> tuple[str, str]:
    number, code = re.findall(r"<dd>([^<]+)</dd>", page)
    return number, code


@pytest.fixture
def gate(console: Console) -> str:
    return console.community.of_kind(Kind.BARRIER_GATE)[0]


@pytest.fixture
def resident(console: Console, gate: str) -> Resident:
    return Resident(console, gate)


def tickets(console: Console) -> list[Any]:
    return list(console.community.books.ticket_by_number.values())


async def test_a_label_shows_its_thing_the_choices_and_what_becomes_of_words(
    resident: Resident,
) -> None:
    page = await resident.get()
    assert page.status_code == 200
    for words in ("关不上", "打不开", "其他", "我要报修（吹哨）", "119", "180 天", "不用 Cookie"):
        assert words in page.text, words
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text
    english = await resident.get(lang="en")
    assert "Does not close" in english.text
    assert 'lang="en"' in english.text
    assert f'href="{resident.path}?lang=zh"' in english.text


async def test_a_report_gives_number_and_query_code_which_show_its_progress(
    console: Console, resident: Resident
) -> None:
    answer = await resident.report(text="一直开着", phone="138 0000 0000")
    assert answer.status_code == 200
    number, code = codes_of(answer.text)
    (ticket,) = tickets(console)
    assert (ticket.number, ticket.source, ticket.fault) == (number, "resident", "gate.stuck_open")
    shown = await resident.send({"number": number.lower(), "code": code}, "/w/progress")
    assert shown.status_code == 200
    assert "关不上" in shown.text
    assert "最晚" in shown.text
    assert "138" not in shown.text
    (paper,) = [b for (name, _), b in console.community.books.papers.items() if name == PERSONAL]
    assert msgspec.json.decode(paper, type=Reporter).phone == "138 0000 0000"
    told = msgspec.json.encode(console.community.books.entries).decode()
    assert "138" not in told.replace(number, "")
    assert "一直开着" not in told


async def test_the_page_tells_what_is_known_and_nothing_that_people_have_said(
    console: Console, resident: Resident, gate: str
) -> None:
    console.community.open_ticket(
        gate, "落杆失败", "Does not come down", state=TicketState.TAKEN, holder="李师傅"
    )
    await resident.report(category="noise", text="王家车库")
    page = (await resident.get()).text
    assert "落杆失败" in page
    assert "师傅已接单" in page
    assert "我也遇到" in page
    for hidden in ("有异响</", "王家车库", "李师傅"):
        assert hidden not in page.partition("不是这个")[0], hidden


async def test_me_too_is_counted_and_gives_a_code_of_its_own(
    console: Console, resident: Resident, gate: str
) -> None:
    known = console.community.open_ticket(gate, "落杆失败", "Does not come down")
    key = key_of((await resident.get()).text)
    joining = {"key": key, "number": known.number}
    first = await resident.send(joining, f"{resident.path}/join")
    assert "共 1 人" in first.text
    again = await resident.send(joining, f"{resident.path}/join")
    assert codes_of(again.text) == codes_of(first.text), "the same form twice is once"
    other = Resident(console, gate, address="192.0.2.9")
    second = await other.send(
        {**joining, "key": key_of((await other.get()).text)}, f"{other.path}/join"
    )
    assert "共 2 人" in second.text
    assert "已有 2 人报过" in (await resident.get()).text
    assert codes_of(second.text) != codes_of(first.text)
    assert len(tickets(console)) == 1
    shown = await other.send(
        dict(zip(("number", "code"), codes_of(second.text), strict=True)), "/w/progress"
    )
    assert "落杆失败" in shown.text


async def test_a_notice_in_force_is_on_the_page(console: Console, resident: Resident) -> None:
    now = console.clock.now()
    text = {"zh": "今天停电到 18 点", "en": "No power until 18:00"}
    notice = Window(
        id="w1", kind=WindowKind.NOTICE, text=text, start=now - 1, end=now + 60, place="guanshan"
    )
    console.filing.notices.append(notice)
    assert "今天停电到 18 点" in (await resident.get()).text
    console.filing.notices[0] = msgspec.structs.replace(notice, kind=WindowKind.MAINTENANCE)
    assert "今天停电" not in (await resident.get()).text


async def test_a_duress_or_what_only_people_know_cannot_be_joined_nor_seen(
    console: Console, resident: Resident, gate: str
) -> None:
    hidden = console.community.open_ticket(gate, "胁迫", "Duress")
    console.community.raise_alarm(gate, "胁迫", "Duress", discreet=True, ticket=hidden.number)
    page = (await resident.get()).text
    assert "胁迫" not in page
    said = {"key": key_of(page), "number": hidden.number}
    assert (await resident.send(said, f"{resident.path}/join")).status_code == 404


async def test_a_closed_ticket_is_reopened_with_the_code_within_seven_days(
    console: Console, resident: Resident
) -> None:
    number, code = codes_of((await resident.report()).text)
    mine = {"number": number, "code": code}
    early = await resident.send(mine, "/w/reopen")
    assert early.status_code == 409
    books = console.community.books
    closed = msgspec.structs.replace(
        books.ticket_by_number[number], state=TicketState.CLOSED, closed_at=console.clock.now()
    )
    books.ticket_by_number[number] = closed
    assert "没修好，请重办" in (await resident.send(mine, "/w/progress")).text
    assert (await resident.send({**mine, "code": "1234 5678"}, "/w/reopen")).status_code == 404
    done = await resident.send(mine, "/w/reopen")
    assert "已重办" in done.text
    assert books.ticket_by_number[number].state is TicketState.DISPATCHED
    assert (books.entries[-1].type, books.entries[-1].actor) == ("ticket.reopened", "resident")
    late = console.clock.now() - 8 * DAY
    books.ticket_by_number[number] = msgspec.structs.replace(closed, closed_at=late)
    assert "请重办" not in (await resident.send(mine, "/w/progress")).text
    assert (await resident.send(mine, "/w/reopen")).status_code == 409


GRANTED = replace(ASKED, ruling=Ruling.GRANTED, decided_by="chen")
TOLD = [
    ({"extensions": (ASKED,)}, "申请延期到 12-25 00:00，还没有批"),
    ({"extensions": (GRANTED,), "finish_by": ASKED.until}, "新的时限是 12-25 00:00"),
    ({"extensions": (replace(ASKED, ruling=Ruling.REFUSED),)}, "没有批准"),
    ({"waiting": WAIT, "flags": (TicketFlag.SUSPENDED,)}, "在等别的单位或配件，时限暂停"),
    ({"shelf": SHELF, "flags": (TicketFlag.SHELVED,)}, "2025-12-25 复核"),
    ({"extensions": (GRANTED,), "waiting": WAIT}, "时限暂停"),
    ({"reopened": 2, "reopened_at": NOW}, "重新办理（第 2 次）"),
    ({"reopened": 1, "reopened_at": NOW, "state": TicketState.CLOSED}, ""),
    ({"extensions": (GRANTED,), "state": TicketState.COMPLETED}, ""),
]


@pytest.mark.parametrize(("fields", "said"), TOLD)
async def test_who_has_reported_it_is_told_what_happens_on_the_way_and_no_name(
    console: Console, resident: Resident, fields: dict[str, Any], said: str
) -> None:
    number, code = codes_of((await resident.report()).text)
    books = console.community.books
    known = books.ticket_by_number[number]
    books.ticket_by_number[number] = replace(known, **fields, holder="wang")
    page = (await resident.send({"number": number, "code": code}, "/w/progress")).text
    news = re.findall(r'<p class="notice">([^<]+)</p>', page)
    assert [said in each for each in news] == ([True] if said else [])
    for name in ("wang", "Wu", "chen", "State Grid", "no current", "a part is ordered"):
        assert name not in page
    english = {"number": number, "code": code, "lang": "en"}
    page = (await resident.send(english, "/w/progress")).text
    assert len(re.findall(r'<p class="notice">[A-Z]', page)) == bool(said)


async def test_a_report_with_a_ticket_of_its_own_is_found_by_the_old_number(
    console: Console, resident: Resident
) -> None:
    number, code = codes_of((await resident.report()).text)
    books = console.community.books
    known = books.ticket_by_number[number]
    for key, fields in (("单独开单", {"split_from": number}), ("一并办理", {})):
        books.ticket_by_number["GS-9"] = replace(known, number="GS-9", **fields)
        folded = replace(known, folded_into="GS-9", state=TicketState.CLOSED)
        books.ticket_by_number[number] = folded
        page = (await resident.send({"number": number, "code": code}, "/w/progress")).text
        assert key in page
        assert "GS-9" in page


async def test_of_more_reports_than_are_kept_the_rest_are_told_that_they_have_no_code(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.services.reports.whistle_book.KEPT", 0)
    page = (await resident.report()).text
    assert "没有查询码" in page
    assert len(re.findall("<dd>", page)) == 1


async def test_a_photo_is_kept_with_the_report_and_is_for_staff_alone(
    console: Console, resident: Resident
) -> None:
    number, _ = codes_of((await resident.report(file=photo())).text)
    (kept,) = console.ports.photos.photos(number)
    assert (kept.moment, kept.actor) == ("report", "resident")
    body = await console.ports.photos.read(kept)
    assert body is not None
    assert b"tells all" not in body


@pytest.mark.parametrize(
    ("fields", "file", "words"),
    [
        ({"category": ""}, b"", "请选择怎么了"),
        ({"category": "leak"}, b"", "请选择怎么了"),
        ({"text": "水" * 501}, b"", "500 个字"),
        ({"phone": "打我电话"}, b"", "6 到 20 位"),
        ({"key": "made-up"}, b"", "打开太久"),
        ({}, b"<svg onload=alert(1)>", "照片要 JPEG"),
        ({}, bomb(), "百万像素"),
        ({}, photo()[:400], "打不开"),
    ],
)
async def test_what_does_not_fit_is_told_above_the_form_and_nothing_is_filed(
    console: Console, resident: Resident, fields: dict[str, str], file: bytes, words: str
) -> None:
    typed = {"text": "杆<b>不</b>落", "phone": "13800000000"} | fields
    answer = await resident.report(file=file, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert tickets(console) == []
    if "text" not in fields:
        assert "杆&lt;b&gt;不&lt;/b&gt;落" in answer.text, "what was typed is still there"


async def test_a_body_over_the_limit_is_refused_unread(resident: Resident) -> None:
    answer = await resident.report(file=b"\xff\xd8\xff" + bytes(11 * 1024 * 1024))
    assert answer.status_code == 413


async def test_a_thousand_posts_at_once_are_ten_and_the_rest_hear_when_to_come_back(
    console: Console, resident: Resident
) -> None:
    key = key_of((await resident.get()).text)
    posts = [resident.send({"key": key, "category": "stays_open"}) for _ in range(1000)]
    answers = await asyncio.gather(*posts)
    status = [answer.status_code for answer in answers]
    assert status.count(200) == LIMITS["post"].count
    assert status.count(429) == 1000 - LIMITS["post"].count
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "10 分钟后再试" in refused.text
    assert int(refused.headers["retry-after"]) == 600
    assert len(tickets(console)) == 1


async def test_a_thousand_telephones_with_one_key_have_one_effect(
    console: Console, gate: str
) -> None:
    key = key_of((await Resident(console, gate).get()).text)
    fields = {"key": key, "category": "stays_open"}
    crowd = [Resident(console, gate, address=f"10.0.{n // 250}.{n % 250}") for n in range(1000)]
    answers = await asyncio.gather(*(each.send(fields) for each in crowd))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == LIMITS["post_label"].count
    assert len({codes_of(answer.text) for answer in good}) == 1
    assert len(tickets(console)) == 1
    assert "ticket.joined" not in {entry.type for entry in console.community.books.entries}


async def test_unknown_codes_are_all_alike_and_who_tries_many_is_stopped(
    console: Console, resident: Resident
) -> None:
    right = resident.path.removeprefix("/w/")
    mistyped = f"/w/{right[:-1]}{(int(right[-1]) + 1) % 10}"
    answers = [await resident.get(path) for path in (mistyped, "/w/1", "/w/guanshan", "/w/%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r'href="[^"]+"', "", answer.text) for answer in answers}) == 1
    for _ in range(LIMITS["wrong_label"].count - len(answers)):
        await resident.get("/w/1")
    assert (await resident.get("/w/1")).status_code == 429
    assert (await resident.get()).status_code == 429, "also for the right one: it tells nothing"
    assert (await Resident(console, "guanshan", "192.0.2.2").get()).status_code == 200


async def test_wrong_query_codes_are_limited_by_address_and_by_number(
    console: Console, resident: Resident, gate: str
) -> None:
    number, code = codes_of((await resident.report()).text)
    for address in range(4):
        thief = Resident(console, gate, address=f"198.51.100.{address}")
        for _ in range(LIMITS["wrong_query"].count):
            wrong = await thief.send({"number": number, "code": "00000000"}, "/w/progress")
            assert wrong.status_code == 404
            assert "对不上" in wrong.text
        stopped = await thief.send({"number": number, "code": code}, "/w/progress")
        assert stopped.status_code == 429
    mine = await resident.send({"number": number, "code": code}, "/w/progress")
    assert mine.status_code == 429, "the number has been tried too often, by whomever"
    other = await resident.send({"number": "GS-9", "code": ""}, "/w/progress")
    assert other.status_code == 404


async def test_a_page_of_somewhere_else_cannot_send_in_a_residents_name(
    console: Console, resident: Resident
) -> None:
    key = key_of((await resident.get()).text)
    fields = {"key": key, "category": "stays_open"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        for path in ("", f"{resident.path}/join", "/w/progress", "/w/reopen"):
            assert (await resident.send(fields, path, **headers)).status_code == 403, path
    assert tickets(console) == []


async def test_a_full_disk_is_told_and_the_photo_alone_may_be_missing(
    console: Console, resident: Resident
) -> None:
    number, _ = codes_of((await resident.report(file=photo())).text)
    console.desk.full = True
    answer = await resident.report(category="noise", file=photo(90, 90))
    assert answer.status_code == 200
    assert "照片没有存下" in answer.text
    assert len(console.ports.photos.photos(number)) == 1


async def test_the_page_and_all_that_it_loads_are_under_60_kb(
    console: Console, resident: Resident, gate: str
) -> None:
    for number in range(8):
        console.community.open_ticket(gate, f"故障{number}" * 10, "Fault" * 10)
    page = await resident.get()
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    async with client_of(console.app) as client:
        sizes = [len((await client.get(path)).content) for path in loaded]
    assert len(loaded) == 2
    assert len(page.content) + sum(sizes) < 60_000


async def test_nobody_needs_a_role_and_staff_see_the_same(
    console: Console, resident: Resident
) -> None:
    cookie = console.sign_in("li", Role.CREW)
    async with client_of(console.app, "", cookie=f"lingdang_session={cookie}") as client:
        page = await client.get(resident.path)
    assert page.status_code == 200
    assert "li" not in re.findall(r">(\w+)<", page.text)


async def read(console: Console, path: str) -> httpx2.Response:
    async with client_of(console.app, "", accept="text/html") as client:
        return await client.get(path)


def put_off(console: Console, kind: Kind, **fields: object) -> Any:  # noqa: ANN401
    subject = console.community.of_kind(kind)[0]
    return console.community.open_ticket(subject, "落杆失败", "Does not close", **fields)


async def test_the_public_reads_what_is_shelved_once_the_site_says_so() -> None:
    card = replace(GUANSHAN, publish_shelved=True)
    console = make_console(devices=30, card=card)
    assert "没有挂账" in (await read(console, "/w/shelved")).text
    shelf = replace(SHELF, condition="<b>等市政改管</b>")
    put_off(console, Kind.BARRIER_GATE, shelf=shelf, holder="wang")
    page = (await read(console, "/w/shelved")).text
    for words in ("落杆失败", "&lt;b&gt;等市政改管&lt;/b&gt;", "2025-12-25 复核", "街道"):
        assert words in page, words
    for name in ("wang", "Wu", "GS-2026"):
        assert name not in page
    english = (await read(console, "/w/shelved?lang=en")).text
    assert "Does not close" in english
    (label,) = console.ports.whistle.labels_at("")[:1]
    assert "/w/shelved" in (await read(console, f"/w/{label.code}")).text


async def test_without_the_sites_word_nothing_is_published(console: Console) -> None:
    put_off(console, Kind.BARRIER_GATE, shelf=SHELF)
    answer = await read(console, "/w/shelved")
    assert answer.status_code == 404
    assert "落杆失败" not in answer.text
    (label,) = console.ports.whistle.labels_at("")[:1]
    assert "/w/shelved" not in (await read(console, f"/w/{label.code}")).text


def test_what_is_a_familys_or_only_a_resident_says_is_never_public(console: Console) -> None:
    ticket = put_off(console, Kind.BARRIER_GATE, shelf=SHELF)
    books, live = console.community.books.ticket_by_number, console.community
    cases = [
        ({}, True),
        ({"source": "inspection"}, True),
        ({"source": "resident"}, False),
        ({"source": "resident", "alarms": ("A1",)}, True),
        ({"shelf": None}, False),
    ]
    for fields, is_shown in cases:
        books[ticket.number] = replace(ticket, **fields)
        assert [each.number for each in list_public(live)] == [ticket.number] * is_shown
    for view in live.devices():
        if view.device.attributes.get("scope") == "household":
            books[ticket.number] = replace(ticket, subject=view.device.id, place=view.device.place)
            assert list_public(live) == []
            return
    raise AssertionError("the community has no meter of a flat")
