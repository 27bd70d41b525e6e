"""A hub that is asked whatever its OpenAPI document allows, and what it does not, by every role."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.assembly.loading import shipped_rules
from hub.feeds.incident import TYPES
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from tests.chaos.drill import LONG
from tests.fuzz.mutation import SEED, times
from tests.support.broker import running_broker, shipped_lines
from tests.support.contract import ENDLESS, Inquirer, Known
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import KEYS, PLACE, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, until

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(6 * 3600)]

EXAMPLES = max(1, len(times(500 if LONG else 5)))
"""Of each call, with good input and again with bad."""
UNFORESEEN = "nobody foresaw"
WINDOW: dict[str, Any] = {
    "kind": "maintenance",
    "text": {"zh": "检修", "en": "Work"},
    "device": "gate-003",
}
CITY = """
[[receiver]]
name = "city"
profile = "page-sign-md5"
app_key = "app"
secret = "secret"
"""
"""A platform whose refusals stand inside HTTP 200."""
RULE = next(text for name, text in shipped_rules().items() if name.endswith("gates.toml"))


@pytest.fixture
async def hub(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[HubProcess]:
    """A hub with something of everything: readings, an event, an alarm, a ticket, a stranger."""
    mosquitto = require_server("mosquitto")
    lines = shipped_lines(durable=False)
    async with running_broker(mosquitto, tmp_path / "broker", lines) as broker:
        site = Plot(devices=names("barrier_gate", 3), more=CITY)
        config = write_site(tmp_path / "hub", site, mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as devices:
            await has_caught_up(hub)
            now = time.time()
            devices.state("gate-001", now, boom_broken=True)
            devices.state("gate-002", now, arm_position="closed", motor_temperature=20.5)
            devices.say("gate-002", "event", {"name": "vehicle.passed", "data": {"n": 1}}, at=now)
            devices.raw("ld/test/gate-003/state", b"\xffnonsense")
            devices.raw("ld/test/stranger/state", b'{"points":{}}')
            await has_ticket(hub, "gate-001")
            await until(lambda: hub.get("/api/v1/newcomers"), lambda page: page["items"])
            await until(lambda: hub.get("/api/v1/quarantine"), lambda page: page["items"])
            gate = asyncio.create_task(stay(devices), name="gate-002")
            yield hub
            gate.cancel()
            await asyncio.gather(gate, return_exceptions=True)


async def stay(devices: Publisher) -> None:
    """Let a gate be heard, so that it can be given orders for as long as the test takes."""
    while True:
        await asyncio.sleep(15)
        devices.state("gate-002", time.time(), arm_position="closed")


async def key_of_a_building(hub: HubProcess) -> str:
    """Give a key to somebody who reads the tickets of one building."""
    made = await hub.post(
        "/api/v1/keys", "administrator", name="head", role="building_head", place=PLACE
    )
    return str(made["token"])


async def what_is_known(hub: HubProcess) -> Known:
    """Return what callers of this hub would fill in; makes a person, a key and an order."""
    headers = {"Authorization": f"Bearer {KEYS['administrator']}"}
    tomorrow = to_rfc3339(time.time() + 86400)
    async with httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False) as client:
        made: list[dict[str, Any]] = []
        for path, body in (
            ("people", {"name": "li", "role": "crew"}),
            ("keys", {"name": "robot", "role": "crew"}),
            ("commands", {"device": "gate-002", "do": "open", "reason": "try"}),
            ("windows", WINDOW | {"end": tomorrow}),
        ):
            answer = await client.post(f"/api/v1/{path}", json=body)
            assert answer.status_code in {201, 202}, answer.text
            made.append(answer.json())
        headers["Authorization"] = f"Bearer {KEYS['grid']}"
        url = {"url": "https://city.example/in"}
        answer = await client.post("/grid/v1/subscriptions", json=url, headers=headers)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    ticket = (await has_ticket(hub, "gate-001"))["number"]
    feed = await hub.get("/grid/v1/feed", limit=1)
    return {
        "device_id": ["gate-001", "gate-002"],
        "device": ["gate-002", "gate-002", "gate-001"],
        "subject": ["gate-001"],
        "point": ["boom.broken", "arm.position", "motor.temperature"],
        "number": [ticket],
        "incident": [ticket],
        "command_id": [made[2]["id"]],
        "name": ["li"],
        "key_id": [made[1]["id"]],
        "place": [PLACE, "test"],
        "after": [feed["next"], 0, 3, ticket, "gate-001"],
        "from": ["2026-11-24T08:00:00+08:00", "0"],
        "do": ["open", "open", "take", "comment", "file", "dispatch"],
        "at": [to_rfc3339(time.time()), "2026-11-24T08:00:00+08:00"],
        "until": [tomorrow],
        "day": [(to_rfc3339(time.time()) or "")[:10], "2026-02-30"],
        "url": ["https://city.example/in"],
        "types": [[TYPES[0]]],
        "subscription": [made[4]["id"]],
        "receiver": ["city"],
        "reason": ["tried"],
        "expires": ["90d"],
        "overlap": ["7d"],
        "rule": ["barrier-boom-broken", "barrier-wont-open"],
        "text": [RULE],
        "why": ["tried"],
        "back_to": [0, 1],
        "days": [0.01],
        "window": [made[3]["id"]],
        "end": [tomorrow],
        "start": [""],
        "message_id": [1, 2**63],
        "link": ["mqtt"],
        "address": ["stranger"],
        "service_code": ["dirty", "struck"],
        "service_request_id": [ticket],
        "token": [ticket],
        "start_date": ["2026-11-24T08:00:00Z", ""],
        "updated_after": ["2026-11-24T08:00:00Z"],
        "status": ["open", "open,closed"],
        "page": ["1"],
        "page_size": ["10"],
        "extensions": ["true"],
        "jurisdiction_id": ["", "", "test"],
        "address_id": ["gate-003", PLACE, "test"],
    }


async def test_every_answer_is_as_the_document_says_and_none_is_a_failure(
    hub: HubProcess,
) -> None:
    keys = KEYS | {Role.BUILDING_HEAD.value: await key_of_a_building(hub)}
    inquirer = Inquirer(hub.url, keys, await what_is_known(hub))
    broken = await asyncio.to_thread(inquirer.ask_all, examples=EXAMPLES, chance=SEED)
    total: Counter[int] = sum(inquirer.called.values(), Counter())
    print(f"\nseed {SEED}: {total.total():,} calls of {len(inquirer.called)}: {dict(total)}")
    assert not broken, "\n\n".join(broken)
    assert {*keys} == {*Role}
    assert all(callers == {*keys, ""} for callers in inquirer.callers.values())
    assert UNFORESEEN not in hub.log
    document = await hub.get("/api/v1/openapi.json")
    operations = [call for calls in document["paths"].values() for call in calls.values()]
    assert {call["operationId"] for call in operations} == {*inquirer.called, *ENDLESS}
