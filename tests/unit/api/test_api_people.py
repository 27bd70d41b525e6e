"""People and keys over the API: for administrators of the whole, with secrets shown once."""

from __future__ import annotations

import pytest

from hub.model.access import Role
from tests.unit.access.web_fakes import World, client_of, make_world
from tests.unit.api.app_of_api import asking, make_app

LI = {"name": "li", "role": "crew", "place": "guanshan/a", "phone": "13900000000"}
CITY = {"name": "city", "role": "grid", "expires": "30d"}


@pytest.fixture
def world() -> World:
    return make_world()


async def test_an_administrator_adds_lists_resets_and_disables(world: World) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        added = await client.post("/api/v1/people", json=LI)
        assert added.status_code == 201
        assert len(added.json()["code"]) == 14
        people = (await client.get("/api/v1/people")).json()
        assert people["next"] is None
        (person,) = people["items"]
        assert (person["name"], person["place"], person["state"]) == ("li", "guanshan/a", "invited")
        assert "code" not in person
        assert "password_hash" not in person
        reset = await client.post("/api/v1/people/li/reset")
        assert reset.json()["code"] != added.json()["code"]
        assert (await client.post("/api/v1/people/li/disable")).json()["state"] == "disabled"
        assert (await client.post("/api/v1/people/wang/disable")).status_code == 404
        assert (await client.post("/api/v1/people", json=LI)).status_code == 409
    actors = {entry.actor for entry in world.books.entries}
    assert actors == {"key:administrator"}


async def test_an_administrator_gives_rotates_and_revokes_keys(world: World) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        given = (await client.post("/api/v1/keys", json=CITY)).json()
        async with client_of(make_app(world), given["token"]) as city:
            assert (await city.get("/grid/v1/feed")).status_code == 200
            assert (await city.get("/api/v1/keys")).status_code == 403
            rotated = await client.post(f"/api/v1/keys/{given['id']}/rotate")
            assert rotated.status_code == 201
            assert rotated.json()["token"] != given["token"]
            assert (await city.get("/grid/v1/feed")).status_code == 200
            assert (await client.post(f"/api/v1/keys/{given['id']}/revoke")).status_code == 200
            assert (await city.get("/grid/v1/feed")).status_code == 401
        keys = (await client.get("/api/v1/keys")).json()["items"]
    assert [key["prefix"] for key in keys if key["name"] == "city"] == [rotated.json()["prefix"]]
    assert not any("token" in key or "sha256" in key for key in keys)


@pytest.mark.parametrize("path", ["people", "keys"])
async def test_who_sees_a_part_manages_nobody(world: World, path: str) -> None:
    token = world.give(Role.ADMINISTRATOR, scope="guanshan/a", token="ld_of_a_part")
    async with client_of(make_app(world), token) as client:
        assert (await client.get(f"/api/v1/{path}")).status_code == 403
        assert (await client.post(f"/api/v1/{path}", json=LI)).status_code == 403
    assert world.books.entries == []


@pytest.mark.parametrize(("path", "body"), [("people", LI), ("keys", CITY)])
async def test_a_repeated_request_happens_once_and_its_secret_is_kept_nowhere(
    world: World, path: str, body: dict[str, str]
) -> None:
    secret = "code" if path == "people" else "token"
    async with asking(world, Role.ADMINISTRATOR) as client:
        again = {"idempotency-key": "k1"}
        first = await client.post(f"/api/v1/{path}", json=body, headers=again)
        second = await client.post(f"/api/v1/{path}", json=body, headers=again)
    assert (first.status_code, second.status_code) == (201, 201)
    told = first.json()
    given = told.pop(secret)
    assert second.json() == told
    assert given not in f"{world.books.papers}{world.books.entries}"
    assert len(world.books.entries) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("people", LI | {"role": "king"}, "role"),
        ("people", LI | {"name": "a:b"}, "name"),
        ("people", LI | {"password_hash": "x"}, "password_hash"),
        ("people", LI | {"phone": "none"}, "phone"),
        ("keys", CITY | {"expires": "for ever"}, "expires"),
        ("keys", CITY | {"sha256": "x"}, "sha256"),
    ],
)
async def test_a_wrong_field_is_named(
    world: World, path: str, body: dict[str, str], field: str
) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        answer = await client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert world.books.entries == []


async def test_a_place_that_the_site_lacks_is_refused(world: World) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        answer = await client.post("/api/v1/keys", json=CITY | {"place": "guanshan/aa"})
    assert answer.status_code == 404
    assert "did you mean 'guanshan/a'" in answer.json()["detail"]
