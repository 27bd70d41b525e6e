"""A day's account: both sides make the same of the same, and what differs is found by its line."""

import re
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from hub.feeds.incident import make_projector
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from hub.model.ticket import TicketState
from tests.unit.access.web_fakes import (
    NOW,
    PLACES,
    TOKENS,
    World,
    client_of,
    make_world,
    ticket,
)
from tests.unit.api.app_of_api import make_app

PATH = "/grid/v1/reconciliation"
DAY, DAY_SECONDS = "2025-11-25", 86_400.0
PAGE = Path(__file__).parents[3] / "docs" / "grid-feed.md"
Items = list[dict[str, Any]]


def recipe() -> dict[str, Any]:
    """Return the functions of the page, as a platform's engineer would copy them."""
    found = re.search(r"```python\n(import hashlib.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "grid-feed.md", "exec"), names)  # the recipe itself is under test
    return names


def change(world: World, number: str, at: float, kind: str = "opened", **fields: object) -> None:
    about = ticket(number, **fields)
    world.books.ticket_by_number[number] = about
    entry = world.desk.tell(f"ticket.{kind}", number, place=about.place)
    row = make_projector("guanshan", lambda: PLACES, world.desk.cases.of)(
        msgspec.structs.replace(entry, at=at), about
    )
    assert row is not None
    world.books.rows.append(row)


@pytest.fixture
async def world() -> World:
    """Two days: an incident of yesterday that goes on, and three of today with a case."""
    made = make_world()
    change(made, "GS-0", NOW - 10)
    change(made, "GS-0", NOW + 10, "taken", state=TicketState.TAKEN, revision=2)
    for number in ("GS-1", "GS-2", "GS-3"):
        change(made, number, NOW + 20)
    change(made, "GS-2", NOW + 30, "taken", state=TicketState.TAKEN, revision=2)
    async with platform(made) as client:
        step = {"do": "file", "at": to_rfc3339(NOW), "number": "案-1"}
        assert (await client.post("/grid/v1/incidents/GS-1/actions", json=step)).is_success
    change(made, "GS-9", NOW + DAY_SECONDS)
    return made


def platform(world: World, token: str = TOKENS[Role.GRID]) -> httpx2.AsyncClient:
    return client_of(make_app(world), token)


async def account(world: World, **query: object) -> dict[str, Any]:
    async with platform(world) as client:
        answer = await client.get(PATH, params={"day": DAY, "lines": "true", **query})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def items_of(world: World) -> Items:
    async with platform(world) as client:
        items: Items = (await client.get("/grid/v1/feed")).json()["items"]
    return items


async def test_both_sides_make_the_same_digest_of_a_day(world: World) -> None:
    ours, names = await account(world), recipe()
    theirs = list(names["lines_of"](await items_of(world), "grid", DAY))
    assert ours["lines"] == sorted(theirs, key=str.encode)
    assert ours["digest"] == names["digest_of"](theirs)
    counts = {name: ours[name] for name in ("items", "incidents", "opened", "over", "complete")}
    assert counts == {
        "items": 6,
        "incidents": 4,
        "opened": 3,
        "over": False,
        "complete": True,
    }
    assert ours["states"] == {"taken": 2, "dispatched": 2}
    assert ours["cases"] == {"reported": 3, "filed": 1}


def lose_an_item(items: Items) -> str:
    items.remove(next(item for item in items if item["subject"] == "GS-3"))
    return "GS-3"


def lose_one_in_the_middle(items: Items) -> str:
    items.remove(next(item for item in items if item["subject"] == "GS-2"))
    return "GS-2"


def know_too_much(items: Items) -> str:
    items.append({**items[2], "id": "guanshan-900", "subject": "GS-77"})
    return "GS-77"


def take_a_step_in_silence(items: Items) -> str:
    filed = next(item for item in reversed(items) if item["subject"] == "GS-1")
    filed["data"]["cases"][0]["state"] = "closed"
    return "GS-1"


def miss_a_state(items: Items) -> str:
    taken = next(item for item in reversed(items) if item["subject"] == "GS-0")
    taken["data"]["state"] = "new"
    return "GS-0"


@pytest.mark.parametrize(
    "plant",
    [
        lose_an_item,
        lose_one_in_the_middle,
        know_too_much,
        take_a_step_in_silence,
        miss_a_state,
    ],
)
async def test_a_planted_difference_is_found_and_named(world: World, plant: Any) -> None:  # noqa: ANN401
    ours, names, items = await account(world), recipe(), await items_of(world)
    planted = plant(items)
    theirs = list(names["lines_of"](items, "grid", DAY))
    assert ours["digest"] != names["digest_of"](theirs)
    differing = set(ours["lines"]) ^ set(theirs)
    assert {line.partition("\t")[0] for line in differing} == {planted}


async def test_what_the_hub_has_lost_is_found_as_well(world: World) -> None:
    names, items = recipe(), await items_of(world)
    del world.books.rows[3]
    ours = await account(world)
    theirs = names["lines_of"](items, "grid", DAY)
    assert {line.partition("\t")[0] for line in set(ours["lines"]) ^ set(theirs)} == {"GS-2"}


async def test_a_key_compares_what_it_may_see(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    change(world, "GS-5", NOW + 40, place="guanshan/b/x")
    async with platform(world, "ld_grid_of_b") as client:
        found = (await client.get(PATH, params={"day": DAY, "lines": "true"})).json()
    assert [line.partition("\t")[0] for line in found["lines"]] == ["GS-5"]


async def test_an_empty_day_has_the_digest_of_nothing(world: World) -> None:
    found = await account(world, day="2025-11-01")
    assert (found["items"], found["last"], found["over"]) == (0, None, True)
    assert found["digest"] == recipe()["digest_of"]([])


async def test_a_day_of_which_some_was_deleted_says_so(world: World) -> None:
    world.books.oldest = 3
    assert not (await account(world))["complete"]
    assert (await account(world, day="2025-11-26"))["complete"]


async def test_an_administrator_names_the_receiver(world: World) -> None:
    async with platform(world, TOKENS[Role.ADMINISTRATOR]) as client:
        query = {"day": DAY, "receiver": "grid"}
        assert (await client.get(PATH, params=query)).json()["cases"]["filed"] == 1
        plain = (await client.get(PATH, params={"day": DAY})).json()
    assert plain["cases"] == {"reported": 4}
    assert "lines" not in plain


@pytest.mark.parametrize("day", ["", "2025-02-30", "25-11-2025", "today"])
async def test_what_is_no_day_is_422(world: World, day: str) -> None:
    async with platform(world) as client:
        assert (await client.get(PATH, params={"day": day})).status_code == 422
