"""Calls about states and acceptance sheets: who may what, and what comes of it."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from tests.support.commission import BOOM, STUCK
from tests.unit.access.web_fakes import World, make_world
from tests.unit.api.app_of_api import asking

GATE = "/api/v1/devices/gate-a"
SHEET = f"{GATE}/acceptance"


@pytest.fixture
def world() -> World:
    return make_world()


async def begin(world: World) -> None:
    async with asking(world, Role.MANAGER) as client:
        body = {"state": "commissioning", "why": "新装"}
        answer = await client.post(f"{GATE}/state", json=body)
        assert answer.status_code == 200, answer.text


async def test_a_sheet_begins_and_lists_each_rule_for_whoever_may_see_the_device(
    world: World,
) -> None:
    async with asking(world, Role.GUARD) as client:
        assert (await client.get(SHEET)).status_code == 404
        await begin(world)
        sheet = (await client.get(SHEET)).json()
        listed = (await client.get("/api/v1/acceptances")).json()["items"]
        assert (await client.get(SHEET, params={"number": 2})).status_code == 404
        assert (await client.get(SHEET, params={"number": "x"})).status_code == 422
    assert [(line["rule"], line["progress"]) for line in sheet["lines"]] == [
        (BOOM, "untried"),
        (STUCK, "untried"),
    ]
    assert (sheet["number"], sheet["missing"], sheet["signature"]) == (1, 2, None)
    assert listed == [sheet]


async def test_it_is_signed_only_when_every_fault_was_tried_or_left_out(world: World) -> None:
    await begin(world)
    async with asking(world, Role.CREW) as client:
        spared = await client.post(f"{SHEET}/excuses", json={"rule": BOOM, "why": "闸杆未装"})
        assert spared.json()["lines"][0]["excuse"]["why"] == "闸杆未装"
        assert (await client.post(f"{SHEET}/sign", json={"accompanied": "王"})).status_code == 403
    async with asking(world, Role.MANAGER) as client:
        early = await client.post(f"{SHEET}/sign", json={"accompanied": "王"})
        assert early.status_code == 409
        assert "道闸长时间不落杆" in early.json()["detail"]
        await client.post(f"{SHEET}/excuses", json={"rule": STUCK, "why": "未通车"})
        alone = await client.post(f"{SHEET}/sign", json={"accompanied": " "})
        signed = await client.post(f"{SHEET}/sign", json={"accompanied": "王", "note": "好"})
        again = await client.post(f"{SHEET}/sign", json={"accompanied": "王"})
    assert (alone.status_code, signed.status_code, again.status_code) == (422, 200, 409)
    assert signed.json()["signature"]["accompanied"] == "王"
    assert signed.json()["ended_at"]


async def test_a_guard_changes_nothing_and_a_wrong_wish_says_what_is_possible(
    world: World,
) -> None:
    body = {"state": "retired", "why": "拆除"}
    async with asking(world, Role.GUARD) as client:
        assert (await client.post(f"{GATE}/state", json=body)).status_code == 403
        assert (await client.post(f"{SHEET}/excuses", json={})).status_code == 403
    async with asking(world, Role.MANAGER) as client:
        silent = await client.post(f"{GATE}/state", json=body | {"why": ""})
        unknown = await client.post(f"{GATE}/state", json=body | {"state": "broken"})
        planned = await client.post(f"{GATE}/state", json=body | {"state": "planned"})
        working = await client.post(f"{GATE}/state", json=body | {"state": "maintenance"})
        nowhere = await client.post("/api/v1/devices/gate-x/state", json=body)
        excused = await client.post(f"{SHEET}/excuses", json={"rule": BOOM, "why": "x"})
    assert (silent.status_code, unknown.status_code, working.status_code) == (422, 422, 422)
    assert (nowhere.status_code, excused.status_code) == (404, 409)
    assert planned.status_code == 409
    assert "it can become commissioning, retired" in planned.json()["detail"]
