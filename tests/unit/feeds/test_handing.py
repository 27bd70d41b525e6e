"""Work handed down: one incident for each of the platform's numbers, a ticket like any other."""

from typing import Any

import httpx2
import pytest

from hub.model.access import Role
from hub.model.alarm import ReportWhen
from hub.model.instant import to_rfc3339
from tests.unit.access.web_fakes import NOW, TOKENS, World, client_of, make_world, ticket
from tests.unit.api.app_of_api import make_app

PATH = "/grid/v1/incidents"


@pytest.fixture
def world() -> World:
    return make_world()


def platform(world: World, token: str = TOKENS[Role.GRID]) -> httpx2.AsyncClient:
    return client_of(make_app(world), token)


def work(number: str = "C-1", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"number": number, "at": to_rfc3339(NOW), "device": "gate-a", **fields}


async def test_it_becomes_a_ticket_that_is_filed_under_the_platforms_number(world: World) -> None:
    async with platform(world) as client:
        answer = await client.post(PATH, json=work(category="struck", text="杆断了"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["joined"], made["applied"]) == (False, True)
    assert (made["case"]["number"], made["case"]["state"]) == ("C-1", "filed")
    opened = world.books.ticket_by_number[made["incident"]]
    assert (opened.source, opened.subject) == ("grid", "gate-a")
    assert [each.type for each in world.books.entries] == ["ticket.opened", "incident.filed"]


async def test_the_same_number_is_the_same_incident_whatever_its_key(world: World) -> None:
    async with platform(world) as client:
        first = (await client.post(PATH, json=work(), headers={"idempotency-key": "a"})).json()
        again = await client.post(PATH, json=work(), headers={"idempotency-key": "b"})
        other = (await client.post(PATH, json=work("C-2"))).json()
    assert again.status_code == 200
    assert again.json()["incident"] == first["incident"] != other["incident"]
    assert not again.json()["applied"]


async def test_it_joins_what_is_known_and_keeps_apart_what_has_a_number(world: World) -> None:
    known = ticket("GS-1", fault="gate.boom_broken", uid="u-a")
    world.books.ticket_by_number["GS-1"] = known
    async with platform(world) as client:
        joined = (await client.post(PATH, json=work(category="struck"))).json()
        second = (await client.post(PATH, json=work("C-2", category="struck"))).json()
        repeated = (await client.post(PATH, json=work("C-2", category="struck"))).json()
    assert (joined["incident"], joined["joined"]) == ("GS-1", True)
    assert second["incident"] != "GS-1"
    assert repeated["incident"] == second["incident"]


async def test_a_drill_is_a_ticket_of_its_own_and_says_so(world: World) -> None:
    world.books.ticket_by_number["GS-1"] = ticket("GS-1", fault="gate.boom_broken", uid="u-a")
    async with platform(world) as client:
        drill = (await client.post(PATH, json=work(category="struck", test=True))).json()
        real = (await client.post(PATH, json=work("C-2", category="struck"))).json()
    assert not drill["joined"]
    assert world.books.ticket_by_number[drill["incident"]].test
    assert real["incident"] == "GS-1", "what is real is never joined to a drill"
    assert not world.books.ticket_by_number["GS-1"].test


async def test_what_is_told_to_no_platform_is_not_joined(world: World) -> None:
    quiet = ticket("GS-1", fault="gate.boom_broken", uid="u-a", report=ReportWhen.NEVER)
    world.books.ticket_by_number["GS-1"] = quiet
    async with platform(world) as client:
        made = (await client.post(PATH, json=work(category="struck"))).json()
    assert made["incident"] != "GS-1"
    assert made["case"]["state"] == "filed"


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        (work(device="gate-z"), "device", "no such device"),
        (work(device="", place="guanshan/z"), "place", "no such place"),
        (work(category="flood"), "category", "struck"),
        (work(""), "number", "length"),
        (work(at="soon"), "at", "instant"),
        (work(number="C\n1"), "number", "regex"),
    ],
)
async def test_what_is_wrong_names_its_field_and_opens_nothing(
    world: World, sent: dict[str, Any], field: str, says: str
) -> None:
    async with platform(world) as client:
        answer = await client.post(PATH, json=sent)
    assert answer.status_code == 422
    assert says in answer.json()["errors"][field]
    assert world.books.entries == []


async def test_a_narrow_key_hands_down_into_its_own_part_alone(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    async with platform(world, "ld_grid_of_b") as client:
        assert (await client.post(PATH, json=work())).status_code == 422
    assert world.books.entries == []
