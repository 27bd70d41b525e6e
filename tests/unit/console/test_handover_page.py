"""The shift hand-over: what the sheet says, and how both guards come to stand under it."""

from __future__ import annotations

import argon2
import msgspec
import pytest

from hub.access.session import COOKIE, csrf_token
from hub.clock import ManualClock
from hub.model.access import Identity, Role
from hub.model.detour import Rung, Shelf
from hub.model.device import Kind
from hub.model.handover import HANDOVERS, HandOver, HandOverState
from hub.model.window import WindowKind
from hub.ports import EventRow, WindowWish
from hub.services.duty import handover_book
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_inspection_page import Visitor

PASSWORD = "春天来了山上开满花"
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
GUARD = Identity(name="wang", role=Role.GUARD)
NEXT = Identity(name="li", role=Role.GUARD)


@pytest.fixture
def console() -> Console:
    made = make_console(devices=60)
    community, now = made.community, made.clock.now()
    gates = community.of_kind(Kind.BARRIER_GATE)
    community.open_ticket(gates[0], "落杆失败", "Does not close")
    shelf = Shelf(
        since=now,
        approved_by=Rung.COMMUNITY,
        approver="陈书记",
        condition="等配件",
        measure="白天人工值守",
        review_at=now + 864_000,
    )
    community.open_ticket(gates[1], "地感坏了", "Loop is broken", shelf=shelf)
    view = community.device(gates[0])
    assert view is not None
    row = EventRow(uid=view.device.uid, name="opened.locally", at=now - 600, received=now)
    made.archive.by_hand.append(row)
    order(made, gates[0], "executed")
    return made


def order(console: Console, device: str, state: str, actor: str = "wang", do: str = "c1") -> None:
    said = {"device": device, "do": "open", "actor": actor, "reason": "救护车"}
    view = console.community.device(device)
    assert view is not None
    for each in ("requested", state):
        console.community.tell(
            f"command.{each}", do, actor, view.device.place, data={**said, "state": each}
        )


async def give(console: Console, notes: str = "北门钥匙在抽屉") -> HandOver:
    return await console.ports.handovers.give(notes, GUARD)


async def post(console: Console, name: str, role: Role, path: str) -> tuple[int, str]:
    cookie = console.sign_in(name, role)
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}", accept="text/html") as client:
        answer = await client.post(path, data={"csrf": csrf_token(cookie)})
    return answer.status_code, answer.text


async def advance(console: Console, seconds: float) -> None:
    assert isinstance(console.clock, ManualClock)
    await console.clock.advance(seconds)


async def test_the_sheet_says_what_is_open_opened_by_hand_and_shelved(console: Console) -> None:
    end = console.clock.now() + 3600
    wish = WindowWish(
        kind=WindowKind.MAINTENANCE,
        text={"zh": "换电源", "en": "New supply"},
        end=end,
        place="guanshan",
    )
    await console.ports.windows.open(wish, Identity(name="chen", role=Role.MANAGER))
    page = (await Visitor(console, Role.GUARD).get("/handovers")).text
    for said in ("落杆失败", "还没有人接单", "救护车", "已看到动作", "现场手动抬杆", "换电源"):
        assert said in page, said
    shelved = page.split("挂账")[1]
    assert "地感坏了" in shelved
    assert "白天人工值守" in shelved


async def test_an_order_that_nobody_saw_carried_out_is_not_called_done(console: Console) -> None:
    gate = console.community.of_kind(Kind.BARRIER_GATE)[1]
    order(console, gate, "unknown", do="c2")
    sheet = await console.ports.handovers.draft(GUARD)
    assert sorted(each.state for each in sheet.openings) == ["", "executed", "unknown"]
    page = (await Visitor(console, Role.GUARD).get("/handovers")).text
    assert "没有确认，请看现场" in page


async def test_nothing_discreet_is_on_it_even_for_a_manager(console: Console) -> None:
    door = console.community.of_kind(Kind.UNIT_DOOR)[0]
    console.community.open_ticket(door, "胁迫开门", "Duress", discreet=True)
    console.community.raise_alarm(door, "胁迫", "Duress", discreet=True)
    for role in (Role.GUARD, Role.MANAGER):
        assert "胁迫" not in (await Visitor(console, role).get("/handovers")).text


async def test_both_sign_and_what_comes_between_stands_on_the_sheet(console: Console) -> None:
    given = await give(console)
    assert console.community.books.entries[-1].data["digest"] == given.digest
    await advance(console, 60)
    door = console.community.of_kind(Kind.UNIT_DOOR)[0]
    console.community.open_ticket(door, "门被撬", "Forced", age=1)
    taken = await console.ports.handovers.take(given.id, "知道了", NEXT)
    assert taken.state is HandOverState.TAKEN
    assert taken.later is not None
    assert [each.title["zh"] for each in taken.later.open] == ["门被撬"]
    assert taken.digest == given.digest, "what was signed first is as it was"
    entry = console.community.books.entries[-1]
    assert (entry.type, entry.actor, entry.data["given_by"]) == ("handover.taken", "li", "wang")
    page = (await Visitor(console, Role.GUARD).get(f"/handovers/{given.id}")).text
    assert "交班：wang" in page
    assert "接班：li" in page
    assert "门被撬" in page.split("交班人签字以后新出现的")[1]


