"""Whoever is refused stands in the journal, once, and never without bound."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from hub.access import refusal
from hub.assembly.web import build_app
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of, make_world
from tests.unit.api.app_of_api import make_house

PEOPLE = "/api/v1/people"


@pytest.fixture
def world() -> World:
    return make_world()


def asking(world: World, token: str) -> httpx2.AsyncClient:
    nobody: Any = None
    return client_of(build_app(world.ports, nobody, tuple, make_house(world)), token)


def told(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    return [(entry.type, entry.actor, entry.data) for entry in world.books.entries]


async def test_a_key_without_the_right_is_told_with_place_and_source(world: World) -> None:
    async with asking(world, TOKENS[Role.GUARD]) as client:
        assert (await client.get(PEOPLE)).status_code == 403
    [(kind, actor, data)] = told(world)
    assert (kind, actor) == ("key.refused", "key:guard")
    assert data == {"address": "127.0.0.1", "method": "GET", "path": PEOPLE, "role": "guard"}


async def test_a_key_that_nobody_has_is_told_and_not_written_down(world: World) -> None:
    async with asking(world, "ld_made_up") as client:
        assert (await client.get("/api/v1/devices")).status_code == 401
    [entry] = world.books.entries
    assert (entry.type, entry.subject, entry.actor) == (
        "key.unknown",
        "address:127.0.0.1",
        "hub",
    )
    assert "ld_made_up" not in str(entry)


async def test_a_visitor_without_a_key_and_an_unknown_device_are_no_refusals(
    world: World,
) -> None:
    async with asking(world, "") as client:
        assert (await client.get("/api/v1/devices")).status_code == 401
    async with asking(world, TOKENS[Role.GUARD]) as client:
        assert (await client.get("/api/v1/devices/nope")).status_code == 404
    assert told(world) == []


async def test_the_same_refusal_is_told_once_in_ten_minutes(world: World) -> None:
    async with asking(world, TOKENS[Role.GUARD]) as client:
        for _ in range(5):
            await client.get(PEOPLE)
        assert len(told(world)) == 1
        await world.clock.advance(refusal.ONCE_IN)
        await client.get(PEOPLE)
    assert len(told(world)) == 2


async def test_what_is_beyond_the_bound_is_counted_in_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusal, "AT_MOST", 1)
    async with asking(world, TOKENS[Role.GUARD]) as client:
        for method in ("GET", "POST"):
            await client.request(method, PEOPLE)
        await client.get("/api/v1/keys")
        assert len(told(world)) == 1
        await world.clock.advance(refusal.WINDOW)
        await client.get(PEOPLE)
    assert told(world)[-1][2]["untold"] == 2


async def test_a_full_disk_refuses_all_the_same(world: World) -> None:
    world.desk.full = True
    async with asking(world, TOKENS[Role.GUARD]) as client:
        assert (await client.get(PEOPLE)).status_code == 403
    assert told(world) == []
