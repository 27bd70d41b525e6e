"""Puts the pages together; `hub.app` mounts the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.staticfiles import StaticFiles

from hub.access.allowance import Allowance
from hub.access.http import bind
from hub.access.policy import mount
from hub.access.web_ports import WebPorts
from hub.console.community import (
    agenda_page,
    inspection_page,
    project_page,
    round_page,
    scorecard_page,
    survey_page,
)
from hub.console.departments import case_page, department_page
from hub.console.devices import (
    acceptance_page,
    command_page,
    device_page,
    hardware_page,
    hold_page,
    label_page,
    newcomer_page,
    window_page,
)
from hub.console.entry import account_page, password_page, provider_page, sign_in_page, trust_page
from hub.console.live import wall_page
from hub.console.live.studio import Studio
from hub.console.residents import progress_page, public_shelf_page, published_page, whistle_page
from hub.console.rules import rule_page, rule_parameter_page, rule_trial_page
from hub.console.running import (
    bell_page,
    duty_page,
    figure_page,
    find_page,
    handover_page,
    problem_page,
    site_page,
    week_page,
)
from hub.console.running.problem_page import Problems
from hub.console.running.tray import Tray
from hub.console.settings import key_page, receiver_page, staff_page
from hub.console.tickets import hotline_page, people_page, phone_page, ticket_page
from hub.model.access import Identity
from hub.ports.receiver import Outlet, Outlets

STATIC = Path(__file__).parent / "static"
PARTS = (
    wall_page,
    ticket_page,
    phone_page,
    device_page,
    find_page,
    acceptance_page,
    command_page,
    hold_page,
    problem_page,
    newcomer_page,
    site_page,
    sign_in_page,
    provider_page,
    trust_page,
    password_page,
    account_page,
    window_page,
    figure_page,
    week_page,
    rule_page,
    rule_parameter_page,
    rule_trial_page,
    duty_page,
    handover_page,
    hardware_page,
    bell_page,
    progress_page,
    public_shelf_page,
    published_page,
    whistle_page,
    label_page,
    people_page,
    hotline_page,
    inspection_page,
    round_page,
    project_page,
    agenda_page,
    survey_page,
    scorecard_page,
    case_page,
    department_page,
    staff_page,
    key_page,
    receiver_page,
)


def make_allowance(ports: WebPorts) -> Allowance:
    """Make what counts how often strangers ask."""
    return Allowance(ports.clock, whistle_page.LIMITS)


def build_console(
    ports: WebPorts,
    *,
    problems: Problems = tuple,
    allowance: Allowance | None = None,
    outlets: Outlets | None = None,
) -> APIRouter:
    """Make the router of all pages.

    `problems` gives what is wrong in configuration files, `outlets` the receivers of the feed.
    """
    studio, tray = Studio(ports), Tray(ports.clock)
    allowance = allowance or make_allowance(ports)

    async def put(request: Request) -> None:
        request.state.studio, request.state.tray = studio, tray
        request.state.allowance = allowance
        request.state.problems = problems
        request.state.outlets = outlets or _none

    router = APIRouter(dependencies=[bind(ports), Depends(put)], include_in_schema=False)
    for part in PARTS:
        mount(router, part.CALLS)
    return router


def _none(_who: Identity) -> Sequence[Outlet]:
    return ()


def static_app() -> StaticFiles:
    """Make what serves `/static/`: our own files and the vendored ones."""
    return StaticFiles(directory=STATIC)
