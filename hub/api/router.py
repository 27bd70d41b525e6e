"""Puts the calls together; `hub.app` mounts the result."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from hub.access.allowance import Allowance
from hub.access.http import bind
from hub.access.policy import join, mount
from hub.access.web_ports import WebPorts
from hub.api import (
    acceptance,
    agenda,
    alarms,
    arrival,
    bells,
    commands,
    departments,
    devices,
    duty,
    figures,
    hardware,
    inspections,
    journal,
    keys,
    operation,
    pairing,
    parameters,
    people,
    photos,
    projects,
    receipts,
    reports,
    retention,
    rounds,
    rules,
    schedules,
    scorecard,
    site,
    stream,
    surveys,
    tickets,
    windows,
)
from hub.api.frame import FrameShelf
from hub.api.metrics import Counts, build_registry
from hub.api.operation import Readiness

PREFIX = "/api/v1"
PARTS = (
    *(devices, acceptance, alarms, tickets, commands, journal, stream, arrival),
    *(people, keys, retention, rules, parameters, schedules, windows, figures, duty, bells),
    *(reports, photos, inspections, rounds, projects, agenda, departments, site),
    *(surveys, scorecard, hardware, pairing),
)


def build_api(
    ports: WebPorts,
    *,
    readiness: Readiness = dict,
    counts: Counts = dict,
) -> APIRouter:
    """Make the router of `/api/v1`, `/healthz`, `/readyz`, `/metrics` and `/receipts`.

    `readiness` says which parts are not ready, and `counts` gives counters for the metrics.
    """
    shelf = FrameShelf(ports)
    registry = build_registry(ports.live, ports.pulse, counts)
    allowance = Allowance(ports.clock, receipts.LIMITS)

    async def put(request: Request) -> None:
        request.state.shelf = shelf
        request.state.registry = registry
        request.state.readiness = readiness
        request.state.receipts = allowance

    router = APIRouter(dependencies=[bind(ports), Depends(put)])
    mount(router, (*operation.CALLS, *receipts.CALLS))
    calls = APIRouter(prefix=PREFIX, dependencies=router.dependencies)
    for part in PARTS:
        mount(calls, part.CALLS)
    join(router, calls)
    return router
