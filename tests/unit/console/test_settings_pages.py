"""Settings on pages: people, keys and receivers, for administrators of the whole community."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from hub.access.people import NewPerson
from hub.access.session import COOKIE, csrf_token
from hub.console import build_console
from hub.model.access import Identity, Role
from hub.ports.receiver import Outlet
from tests.support.bell_office import FakeBells
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_inspection_page import Visitor

PEOPLE, KEYS = "/settings/people", "/settings/keys"
CODE = re.compile(r"<b>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</b>")
TOKEN = re.compile(r"<b>(ld_[A-Za-z0-9_-]+)</b>")
BOSS = Identity(name="a administrator", role=Role.ADMINISTRATOR)


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


def boss(console: Console) -> Visitor:
    return Visitor(console, Role.ADMINISTRATOR)


async def test_somebody_is_added_and_the_code_opens_the_door_once_shown(console: Console) -> None:
    desk = boss(console)
    wish = {"name": "赵师傅", "role": "guard", "place": "guanshan", "phone": "13900000000"}
    made = (await desk.send(PEOPLE, PEOPLE, **wish)).text
    code = CODE.search(made)
    assert code is not None
    assert code[1] not in (await desk.get(PEOPLE)).text
    listed = (await desk.get(PEOPLE)).text
    assert "等本人设密码" in listed
    assert "13900000000" not in listed, "a phone is looked at one by one, and that is noted"
    chosen = await console.ports.gatekeeper.choose_password(
        "赵师傅", code[1], "three cats asleep", "10.0.0.1"
    )
    assert (chosen.who.role, chosen.who.scope) == (Role.GUARD, "guanshan")
    again = await desk.send(PEOPLE, PEOPLE, **wish)
    assert (again.status_code, "已有 赵师傅" in again.text) == (422, True)
    assert 'value="13900000000"' in again.text, "what was typed stays"


async def test_rights_and_addresses_change_and_the_journal_says_by_whom(console: Console) -> None:
    await console.ports.gatekeeper.people.add(NewPerson(name="zhao", role=Role.CREW), BOSS)
    desk, page = boss(console), f"{PEOPLE}/zhao"
    change = {"role": "manager", "place": "guanshan", "phone": ""}
    assert (await desk.send(page, f"{page}/change", **change)).status_code == 303
    kept = await console.ports.gatekeeper.people.find("zhao")
    assert kept is not None
    assert (kept.role, kept.scope) == (Role.MANAGER, "guanshan")
    told = console.community.books.entries[-1]
    assert (told.type, told.actor) == ("person.changed", "a administrator")
    assert (await desk.send(page, f"{page}/contact", email="z@example.org")).status_code == 303
    bells = console.ports.bells
    assert isinstance(bells, FakeBells)
    assert bells.addresses["zhao"]["email"] == "z@example.org"
    assert bells.looked[0] == ("a administrator", "zhao")
    assert CODE.search((await desk.send(page, f"{page}/reset")).text)
    assert (await desk.send(page, f"{page}/disable")).status_code == 303
    assert "已停用" in (await desk.get(PEOPLE)).text


async def test_nobody_locks_oneself_out(console: Console) -> None:
    desk = boss(console)
    page = f"{PEOPLE}/a%20administrator"
    assert "/disable" not in (await desk.get(page)).text
    cookie = console.sign_in("a administrator", Role.ADMINISTRATOR)
    async with client_of(console.app, accept="text/html", cookie=f"{COOKIE}={cookie}") as client:
        form = {"csrf": csrf_token(cookie), "role": "guard"}
        for step, said in (("disable", "不能停用自己"), ("change", "不能取消自己的管理员权限")):
            refused = await client.post(f"{page}/{step}", data=form)
            assert (refused.status_code, said in refused.text) == (422, True)


async def test_a_key_is_shown_once_rotated_with_overlap_and_revoked(console: Console) -> None:
    desk, keeper = boss(console), console.ports.gatekeeper
    wish = {"name": "city", "role": "grid", "place": "", "expires": "90d"}
    found = TOKEN.search((await desk.send(KEYS, KEYS, **wish)).text)
    assert found is not None
    assert await keeper.by_token(found[1]) is not None
    listed = (await desk.get(KEYS)).text
    assert found[1] not in listed
    assert found[1][:7] in listed
    (card,) = [record for record, _ in await keeper.keys.all() if record.name == "city"]
    key_id = card.sha256[:16]
    rotated = await desk.send(KEYS, f"{KEYS}/{key_id}/rotate", overlap="7d")
    newer = TOKEN.search(rotated.text)
    assert newer is not None
    assert await keeper.by_token(found[1]) is not None, "the old one goes on"
    assert "已轮换" in rotated.text
    assert (await desk.send(KEYS, f"{KEYS}/{key_id}/revoke")).status_code == 303
    assert await keeper.by_token(found[1]) is None
    assert await keeper.by_token(newer[1]) is not None


async def test_settings_are_for_administrators_of_the_whole_community(console: Console) -> None:
    for path in (PEOPLE, KEYS, "/settings/receivers"):
        assert (await Visitor(console, Role.MANAGER).get(path)).status_code == 403
    cookie = console.sign_in("part", Role.ADMINISTRATOR, scope="guanshan/zz")
    async with client_of(console.app, cookie=f"{COOKIE}={cookie}") as client:
        assert (await client.get(PEOPLE)).status_code == 403
        assert PEOPLE not in (await client.get("/more")).text
    assert PEOPLE in (await boss(console).get("/more")).text


async def test_a_receiver_that_fails_stands_first_and_says_why(console: Console) -> None:
    outlets = (
        Outlet(id="s1", receiver="street", url="https://a.example/x", state="works", sent=3),
        Outlet(
            id="s2",
            receiver="city",
            profile="page 1",
            state="fails",
            why="401 <b>no</b>",
            waiting=2,
            sample_codes=True,
        ),
    )
    console.app = FastAPI()
    console.app.include_router(build_console(console.ports, outlets=lambda _: outlets))
    page = (await boss(console).get("/settings/receivers")).text
    assert page.index("city") < page.index("street")
    assert "401 &lt;b&gt;no&lt;/b&gt;" in page
    assert "代码表是示例" in page


async def test_where_a_second_factor_is_asked_for_the_page_says_where_to_set_it_up(
    console: Console,
) -> None:
    console.ports.gatekeeper.two_factors = True
    refused = await boss(console).get(PEOPLE)
    assert refused.status_code == 403
    assert "动态口令" in refused.text
    assert (await boss(console).get("/account")).status_code == 200
    assert (await boss(console).get("/settings/receivers")).status_code == 200
