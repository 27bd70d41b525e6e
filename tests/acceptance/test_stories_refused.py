"""What comes twice, comes too late or comes from the wrong hand changes nothing in Guanshan."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import paho.mqtt.publish
import pytest

from tests.acceptance.demo_process import Demo, running_demo, until
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration

FINAL = {"executed", "refused", "failed", "expired", "unknown"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A quiet community with eight gates, in real time: orders live for five seconds."""
    options = ("--devices", "200", "--faults", "none")
    with running_demo(tmp_path_factory.mktemp("guanshan"), *options) as running:
        yield running


@pytest.fixture
def gate(demo: Demo) -> Iterator[str]:
    """A gate that is heard, and that no test has used before."""
    used = {ticket["subject"] for ticket in demo.tickets()}
    used |= {entry["data"]["device"] for entry in demo.journal() if "device" in entry["data"]}
    heard = [each for each in demo.devices("barrier_gate") if each["link"] == "online"]
    yield next(each["id"] for each in heard if each["id"] not in used)
    for fault in demo.control("GET", "/faults"):
        demo.clear(fault)


def test_a_step_that_is_sent_twice_with_its_key_happens_once(demo: Demo, gate: str) -> None:
    demo.cause("boom-broken", gate)
    number = demo.ticket_of(gate)["number"]
    path = f"/api/v1/tickets/{number}/actions"
    key = {"Idempotency-Key": f"take-{number}"}
    first, again = (
        demo.call("POST", path, "crew", json={"do": "take"}, headers=key) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    other = demo.call("POST", path, "crew", json={"do": "arrive"}, headers=key)
    assert other.status_code == 422
    assert [entry["type"] for entry in demo.journal(number)].count("ticket.taken") == 1


def test_an_unhealthy_device_can_be_left_with_a_reason_and_be_sent_back(
    demo: Demo, gate: str
) -> None:
    demo.cause("boom-broken", gate)
    number = demo.ticket_of(gate)["number"]
    for do in ("take", "arrive"):
        assert demo.act(number, do, "crew").status_code == 200
    early = demo.act(number, "complete", "crew", code="external")
    assert (early.status_code, early.headers["content-type"]) == (409, PROBLEM)
    assert "complete" in early.json()["possible"]
    reasoned = {"code": "external", "reason": "the boom is on order"}
    assert demo.act(number, "complete", "crew", **reasoned).json()["state"] == "completed"
    sent_back = demo.act(number, "reject", "guard", reason="the lane is open to all")
    assert sent_back.json()["state"] == "taken"


def test_a_door_without_a_key_stays_shut_and_each_key_opens_its_own(demo: Demo) -> None:
    for path in ("/api/v1/tickets", "/grid/v1/feed", "/metrics", "/api/v1/stream"):
        answer = demo.call("GET", path, "")
        assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM), path
        assert answer.json()["status"] == 401
    wrong = {"Authorization": "Bearer ld_never_given"}
    assert demo.call("GET", "/api/v1/tickets", "", headers=wrong).status_code == 401
    for path in ("/api/v1/devices", "/api/v1/tickets", "/api/v1/journal", "/wall"):
        assert demo.call("GET", path, "grid").status_code == 403, path
    assert demo.call("GET", "/grid/v1/feed", "guard").status_code == 403
    foreign = demo.call("DELETE", "/api/v1/tickets", "crew")
    assert (foreign.status_code, foreign.headers["content-type"]) == (405, PROBLEM)
    assert demo.call("GET", "/healthz", "").status_code == 200


def test_a_cursor_with_a_letter_lost_is_refused_and_the_end_says_where_to_go_on(
    demo: Demo, gate: str
) -> None:
    fault = demo.cause("boom-broken", gate)
    number = demo.ticket_of(gate)["number"]
    assert demo.act(number, "comment", "guard", text="seen").status_code == 200
    revisions = [item["data"]["revision"] for item in demo.feed() if item["subject"] == number]
    assert revisions == [1, 2]
    end = end_of_feed(demo)
    for mangled in (end[:-3], end + "x", "17", end[::-1]):
        answer = demo.call("GET", "/grid/v1/feed", "grid", params={"after": mangled})
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), mangled
    assert demo.call("GET", "/grid/v1/feed?limit=1001", "grid").status_code == 422
    demo.clear(fault)
    found: list[dict[str, Any]] = []
    while not found:
        page = demo.get("/grid/v1/feed", "grid", after=end, wait=20)
        found = [item for item in page["items"] if item["subject"] == number]
        end = page["next"]
    assert [item["data"]["revision"] for item in found] == [3]
    revisions = [item["data"]["revision"] for item in demo.feed() if item["subject"] == number]
    assert revisions == [1, 2, 3]


def test_an_order_that_comes_again_or_too_late_does_not_move_the_gate(
    demo: Demo, gate: str
) -> None:
    command = order(demo, gate).json()["id"]
    done = until(lambda: final(demo, command))
    steps = [each["state"] for each in done["history"]]
    assert steps == ["requested", "authorised", "sent", "received", "executed"]
    moved = moves(demo, command)
    assert [(each["device"], each["do"]) for each in moved] == [(gate, "open")]
    tell(demo, gate, id=command, do="open", expires=time.time() + 600)
    tell(demo, gate, id="late", do="open", expires=time.time() - 1)
    tell(demo, gate, id="fresh", do="close", expires=time.time() + 600)
    until(lambda: moves(demo, "fresh"))
    assert moves(demo, command) == moved
    assert moves(demo, "late") == []


