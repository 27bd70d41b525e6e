"""The page of the bells."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from tests.support.bell_office import FakeBells
from tests.unit.console.test_console_pages import Console, browsing, csrf
from tests.unit.console.test_console_pages import console as _console

console = _console


@pytest.fixture
def bells(console: Console) -> FakeBells:
    assert isinstance(console.ports.bells, FakeBells)
    return console.ports.bells


async def test_leaders_see_each_bell_with_its_state_and_whom_nobody_has_reached(
    console: Console,
) -> None:
    async with browsing(console, "li", Role.MANAGER) as client:
        page = (await client.get("/bells")).text
    assert "企业微信群机器人" in page
    assert "还没有用过，请测试。" in page
    assert "the account has no money left" in page
    assert "等待 3 条" in page
    assert "限速暂缓 2 条" in page
    assert "没有联系上，请人工通知" in page
    assert page.count("发一条测试消息") == 3


async def test_a_ring_says_what_became_of_it_on_each_channel(console: Console) -> None:
    async with browsing(console, "wang", Role.CREW) as client:
        page = (await client.get("/bells")).text
    assert "console：已发出，没有回执" in page
    assert "sms：已送达手机" in page
    assert "call：<strong>没接到，会再试</strong>" in page
    assert "no answer" in page


async def test_others_see_their_own_rings_and_no_bell(console: Console) -> None:
    async with browsing(console, "wang", Role.CREW) as client:
        page = (await client.get("/bells")).text
    assert "GS-20251124-0001" in page
    assert "没有联系上" not in page
    assert "crew-wecom · " not in page
    assert "发一条测试消息" not in page


async def test_a_test_tells_what_became_of_it(console: Console, bells: FakeBells) -> None:
    async with browsing(console, "li", Role.MANAGER) as client:
        form = {"csrf": csrf(client), "to": "wang"}
        good = await client.post("/bells/crew-wecom/test", data=form)
        bells.verdict, bells.why = "refused", "93000: the robot is gone"
        bad = await client.post("/bells/crew-wecom/test", data=form)
        unknown = await client.post("/bells/nothing/test", data=form)
        bare = await client.post("/bells/crew-wecom/test", data={"to": "wang"})
    assert "crew-wecom 已发给 wang，请确认收到。" in good.text
    assert "没有发给 wang：93000: the robot is gone" in bad.text
    assert (unknown.status_code, "没有名为 nothing 的铃" in unknown.text) == (404, True)
    assert bare.status_code == 403
    assert bells.tested == [("crew-wecom", "wang"), ("crew-wecom", "wang")]


async def test_who_is_no_leader_tries_nothing(console: Console) -> None:
    async with browsing(console, "wang", Role.CREW) as client:
        answer = await client.post("/bells/crew-wecom/test", data={"csrf": csrf(client)})
    assert answer.status_code == 403
