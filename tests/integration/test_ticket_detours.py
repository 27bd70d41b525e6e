"""A ticket on its detours, on a hub that runs and dies: working time, waiting, shelved."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hub.config.holidays import parse_holidays, shipped_holidays
from hub.config.limits import LimitSettings, spans_of
from hub.model.calendar import overlay
from hub.model.instant import from_rfc3339, to_rfc3339
from hub.model.journal import Entry
from hub.services.tickets.work_clock import WorkingTime
from tests.support.broker import running_broker, shipped_lines
from tests.support.fold import fold
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, last_seq

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 1)
[GATE] = SITE
LIMITS = """
[limits]
calendar = "holidays.toml"
urgency = { urgent = "working", normal = "working", planned = "working" }
class = { general = "working", difficult = "working", complex = "working" }
"""
YEAR = datetime.now().astimezone().year
OWN = f"[[year]]\nyear = {YEAR}\nprovisional = true\n"
HOUR = 3600.0


@pytest.fixture
async def hub(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[HubProcess]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        (config.parent / "holidays.toml").write_text(OWN)
        with config.open("a", encoding="utf-8") as settings:
            settings.write(LIMITS)
        async with running_hub(config) as hub, publishing(broker.port) as gates:
            await has_caught_up(hub)
            gates.state(GATE, time.time(), boom_broken=True)
            yield hub


def working_clock() -> WorkingTime:
    shipped, _ = parse_holidays(shipped_holidays(), "")
    own, _ = parse_holidays(OWN, "")
    return WorkingTime(overlay(shipped, own), spans_of(LimitSettings()))


async def journal_of(hub: HubProcess, number: str) -> list[Entry]:
    items = (await hub.get("/api/v1/journal", type="ticket.", limit=500))["items"]
    return [
        Entry(**(item | {"at": from_rfc3339(item["at"])}))
        for item in items
        if item["subject"] == number
    ]


def instant(ticket: dict[str, Any], name: str) -> float:
    return from_rfc3339(ticket[name])


async def test_limits_in_working_time_stand_still_while_it_waits_also_over_a_restart(
    hub: HubProcess,
) -> None:
    ticket, clock = await has_ticket(hub, GATE), working_clock()
    number, opened = ticket["number"], instant(ticket, "opened_at")
    finish = clock.after(opened, 24 * HOUR)
    assert instant(ticket, "finish_by") == pytest.approx(finish, abs=0.01)

    await hub.act(number, "acknowledge", "guard")
    await hub.act(number, "take", "crew")
    waiting = await hub.act(number, "suspend", "crew", to="State Grid", reason="no current")
    assert waiting["flags"] == ["suspended"]
    assert "arrive" not in waiting["possible"]
    before = await last_seq(hub)
    await hub.kill()
    await hub.start()
    await has_caught_up(hub, before)
    again = await hub.get(f"/api/v1/tickets/{number}", "crew")
    assert again["waiting"] == waiting["waiting"]
    assert again["acknowledged_by"] == "key:guard"

    resumed = await hub.act(number, "resume", "crew")
    waited = clock.between(instant(waiting["waiting"], "since"), time.time())
    moved = instant(resumed, "finish_by") - finish
    assert moved == pytest.approx(waited, abs=5)
    until = to_rfc3339(time.time() + 30 * 24 * HOUR)
    asked = await hub.act(number, "extend", "crew", reason="a part", extra={"until": until})
    assert asked["finish_by"] == resumed["finish_by"]
    granted = await hub.act(number, "grant", "manager")
    assert (granted["finish_by"], granted["first_finish_by"]) == (until, resumed["finish_by"])

    shelf = {
        "approved_by": "community",
        "approver": "Wu",
        "condition": "the road is rebuilt",
        "measure": "by hand",
        "review": until,
    }
    await hub.act(number, "shelve", "manager", extra=shelf)
    [public] = (await hub.get("/api/v1/shelved", "department"))["items"]
    assert (public["number"], public["condition"]) == (number, "the road is rebuilt")
    assert "Wu" not in str(public)
    last = await hub.act(number, "unshelve", "manager")

    made = fold(await journal_of(hub, number))
    assert made.revision == last["revision"]
    assert to_rfc3339(made.finish_by) == last["finish_by"]
    assert len(made.pauses) == 2
    # The feed has one item for each entry, and knows what happened.
    items = (await hub.get("/grid/v1/feed", "grid", limit=500))["items"]
    told = [item["type"].split(".")[-2] for item in items if item["subject"] == number]
    assert told[-5:] == ["resumed", "extension_asked", "extension_decided", "shelved", "resumed"]


async def test_a_year_whose_shifted_days_nobody_has_written_down_is_a_problem_that_people_see(
    hub: HubProcess,
) -> None:
    await has_ticket(hub, GATE)
    page = await hub.read("/problems")
    assert f"{YEAR}: the table of holidays is provisional" in page
