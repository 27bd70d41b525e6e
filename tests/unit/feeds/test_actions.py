"""What receivers say of incidents: taken once, in their own order, each into its own case."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.feeds.incident import make_projector
from hub.model.access import Role
from hub.model.case import CaseAction
from hub.model.instant import to_rfc3339
from hub.services.incidents.case_table import CASE_ROWS
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

PATH = "/grid/v1/incidents/GS-1/actions"
PAGE = Path(__file__).parents[3] / "docs" / "grid-feed.md"


@pytest.fixture
def world() -> World:
    made = make_world()
    about = ticket("GS-1")
    made.books.ticket_by_number["GS-1"] = about
    entry = made.desk.tell("ticket.opened", "GS-1", place=about.place)
    row = make_projector("guanshan", lambda: PLACES)(entry, about)
    assert row is not None
    made.books.rows.append(row)
    return made


def platform(world: World, token: str = TOKENS[Role.GRID]) -> httpx2.AsyncClient:
    return client_of(make_app(world), token)


def body(do: str, seconds: float = 0.0, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"do": do, "at": to_rfc3339(NOW + seconds), **fields}


async def test_a_step_changes_the_askers_case_and_the_feed_tells_it(world: World) -> None:
    async with platform(world) as client:
        answer = (await client.post(PATH, json=body("file", number="C-1"))).json()
        items = (await client.get("/grid/v1/feed")).json()["items"]
        one = (await client.get("/grid/v1/incidents/GS-1")).json()
    assert answer["applied"]
    assert (answer["case"]["state"], answer["case"]["number"]) == ("filed", "C-1")
    assert "dispatch" in answer["case"]["possible"]
    assert (items[-1]["receiver"], items[-1]["data"]["cases"][0]["state"]) == ("grid", "filed")
    assert one["case"] == answer["case"]
    assert one["state"] == "dispatched", "the ticket is as it was"


async def test_an_older_step_is_answered_with_the_state_in_force(world: World) -> None:
    async with platform(world) as client:
        await client.post(PATH, json=body("dispatch", 10, to="power"))
        late = await client.post(PATH, json=body("file", 5, number="C-1"))
    assert late.status_code == 200
    assert (late.json()["applied"], late.json()["case"]["state"]) == (False, "dispatched")


async def test_a_step_that_is_sent_again_with_its_key_happens_once(world: World) -> None:
    async with platform(world) as client:
        key = {"idempotency-key": "k1"}
        first = await client.post(PATH, json=body("urge"), headers=key)
        again = await client.post(PATH, json=body("urge"), headers=key)
    assert first.content == again.content
    assert first.json()["case"]["urged"] == 1
    assert [entry.type for entry in world.books.entries].count("incident.urged") == 1


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        (body("fill"), "do", "file, refuse, dispatch"),
        (body("file"), "number", "file needs it"),
        ({"do": "sign", "at": "soon"}, "at", "2026"),
        (body("ask_extension", until="later", reason="x"), "until", "instant"),
        (body("sign", 301), "at", "future"),
        (body("sign", colour="red"), "colour", "unknown"),
        (body("sign", revision=-1), "revision", ">= 0"),
    ],
)
async def test_what_is_wrong_names_its_field_and_the_choices(
    world: World, sent: dict[str, Any], field: str, says: str
) -> None:
    async with platform(world) as client:
        answer = await client.post(PATH, json=sent)
    assert answer.status_code == 422
    assert says in answer.json()["errors"][field]


async def test_what_is_not_possible_names_what_is(world: World) -> None:
    async with platform(world) as client:
        answer = await client.post(PATH, json=body("close"))
    assert answer.status_code == 409
    assert "file" in answer.json()["possible"]


async def test_an_incident_of_another_part_is_not_there(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    async with platform(world, "ld_grid_of_b") as client:
        assert (await client.post(PATH, json=body("sign"))).status_code == 404
    assert not world.desk.cases.of("GS-1")


async def test_an_administrator_reads_and_has_no_case_of_its_own(world: World) -> None:
    async with platform(world, TOKENS[Role.ADMINISTRATOR]) as client:
        assert "case" not in (await client.get("/grid/v1/incidents/GS-1")).json()
        assert (await client.post(PATH, json=body("sign"))).status_code == 403


def test_the_page_has_the_table_of_steps_as_it_is() -> None:
    page = PAGE.read_text("utf-8").partition("| `do` |")[2]
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    told = {
        (state, action, "" if to == "–" else to)
        for actions, states, to, _, _ in rows
        for action in re.findall(r"`([a-z_]+)`", actions)
        for state in _states(states)
    }
    known = {(state, action, row.to or "") for (state, action), row in CASE_ROWS.items()}
    assert told == known
    says = {
        (action, word)
        for actions, _, _, _, words in rows
        for action, word in zip(re.findall(r"`([a-z_]+)`", actions), words.split(", "), strict=True)
    }
    assert says == {(action, row.says) for (_, action), row in CASE_ROWS.items()}


def _states(words: str) -> set[str]:
    every = {state.value for state, _ in CASE_ROWS}
    if words == "any":
        return every
    if words.startswith("all but "):
        return every - set(words.removeprefix("all but ").split(", "))
    return set(words.partition(";")[0].split(", "))


def test_each_action_has_a_row() -> None:
    assert {action for _, action in CASE_ROWS} == set(CaseAction)


async def ask_for_time(world: World, *, to: str = "power") -> None:
    """Have the city dispatch GS-1 to somebody, and the key `power` ask for an extension."""
    world.give(Role.GRID, token="ld_power", name="power")
    async with platform(world) as client:
        await client.post(PATH, json=body("dispatch", 1, to=to))
    async with platform(world, "ld_power") as client:
        until = to_rfc3339(NOW + 7200)
        step = body("ask_extension", 2, until=until, reason="等待备件")
        await client.post(PATH, json=body("sign", 1))
        assert (await client.post(PATH, json=step)).is_success


async def test_who_dispatched_decides_on_its_departments_extension(world: World) -> None:
    await ask_for_time(world)
    async with platform(world) as client:
        marks = (await client.get("/grid/v1/incidents/GS-1")).json()["cases"]
        decision = body("decide_extension", granted=True, receiver="power")
        answer = (await client.post(PATH, json=decision)).json()
        again = await client.post(PATH, json=decision)
        own = (await client.get("/grid/v1/incidents/GS-1")).json()["case"]
    asked = {mark["receiver"]: mark.get("asked_until") for mark in marks}
    assert asked == {"grid": None, "power": to_rfc3339(NOW + 7200)}
    case = answer["case"]
    assert (case["receiver"], case["reason"], case["asked_until"]) == ("power", "", None)
    assert case["extended_until"] == to_rfc3339(NOW + 7200)
    assert again.status_code == 409, "nothing is asked for any more"
    assert (own["receiver"], own["state"], own["to"]) == ("grid", "dispatched", "power")
    entry = world.books.entries[-1]
    assert (entry.type, entry.actor) == ("incident.extension_decided", "key:grid")
    async with platform(world, "ld_power") as client:
        late = await client.post(PATH, json=body("arrive", 3))
    assert late.json()["applied"], "the decision has left the department's own marks alone"


@pytest.mark.parametrize(
    ("to", "step", "says"),
    [
        ("water", body("decide_extension", granted=True, receiver="power"), "'water'"),
        ("", body("decide_extension", granted=True, receiver="power"), "nobody"),
        ("power", body("sign", 5, receiver="power"), "only decide_extension"),
    ],
    ids=["dispatched elsewhere", "dispatched to nobody", "another step"],
)
async def test_nobody_else_decides_for_a_department(
    to: str, step: dict[str, Any], says: str, world: World
) -> None:
    await ask_for_time(world, to=to)
    async with platform(world) as client:
        answer = await client.post(PATH, json=step)
    assert answer.status_code == 422
    assert says in answer.json()["errors"]["receiver"]
    assert world.desk.cases.find("power", "GS-1").asked_until is not None
