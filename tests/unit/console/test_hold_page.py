"""A gate is held open on pages: one person asks, another agrees, and the wall says so all along."""

from __future__ import annotations

import re

import httpx2
import pytest

from hub.access.session import COOKIE
from hub.console.live.wall import GATES
from hub.model.access import Role
from hub.model.device import Kind
from tests.support.hold import FakeHolds
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

PAGE = {"accept": "text/html"}
WISH = {"reason": "消防演练", "minutes": "60"}


@pytest.fixture
def console() -> Console:
    return make_console()


@pytest.fixture
def gate(console: Console) -> str:
    return console.community.of_kind(Kind.BARRIER_GATE)[0]


def browser(console: Console, name: str, role: Role) -> httpx2.AsyncClient:
    cookie = console.sign_in(name, role)
    return client_of(console.app, "", **PAGE, cookie=f"{COOKIE}={cookie}")


def told(console: Console) -> list[tuple[str, str]]:
    holds = console.ports.holds
    assert isinstance(holds, FakeHolds)
    return holds.told


async def send(client: httpx2.AsyncClient, page: str, path: str, **form: str) -> httpx2.Response:
    shown = (await client.get(page)).text
    found = re.search(r'name="csrf" value="([^"]+)"', shown)
    assert found, shown
    return await client.post(path, data={"csrf": found[1], **form})


async def wall(client: httpx2.AsyncClient) -> str:
    text = (await client.get("/wall")).text
    return text.partition(f'id="{GATES}"')[2].partition("</section>")[0]


async def test_one_asks_another_agrees_and_the_wall_says_so(console: Console, gate: str) -> None:
    guard, lead = browser(console, "wang", Role.GUARD), browser(console, "lin", Role.MANAGER)
    page = f"/devices/{gate}/hold"
    assert page in (await guard.get(f"/devices/{gate}")).text
    assert (await send(guard, page, page, **WISH)).status_code == 303
    assert told(console) == []
    assert "常抬待另一人同意" in await wall(guard)
    [hold] = console.ports.holds.holds()
    shown = (await guard.get(page)).text
    assert "请另一位同事" in shown
    assert "/confirm" not in shown
    alone = await send(guard, page, f"/holds/{hold.id}/confirm")
    assert (alone.status_code, "常抬要两个人" in alone.text) == (409, True)
    assert told(console) == []
    assert (await send(lead, page, f"/holds/{hold.id}/confirm")).status_code == 303
    assert told(console) == [(gate, "hold_open")]
    seen = await wall(guard)
    assert "还没看到抬杆" in seen, "told is not seen"
    assert all(word in seen for word in ("消防演练", "wang", "lin"))
    assert (await send(guard, page, f"/holds/{hold.id}/end")).status_code == 303
    assert told(console)[-1] == (gate, "release")
    assert "消防演练" not in await wall(guard)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"reason": " ", "minutes": "60"}, "请写明理由"),
        ({"reason": "演练", "minutes": "1"}, "5 到 720"),
        ({"reason": "演练", "minutes": "²"}, "5 到 720"),
        ({"reason": "<b>x</b>", "minutes": "99999"}, "5 到 720"),
    ],
)
async def test_what_does_not_fit_is_told_and_kept(
    console: Console, gate: str, form: dict[str, str], says: str
) -> None:
    guard = browser(console, "wang", Role.GUARD)
    answer = await send(guard, f"/devices/{gate}/hold", f"/devices/{gate}/hold", **form)
    assert (answer.status_code, says in answer.text) == (409, True)
    assert "<b>x" not in answer.text
    assert console.ports.holds.holds() == []


async def test_others_are_not_asked_and_cannot(console: Console, gate: str) -> None:
    crew = browser(console, "li", Role.CREW)
    assert (await crew.get(f"/devices/{gate}/hold")).status_code == 403
    assert "/hold" not in (await crew.get(f"/devices/{gate}")).text
    door = console.community.of_kind(Kind.UNIT_DOOR)[0]
    guard = browser(console, "wang", Role.GUARD)
    assert (await guard.get(f"/devices/{door}/hold")).status_code == 404
    assert (await guard.get("/devices/nothing/hold")).status_code == 404


async def test_a_second_factor_is_asked_for_where_the_hub_is_set_up_so(
    console: Console, gate: str
) -> None:
    console.ports.gatekeeper.two_factors = True
    guard = browser(console, "wang", Role.GUARD)
    page = f"/devices/{gate}/hold"
    answer = await send(guard, page, page, **WISH)
    assert (answer.status_code, "动态口令" in answer.text) == (403, True)
    assert (await send(guard, page, f"/devices/{gate}/open", reason="visitor")).status_code == 303
