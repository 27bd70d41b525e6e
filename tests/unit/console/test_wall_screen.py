"""A guard ticks that this is the wall's screen: the session is worth nothing elsewhere."""

from __future__ import annotations

import argon2
import httpx2

from hub.access.session import COOKIE, SCREEN_COOKIE
from hub.model.access import Role
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

PASSWORD = "春天来了山上开满花"
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def sign_in(console: Console, **more: str) -> tuple[httpx2.Response, dict[str, str]]:
    form = {"name": "wang", "password": PASSWORD, **more}
    async with client_of(console.app, accept="text/html") as client:
        answer = await client.post("/sign-in", data=form)
        return answer, dict(client.cookies)


async def reaches_the_wall(console: Console, cookies: dict[str, str]) -> bool:
    said = "; ".join(f"{name}={value}" for name, value in cookies.items())
    async with client_of(console.app, accept="text/html", cookie=said) as client:
        return (await client.get("/wall")).status_code == 200


async def test_a_ticked_screen_keeps_its_session_and_no_other_browser_has_it() -> None:
    console = make_console(devices=30)
    console.sign_in("wang", Role.GUARD, password_hash=HASH)
    answer, cookies = await sign_in(console, screen="on")
    set_cookies = answer.headers.get_list("set-cookie")
    assert all("Max-Age" in each and "HttpOnly" in each for each in set_cookies)
    assert await reaches_the_wall(console, cookies)
    assert not await reaches_the_wall(console, {COOKIE: cookies[COOKIE]})
    async with client_of(console.app, cookie=f"{SCREEN_COOKIE}={cookies[SCREEN_COOKIE]}") as client:
        assert 'value="on" checked' in (await client.get("/sign-in")).text


async def test_without_the_tick_nothing_stays_in_the_browser() -> None:
    console = make_console(devices=30)
    console.sign_in("wang", Role.GUARD, password_hash=HASH)
    answer, cookies = await sign_in(console)
    assert "Max-Age" not in answer.headers["set-cookie"]
    assert set(cookies) == {COOKIE}
    assert await reaches_the_wall(console, cookies)
