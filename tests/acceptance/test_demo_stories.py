"""What people and the grid platform do with a fault, from its first second to its proof."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from tests.acceptance.demo_process import Demo, running_demo, until
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("guanshan")
    with running_demo(folder, "--devices", "120", "--faults", "none", "--speed", "10") as running:
        yield running


def gates(demo: Demo) -> list[str]:
    return [device["id"] for device in demo.devices("barrier_gate")]


@pytest.mark.browser
def test_a_fault_comes_to_the_guards_wall_by_itself(
    demo: Demo, require_server: Callable[[str], Path]
) -> None:
    chromium = require_server("chromium")
    from playwright.sync_api import sync_playwright

    from tests.acceptance.console_browser import ARGUMENTS

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{demo.ready['url']}/sign-in")
        login = demo.ready["logins"]["guard"]
        page.fill("#name", login["name"])
        page.fill("#password", login["password"])
        page.click("main form button")
        page.goto(f"{demo.ready['url']}/wall")
        page.evaluate("window.opened = 'once'")
        fault = demo.cause("boom-broken", gates(demo)[3])
        page.wait_for_selector("text=道闸闸杆脱落")
        assert page.evaluate("window.opened") == "once", "nobody has loaded the page again"
        ticket = next(
            each
            for each in reversed(demo.tickets(gates(demo)[3]))
            if each["rule"] == "barrier-boom-broken"
        )
        choices = demo.get("/api/v1/tickets")["items"]
        assert ticket["number"] in {each["number"] for each in choices}
        assert ticket["number"] in {item["subject"] for item in demo.feed()}
        demo.clear(fault)
        browser.close()


def test_a_ticket_goes_from_the_fault_to_its_proof_through_two_people(demo: Demo) -> None:
    gate = gates(demo)[0]
    fault = demo.cause("boom-broken", gate)
    ticket = demo.ticket_of(gate)
    number = ticket["number"]
    assert demo.act(number, "take", "guard").status_code == 403
    assert demo.act(number, "take", "grid").status_code == 403
    assert demo.act(number, "take", "").status_code == 401
    early = demo.act(number, "complete", "crew")
    assert early.status_code == 409
    assert "take" in early.json()["possible"]
    assert demo.act(number, "take", "crew").json()["holder"]
    assert demo.act(number, "arrive", "crew").json()["state"] == "arrived"
    sick = demo.act(number, "complete", "crew", code="replaced")
    assert sick.status_code == 409, "the boom is still broken"
    demo.clear(fault)
    until(lambda: demo.get(f"/api/v1/tickets/{number}")["flags"] == ["recovered"])
    assert demo.act(number, "complete", "crew", code="replaced").json()["state"] == "completed"
    assert demo.act(number, "verify", "crew").status_code == 409
    assert demo.act(number, "verify", "manager").json()["state"] == "verified"
    closed = demo.act(number, "close", "manager").json()
    assert (closed["state"], closed["closing_code"]) == ("closed", "replaced")
    kinds = [entry["type"] for entry in demo.journal(number)]
    types = [each for each in kinds if each.startswith("ticket.")]
    wanted = [
        "opened",
        "escalated",
        "taken",
        "arrived",
        "recovered",
        "completed",
        "verified",
        "closed",
    ]
    assert [each for each in types if each != "ticket.updated"] == [f"ticket.{w}" for w in wanted]


def test_the_grid_platform_reads_every_change_once_and_in_order(demo: Demo) -> None:
    gate = gates(demo)[1]
    fault = demo.cause("boom-broken", gate)
    number = demo.ticket_of(gate)["number"]
    chance = random.Random(7)
    seen: list[dict[str, Any]] = []
    cursor: dict[str, object] = {}
    for step in ("take", "arrive", "comment", "comment", ""):
        if step:
            assert demo.act(number, step, "crew", text="hinge bent").status_code == 200
        page = demo.get("/grid/v1/feed", "grid", limit=chance.randint(1, 3), wait=1, **cursor)
        seen += page["items"]
        cursor = {"after": page["next"]}
    while page["items"]:
        page = demo.get("/grid/v1/feed", "grid", limit=chance.randint(1, 3), **cursor)
        seen += page["items"]
        cursor = {"after": page["next"]}
    assert [item["id"] for item in seen] == [item["id"] for item in demo.feed()]
    assert len({item["id"] for item in seen}) == len(seen)
    mine = [item["data"]["revision"] for item in seen if item["subject"] == number]
    assert mine == sorted(set(mine))
    assert all(item["data"]["test"] is True for item in seen)
    said = [entry for entry in demo.journal(number) if entry["type"].startswith("ticket.")]
    calls = [entry for entry in said if entry["data"].get("rung") == 1]
    assert len(calls) == 1, "the first call is no change of the incident"
    assert len(mine) == len(said) - len(calls)
    demo.clear(fault)


def test_a_poll_that_waits_is_answered_by_the_next_change(demo: Demo) -> None:
    last = demo.get("/grid/v1/feed", "grid", limit=1000)["next"]
    while (page := demo.get("/grid/v1/feed", "grid", after=last, limit=1000))["items"]:
        last = page["next"]
    number = demo.tickets()[-1]["number"]
    assert demo.act(number, "comment", "manager", text="seen").status_code == 200
    began = time.monotonic()
    items = demo.get("/grid/v1/feed", "grid", after=last, wait=30)["items"]
    assert [item["type"] for item in items] == ["cn.lingdang.incident.commented.v1"]
    assert time.monotonic() - began < 30, "the poll has run out"
    assert demo.call("GET", "/grid/v1/feed?after=nonsense", "grid").status_code == 422


def test_a_guard_opens_a_gate_and_it_moves_once(demo: Demo) -> None:
    gate = gates(demo)[0]
    until(lambda: position(demo, gate) == "closed")
    order = {"device": gate, "do": "open", "reason": "救护"}
    answer = demo.call("POST", "/api/v1/commands", "guard", json=order)
    assert answer.status_code == 202, answer.text
    command = answer.json()["id"]
    until(lambda: demo.get(f"/api/v1/commands/{command}")["state"] == "executed")
    history = [step["state"] for step in demo.get(f"/api/v1/commands/{command}")["history"]]
    assert history[:3] == ["requested", "authorised", "sent"]
    moves = [move for move in demo.control("GET", "/log") if move["command"] == command]
    assert len(moves) == 1
    assert moves[0]["at"] < moves[0]["expires"]


def test_an_order_needs_a_reason_and_the_right_to_give_it(demo: Demo) -> None:
    order = {"device": gates(demo)[0], "do": "open", "reason": ""}
    assert demo.call("POST", "/api/v1/commands", "guard", json=order).status_code == 422
    order["reason"] = "visitor"
    assert demo.call("POST", "/api/v1/commands", "crew", json=order).status_code == 403
    assert demo.call("POST", "/api/v1/commands", "", json=order).status_code == 401
    order["device"] = "gate-nowhere"
    assert demo.call("POST", "/api/v1/commands", "guard", json=order).status_code == 404


def test_an_old_order_moves_nothing_and_none_is_retained(demo: Demo) -> None:
    broker, heard = demo.ready["mqtt"], list[str]()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(broker["username"], broker["password"])
    client.on_message = lambda _client, _data, message: heard.append(
        f"{message.topic} {message.retain}"
    )
    client.connect(broker["host"], broker["port"])
    client.loop_start()
    try:
        client.subscribe("ld/guanshan/+/cmd", qos=1)
        address = demo.devices("barrier_gate")[0]["address"]
        before = len(demo.control("GET", "/log"))
        old = '{"id":"old-1","do":"open","issued":1,"expires":2}'
        client.publish(f"ld/guanshan/{address}/cmd", old, qos=1).wait_for_publish(PATIENCE)
        until(lambda: bool(heard))
        time.sleep(1)
        moved = [move["command"] for move in demo.control("GET", "/log")[before:]]
        assert "old-1" not in moved
        assert heard == [f"ld/guanshan/{address}/cmd False"]
    finally:
        client.disconnect()
        client.loop_stop()


def position(demo: Demo, gate: str) -> str:
    points = demo.get(f"/api/v1/devices/{gate}")["points"]
    return str(points["arm.position"]["value"])
