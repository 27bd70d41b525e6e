"""What the hub says of itself: each call with its answers, and answers that are as it says."""

from typing import Any

import msgspec
import pytest
from fastapi import FastAPI

from hub.access.record import PEOPLE, Person
from hub.api import (
    departments,
    shape,
    shape_of_acceptance,
    shape_of_duty,
    shape_of_figures,
    shape_of_reports,
    shape_of_rules,
    shape_of_site,
    shape_of_tickets,
)
from hub.api.shape import Page
from hub.assembly.web import build_app
from hub.feeds.incident import make_projector
from hub.feeds.shape import DayAccount, FeedPage, IncidentPage, IncidentWithCase, SubscriptionPage
from hub.model.access import Role
from hub.model.case import Case
from hub.ports import Document
from tests.support.detour import ASKED, CALL, SHELF, WAIT
from tests.unit.access.web_fakes import PLACES, TOKENS, World, client_of, make_world
from tests.unit.access.web_fakes import alarm as an_alarm
from tests.unit.access.web_fakes import ticket as a_ticket
from tests.unit.api.app_of_api import asking, make_app, make_house

DOCUMENT = "/api/v1/openapi.json"
PATHS = {
    "/healthz": shape.Health,
    "/readyz": shape.Readiness,
    "/api/v1/devices": Page[shape.Device],
    "/api/v1/devices/gate-a": shape.Device,
    "/api/v1/devices/gate-a/history?point=arm.position": Page[shape.Reading],
    "/api/v1/devices/gate-a/history?point=motor.temperature&step=hour": Page[shape.Hour],
    "/api/v1/devices/gate-a/events": Page[shape.Event],
    "/api/v1/alarms": Page[shape.Alarm],
    "/api/v1/tickets": Page[shape_of_tickets.Ticket],
    "/api/v1/shelved": Page[shape_of_tickets.Shelved],
    "/api/v1/tickets/GS-2": shape_of_tickets.TicketWithSteps,
    "/api/v1/tickets/GS-1": shape_of_tickets.TicketWithSteps,
    "/api/v1/journal": Page[shape.Entry],
    "/api/v1/rules": Page[shape_of_rules.Rule],
    "/api/v1/rules/door-forced": shape_of_rules.RuleWithText,
    "/api/v1/acceptances": Page[shape_of_acceptance.Acceptance],
    "/api/v1/devices/gate-b/acceptance": shape_of_acceptance.Acceptance,
    "/api/v1/schedules": Page[shape_of_rules.Schedule],
    "/api/v1/windows": Page[shape_of_rules.Window],
    "/api/v1/figures": Page[shape_of_figures.Group],
    "/api/v1/rosters": Page[shape_of_duty.OnDuty],
    "/api/v1/rosters/crew": Page[shape_of_duty.Stretch],
    "/api/v1/substitutes": Page[shape_of_duty.Substitute],
    "/api/v1/reports/offers?subject=gate-a": Page[shape_of_reports.Offer],
    "/api/v1/tickets/GS-1/reports": Page[shape_of_reports.Report],
    "/api/v1/tickets/GS-1/photos": Page[shape_of_reports.Photo],
    "/api/v1/site/roll": shape_of_site.RollCall,
    "/api/v1/site/loads": Page[shape_of_site.Load],
    "/api/v1/retention": Page[shape_of_rules.Holding],
    "/api/v1/departments": Page[departments.Department],
    "/grid/v1/feed": FeedPage,
    "/grid/v1/incidents": IncidentPage,
    "/grid/v1/incidents/GS-1": IncidentWithCase,
    "/grid/v1/subscriptions": SubscriptionPage,
    "/grid/v1/reconciliation?day=2025-11-25": DayAccount,
}

OURS = {"x-roles", "x-two-factors"}
"""Who may ask, and whether people show a second factor where the hub is set up so."""


@pytest.fixture
def world() -> World:
    made = make_world()
    made.books.ticket_by_number["GS-1"] = a_ticket("GS-1")
    winding = a_ticket("GS-2", waiting=WAIT, shelf=SHELF, extensions=(ASKED,), call_back=CALL)
    made.books.ticket_by_number["GS-2"] = winding
    made.live.tickets.append(winding)
    made.books.alarm_list.append(an_alarm("al1"))
    made.desk.tell("device.silent", "gate-a")
    made.commissioning.begin(made.live.views["gate-b"].device)
    entry = made.desk.tell("ticket.opened", "GS-1", place="guanshan/a")
    row = make_projector("guanshan", lambda: PLACES)(entry, a_ticket("GS-1"))
    assert row is not None
    made.books.rows.append(row)
    power = Person(name="power", role=Role.DEPARTMENT)
    body = msgspec.json.encode(power)
    made.desk.keep(Document(collection=PEOPLE, key="power", body=body))
    made.desk.cases.put(Case(receiver="power", incident="GS-1", given_at=0.0, sign_by=60.0))
    return made


async def document(app: FastAPI) -> dict[str, Any]:
    async with client_of(app, TOKENS[Role.ADMINISTRATOR]) as client:
        found: dict[str, Any] = (await client.get(DOCUMENT)).json()
        assert (await client.get(DOCUMENT)).json() == found
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_has_the_fields_that_are_described_and_no_others(
    world: World, path: str
) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert msgspec.convert(answer.json(), PATHS[path], strict=True)


async def test_each_call_names_its_statuses_and_what_comes_with_them(world: World) -> None:
    paths = (await document(make_app(world)))["paths"]
    step = paths["/api/v1/tickets/{number}/actions"]["post"]["responses"]
    assert set(step) == {"200", "401", "403", "404", "409", "413", "422", "503"}
    assert set(step["409"]["content"]) == {"application/problem+json"}
    assert set(paths["/api/v1/commands"]["post"]["responses"]) >= {"202", "404"}
    assert "410" in paths["/grid/v1/feed"]["get"]["responses"]
    assert set(paths["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    assert paths["/healthz"]["get"]["security"] == []
    for calls in paths.values():
        for call in calls.values():
            assert "default" not in call["responses"]
            assert all(
                content["schema"]
                for answer in call["responses"].values()
                for content in answer["content"].values()
            ), call["operationId"]
            assert not any(name.startswith("x-") and name not in OURS for name in call)


async def test_pages_are_not_in_the_description(world: World) -> None:
    nobody: Any = None
    paths = (await document(build_app(world.ports, nobody, tuple, make_house(world))))["paths"]
    assert "/api/v1/devices" in paths
    programs = ("/api/", "/grid/", "/open311/", "/healthz", "/readyz", "/metrics", "/receipts/")
    assert all(path.startswith(programs) for path in paths)
