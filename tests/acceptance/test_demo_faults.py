"""What can go wrong in Guanshan, and the one ticket that the crew finds for it; time runs fast."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.model.instant import from_rfc3339
from tests.acceptance.demo_process import Demo, running_demo, until
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

SPEED = 20
"""At 40 a machine that is busy for 3 s makes two minutes of delay, which is a wrong clock."""
MINUTE = 60.0
LATE = 10.0 * SPEED
"""Simulated seconds by which a busy machine may be late: ten of its own."""
UPSTREAM = "upstream"
CLOCK_WRONG = "clock.wrong"
WONT_MOVE = "gate-wont-move"
EXPECTED = {
    "boom-broken": ("gate.boom_broken", "barrier-boom-broken", 1),
    "gate-stuck-open": ("gate.stuck_open", "barrier-stuck-open barrier-never-closes", 7),
    WONT_MOVE: ("gate.wont_open", "barrier-wont-open", 30),
    "camera-lost": ("camera.lost", "camera-silent", 6),
    "meter-dead": ("meter.silent", "electricity-meter-silent", 7),
    "slave-silent": ("water.silent", "water-meter-silent", 25),
    "frozen-values": ("meter.frozen", "meter-frozen", 18),
    "wrong-clock": (CLOCK_WRONG, "clock-wrong", 12),
    "door-held": ("door.held", "door-held", 33),
}
"""Fault → fault of its ticket, rule, and the simulated minutes in which it opens.

Of two rules it is the traffic that decides: behind three cars an arm that stays up is told sooner.

A door that is held open rings the guard after 2 minutes, and the crew after 30.
"""


def test_each_fault_opens_the_one_ticket_that_the_crew_expects_and_ends_with_it(
    tmp_path: Path,
) -> None:
    options = ("--devices", "100", "--faults", "none", "--speed", str(SPEED))
    with running_demo(tmp_path, *options) as demo:
        until(lambda: not unheard(demo))
        named = [name for name in (*EXPECTED, "replay") if name != WONT_MOVE]
        faults = {name: demo.cause(name) for name in named}
        faults[WONT_MOVE] = hold_an_arm_down(demo, {fault["device"] for fault in faults.values()})
        for name, (fault, rules, minutes) in EXPECTED.items():
            subject = faults[name]["device"]
            ticket = demo.ticket_of(subject, within=PATIENCE + minutes * MINUTE / SPEED)
            assert ticket["fault"] == fault, name
            rule = ticket["rule"]
            assert rule in rules.split(), name
            took = from_rfc3339(ticket["opened_at"]) - faults[name]["since"]
            assert 0 < took < minutes * MINUTE + LATE, (name, took)
            assert ticket["evidence"] or rule.endswith("silent"), name
            gives_a_reason(demo, subject, rule)
        told = {(ticket["subject"], ticket["fault"]) for ticket in demo.tickets()}
        wanted = {(faults[name]["device"], fault) for name, (fault, *_) in EXPECTED.items()}
        # A machine that stands still for six seconds gives its devices a wrong clock, at this pace.
        assert {each for each in told - wanted if each[1] != CLOCK_WRONG} == set()
        assert len(demo.tickets()) == len(told)
        numbers = [ticket["number"] for ticket in demo.tickets()]
        for fault_now in demo.control("GET", "/faults"):
            demo.clear(fault_now)
        until(lambda: all(ticket["flags"] == ["recovered"] for ticket in demo.tickets()))
        assert demo.get("/api/v1/alarms", state="open")["items"] == []
        for fault in faults.values():
            assert "raised" not in {row["answer"] for row in why(demo, fault["device"])}
        restart_broker(demo)
        pass_time(demo, 6 * MINUTE)
        assert [ticket["number"] for ticket in demo.tickets()] == numbers
        assert {ticket["state"] for ticket in demo.tickets()} == {"new"}
        assert demo.get("/api/v1/alarms", state="open")["items"] == []


def test_a_storm_is_one_ticket_with_everything_that_it_explains(tmp_path: Path) -> None:
    options = ("--devices", "200", "--faults", "none", "--speed", "20")
    with running_demo(tmp_path, *options) as demo:
        supply = demo.devices("power_supply")[0]
        switch = next(each for each in demo.devices("switch") if each["power"] != supply["id"])
        storms = {
            supply["id"]: (demo.cause("power-cut", supply["id"]), "power.mains_lost", "power"),
            switch["id"]: (
                demo.cause("switch-down", switch["id"]),
                "network.switch_down",
                "upstream",
            ),
        }
        devices = demo.devices()
        for root, (_, fault, tree) in storms.items():
            explained = behind(devices, tree, root)
            ticket = until(partial(complete, demo, root, explained))
            assert ticket["fault"] == fault
            child = min(ticket["children"])
            explanation = demo.get("/api/v1/alarms", subject=child)["items"][0]["explained_by"]
            assert explanation in {alarm["id"] for alarm in alarms_of(demo, root)}
            assert any(row["answer"] == "raised" for row in why(demo, child))
        assert sorted(ticket["subject"] for ticket in demo.tickets()) == sorted(storms)
        for fault_now, _, _ in storms.values():
            demo.clear(fault_now)
        until(lambda: all(ticket["flags"] == ["recovered"] for ticket in demo.tickets()))
        pass_time(demo, 4 * MINUTE)
        assert sorted(ticket["subject"] for ticket in demo.tickets()) == sorted(storms)
        assert demo.get("/api/v1/alarms", state="open")["items"] == []
        assert {device["link"] for device in demo.devices()} == {"online"}


def hold_an_arm_down(demo: Demo, taken: set[str]) -> dict[str, Any]:
    """Have a gate not move whose arm is down; one whose arm is up would be stuck open."""
    for gate in (each["id"] for each in demo.devices("barrier_gate")):
        if gate in taken or not is_down(demo, gate):
            continue
        fault = demo.cause(WONT_MOVE, gate)
        if is_down(demo, gate):
            return fault
        demo.clear(fault)
    raise AssertionError("every arm is up")


def is_down(demo: Demo, gate: str) -> bool:
    """Tell whether a gate's arm is down, for all that the hub knows."""
    points = demo.get(f"/api/v1/devices/{gate}")["points"]
    return bool(points["arm.position"]["value"] == "closed")


