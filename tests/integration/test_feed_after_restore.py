"""What a platform is told after a restore from a backup: nothing is skipped in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.feeds.conformance import page_laws
from hub.feeds.conformance.bench import Wish
from hub.feeds.conformance.kit import check_feed
from hub.feeds.conformance.law import Verdict
from tests.integration.test_backup_restore import lingdang
from tests.integration.test_pushes import City, post, report, subscribe, write_config
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS
from tests.support.story import until
from tests.support.vendor import vending

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
GRID = {"authorization": f"Bearer {KEYS['grid']}"}
Json = dict[str, Any]


async def read(hub: HubProcess, after: str = "") -> tuple[int, Json]:
    async with httpx2.AsyncClient(base_url=hub.url, headers=GRID, trust_env=False) as client:
        answer = await client.get("/grid/v1/feed", params={"after": after} if after else {})
    return answer.status_code, answer.json()


async def laws(hub: HubProcess) -> dict[str, tuple[Verdict, str]]:
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False) as client:
        found = await check_feed(client, KEYS["grid"], Wish(), lambda _: None)
    return {each.id: (each.verdict, each.evidence) for each in found}


def numbers(page: Json) -> set[int]:
    return {int(item["id"].rpartition("-")[2]) for item in page["items"]}


async def test_a_restore_gives_up_cursors_and_ids_of_the_time_behind_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_laws, "WAIT", 0.2)
    monkeypatch.setattr(page_laws, "EARLY", 0.1)
    config, copy, city = write_config(tmp_path / "site"), tmp_path / "copy.db", City()

    async def pushed(*pages: Json) -> None:
        """Wait until what stands in pages was pushed; every item is the one of its id."""
        due = {item["id"]: item for page in pages for item in page["items"]}
        assert len(due) == sum(len(page["items"]) for page in pages), "an id is one item for ever"

        async def taken() -> set[str]:
            return {item["id"] for item in city.items}

        await until(taken, lambda ids: ids == due.keys())
        assert all(item == due[item["id"]] for item in city.items)

    async with vending(city) as vendor, running_hub(config) as hub:
        await subscribe(hub, city, vendor)
        first = await report(hub, 1)
        _, shared = await read(hub)
        await pushed(shared)
        assert (await lingdang("backup", config, copy))[0] == 0
        step = {"do": "file", "at": "2026-01-01T00:00:00+08:00", "number": "C-1"}
        await post(hub, f"/grid/v1/incidents/{first}/actions", **step)
        await report(hub, 2)
        await report(hub, 3)
        _, given_up = await read(hub, shared["next"])
        await pushed(shared, given_up)
        await hub.stop()
        code, said = await lingdang("restore", copy, config)
        assert code == 0, said
        await hub.start()
        for number in (4, 5, 6):
            await report(hub, number)
        status, gone = await read(hub, given_up["next"])
        assert (status, gone.get("restored")) == (410, True), gone
        _, whole = await read(hub, gone["oldest"])
        status, on = await read(hub, shared["next"])
        assert status == 200, "up to the backup is common ground"
        assert whole["items"] == shared["items"] + on["items"]
        assert numbers(given_up) & numbers(on), "numbers come again, or this proves nothing"
        await pushed(shared, given_up, on)
        matters = [{item["subject"] for item in page["items"]} for page in (given_up, on)]
        assert not matters[0] & matters[1] - {first}, "no ticket's number means two things"
        [era] = {item["data"]["era"] for item in on["items"]}
        assert era > ""
        found = await laws(hub)
    assert {law for law, (verdict, _) in found.items() if verdict is Verdict.BROKEN} == set()
    assert found["cursor-era"] == (
        Verdict.HOLDS,
        "2 cursors of what was given up refused, 1 go on",
    )
    assert found["item-era"] == (Verdict.HOLDS, "2 eras")
