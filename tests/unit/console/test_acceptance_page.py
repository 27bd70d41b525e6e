"""The page of a device's state and acceptance sheet: who sees which form, and what they do."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from hub.model.device import Device, Kind, Lifecycle
from tests.support.commission import BOOM, STUCK
from tests.unit.console.fakes.community import Console, make_console
from tests.unit.console.test_console_pages import browsing, csrf


@pytest.fixture
def console() -> Console:
    return make_console(devices=60)


def a_gate(console: Console) -> Device:
    view = console.community.device(console.community.of_kind(Kind.BARRIER_GATE)[0])
    assert view is not None
    return view.device


async def test_a_leader_commissions_tries_leaves_out_and_signs(console: Console) -> None:
    gate = a_gate(console)
    page = f"/devices/{gate.id}/acceptance"
    async with browsing(console, "王经理", Role.MANAGER) as client:
        token = {"csrf": csrf(client)}
        assert "还没有验收单" in (await client.get(page)).text
        wish = token | {"state": "commissioning", "why": "新装"}
        moved = await client.post(f"/devices/{gate.id}/state", data=wish)
        assert (moved.status_code, moved.headers["location"]) == (303, page)
        console.commissioning.try_fault(BOOM, gate)
        begun = (await client.get(page)).text
        assert "还有 1 项未试或未恢复" in begun
        assert "告警，" in begun
        assert "断裂" in begun
        early = await client.post(f"{page}/sign", data=token | {"accompanied": "王师傅"})
        assert early.status_code == 422
        assert "还不能签字：道闸长时间不落杆" in early.text
        spared = {"rule": STUCK, "why": "<b>未通车</b>"}
        await client.post(f"{page}/excuses", data=token | spared)
        ready = (await client.get(page)).text
        assert "全部完成" in ready
        assert "&lt;b&gt;未通车&lt;/b&gt;" in ready
        await client.post(f"{page}/sign", data=token | {"accompanied": "王师傅"})
        signed = (await client.get(page)).text
    assert "由 王经理 签字验收，陪同人：王师傅" in signed
    assert "acceptance/sign" not in signed
    moved_device = console.community.device(gate.id)
    assert moved_device is not None
    assert moved_device.device.state is Lifecycle.IN_SERVICE


@pytest.mark.parametrize(
    ("role", "tries", "signs"),
    [(Role.GUARD, False, False), (Role.CREW, True, False), (Role.MANAGER, True, True)],
)
async def test_each_role_sees_the_forms_that_are_theirs(
    console: Console, role: Role, *, tries: bool, signs: bool
) -> None:
    gate = a_gate(console)
    console.commissioning.begin(gate)
    async with browsing(console, "someone", role) as client:
        page = (await client.get(f"/devices/{gate.id}/acceptance")).text
        device = (await client.get(f"/devices/{gate.id}")).text
        listed = (await client.get("/acceptances")).text
        console.commissioning.try_fault(STUCK, gate)
        tried = (await client.get(f"/devices/{gate.id}/acceptance")).text
        refused = await client.post(
            f"/devices/{gate.id}/acceptance/sign", data={"csrf": csrf(client)}
        )
    assert ("/acceptance/excuses" in page) is tries
    assert "/acceptance/sign" not in page, "one fault was not tried"
    assert ("/acceptance/sign" in tried) is signs
    assert (f'action="/devices/{gate.id}/state"' in page) is signs
    assert (refused.status_code == 403) is not signs
    assert "调试中 · 验收单" in device
    assert "完成 1/2" in listed


async def test_an_older_sheet_is_there_still_and_nonsense_is_the_newest(console: Console) -> None:
    gate = a_gate(console)
    console.commissioning.begin(gate)
    async with browsing(console, "王经理", Role.MANAGER) as client:
        token = {"csrf": csrf(client)}
        for state in ("retired", "commissioning"):
            wish = token | {"state": state, "why": "换新"}
            await client.post(f"/devices/{gate.id}/state", data=wish)
        page = f"/devices/{gate.id}/acceptance"
        new = (await client.get(page, params={"number": "²"})).text
        old = (await client.get(page, params={"number": "1"})).text
        wrong = await client.post(f"/devices/{gate.id}/state", data=token | {"state": "x"})
        strange = await client.get("/devices/nothing/acceptance")
    assert "第 2 份验收单" in new
    assert "number=1" in new
    assert "未签字结束" in old
    assert (wrong.status_code, strange.status_code) == (422, 404)
    assert "请选择状态" in wrong.text


async def test_it_is_in_english_too(console: Console) -> None:
    gate = a_gate(console)
    console.commissioning.begin(gate)
    async with browsing(console, "someone", Role.MANAGER) as client:
        client.headers["cookie"] += "; lingdang_language=en"
        page = (await client.get(f"/devices/{gate.id}/acceptance")).text
    assert "1 faults are not tried or have not cleared" in page
    assert "Barrier stays open" in page


async def test_who_speaks_as_a_retired_device_is_a_newcomer_that_is_called_so(
    console: Console,
) -> None:
    gate = a_gate(console)
    console.community.set_state(gate.id, Lifecycle.RETIRED)
    for address in (gate.address, "nobody"):
        console.community.books.new.append(
            {
                "link": gate.link,
                "address": address,
                "first_seen": 0.5,
                "last_seen": 1.0,
                "count": 3,
                "guess": "",
                "sample": b"",
            }
        )
    async with browsing(console, "王经理", Role.MANAGER) as client:
        page = (await client.get("/newcomers")).text
    assert page.count("已停用的设备") == 1
    assert f"已停用的设备 {gate.id}" in page
