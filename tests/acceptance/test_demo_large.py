"""A large community on a quiet day: two thousand devices that are well give nobody work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.model.instant import from_rfc3339
from tests.acceptance.demo_process import Demo, running_demo, until

pytestmark = pytest.mark.integration

DEVICES, SPEED = 2000, 10
QUIET = 300.0
"""Simulated seconds: more than a device on MQTT may be silent before a rule asks for it."""


def test_two_thousand_devices_that_are_well_open_no_ticket(tmp_path: Path) -> None:
    options = ("--devices", str(DEVICES), "--faults", "none", "--speed", str(SPEED))
    with running_demo(tmp_path, *options) as demo:
        gate = str(demo.devices("barrier_gate")[0]["id"])
        start = until(lambda: last_heard(demo, gate))
        until(lambda: last_heard(demo, gate) - start > QUIET, say=lambda: gate)
        everybody = all_devices(demo)
        assert len(everybody) == DEVICES + 1, "the hub is one, too"
        assert [each["id"] for each in everybody if each["link"] != "online"] == []
        assert demo.tickets() == []


def last_heard(demo: Demo, device: str) -> float:
    """Return when a device was heard, on the hub's clock; 0 before."""
    at = demo.get(f"/api/v1/devices/{device}")["heard_at"]
    return from_rfc3339(at) if at else 0.0


def all_devices(demo: Demo) -> list[dict[str, Any]]:
    """Return the devices of all pages."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = demo.get("/api/v1/devices", limit=1000, **cursor)
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"after": page["next"]}