async def test_the_next_sheet_begins_where_the_last_one_was_signed(console: Console) -> None:
    first = await give(console)
    await console.ports.handovers.take(first.id, "", NEXT)
    await advance(console, 8 * 3600)
    second = await console.ports.handovers.draft(NEXT)
    assert second.since == first.sheet.at
    assert second.openings == ()
    assert len(second.open) == 1


async def test_nobody_takes_over_from_themselves_and_one_sheet_waits_at_a_time(
    console: Console,
) -> None:
    guard = Visitor(console, Role.GUARD)
    made = await guard.send("/handovers", "/handovers", notes="没事")
    assert made.headers["location"] == "/handovers/h1"
    me = "a guard", Role.GUARD
    status, text = await post(console, *me, "/handovers")
    assert (status, "先签字或撤回" in text) == (422, True)
    status, text = await post(console, *me, "/handovers/h1/take")
    assert (status, "交班人不能自己接班" in text) == (422, True)
    assert (await console.ports.handovers.find("h1", GUARD)).taken_by == ""


async def sign_on_the_same_screen(console: Console, name: str, password: str) -> tuple[str, str]:
    cookie = console.sign_in("wang", Role.GUARD)
    form = {"csrf": csrf_token(cookie), "name": name, "password": password}
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}", accept="text/html") as client:
        answer = await client.post("/handovers/h1/take", data=form)
        left = await client.get("/wall")
    told = answer.text if answer.status_code != 303 else answer.headers["set-cookie"]
    return told, left.headers.get("location", "")


async def test_who_comes_signs_by_password_and_the_screen_is_theirs(console: Console) -> None:
    console.sign_in("li", Role.GUARD, password_hash=HASH)
    await give(console)
    cookie, left = await sign_on_the_same_screen(console, "li", PASSWORD)
    assert cookie.startswith(COOKIE)
    assert left.startswith("/sign-in"), "who has left is signed out"
    who = await console.ports.gatekeeper.by_cookie(cookie.partition("=")[2].partition(";")[0])
    assert who is not None
    assert who.name == "li"
    assert (await console.ports.handovers.find("h1", GUARD)).taken_by == "li"


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("li", "falsch-falsch", "姓名或密码不对"),
        ("nobody", PASSWORD, "姓名或密码不对"),
        ("wang", PASSWORD, "交班人不能自己接班"),
        ("crew", PASSWORD, "不是保安"),
    ],
)
async def test_a_wrong_second_signature_changes_nothing(
    console: Console, name: str, password: str, said: str
) -> None:
    console.sign_in("li", Role.GUARD, password_hash=HASH)
    console.sign_in("crew", Role.CREW, password_hash=HASH)
    await give(console)
    told, left = await sign_on_the_same_screen(console, name, password)
    assert said in told
    assert left == "", "who was there stays signed in"
    assert (await console.ports.handovers.find("h1", GUARD)).state is HandOverState.GIVEN


async def test_a_sheet_is_withdrawn_by_who_gave_it_or_a_leader_alone(console: Console) -> None:
    await give(console)
    status, text = await post(console, "li", Role.GUARD, "/handovers/h1/withdraw")
    assert (status, "只有 wang 或经理能撤回" in text) == (422, True)
    assert (await post(console, "chen", Role.MANAGER, "/handovers/h1/withdraw"))[0] == 303
    assert console.ports.handovers.waiting(GUARD) is None
    assert "不算数" in (await Visitor(console, Role.GUARD).get("/handovers/h1")).text


async def test_another_part_of_the_community_sees_nothing_of_it(console: Console) -> None:
    await give(console)
    other = Identity(name="zhao", role=Role.GUARD, scope="guanshan/zz")
    assert await console.ports.handovers.newest(other, 9) == []
    assert (await console.ports.handovers.draft(other)).open == ()
    cookie = console.sign_in("zhao", Role.GUARD, scope="guanshan/zz")
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}") as client:
        assert (await client.get("/handovers/h1")).status_code == 404
        form = {"csrf": csrf_token(cookie)}
        assert (await client.post("/handovers/h1/take", data=form)).status_code == 404


async def test_a_new_hub_goes_on_with_what_is_stored_and_old_sheets_go(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = console.ports.handovers
    assert isinstance(office, handover_book.HandOverBook)
    for _ in range(3):
        given = await give(console)
        await office.take(given.id, "", NEXT)
        await advance(console, 8 * 3600)
    papers = await console.community.books.documents(HANDOVERS)
    again = handover_book.HandOverBook(
        papers,
        writer=office._writer,
        books=console.community.books,
        write=console.desk.write,
        clock=console.clock,
    )
    assert (await again.draft(GUARD)).since == (await office.find("h3", GUARD)).sheet.at
    monkeypatch.setattr(handover_book, "KEPT_FOR", 12 * 3600.0)
    assert (await again.give("", GUARD)).id == "h4"
    kept = await console.community.books.documents(HANDOVERS)
    assert sorted(kept) == ["h3", "h4"]
    assert [each.id for each in await again.newest(GUARD, 9)] == ["h4", "h3"]


async def test_a_program_signs_nothing(console: Console) -> None:
    machine = msgspec.structs.replace(GUARD, name="key:wang", machine=True)
    with pytest.raises(handover_book.ForbiddenError):
        await console.ports.handovers.give("", machine)
