"""Every role, area, route, method and owner: made of the routes themselves, in one process.

Whoever adds a route writes `docs/rights.md` anew (`python -m tests.unit.access.test_rights_matrix`)
and reads the line that comes: a route that is not there fails.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from fastapi import FastAPI

from hub.access.policy import undeclared_routes
from hub.model.access import Role
from tests.support.rights import (
    ELSEWHERE,
    HERE,
    NOBODYS,
    Route,
    ask,
    furnish,
    give_keys,
    routes_of,
    whole_app,
)
from tests.support.rights_table import (
    BODIES,
    DOORS,
    NOT_FURNISHED,
    PERSONS,
    QUERIES,
    STREAMS,
    TOLD_ON_A_PAGE,
    WHOLE,
    WIDE,
)
from tests.unit.access.web_fakes import World, make_world

PAGE = Path(__file__).parents[3] / "docs" / "rights.md"
EVERYBODY = frozenset({"everybody"})


@pytest.fixture(scope="module")
def stage() -> tuple[World, FastAPI, dict[str, str]]:
    world = make_world()
    things = asyncio.run(furnish(world))
    return world, whole_app(world), things


def allowed(route: Route) -> list[Role]:
    return [role for role in Role if role in route.roles]


def ask_for(route: Route, things: dict[str, str]) -> tuple[str, str, bytes]:
    body = json.dumps(BODIES[route.path]).encode() if route.path in BODIES else b""
    path = route.fill(WIDE | things)
    return route.method, path + QUERIES.get(route.path, "") * (route.method == "GET"), body


async def answer(app: FastAPI, route: Route, things: dict[str, str], token: str) -> tuple[int, str]:
    method, path, body = ask_for(route, things)
    return await ask(app, method, path, token, body)


def test_no_route_came_in_without_a_policy_and_each_stands_on_the_page(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    _, app, _ = stage
    assert undeclared_routes(app) == []
    assert write_page(app) == PAGE.read_text("utf-8"), "python -m tests.unit.access…: write it anew"


def test_strangers_reach_the_doors_and_the_whistle_page_alone(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    open_to_all = {route.path for route in routes_of(stage[1]) if route.roles == EVERYBODY}
    assert [path for path in open_to_all if not path.startswith(DOORS)] == []


def test_what_stands_in_a_path_is_a_parts_or_the_whole_communitys(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    _, app, things = stage
    assert {name for route in routes_of(app) for name in route.names} == things.keys() | WIDE


async def test_nobody_passes_but_whom_the_table_names(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    world, app, things = stage
    tokens = give_keys(world, Role, HERE)
    for route in routes_of(app):
        if route.roles == EVERYBODY:
            continue
        stranger = 403 if route.path.startswith("/open311/") else 401
        assert (await answer(app, route, things, ""))[0] == stranger, route
        assert (await answer(app, route, things, "ld_made_up"))[0] == stranger, route
        for role in set(Role) - set(allowed(route)):
            assert (await answer(app, route, things, tokens[role]))[0] == 403, (role, route)


async def test_a_foreign_thing_is_as_if_it_were_not_there(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    """Same status and same words as for a thing that nobody has."""
    world, app, things = stage
    tokens, asked = give_keys(world, Role, ELSEWHERE), 0
    for route in routes_of(app):
        owned = [name for name in route.names if name in things]
        if not owned or route.roles == EVERYBODY:
            continue
        for role in allowed(route):
            missing = things | dict.fromkeys(owned, NOBODYS)
            foreign = await answer(app, route, things, tokens[role])
            nobodys = await answer(app, route, missing, tokens[role])
            whole = 403 if route.path.startswith(WHOLE) else 404
            assert foreign[0] == (422 if route.path in TOLD_ON_A_PAGE else whole), (role, route)
            said = foreign[1]
            for name in owned:
                said = said.replace(things[name], NOBODYS)
            assert (foreign[0], said) == nobodys, (role, route)
            asked += 1
    assert asked > 300


async def test_no_list_of_another_part_names_what_is_here(
    stage: tuple[World, FastAPI, dict[str, str]],
) -> None:
    world, app, things = stage
    tokens = give_keys(world, Role, ELSEWHERE)
    marks = ("甲小区要灯", "甲小区钥匙", "甲小区检修", "甲小区巡查", "GS-1", "gate-a", "addr-a")
    for route in routes_of(app):
        lists = route.method == "GET" and not set(route.names) & things.keys()
        if not lists or route.path in STREAMS:
            continue
        for role in allowed(route):
            status, said = await answer(app, route, things, tokens[role])
            assert not [mark for mark in marks if mark in said], (role, route, status)


@pytest.mark.parametrize("of", ["ticket:GS-1", "device:gate-a", "opening:gate-a", "command:c1"])
async def test_no_stream_follows_what_is_not_theirs(
    stage: tuple[World, FastAPI, dict[str, str]], of: str
) -> None:
    world, app, things = stage
    tokens = give_keys(world, Role, ELSEWHERE)
    kind = of.partition(":")[0]
    for role in (Role.GUARD, Role.CREW, Role.MANAGER, Role.GRID_WORKER, Role.DEPARTMENT):
        foreign = await ask(app, "GET", f"/console/stream?of={of}", tokens[role])
        nobodys = await ask(app, "GET", f"/console/stream?of={kind}:{NOBODYS}", tokens[role])
        assert foreign[0] == nobodys[0] == 404, (role, of)
    assert things["command_id"] == "c1"


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_reaches_what_is_theirs(role: Role) -> None:
    world = make_world()
    things = await furnish(world)
    lone = msgspec.structs.replace(world.live.tickets[0], holder="key:department")
    world.live.tickets, world.books.ticket_by_number["GS-1"] = [lone], lone
    app = whole_app(world)
    token = give_keys(world, Role, HERE)[role]
    for route in sorted(routes_of(app), key=lambda each: each.method):
        if role not in route.roles or route.path in STREAMS:
            continue
        status, said = await answer(app, route, things, token)
        if route.path.startswith((*WHOLE, PERSONS)):
            assert status == 403, (route, said)
        elif is_anothers(role, route):
            assert status in {403, 422}, (route, said)
        elif not any(each in route.path for each in NOT_FURNISHED):
            wrong = status >= 400 if route.method == "GET" else status in {401, 403, 404, 500}
            assert not wrong, (route, status, said)


def is_anothers(role: Role, route: Route) -> bool:
    """Tell of what a department has not claimed: it sees the project, and takes no step of it."""
    return (
        role is Role.DEPARTMENT and "/projects/{project}/" in route.path and route.method == "POST"
    )


HEAD = """\
# Who may ask what

Written by `python -m tests.unit.access.test_rights_matrix` from the policy that stands beside each route; a route
that is not here fails the rights matrix. A role sees its own part of the community alone: what lies elsewhere is
answered as if it were not there. `everybody` needs no login; `2` marks what asks people for a second factor where
`[web] second_factor` is set.

| call | roles |
|---|---|"""  # noqa: E501 - a page's lines


def write_page(app: FastAPI) -> str:
    """Write the table of who may ask what."""
    lines = [HEAD]
    for route in routes_of(app):
        two = " 2" if route.two_factors else ""
        lines.append(f"| `{route.method} {route.path}` | {', '.join(sorted(route.roles))}{two} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(write_page(whole_app(make_world())), "utf-8")
