"""A storm takes the power: one incident with its children, and the department that mends it.

Everything is as it ships: the demo's devices, broker and hub, and the reference receiver, which
plays the city's platform and its department of power.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.demo_process import Demo, running_demo, until
from tests.support.patience import PATIENCE
from tests.support.receiver import CITY, POWER, ReceiverProcess
from tests.support.story import until as wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Json = dict[str, Any]
SAID = "线路已抢修，恢复供电"


def seats(demo: Demo) -> dict[str, str]:
    """Return the city's key and one for the department, as the administrator makes it."""
    made = demo.call("POST", "/api/v1/keys", json={"name": POWER, "role": "grid"})
    assert made.status_code == 201, made.text
    return {CITY: demo.ready["keys"]["grid"], POWER: made.json()["token"]}


def strike(demo: Demo) -> tuple[Json, Json]:
    """Take the power of a village, and return the fault and the ticket with all it explains."""
    supply = demo.devices("power_supply")[0]["id"]
    fed = {each["id"] for each in demo.devices() if each["power"] == supply}
    fault = demo.cause("power-cut", supply)

    def whole() -> Json:
        found = [each for each in demo.tickets() if each["subject"] == supply]
        return found[0] if found and fed <= set(found[0]["children"]) else {}

    return fault, until(whole, within=3 * PATIENCE, say=lambda: sorted(fed))


async def reached(city: ReceiverProcess, receiver: str, do: str) -> list[tuple[str, str]]:
    """Wait until a seat's case has taken a step."""
    return await wait_until(city.steps, lambda steps: (receiver, do) in steps, within=2 * PATIENCE)


async def mine(city: ReceiverProcess, number: str) -> Json:
    """Return the incident as the platform's own books have it."""
    return dict((await city.ask("/incidents"))[number])


def repair(demo: Demo, number: str) -> None:
    """Have the property's people do their part, each step by who may take it."""
    for do, role, fields in (
        ("take", "crew", {}),
        ("arrive", "crew", {}),
        ("complete", "crew", {"code": "external", "reason": "供电线路故障，由供电所修复"}),
        ("verify", "manager", {}),
    ):
        answer = demo.act(number, do, role, **fields)
        assert answer.status_code == 200, f"{do}: {answer.text}"


async def test_a_storm_takes_the_power_and_the_department_brings_it_back(tmp_path: Path) -> None:
    options = ("--devices", "120", "--faults", "none", "--speed", "20")
    with running_demo(tmp_path, *options) as demo:
        habits = ("--auto", "--extension", "7200", "--by-hand", f"{POWER}:feed_back")
        city = ReceiverProcess(demo.ready["url"], seats(demo), tmp_path / "city", *habits)
        await city.start()
        try:
            await play(demo, city)
        finally:
            await city.stop()


async def play(demo: Demo, city: ReceiverProcess) -> None:
    """Let the storm come and go, and look at both sides."""
    fault, ticket = strike(demo)
    number = ticket["number"]
    await reached(city, POWER, "decide_extension")
    incident = await mine(city, number)
    marks = {mark["receiver"]: mark["state"] for mark in incident["cases"]}
    assert marks == {CITY: "dispatched", POWER: "signed"}
    assert set(incident["children"]) <= set(ticket["children"])
    told = [each for each in demo.feed() if each["subject"] != number]
    assert told == [], "one incident, and none for what it explains"

    demo.clear(fault)
    until(lambda: demo.get(f"/api/v1/tickets/{number}")["flags"] == ["recovered"], within=PATIENCE)
    step = {"incident": number, "do": "feed_back", "seat": POWER, "text": SAID}
    await city.ask("/steps", step)
    await reached(city, CITY, "feed_back")
    state = demo.get(f"/api/v1/tickets/{number}")["state"]
    assert state == ticket["state"], "no case moves a ticket"

    repair(demo, number)
    steps = await reached(city, CITY, "close")
    assert [do for who, do in steps if who == CITY] == [
        "file",
        "dispatch",
        "feed_back",
        "check",
        "close",
    ]
    assert [do for who, do in steps if who == POWER] == [
        "sign",
        "arrive",
        "ask_extension",
        "decide_extension",
        "feed_back",
    ]
    assert demo.act(number, "close", "manager").status_code == 200
    await agree(demo, city, number)


async def agree(demo: Demo, city: ReceiverProcess, number: str) -> None:
    """Compare both sides at the end: the same incident, the same days, nothing went wrong."""
    newest = [each["data"] for each in demo.feed() if each["subject"] == number][-1]

    async def known() -> Json:
        return await mine(city, number)

    found = await wait_until(known, lambda incident: incident == newest)
    assert found["state"] == "closed"
    assert {mark["receiver"]: mark["state"] for mark in found["cases"]} == {
        CITY: "closed",
        POWER: "handled",
    }
    days = {each["time"][:10] for each in demo.feed()}
    accounts = [await city.ask(f"/compare?day={day}", {}) for day in days]
    assert [account["differ"] for account in accounts] == [{}] * len(days)
    assert all(account["same"] for account in accounts)
    log = await city.ask("/log")
    assert (log["gaps"], log["refusals"]) == ([], [])
    words = [entry["data"].get("text") for entry in demo.journal(number)]
    assert SAID in words, "what the department said stands in the journal"
    assert SAID not in str(found), "and leaves the hub to nobody"
