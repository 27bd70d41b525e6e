"""Calls about inspections and rounds: who plans, who walks, and what becomes of a finding."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from hub.model.access import Role
from tests.unit.access.web_fakes import World, make_world
from tests.unit.api.app_of_api import asking

PLAN: dict[str, Any] = {
    "title": "消防巡查",
    "team": "巡查一组",
    "every": "day",
    "at": "00:00",
    "hours": 24,
    "stops": [
        {"subject": "guanshan/a", "thing": "灭火器箱 1 号", "checks": ["压力", "铅封"]},
        {"subject": "gate-a"},
    ],
}
FINDING = {"stop": "s1", "verdict": "finding", "check": "压力", "category": "fire_lane"}


@pytest.fixture
def world() -> World:
    return make_world()


async def plan(client: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    answer = await client.post("/api/v1/inspections", json=PLAN | fields)
    assert answer.status_code == 201, answer.text
    planned: dict[str, Any] = answer.json()
    return planned


async def begin(world: World) -> str:
    """Plan one and let its round come due; returns the round's address."""
    async with asking(world, Role.MANAGER) as client:
        await plan(client)
        await world.clock.advance(86_400)
        await world.inspecting.tick()
        rounds = (await client.get("/api/v1/rounds")).json()["items"]
    return f"/api/v1/rounds/{rounds[0]['id']}"


async def test_a_leader_plans_and_changes_by_the_version_that_was_read(world: World) -> None:
    async with asking(world, Role.MANAGER) as client:
        planned = await plan(client)
        assert (planned["place"], planned["revision"]) == ("guanshan/a", 1)
        assert planned["next"].endswith("T00:00:00.000+08:00")
        address = f"/api/v1/inspections/{planned['id']}"
        read = await client.get(address)
        tag = {"if-match": read.headers["etag"]}
        stops = planned["stops"][:1]
        kept = [{key: each[key] for key in ("id", "subject", "thing", "checks")} for each in stops]
        changed = await client.post(address, json=PLAN | {"stops": kept}, headers=tag)
        stale = await client.post(address, json=PLAN, headers=tag)
        ended = await client.post(f"{address}/end")
        again = await client.post(f"{address}/end")
        assert (await client.get("/api/v1/inspections")).json()["items"] == []
    assert [each["id"] for each in changed.json()["stops"]] == ["s1"]
    assert (stale.status_code, again.status_code) == (409, 409)
    assert ended.json()["next"] is None


async def test_a_grid_worker_walks_and_plans_nothing(world: World) -> None:
    async with asking(world, Role.GRID_WORKER) as client:
        assert (await client.post("/api/v1/inspections", json=PLAN)).status_code == 403
    address = await begin(world)
    async with asking(world, Role.GRID_WORKER) as client:
        seen = await client.post(f"{address}/answers", json=FINDING)
        early = await client.post(f"{address}/finish")
        await client.post(f"{address}/answers", json={"stop": "s2", "verdict": "fine"})
        done = await client.post(f"{address}/finish")
        late = await client.post(f"{address}/answers", json=FINDING)
    assert seen.status_code == 201
    assert (early.status_code, done.json()["state"], late.status_code) == (409, "done", 409)
    ticket = world.books.ticket_by_number[seen.json()["ticket"]]
    assert (ticket.source, ticket.place) == ("inspection", "guanshan/a")
    async with asking(world, Role.GUARD) as client:
        (count,) = (await client.get("/api/v1/rounds/counts")).json()["items"]
    assert (count["team"], len(count["done"]), count["findings"]) == (
        "巡查一组",
        1,
        [ticket.number],
    )


async def test_a_finding_with_one_key_is_one_ticket(world: World) -> None:
    address = await begin(world)
    async with asking(world, Role.GRID_WORKER) as client:
        answers = [
            await client.post(f"{address}/answers", json=FINDING, headers={"idempotency-key": "k1"})
            for _ in range(3)
        ]
    assert len({each.text for each in answers}) == 1
    assert len(answers[0].json()["round"]["answers"]) == 1


async def test_what_does_not_fit_is_named(world: World) -> None:
    address = await begin(world)
    async with asking(world, Role.MANAGER) as client:
        wrong = await client.post("/api/v1/inspections", json=PLAN | {"at": "25:00", "day": 40})
        nowhere = await client.post(
            "/api/v1/inspections", json=PLAN | {"stops": [{"subject": "guanshan/z"}]}
        )
        unknown = await client.post(f"{address}/answers", json=FINDING | {"stop": "s9"})
        bare = await client.post(f"{address}/answers", json=FINDING | {"category": ""})
        missing = await client.get("/api/v1/rounds/i9-1")
    assert set(wrong.json()["errors"]) == {"at", "day"}
    assert set(nowhere.json()["errors"]) == {"stops.1"}
    assert (unknown.status_code, bare.status_code, missing.status_code) == (404, 422, 404)


async def test_an_answer_looks_as_the_document_says(world: World) -> None:
    address = await begin(world)
    async with asking(world, Role.GUARD) as client:
        read = (await client.get(address)).json()
    assert set(read) == {
        *("id", "inspection", "title", "team", "place", "state", "due_from", "due_by"),
        *("stops", "answers", "left", "ended_at", "ended_by"),
    }
    assert read["left"] == ["s1", "s2"]
