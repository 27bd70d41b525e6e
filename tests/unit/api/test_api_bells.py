"""Calls about bells: what is shown, who may try them, and where addresses go."""

from __future__ import annotations

from hub.model.access import Role
from hub.model.instant import to_rfc3339
from tests.support.bell_office import NOW, FakeBells
from tests.unit.access.web_fakes import client_of, make_world
from tests.unit.api.app_of_api import asking, make_app


async def test_bells_are_listed_with_their_states() -> None:
    async with asking(make_world(), Role.MANAGER) as client:
        items = (await client.get("/api/v1/bells")).json()["items"]
    assert [each["state"] for each in items] == ["unused", "works", "fails"]
    assert items[0]["since"] is None
    assert items[1]["sent_at"] == to_rfc3339(NOW - 60)


async def test_rings_are_the_leaders_and_to_others_their_own() -> None:
    async with asking(make_world(), Role.MANAGER) as client:
        assert len((await client.get("/api/v1/rings")).json()["items"]) == 2
    async with asking(make_world(), Role.CREW) as client:
        assert (await client.get("/api/v1/rings")).json()["items"] == []


async def test_a_test_goes_to_whom_it_is_said_or_to_who_asks() -> None:
    world = make_world()
    bells = world.ports.bells
    assert isinstance(bells, FakeBells)
    async with asking(world, Role.MANAGER) as client:
        proof = (await client.post("/api/v1/bells/sms/test", json={"to": "wang"})).json()
        assert (proof["verdict"], proof["person"]) == ("delivered", "wang")
        assert (await client.post("/api/v1/bells/sms/test")).status_code == 200
        assert (await client.post("/api/v1/bells/smss/test")).status_code == 404
    assert bells.tested == [("sms", "wang"), ("sms", "")]


async def test_a_test_that_is_asked_for_twice_with_one_key_is_sent_once() -> None:
    world = make_world()
    bells = world.ports.bells
    assert isinstance(bells, FakeBells)
    async with asking(world, Role.MANAGER) as client:
        headers = {"idempotency-key": "k1"}
        for _ in range(2):
            answer = await client.post("/api/v1/bells/sms/test", json={}, headers=headers)
            assert answer.status_code == 200
    assert len(bells.tested) == 1


async def test_addresses_are_for_the_administrator_of_the_whole() -> None:
    world = make_world()
    world.give(Role.ADMINISTRATOR, scope="guanshan/b", token="ld_of_b")
    async with client_of(make_app(world), "ld_of_b") as client:
        assert (await client.get("/api/v1/contacts/wang")).status_code == 403
        assert (await client.post("/api/v1/contacts/wang", json={})).status_code == 403
    async with asking(world, Role.ADMINISTRATOR) as client:
        body = {"email": "w@example.cn", "wecom": "WangWei"}
        written = await client.post("/api/v1/contacts/wang", json=body)
        assert written.json() == {"person": "wang", "addresses": body}
        await client.post("/api/v1/contacts/wang", json={"email": ""})
        read = await client.get("/api/v1/contacts/wang")
        assert read.json()["addresses"] == {"wecom": "WangWei"}
        assert (await client.post("/api/v1/contacts/wang", json={"fax": "1"})).status_code == 422


async def test_a_vendor_pushes_receipts_behind_a_word_and_whoever_guesses_is_stopped() -> None:
    world = make_world()
    bells = world.ports.bells
    assert isinstance(bells, FakeBells)
    good = "/receipts/sms/a-word-that-is-a-secret-x"
    async with client_of(make_app(world)) as client:
        answer = await client.post(good, json=[{"biz_id": "1", "success": True}])
        assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "OK"})
        assert (await client.post(good, content=b"<html>")).status_code == 422
        assert (await client.post("/receipts/sms/guessed", json=[])).status_code == 404
        assert (await client.post("/receipts/no-bell/guessed", json=[])).status_code == 404
        statuses = [(await client.post("/receipts/sms/x", json=[])).status_code for _ in range(30)]
        assert statuses == [404] * 18 + [429] * 12
        assert (await client.post(good, json=[])).status_code == 429, "an address that guesses"
    assert bells.pushed == [[{"biz_id": "1", "success": True}]]
