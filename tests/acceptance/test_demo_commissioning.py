"""A gate of Guanshan is commissioned: its faults are caused one by one, and it is signed for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.demo_process import Demo, running_demo, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TRIED = {
    "boom-broken": {"barrier-boom-broken"},
    "gate-stuck-open": {"barrier-stuck-open", "barrier-never-closes"},
}
"""Fault of the simulator → the rules that find it, one of them or both."""
WITHIN = 60.0
"""Real seconds in which the slowest fault comes, at twenty times the speed of life."""


def state(demo: Demo, device: str, to: str) -> None:
    body = {"state": to, "why": "试验"}
    answer = demo.call("POST", f"/api/v1/devices/{device}/state", "manager", json=body)
    assert answer.is_success, answer.text


def sheet(demo: Demo, device: str) -> dict[str, Any]:
    found: dict[str, Any] = demo.get(f"/api/v1/devices/{device}/acceptance")
    return found


def is_so(demo: Demo, device: str, rules: set[str], *progress: str) -> bool:
    lines = sheet(demo, device)["lines"]
    return any(line["rule"] in rules and line["progress"] in progress for line in lines)


def test_each_fault_is_tried_then_it_is_signed_and_the_next_one_is_a_ticket(
    tmp_path: Path,
) -> None:
    with running_demo(tmp_path, "--devices", "60", "--faults", "none", "--speed", "20") as demo:
        gate = next(each["id"] for each in demo.devices("barrier_gate"))
        until(lambda: demo.get(f"/api/v1/devices/{gate}")["heard_at"])
        state(demo, gate, "commissioning")
        for name, rules in TRIED.items():
            fault = demo.cause(name, gate)
            until(
                partial(is_so, demo, gate, rules, "raised"), within=WITHIN, say=partial(str, name)
            )
            demo.clear(fault)
            until(partial(is_so, demo, gate, rules, "tried"), within=WITHIN, say=partial(str, name))
        assert demo.tickets() == []
        signing = f"/api/v1/devices/{gate}/acceptance"
        early = demo.call("POST", f"{signing}/sign", "manager", json={"accompanied": "王师傅"})
        assert early.status_code == 409, early.text
        for line in sheet(demo, gate)["lines"]:
            if line["progress"] != "tried":
                said = {"rule": line["rule"], "why": "模拟器没有这种故障"}
                spared = demo.call("POST", f"{signing}/excuses", "crew", json=said)
                assert spared.is_success, spared.text
        signed = demo.call("POST", f"{signing}/sign", "manager", json={"accompanied": "王师傅"})
        assert signed.is_success, signed.text
        assert demo.get(f"/api/v1/devices/{gate}")["state"] == "in_service"
        demo.cause("boom-broken", gate)
        assert demo.ticket_of(gate, within=WITHIN)["fault"] == "gate.boom_broken"


def test_a_meter_on_a_bus_is_asked_only_while_it_is_there(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--devices", "60", "--faults", "none", "--speed", "20") as demo:
        meter = next(each["id"] for each in demo.devices("water_meter"))
        until(lambda: demo.get(f"/api/v1/devices/{meter}")["heard_at"], within=WITHIN)
        state(demo, meter, "retired")
        until(lambda: demo.get(f"/api/v1/devices/{meter}")["link"] == "silent", within=WITHIN)
        assert demo.tickets(meter) == []
        state(demo, meter, "commissioning")
        until(lambda: demo.get(f"/api/v1/devices/{meter}")["link"] == "online", within=WITHIN)
