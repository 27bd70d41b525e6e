"""A fault that nobody takes, on a hub that is killed between one rung and the next."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from hub.model.instant import to_rfc3339
from hub.model.ring import RINGS, Concern, Ring
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, last_seq, read_journal, until

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 1)
(GATE,) = SITE
AFTER = 6
DUTY = f"""
[[roster]]
name = "night"
title = {{ zh = "夜班", en = "night" }}
[[roster.shift]]
people = ["guard"]

[[plan]]
name = "quick"
[[plan.rung]]
id = "worker"
name = {{ zh = "维修工", en = "worker" }}
responsible = ["role:crew"]
on = ["opened"]
[[plan.rung]]
id = "leader"
name = {{ zh = "班长", en = "leader" }}
responsible = ["roster:night"]
after = "{AFTER}s"
on = ["untaken"]
[[plan.rung]]
id = "street"
name = {{ zh = "街道", en = "street" }}
responsible = ["person:administrator"]
after = "2s"
on = ["untaken"]
confirm = true
"""


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@pytest.fixture
async def hub(tmp_path: Path, port: int) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE, duty=DUTY), mqtt_port=port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


@pytest.fixture
async def gates(port: int) -> AsyncIterator[Publisher]:
    async with publishing(port) as publisher:
        yield publisher


def rings(hub: HubProcess, concern: Concern = Concern.RESPONSIBLE) -> list[Ring]:
    """Return what the bells would find in the store for who has to act, the oldest first."""
    with contextlib.closing(sqlite3.connect(hub.store)) as store:
        rows = store.execute("SELECT body FROM document WHERE collection = ?", (RINGS,))
        found = [msgspec.json.decode(body, type=Ring) for (body,) in rows.fetchall()]
    found = [ring for ring in found if ring.concern is concern]
    return sorted(found, key=lambda ring: (ring.at, ring.id))


async def told(hub: HubProcess) -> list[tuple[str, int]]:
    """Return what the journal says of escalation."""
    entries = await read_journal(hub)
    return [
        (entry["type"], entry["data"]["rung"])
        for entry in entries
        if entry["type"].startswith(("ticket.escalat", "roster.hole"))
    ]


async def post(hub: HubProcess, path: str, body: dict[str, Any], role: str = "manager") -> Any:  # noqa: ANN401 - JSON
    headers = {"authorization": f"Bearer {KEYS[role]}"}
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


async def killed(hub: HubProcess) -> None:
    before = await last_seq(hub)
    await hub.kill()
    await hub.start()
    await has_caught_up(hub, before)


async def test_a_hub_that_is_killed_between_two_rungs_rings_each_once(
    hub: HubProcess, gates: Publisher
) -> None:
    gates.state(GATE, time.time(), boom_broken=True)
    number = (await has_ticket(hub, GATE))["number"]
    (first,) = rings(hub)
    assert (first.ticket, first.rung, first.person) == (number, 1, "crew")
    assert await told(hub) == [("ticket.escalated", 1)]
    outlook = await hub.get(f"/api/v1/tickets/{number}/escalation")
    assert (outlook["plan"], outlook["rung"], outlook["people"]) == ("quick", "leader", ["guard"])

    # Somebody stands in for the guard, and that is no secret of one process either.
    wish = {"roster": "night", "out": "guard", "by": "crew", "end": to_rfc3339(time.time() + 3600)}
    await post(hub, "/api/v1/substitutes", wish)
    await killed(hub)
    leader = [("ticket.escalated", 1), ("ticket.escalated", 2)]
    await until(lambda: told(hub), lambda found: found[:2] == leader)
    second = next(ring for ring in rings(hub) if ring.rung == 2)
    assert second.person == "crew"
    assert second.at - first.at >= AFTER

    proposed = [*leader, ("ticket.escalation_proposed", 3)]
    await until(lambda: told(hub), lambda found: found == proposed)
    await killed(hub)
    path = f"/api/v1/tickets/{number}/escalation"
    answer = await post(hub, path, {"do": "confirm", "reason": "已联系街道"})
    assert (answer["passed"], answer["rung"]) == (["worker", "leader", "street"], "")
    await killed(hub)
    assert await told(hub) == [*proposed, ("ticket.escalated", 3)]
    people = [(ring.rung, ring.person) for ring in rings(hub)]
    assert people == [(1, "crew"), (2, "crew"), (3, "administrator")], "nobody is asked any more"
    assert len({ring.id for ring in rings(hub)}) == len(people)


async def test_a_ticket_that_is_taken_in_time_calls_nobody_else(
    hub: HubProcess, gates: Publisher
) -> None:
    gates.state(GATE, time.time(), boom_broken=True)
    number = (await has_ticket(hub, GATE))["number"]
    (first,) = rings(hub)
    await hub.act(number, "take", "crew")
    outlook = await hub.get(f"/api/v1/tickets/{number}/escalation")
    assert (outlook["at"], outlook["rung"]) == (None, "leader")
    # Returned, it has long been due: the rung comes in the commit of that step.
    await until(lambda: _now(first), lambda gone: gone > AFTER)
    assert await told(hub) == [("ticket.escalated", 1)]
    await hub.act(number, "return", "crew", reason="没有配件")
    assert await told(hub) == [("ticket.escalated", 1), ("ticket.escalated", 2)]


async def _now(first: Ring) -> float:
    return time.time() - first.at


async def test_a_site_without_a_file_calls_its_crew_by_the_shipped_plan(
    tmp_path: Path, port: int
) -> None:
    config = write_site(tmp_path / "plain", Plot(devices=SITE, duty=""), mqtt_port=port)
    async with running_hub(config) as hub, publishing(port) as gates:
        await has_caught_up(hub)
        gates.state(GATE, time.time(), boom_broken=True)
        number = (await has_ticket(hub, GATE))["number"]
        assert [(ring.rung, ring.person) for ring in rings(hub)] == [(1, "crew")]
        informed = rings(hub, Concern.INFORMED)
        assert [ring.person for ring in informed] == ["guard"], "its rule has tell = guard, crew"
        outlook = await hub.get(f"/api/v1/tickets/{number}/escalation")
        assert (outlook["plan"], outlook["rung"]) == ("shipped", "leader")
        assert outlook["people"] == ["manager"]
