"""A rule from first draft to end, on a hub that runs: trial, tickets, off, and back-test."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rules.schedule import DAYS
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, hears, read_journal, read_tickets, until
from tests.unit.rule_office.test_site_rules import WARM

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 2)
HOT, COOL = SITE
RULE = "motor-warm"


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@pytest.fixture
async def hub(tmp_path: Path, port: int) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


@pytest.fixture
async def gates(port: int) -> AsyncIterator[Publisher]:
    async with publishing(port) as publisher:
        yield publisher


async def post(
    hub: HubProcess, path: str, body: dict[str, Any], role: str = "administrator", **headers: str
) -> httpx2.Response:
    headers["authorization"] = f"Bearer {KEYS[role]}"
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        return await client.post(path, json=body, headers=headers)


async def say_hot(hub: HubProcess, gates: Publisher, warm: float = 70.0) -> None:
    gates.state(HOT, time.time(), motor_temperature=warm)
    await hears(hub, HOT, "motor.temperature", warm)


async def alarms(hub: HubProcess) -> list[tuple[str, str]]:
    items = (await hub.get("/api/v1/alarms", state="open"))["items"]
    return [(each["rule"], each["state"]) for each in items]


async def test_a_rule_is_tried_activated_and_switched_off_while_the_hub_runs(
    hub: HubProcess, gates: Publisher
) -> None:
    await say_hot(hub, gates)
    made = await post(hub, "/api/v1/rules", {"text": WARM, "why": "夏天常报修"})
    assert made.status_code == 201, made.text
    # It counts at once, on what is known; on trial nobody is told.
    await until(lambda: alarms(hub), lambda found: found == [(RULE, "suppressed")])
    assert await read_tickets(hub) == []

    path = f"/api/v1/rules/{RULE}/actions"
    await post(hub, path, {"mode": "active", "why": "a quiet week"}, **{"if-match": '"1"'})
    (ticket,) = await until(lambda: read_tickets(hub), bool)
    assert (ticket["subject"], ticket["fault"]) == (HOT, "gate.motor_warm")
    assert await alarms(hub) == [(RULE, "raised")]

    slow = await post(hub, path, {"mode": "off", "why": "x"}, **{"if-match": '"1"'})
    assert slow.status_code == 409
    await post(hub, path, {"mode": "off", "why": "new motors"})
    await until(lambda: alarms(hub), lambda found: not found)
    (ticket,) = await read_tickets(hub)
    assert ticket["flags"] == ["recovered"]

    entries = [each for each in await read_journal(hub) if each["type"] == "rule.changed"]
    said = [(each["data"]["version"], each["data"]["mode"]) for each in entries]
    assert said == [(1, "trial"), (2, "active"), (3, "off")]


async def test_what_was_written_here_outlives_the_process(
    hub: HubProcess, gates: Publisher
) -> None:
    await post(hub, "/api/v1/rules", {"text": WARM, "why": "first", "mode": "active"})
    await hub.kill()
    await hub.start()
    sheet = await hub.get(f"/api/v1/rules/{RULE}")
    assert (sheet["mode"], sheet["version"], sheet["source"]) == ("active", 1, "site")
    await has_caught_up(hub, after=await _last(hub))
    await say_hot(hub, gates)
    await until(lambda: alarms(hub), lambda found: found == [(RULE, "raised")])


async def test_an_alarm_whose_rule_went_away_while_the_hub_was_down_is_cleared(
    hub: HubProcess, gates: Publisher
) -> None:
    folder = hub.folder / "rules"
    (folder / "own.toml").write_text(WARM + "\n", "utf-8")
    text = (folder / "own.toml").read_text("utf-8").replace("[[rule]]", "[[rule]]\ntrial = false")
    (folder / "own.toml").write_text(text, "utf-8")
    await hub.stop()
    await hub.start()
    await say_hot(hub, gates)
    await until(lambda: alarms(hub), lambda found: found == [(RULE, "raised")])
    await hub.stop()
    (folder / "own.toml").unlink()
    await hub.start()
    await until(lambda: alarms(hub), lambda found: not found)


async def test_a_fault_in_a_text_is_told_by_line_and_changes_nothing(hub: HubProcess) -> None:
    text = WARM.replace("motor.temperature", "motor.temprature")
    told = (await post(hub, "/api/v1/rules/check", {"text": text})).json()
    assert [fault["line"] for fault in told["faults"]] == [8]
    refused = await post(hub, "/api/v1/rules", {"text": text, "why": "x"})
    assert refused.status_code == 422
    assert "motor.temperature" in refused.text, "the nearest name"
    assert (await hub.status(f"/api/v1/rules/{RULE}"))[0] == 404


async def test_rules_are_tried_on_history_while_the_hub_runs(
    hub: HubProcess, gates: Publisher
) -> None:
    await say_hot(hub, gates)
    await say_hot(hub, gates, warm=30.0)
    answer = await post(hub, "/api/v1/rules/backtest", {"days": 1, "text": WARM}, role="manager")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["kind"] for line in lines if line["kind"] != "progress"] == [
        "begin",
        "alarm",
        "end",
    ], answer.text
    (alarm,) = (line for line in lines if line["kind"] == "alarm")
    assert (alarm["subject"], alarm["rule"], alarm["told"]) == (HOT, RULE, "would ring")
    difference = lines[-1]["difference"]
    assert (difference["appeared"], difference["before"]) == (1, [])
    assert [each["subject"] for each in difference["added"]] == [HOT]
    assert lines[-1]["since"] <= alarm["raised_at"]
    assert (await hub.status(f"/api/v1/rules/{RULE}"))[0] == 404, "nothing counts by it"


async def test_only_one_back_test_runs_and_a_wrong_one_says_why(
    hub: HubProcess, gates: Publisher
) -> None:
    await say_hot(hub, gates)
    wish = {"days": 1, "text": "[[rule"}
    first, second = await asyncio.gather(
        post(hub, "/api/v1/rules/backtest", wish), post(hub, "/api/v1/rules/backtest", wish)
    )
    assert sorted((first.status_code, second.status_code)) == [409, 422]
    wrong = first if first.status_code == 422 else second
    assert "TOML" in wrong.text
    assert "/" not in wrong.json()["detail"].partition("TOML")[0], "no path of the machine"
    assert (await post(hub, "/api/v1/rules/backtest", {"days": 0})).status_code == 422


async def _last(hub: HubProcess) -> int:
    entries = await read_journal(hub)
    return max(each["seq"] for each in entries if each["type"] == "rule.changed")


async def test_an_alarm_of_a_device_that_has_left_the_sheet_is_cleared(
    hub: HubProcess, gates: Publisher
) -> None:
    gates.state(HOT, time.time(), boom_broken=True)
    ticket = await has_ticket(hub, HOT)
    await hub.stop()
    sheet = hub.folder / "devices.csv"
    lines = sheet.read_text("utf-8").splitlines(keepends=True)
    sheet.write_text("".join(line for line in lines if not line.startswith(HOT)), "utf-8")
    await hub.start()
    await until(lambda: alarms(hub), lambda found: not found)
    (after,) = await read_tickets(hub)
    assert (after["number"], after["flags"]) == (ticket["number"], ["recovered"])


async def test_a_schedule_is_changed_while_the_hub_runs_and_outlives_it(
    hub: HubProcess, gates: Publisher
) -> None:
    # On the day after tomorrow alone, so that no midnight comes between.
    day = (time.gmtime(time.time() + 8 * 3600).tm_wday + 2) % 7
    text = WARM.replace("> 60", "> 60 and in_schedule('hours')").replace(
        "story", f'from = "2026-03-{2 + day:02}T10:00"\nstory'
    )
    text += f'[schedule.hours]\ndays = ["{DAYS[day]}"]\n'
    made = await post(hub, "/api/v1/rules", {"text": text, "why": "x", "mode": "active"})
    assert made.status_code == 201, made.text
    await say_hot(hub, gates)
    assert await alarms(hub) == []
    wish = {"times": ["00:00-24:00"], "why": "每天"}
    wider = await post(hub, "/api/v1/schedules/hours/versions", wish, **{"if-match": '"1"'})
    assert wider.status_code == 201, wider.text
    await until(lambda: alarms(hub), lambda found: found == [(RULE, "raised")])
    await hub.kill()
    await hub.start()
    (card,) = (await hub.get("/api/v1/schedules"))["items"]
    assert (card["version"], card["rules"], len(card["days"])) == (2, [RULE], 7)
    assert await alarms(hub) == [(RULE, "raised")]


async def test_a_parameter_is_set_for_one_device_while_the_hub_runs_and_outlives_it(
    hub: HubProcess, gates: Publisher
) -> None:
    text = WARM.replace("> 60", "> param.limit").replace("when", "params = { limit = 60 }\nwhen", 1)
    path = f"/api/v1/rules/{RULE}/parameters"
    made = await post(hub, "/api/v1/rules", {"text": text, "why": "x", "mode": "active"})
    assert made.status_code == 201, made.text
    await say_hot(hub, gates)
    assert await alarms(hub) == [(RULE, "raised")]
    wish = {"settings": [{"device": HOT, "set": {"limit": 75}}], "why": "电机较热"}
    higher = await post(hub, f"{path}/versions", wish, **{"if-match": '"0"'})
    assert higher.status_code == 201, higher.text
    await until(lambda: alarms(hub), lambda found: found == [])
    await hub.kill()
    await hub.start()
    (device,) = (await hub.get(path))["devices"]
    assert device["values"]["limit"] == {"value": 75, "by": "device", "source": "site"}
    back = await post(hub, f"{path}/actions", {"back_to": 0, "why": "已修"})
    assert (back.status_code, back.json()["devices"]) == (200, [])
    await until(lambda: alarms(hub), lambda found: found == [(RULE, "raised")])
