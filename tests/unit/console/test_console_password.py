"""A person chooses a password on a form that works without script, in both languages."""

from __future__ import annotations

import httpx2
import pytest

from hub.access.people import NewPerson
from hub.access.session import COOKIE
from hub.model.access import Identity, Role
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)
GOOD = "three cats asleep"
PAGE = {"accept": "text/html"}


@pytest.fixture
def console() -> Console:
    return make_console(devices=30)


async def invite(console: Console) -> str:
    person = NewPerson(name="王班长", role=Role.CREW)
    return (await console.ports.gatekeeper.people.add(person, BOSS))[1]


def form(code: str, **changed: str) -> dict[str, str]:
    filled = {"name": "王班长", "code": code, "password": GOOD, "again": GOOD, "next": "/tickets"}
    return filled | changed


async def send(console: Console, fields: dict[str, str], **headers: str) -> httpx2.Response:
    async with client_of(console.app, "", **PAGE, **headers) as client:
        return await client.post("/sign-in/password", data=fields)


async def test_the_code_in_the_passwords_place_leads_to_the_choice(console: Console) -> None:
    code = await invite(console)
    async with client_of(console.app, "", **PAGE) as client:
        typed = {"name": "王班长", "password": code.lower(), "next": "/tickets"}
        asked = await client.post("/sign-in", data=typed)
        assert asked.status_code == 200
        assert "设置密码" in asked.text
        assert f'value="{code.lower()}"' in asked.text
        assert 'name="next" value="/tickets"' in asked.text
        assert "set-cookie" not in asked.headers
        chosen = await client.post("/sign-in/password", data=form(code.lower()))
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/tickets")
        assert client.cookies[COOKIE]
        assert (await client.get("/tickets")).status_code == 200


async def test_the_form_stands_by_itself_in_both_languages(console: Console) -> None:
    async with client_of(console.app, "", **PAGE) as client:
        shown = await client.get("/sign-in/password")
        assert "一次性代码" in shown.text
        english = {"cookie": "lingdang_language=en"}
        assert "One-time code" in (await client.get("/sign-in/password", headers=english)).text
        assert "/sign-in/password" in (await client.get("/sign-in")).text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"password": "short", "again": "short"}, 422, "密码太短"),
        ({"password": "1234567890", "again": "1234567890"}, 422, "太常见"),
        ({"password": "王班长8888888", "again": "王班长8888888"}, 422, "不能是您的姓名"),
        ({"again": "three cats awake"}, 422, "两次输入的密码不一样"),
        ({"again": ""}, 422, "请填写每一项"),
        ({"code": "0000-0000-0000"}, 401, "姓名或代码不对"),
        ({"name": "nobody"}, 401, "姓名或代码不对"),
    ],
)
async def test_a_failure_is_told_on_the_form_and_no_password_is_repeated(
    console: Console, changed: dict[str, str], status: int, said: str
) -> None:
    code = await invite(console)
    answer = await send(console, form(code) | changed)
    assert answer.status_code == status
    assert said in answer.text
    assert "set-cookie" not in answer.headers
    assert GOOD not in answer.text
    assert (await send(console, form(code))).status_code == 303


async def test_another_sites_form_chooses_nothing(console: Console) -> None:
    code = await invite(console)
    foreign = await send(console, form(code), origin="http://evil")
    assert foreign.status_code == 403
    assert (await send(console, form(code, next="//evil/x"))).headers["location"] == "/"


async def test_who_is_disabled_is_led_back_to_the_sign_in_form(console: Console) -> None:
    code = await invite(console)
    async with client_of(console.app, "", **PAGE) as client:
        await client.post("/sign-in/password", data=form(code))
        await console.ports.gatekeeper.people.disable("王班长", BOSS)
        assert (await client.get("/tickets")).headers["location"].startswith("/sign-in")
