"""The second factor on pages: scanned, confirmed, asked for at the sign-in, and given up."""

from __future__ import annotations

import re

import argon2

from hub.access.session import COOKIE, csrf_token
from hub.access.totp import STEP, code_at
from hub.clock import ManualClock
from hub.model.access import Role
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

PASSWORD = "春天来了山上开满花"
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SECRET = re.compile(r"<code class=\"number\">((?:[A-Z2-7]{4} ?){8})</code>")
TOKEN = re.compile(r'name="token" value="([^"]+)"')


def code(console: Console, secret: str) -> str:
    return code_at(secret, int(console.clock.now() // STEP))


async def test_it_is_set_up_asked_for_and_given_up() -> None:
    console = make_console(devices=30)
    cookie = console.sign_in("chen", Role.MANAGER, password_hash=HASH)
    csrf = {"csrf": csrf_token(cookie)}
    async with client_of(console.app, accept="text/html", cookie=f"{COOKIE}={cookie}") as client:
        shown = (await client.post("/account/second-factor", data=csrf)).text
        found = SECRET.search(shown)
        assert found is not None
        secret = found[1].replace(" ", "")
        assert "viewBox" in shown, "scaled, not cut off"
        assert "style=" not in shown, "the policy of contents forbids it"
        wrong = await client.post("/account/second-factor/confirm", data=csrf | {"code": "000000"})
        assert (wrong.status_code, found[1] in wrong.text) == (422, True)
        typed = csrf | {"code": code(console, secret)}
        done = await client.post("/account/second-factor/confirm", data=typed)
        assert done.headers["location"] == "/sign-in?said=factor"
        assert (await client.get("/account")).status_code == 303, "all sessions have ended"

    who = {"name": "chen", "password": PASSWORD, "next": "/figures"}
    async with client_of(console.app, accept="text/html") as client:
        asked = await client.post("/sign-in", data=who)
        assert "set-cookie" not in asked.headers
        token = TOKEN.search(asked.text)
        assert token is not None
        half = {"token": token[1], "next": "/figures"}
        wrong = await client.post("/sign-in/code", data=half | {"code": "000000"})
        assert (wrong.status_code, "动态口令不对" in wrong.text) == (401, True)
        right = await client.post("/sign-in/code", data=half | {"code": code(console, secret)})
        assert right.headers["location"] == "/figures"
        late = await client.post("/sign-in/code", data=half | {"code": code(console, secret)})
        assert (late.status_code, "请重新输入姓名和密码" in late.text) == (401, True)
        assert isinstance(console.clock, ManualClock)
        await console.clock.advance(STEP)
        typed = {"csrf": csrf_token(client.cookies[COOKIE]), "code": code(console, secret)}
        ended = await client.post("/account/second-factor/end", data=typed)
        assert ended.status_code == 303
        assert (await client.post("/sign-in", data=who)).status_code == 303
