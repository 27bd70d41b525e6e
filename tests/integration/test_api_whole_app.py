"""The application as the hub serves it: API, feeds and console together."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from hub.access.policy import OPEN_FOLDERS, POLICY, undeclared_routes
from hub.assembly.web import build_app
from hub.model.access import Role
from tests.unit.access.web_fakes import TOKENS, client_of, make_world, ticket
from tests.unit.api.app_of_api import make_house

NAMES = {
    "device_id": "gate-a",
    "number": "GS-1",
    "command_id": "c1",
    "alarm_id": "a1",
    "word": "guessed",
    "subscription": "sub-1",
    "receiver": "city",
    "schedule": "office",
    "incident": "GS-1",
    "inspection": "i1",
    "walk": "i1-202611300800",
    "stop": "s1",
    "project": "p1",
    "meeting": "j1",
    "survey": "s1",
    "handover": "h1",
    "hold": "h1",
    "decision": "j1-1",
    "milestone": "m1",
    "name": "li",
    "key_id": "k1",
    "rule": "door-forced",
    "window": "w-1",
    "substitute": "s-1",
    "photo": "p1",
    "code": "123456789012",
    "pairing": "p-1",
    "bell": "console",
    "person": "li",
    "message_id": "7",
    "link": "mqtt",
    "address": "n1",
    "service_code": "leak",
    "service_request_id": "GS-1",
    "token": "GS-1",
}


@pytest.fixture
def app() -> FastAPI:
    world = make_world()
    world.books.ticket_by_number["GS-1"] = ticket("GS-1")
    nobody: Any = None
    return build_app(world.ports, nobody, tuple, make_house(world))


def calls(app: FastAPI) -> list[tuple[str, str, list[str]]]:
    """Return (method, path, roles) of every route."""
    return [
        (method, str(route.path).format(**NAMES), (route.openapi_extra or {})[POLICY])
        for route in iter_route_contexts(app.routes)
        if route.path not in OPEN_FOLDERS
        for method in route.methods or ()
    ]


def test_no_route_came_in_without_policy(app: FastAPI) -> None:
    assert undeclared_routes(app) == []
    app.add_api_route("/backdoor", lambda: None)
    assert undeclared_routes(app) == ["GET /backdoor"]


def test_only_health_signing_in_and_residents_pages_are_for_everybody(app: FastAPI) -> None:
    everybody = {path for _, path, roles in calls(app) if roles == ["everybody"]}
    signing_in = {"/sign-in", "/sign-in/password", "/sign-in/code", "/preferences"}
    signing_in |= {"/sign-in/provider", "/sign-in/provider/return"}
    label = f"/w/{NAMES['code']}"
    residents = {label, f"{label}/join", "/w/progress", "/w/reopen", "/w/shelved"}
    residents |= {"/w/published", f"/w/published/{NAMES['project']}/{NAMES['photo']}"}
    vendors = {f"/receipts/{NAMES['bell']}/{NAMES['word']}"}
    platforms = {f"/grid/v1/profiles/city/{word}" for word in ("incidents", "actions")}
    ours = {"/healthz", "/readyz", "/trust", "/ca.crt", "/worker.js", *signing_in}
    assert everybody <= {*ours, *residents, *vendors, *platforms}
    assert {"/healthz", "/readyz", "/sign-in"} <= everybody


async def test_nobody_known_gets_nothing_but_the_sign_in_form(app: FastAPI) -> None:
    async with client_of(app) as client:
        for method, path, roles in calls(app):
            if roles == ["everybody"]:
                continue
            answer = await client.request(method, path)
            wanted = 403 if path.startswith("/open311/") else 401
            assert answer.status_code == wanted, (method, path)
            shown = await client.request(method, path, headers={"accept": "text/html"})
            assert shown.status_code in {303, wanted}, (method, path)


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_is_refused_wherever_the_table_does_not_name_it(
    app: FastAPI, role: Role
) -> None:
    async with client_of(app, TOKENS[role]) as client:
        for method, path, roles in calls(app):
            if roles == ["everybody"] or role in roles:
                continue
            answer = await client.request(method, path)
            assert answer.status_code == 403, (method, path)


async def test_a_key_that_expired_opens_no_page(app: FastAPI) -> None:
    async with client_of(app, "ld_never_given") as client:
        assert (await client.get("/wall")).status_code == 401