def unheard(demo: Demo) -> list[str]:
    """Return who was never heard: nobody can fall silent who has not spoken."""
    devices = (each for each in demo.devices() if each["kind"] != "hub")
    return [each["id"] for each in devices if not each["heard_at"]]


def complete(demo: Demo, root: str, expected: set[str]) -> dict[str, Any] | None:
    """Return the root's ticket once it names all that it explains."""
    found = demo.tickets(root)
    return found[0] if found and set(found[0]["children"]) == expected else None


def behind(devices: list[dict[str, Any]], tree: str, root: str) -> set[str]:
    """Return the ids of what hangs below a device in one of the site's trees."""
    found: set[str] = set()
    level = {root}
    while level:
        level = {device["id"] for device in devices if device[tree] in level} - found
        found |= level
    return found


def alarms_of(demo: Demo, subject: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demo.get("/api/v1/alarms", subject=subject)["items"]
    return found


def why(demo: Demo, device: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demo.get(f"/api/v1/devices/{device}/why", "guard")["items"]
    return found


def gives_a_reason(demo: Demo, device: str, rule: str) -> None:
    """The page "why" names the rule as raised, in both languages; so does the alarm."""
    row = next(row for row in why(demo, device) if row["rule"] == rule and not row["gate"])
    assert row["answer"] == "raised", row
    assert row["reason"]["zh"], row
    assert row["reason"]["en"], row
    [alarm] = [alarm for alarm in alarms_of(demo, device) if alarm["rule"] == rule]
    assert alarm["reason"]["zh"]
    assert alarm["state"] == "raised"


def restart_broker(demo: Demo) -> None:
    broker = demo.read_ready()["pids"]["broker"]
    demo.control("POST", "/faults", json={"name": "broker-restart"})
    until(lambda: demo.read_ready()["pids"]["broker"] != broker)
    until(lambda: demo.call("GET", "/readyz", "").status_code == 200)


def pass_time(demo: Demo, seconds: float) -> None:
    """Let simulated time pass, as the devices' signs of life show it."""
    start = last_heard(demo)
    until(lambda: last_heard(demo) - start > seconds)


def last_heard(demo: Demo) -> float:
    """Return when the newest sign of life of any device was heard, on the hub's clock."""
    heard = [device["heard_at"] for device in demo.devices() if device["heard_at"]]
    return max(from_rfc3339(instant) for instant in heard)