def test_a_gate_that_does_not_move_is_never_shown_as_open(demo: Demo, gate: str) -> None:
    demo.cause("gate-wont-move", gate)
    command = order(demo, gate).json()["id"]
    ended = until(lambda: final(demo, command))
    assert ended["state"] in {"failed", "unknown"}
    assert "executed" not in {each["state"] for each in ended["history"]}
    assert any(word in ended["history"][-1]["why"] for word in ("look at the gate", "did not move"))
    points = demo.get(f"/api/v1/devices/{gate}")["points"]
    assert points["arm.position"]["value"] == "closed"


@contextlib.contextmanager
def signed_in(demo: Demo, role: str) -> Iterator[httpx2.Client]:
    """Sign somebody in as a browser does."""
    login = demo.ready["logins"][role]
    with httpx2.Client(base_url=demo.ready["url"], trust_env=False, timeout=PATIENCE) as browser:
        answer = browser.post("/sign-in", data=login)
        assert answer.status_code == 303, answer.text
        yield browser


def press(browser: httpx2.Client, page: str, path: str, **form: str) -> httpx2.Response:
    """Send a form of a page."""
    csrf = browser.get(page).text.partition('name="csrf" value="')[2].partition('"')[0]
    return browser.post(path, data={"csrf": csrf, **form})


def test_a_gate_is_held_open_by_two_people_and_never_by_one(demo: Demo, gate: str) -> None:
    page = f"/devices/{gate}/hold"
    with signed_in(demo, "guard") as guard, signed_in(demo, "manager") as lead:
        asked = press(guard, page, page, reason="消防演练", minutes="30")
        assert asked.status_code == 303
        confirm = guard.get(page).text
        assert "/confirm" not in confirm
        path = lead.get(page).text.partition('action="/holds/')[2].partition("/")[0]
        assert press(guard, page, f"/holds/{path}/confirm").status_code == 409
        assert press(lead, page, f"/holds/{path}/confirm").status_code == 303
        until(lambda: "常抬中" in guard.get(page).text)
        assert point(demo, gate, "mode") == "hold_open"
        assert "消防演练" in guard.get("/wall").text
        assert press(guard, page, f"/holds/{path}/end").status_code == 303
        until(lambda: point(demo, gate, "mode") == "auto")
        until(lambda: 'name="minutes"' in guard.get(page).text)
        assert "消防演练" not in guard.get("/wall").text.partition('id="wall-last"')[0]
    types = [entry["type"] for entry in demo.journal() if entry["data"].get("device") == gate]
    told = [kind for kind in types if kind.startswith("hold.")]
    assert told == ["hold.proposed", "hold.active", "hold.ending", "hold.ended"]
    log = [each for each in demo.control("GET", "/log") if each["device"] == gate]
    assert [each["do"] for each in log] == ["hold_open", "release"]


def point(demo: Demo, device: str, name: str) -> object:
    """Return what a device's point says."""
    return demo.get(f"/api/v1/devices/{device}")["points"][name]["value"]


def test_no_order_goes_to_what_cannot_hear_or_may_not_be_told(demo: Demo, gate: str) -> None:
    assert order(demo, gate, do="hold_open").status_code == 409
    assert order(demo, demo.devices("camera")[0]["id"]).status_code == 409
    door = next(each for each in demo.devices("unit_door") if each["upstream"])
    demo.cause("switch-down", door["upstream"])
    until(lambda: demo.get(f"/api/v1/devices/{door['id']}")["link"] == "silent")
    answer = order(demo, door["id"])
    assert answer.status_code == 409
    assert f"{door['id']} is silent" in answer.json()["detail"]
    ordered = [each["device"] for each in demo.control("GET", "/log") if each["command"]]
    assert gate not in ordered
    assert door["id"] not in ordered


def end_of_feed(demo: Demo) -> str:
    """Return where the feed ends, at which it gives nothing, once it has ended.

    Faults of tests before, which have been cleared, may still be on their way to their end.
    """
    end = demo.get("/grid/v1/feed", "grid", limit=1000)["next"]

    def ended() -> bool:
        nonlocal end
        page = demo.get("/grid/v1/feed", "grid", after=end)
        stays = page == {"items": [], "next": end}
        end = page["next"]
        return stays

    until(ended)
    return end


def order(demo: Demo, device: str, do: str = "open") -> httpx2.Response:
    """Give an order as the guard does."""
    wish = {"device": device, "do": do, "reason": "ambulance"}
    return demo.call("POST", "/api/v1/commands", "guard", json=wish)


def final(demo: Demo, command: str) -> dict[str, Any] | None:
    found: dict[str, Any] = demo.get(f"/api/v1/commands/{command}", "guard")
    return found if found["state"] in FINAL else None


def moves(demo: Demo, command: str) -> list[dict[str, Any]]:
    return [each for each in demo.control("GET", "/log") if each["command"] == command]


def tell(demo: Demo, device: str, **words: object) -> None:
    """Put an order on the device's topic, past the hub."""
    address = demo.get(f"/api/v1/devices/{device}")["address"]
    broker = demo.ready["mqtt"]
    paho.mqtt.publish.single(
        f"ld/guanshan/{address}/cmd",
        json.dumps(words | {"issued": time.time()}),
        qos=1,
        hostname=broker["host"],
        port=broker["port"],
        auth={"username": broker["username"], "password": broker["password"]},
    )
