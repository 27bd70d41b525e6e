"""Nothing answers whom it is not for; the rights matrix has every route, here are the cases."""

import pytest
from fastapi.routing import iter_route_contexts

from hub.access.policy import POLICY
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, World, client_of, make_world
from tests.unit.access.web_fakes import alarm as an_alarm
from tests.unit.access.web_fakes import ticket as a_ticket
from tests.unit.api.app_of_api import asking, make_app

BY_PROFILE = {f"/grid/v1/profiles/city/{word}" for word in ("incidents", "actions")}
OPEN = {"/healthz", "/readyz", "/receipts/crew-wecom/guessed", *BY_PROFILE}
NAMES = {
    "device_id": "gate-a",
    "number": "GS-1",
    "command_id": "c1",
    "alarm_id": "a1",
    "incident": "GS-1",
    "inspection": "i1",
    "walk": "i1-202611300800",
    "stop": "s1",
    "project": "p1",
    "meeting": "j1",
    "survey": "s1",
    "decision": "j1-1",
    "milestone": "m1",
    "name": "li",
    "key_id": "k1",
    "pairing": "p1",
    "rule": "door-forced",
    "schedule": "peak",
    "window": "w-1",
    "substitute": "s-1",
    "bell": "crew-wecom",
    "word": "guessed",
    "subscription": "sub-1",
    "receiver": "city",
    "person": "wang",
    "photo": "p1",
    "message_id": "7",
    "link": "mqtt",
    "address": "n1",
    "service_code": "leak",
    "service_request_id": "GS-1",
    "token": "GS-1",
}
GRID_ONLY = ("/grid/v1", "/open311/v2")


@pytest.fixture
def world() -> World:
    made = make_world()
    made.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    made.books.alarm_list.append(an_alarm("al1"))
    return made


def routes(world: World) -> list[tuple[str, str, list[str]]]:
    """Return (method, path, roles) of every route, with ids filled in."""
    found = []
    for route in iter_route_contexts(make_app(world).routes):
        for method in route.methods or ():
            extra = route.openapi_extra or {}
            found.append((method, str(route.path).format(**NAMES), extra[POLICY]))
    return found


async def test_the_grid_platforms_key_opens_the_grid_and_nothing_else(world: World) -> None:
    for _, path, roles in routes(world):
        is_grids = path.startswith(GRID_ONLY) and path not in OPEN
        assert ("grid" in roles) == is_grids, path


async def test_what_lies_in_another_compound_is_not_there(world: World) -> None:
    world.give(Role.MANAGER, scope="guanshan/b", token="ld_of_compound_b")
    async with client_of(make_app(world), "ld_of_compound_b") as client:
        for path in (
            "/api/v1/devices/gate-a",
            "/api/v1/devices/gate-a/history?point=x",
            "/api/v1/devices/gate-a/events",
            "/api/v1/devices/gate-a/why",
            "/api/v1/tickets/GS-1",
        ):
            assert (await client.get(path)).status_code == 404, path
        order = {"device": "gate-a", "do": "open", "reason": "x"}
        assert (await client.post("/api/v1/commands", json=order)).status_code == 404
        step = await client.post("/api/v1/tickets/GS-1/actions", json={"do": "take"})
        assert step.status_code == 404
        devices = (await client.get("/api/v1/devices")).json()["items"]
        assert [device["id"] for device in devices] == ["gate-b"]
        assert (await client.get("/api/v1/alarms")).json()["items"] == []
        assert (await client.get("/api/v1/tickets")).json()["items"] == []
        assert (await client.get("/api/v1/newcomers")).status_code == 403
    assert world.desk.asked == []


async def test_a_guard_of_another_compound_opens_no_gate(world: World) -> None:
    world.give(Role.GUARD, scope="guanshan/b", token="ld_guard_of_b")
    order = {"device": "gate-a", "do": "open", "reason": "x"}
    async with client_of(make_app(world), "ld_guard_of_b") as client:
        assert (await client.post("/api/v1/commands", json=order)).status_code == 404
    assert world.desk.asked == []


async def test_duress_is_on_no_wall(world: World) -> None:
    world.books.alarm_list.append(an_alarm("al2", fault="duress", discreet=True))
    world.archive.event_names = ["vehicle.passed", "duress"]
    world.desk.tell("alarm.raised", "door-1", place="guanshan/a", discreet=True)
    seen = {}
    for role in (Role.GUARD, Role.CREW, Role.GRID_WORKER, Role.MANAGER, Role.ADMINISTRATOR):
        async with asking(world, role) as client:
            alarms = (await client.get("/api/v1/alarms")).json()["items"]
            entries = (await client.get("/api/v1/journal")).json()["items"]
            events = (await client.get("/api/v1/devices/gate-a/events")).json()["items"]
        seen[role] = (len(alarms), len(entries), len(events))
    assert seen == {
        Role.GUARD: (1, 0, 1),
        Role.CREW: (1, 0, 1),
        Role.GRID_WORKER: (1, 0, 1),
        Role.MANAGER: (2, 1, 2),
        Role.ADMINISTRATOR: (2, 1, 2),
    }


async def test_who_signed_in_is_for_administrators(world: World) -> None:
    world.desk.tell("person.signed_in", "li")
    world.desk.tell("device.silent", "gate-a", place="guanshan/a")
    for role, types in (
        (Role.MANAGER, ["device.silent"]),
        (Role.ADMINISTRATOR, ["person.signed_in", "device.silent"]),
    ):
        async with asking(world, role) as client:
            entries = (await client.get("/api/v1/journal")).json()["items"]
        assert [entry["type"] for entry in entries] == types


async def test_an_expired_key_is_nobodys(world: World) -> None:
    world.give(Role.GUARD, token="ld_expired", lasts=-1)
    async with client_of(make_app(world), "ld_expired") as client:
        assert (await client.get("/api/v1/devices")).status_code == 401
    assert TOKENS[Role.GUARD] != "ld_expired"
