"""Calls about rosters and escalations."""

from __future__ import annotations

import pytest

from hub.access.web_ports import WebPorts
from hub.model.access import Role
from hub.model.climb import Outlook
from hub.model.instant import to_rfc3339
from tests.support.duty_office import FakeEscalation
from tests.unit.access.web_fakes import NOW, World, make_world, ticket
from tests.unit.api.app_of_api import asking

HOUR = 3600.0


@pytest.fixture
def world() -> World:
    made = make_world()
    made.books.ticket_by_number["GS-1"] = ticket("GS-1")
    return made


def escalation(ports: WebPorts) -> FakeEscalation:
    assert isinstance(ports.escalation, FakeEscalation)
    return ports.escalation


async def test_who_is_on_now_and_at_an_instant(world: World) -> None:
    async with asking(world, Role.GUARD) as client:
        now = (await client.get("/api/v1/rosters")).json()["items"]
        noon = await client.get("/api/v1/rosters", params={"at": to_rfc3339(NOW + 12 * HOUR)})
        wrong = await client.get("/api/v1/rosters", params={"at": "noon"})
    assert [(each["name"], each["people"]) for each in now] == [("crew", [])]
    assert now[0]["reason"]["zh"] == "crew；没有排班"
    assert noon.json()["items"][0]["people"] == ["wang"]
    assert wrong.status_code == 422


async def test_a_week_of_a_roster_shows_its_holes(world: World) -> None:
    async with asking(world, Role.CREW) as client:
        week = (await client.get("/api/v1/rosters/crew")).json()["items"]
        night = await client.get("/api/v1/rosters/night")
        year = await client.get("/api/v1/rosters/crew", params={"to": to_rfc3339(NOW + 9e6)})
    assert [each["people"] for each in week[:3]] == [[], ["wang"], []]
    assert week[0]["start"] == to_rfc3339(NOW)
    assert week[-1]["end"] == to_rfc3339(NOW + 7 * 24 * HOUR)
    assert (night.status_code, year.status_code) == (404, 422)


async def test_a_leader_puts_a_substitute_and_ends_it(world: World) -> None:
    body = {"roster": "crew", "out": "wang", "by": "zhao", "end": to_rfc3339(NOW + 24 * HOUR)}
    async with asking(world, Role.MANAGER) as client:
        put = await client.post("/api/v1/substitutes", json=body)
        number = put.json()["id"]
        listed = (await client.get("/api/v1/substitutes")).json()["items"]
        at = {"at": to_rfc3339(NOW + 9 * HOUR)}
        on = (await client.get("/api/v1/rosters", params=at)).json()["items"][0]["people"]
        ended = await client.post(f"/api/v1/substitutes/{number}/end")
        again = await client.post(f"/api/v1/substitutes/{number}/end")
    assert (put.status_code, put.json()["start"]) == (201, to_rfc3339(NOW))
    assert [each["id"] for each in listed] == [number]
    assert on == ["zhao"]
    assert (ended.status_code, again.status_code) == (200, 409)


async def test_what_does_not_fit_is_named_and_a_crew_may_not(world: World) -> None:
    async with asking(world, Role.MANAGER) as client:
        wrong = await client.post(
            "/api/v1/substitutes",
            json={"roster": "crew", "out": "wang", "by": "nobody", "end": to_rfc3339(NOW)},
        )
    async with asking(world, Role.CREW) as client:
        forbidden = await client.post("/api/v1/substitutes", json={})
    assert wrong.status_code == 422
    assert {"by", "end"} <= set(wrong.json()["errors"])
    assert forbidden.status_code == 403


async def test_the_outlook_of_a_ticket_and_none_where_it_does_not_climb(world: World) -> None:
    name = {"zh": "班长", "en": "crew leader"}
    outlook = Outlook(ticket="GS-1", plan="shipped", rung="leader", name=name, at=NOW + 300)
    async with asking(world, Role.GRID_WORKER) as client:
        none = await client.get("/api/v1/tickets/GS-1/escalation")
        escalation(world.ports).outlooks["GS-1"] = outlook
        found = await client.get("/api/v1/tickets/GS-1/escalation")
        lost = await client.get("/api/v1/tickets/GS-9/escalation")
    assert (none.status_code, lost.status_code) == (404, 404)
    assert found.json()["at"] == to_rfc3339(NOW + 300)
    assert found.json()["name"] == name


async def test_a_proposal_is_confirmed_once_and_by_leaders_only(world: World) -> None:
    office = escalation(world.ports)
    office.waiting.append(world.books.ticket_by_number["GS-1"])
    office.outlooks["GS-1"] = Outlook(ticket="GS-1", plan="shipped")
    path = "/api/v1/tickets/GS-1/escalation"
    async with asking(world, Role.GUARD) as client:
        forbidden = await client.post(path, json={"do": "confirm"})
    async with asking(world, Role.MANAGER) as client:
        nonsense = await client.post(path, json={"do": "perhaps"})
        done = await client.post(path, json={"do": "decline", "reason": "我们自己能修"})
        again = await client.post(path, json={"do": "confirm"})
    assert [forbidden.status_code, nonsense.status_code] == [403, 422]
    assert [done.status_code, again.status_code] == [200, 409]
    ((number, _, agreed, reason),) = office.decided
    assert (number, agreed, reason) == ("GS-1", False, "我们自己能修")
