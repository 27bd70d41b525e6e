"""Reports and photos over the API: filed once, and shown to who may see the ticket."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from hub.model.access import Role
from hub.model.instant import to_rfc3339
from tests.support.photos import bomb, photo
from tests.unit.access.web_fakes import NOW, World, client_of, make_world
from tests.unit.access.web_fakes import ticket as a_ticket
from tests.unit.api.app_of_api import asking, make_app

CALL = {"source": "hotline", "category": "leak", "place": "guanshan/a"}
CASE = {"number": "WH-1", "sign_by": "2026-11-30T10:00:00+08:00"}


@pytest.fixture
def world() -> World:
    made = make_world()
    made.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    return made


async def file(world: World, body: dict[str, Any], **headers: str) -> httpx2.Response:
    async with asking(world) as client:
        return await client.post("/api/v1/reports", json=body, headers=headers)


async def test_a_call_is_filed_and_its_ticket_shows_it_without_the_number(world: World) -> None:
    body = {**CALL, "phone": "13812345678", "text": "漏水", "hotline": CASE}
    answer = await file(world, body)
    assert answer.status_code == 201
    receipt = answer.json()
    assert (receipt["joined"], receipt["count"]) == (False, 1)
    assert len(receipt["query_code"]) == 8
    path = f"/api/v1/tickets/{receipt['ticket']}/reports"
    async with asking(world, Role.DEPARTMENT) as client:
        assert (await client.get(path)).status_code == 404, "it does not hold the ticket"
    async with asking(world, Role.CREW) as client:
        found = await client.get(path)
    (report,) = found.json()["items"]
    assert (report["text"], report["phone_ends"]) == ("漏水", "5678")
    assert report["hotline"] == {
        "number": "WH-1",
        "sign_by": "2026-11-30T10:00:00.000+08:00",
        "handle_by": None,
    }
    assert "13812345678" not in found.text


async def test_a_key_files_once_and_the_answer_is_the_same(world: World) -> None:
    first = await file(world, CALL, **{"idempotency-key": "k1"})
    again = await file(world, CALL, **{"idempotency-key": "k1"})
    assert again.json() == first.json()
    other = await file(world, CALL, **{"idempotency-key": "k2"})
    assert (other.json()["joined"], other.json()["count"]) == (True, 2)
    apart = await file(world, {**CALL, "apart": True})
    assert apart.json()["joined"] is False


async def test_what_may_be_meant_is_offered(world: World) -> None:
    number = (await file(world, CALL)).json()["ticket"]
    world.live.open_tickets = lambda: list(world.books.ticket_by_number.values())  # type: ignore[method-assign]
    async with asking(world) as client:
        path = "/api/v1/reports/offers?subject=guanshan/a&category=leak"
        offers = (await client.get(path)).json()["items"]
        assert (await client.get("/api/v1/reports/offers?subject=x")).status_code == 404
    assert [each["number"] for each in offers] == [number, "GS-1"]


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"source": "resident"}, 422, "source"),
        ({"source": "rumour"}, 422, "source"),
        ({"category": "stays_open"}, 422, "category"),
        ({"phone": "x"}, 422, "phone"),
        ({"hotline": {"number": "<b>"}}, 422, "hotline"),
        ({"hotline": {"number": "1", "sign_by": "soon"}}, 422, "sign_by"),
        ({"place": "guanshan/z"}, 404, ""),
        ({"place": "", "device": "gate-z"}, 404, ""),
        ({"join": "GS-77"}, 404, ""),
    ],
)
async def test_what_does_not_fit_is_named(
    world: World, fields: dict[str, Any], status: int, named: str
) -> None:
    answer = await file(world, CALL | fields)
    assert answer.status_code == status
    assert not named or named in answer.json()["errors"]
    assert list(world.books.ticket_by_number) == ["GS-1"]


async def test_a_photo_is_added_once_listed_and_given_as_a_picture(world: World) -> None:
    path = "/api/v1/tickets/GS-1/photos"
    async with asking(world, Role.CREW) as client:
        added = await client.post(f"{path}?moment=before", content=photo())
        again = await client.post(f"{path}?moment=before", content=photo())
        assert added.status_code == 201
        assert again.json() == added.json()
        assert [each["id"] for each in (await client.get(path)).json()["items"]] == [
            added.json()["id"]
        ]
        shown = await client.get(f"{path}/{added.json()['id']}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert b"tells all" not in shown.content
        assert (await client.get(f"{path}/p9")).status_code == 404
        for body in (b"<svg/>", bomb(), photo()[:300], b""):
            refused = await client.post(path, content=body)
            assert (refused.status_code, list(refused.json()["errors"])) == (422, ["photo"])
        assert (await client.post(f"{path}?moment=never", content=photo())).status_code == 422
        huge = await client.post(path, content=bytes(12 * 1024 * 1024))
        assert huge.status_code == 413


async def test_a_photo_that_comes_later_says_when_it_was_taken(world: World) -> None:
    path, earlier = "/api/v1/tickets/GS-1/photos", to_rfc3339(NOW - 600)
    world.books.ticket_by_number["GS-1"] = a_ticket("GS-1", opened_at=NOW - 3600)
    async with asking(world, Role.CREW) as client:
        added = await client.post(path, content=photo(), params={"done_at": earlier or ""})
        assert added.json()["done_at"] == earlier
        assert added.json()["at"] == to_rfc3339(NOW)
        refused = await client.post(path, content=photo(), params={"done_at": "this morning"})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["done_at"])
        step = {"do": "comment", "text": "x", "done_at": "this morning"}
        refused = await client.post("/api/v1/tickets/GS-1/actions", json=step)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["done_at"])


async def test_another_compound_sees_and_adds_nothing(world: World) -> None:
    world.give(Role.MANAGER, scope="guanshan/b", token="ld_of_compound_b")
    async with client_of(make_app(world), "ld_of_compound_b") as client:
        for path in ("reports", "photos", "photos/p1"):
            assert (await client.get(f"/api/v1/tickets/GS-1/{path}")).status_code == 404
        answer = await client.post("/api/v1/tickets/GS-1/photos", content=photo())
        assert answer.status_code == 404
        assert (await client.post("/api/v1/reports", json=CALL)).status_code == 404
