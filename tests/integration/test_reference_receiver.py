"""The reference receiver beside a hub that runs: it follows, works, is killed, does wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulators.demo_files import free_port
from tests.integration.test_pushes import feed, report, write_config
from tests.support.hub_process import HubProcess, running_hub
from tests.support.receiver import CITY, POWER, ReceiverProcess, receiving
from tests.support.story import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

FLOW = [
    (CITY, "file"),
    (CITY, "dispatch"),
    (POWER, "sign"),
    (POWER, "arrive"),
    (POWER, "ask_extension"),
    (POWER, "decide_extension"),
    (POWER, "feed_back"),
    (CITY, "feed_back"),
]
"""Whose case has taken which step, up to where the property has to be done."""


def on_one_port(config: Path) -> Path:
    """Have the hub come back where it was."""
    text = config.read_text("utf-8")
    config.write_text(text.replace("port = 0", f"port = {free_port()}", 1), "utf-8")
    return config


async def does(receiver: ReceiverProcess, count: int) -> list[tuple[str, str]]:
    return await until(receiver.steps, lambda steps: len(steps) >= count)


async def knows_all(receiver: ReceiverProcess, hub: HubProcess) -> list[dict[str, Any]]:
    """Wait until the platform's books have the newest item, and return the feed."""
    told = await feed(hub)
    newest = {item["data"]["number"]: item["data"] for item in told}

    async def known() -> dict[str, Any]:
        return dict(await receiver.ask("/incidents"))

    await until(known, lambda found: found == newest)
    return told


async def agrees(receiver: ReceiverProcess, day: str) -> dict[str, Any]:
    found: dict[str, Any] = await receiver.ask(f"/compare?day={day}", {})
    return found


async def test_it_pulls_works_and_goes_on_after_a_kill_where_it_was(tmp_path: Path) -> None:
    async with running_hub(on_one_port(write_config(tmp_path / "site"))) as hub:
        first = await report(hub, 1)
        async with receiving(hub, tmp_path / "city", "--auto", "--extension", "7200") as city:
            assert (await does(city, len(FLOW)))[: len(FLOW)] == FLOW
            before = (await city.ask("/log"))["cursor"]
            await city.kill()
            second = await report(hub, 2)
            await hub.kill()
            await hub.start()
            await city.start()
            assert before
            steps = await does(city, 2 * len(FLOW))
            assert sorted(steps) == sorted(FLOW * 2), "nothing was done twice"
            told = await knows_all(city, hub)
            log = await city.ask("/log")
            assert (log["gaps"], log["refusals"]) == ([], [])
            marks = {item["data"]["number"]: item["data"]["cases"] for item in told}
            assert set(marks) == {first, second}
            days = {item["time"][:10] for item in told}
            accounts = [await agrees(city, day) for day in days]
            assert all(account["same"] for account in accounts), accounts


async def test_it_takes_signed_pushes_through_faults_of_its_door(tmp_path: Path) -> None:
    async with (
        running_hub(write_config(tmp_path / "site")) as hub,
        receiving(hub, tmp_path / "city", "--push") as city,
    ):
        for name in ("error", "garbage"):
            await city.ask("/faults", {"name": name, "times": 1})
        for number in range(3):
            await report(hub, number)
        told = await knows_all(city, hub)
        log = await city.ask("/log")
        assert sorted(log["struck"]) == ["error", "garbage"]
        assert log["pushes"]["new"] == len(told) == 3
        assert log["pushes"]["refused"] == []


async def test_what_it_does_wrong_harms_nothing_and_shows(tmp_path: Path) -> None:
    async with (
        running_hub(write_config(tmp_path / "site")) as hub,
        receiving(hub, tmp_path / "city") as city,
    ):
        number = await report(hub, 1)
        for name in ("duplicates", "late-updates"):
            await city.ask("/faults", {"name": name})
        for step in ({"do": "file", "number": "C-1"}, {"do": "dispatch", "to": POWER}):
            await city.ask("/steps", {"incident": number, **step})
        await city.ask("/steps", {"incident": number, "do": "sign", "seat": POWER})
        told = await knows_all(city, hub)
        assert [item["type"].split(".")[3] for item in told] == [
            "opened",
            "updated",
            "dispatched",
            "accepted",
        ], "each step is told once, and no old one again"
        day = told[-1]["time"][:10]
        clean = await agrees(city, day)
        await city.ask("/faults", {"name": "wrong-number", "times": 1})
        await city.ask("/steps", {"incident": number, "do": "sign"})
        await knows_all(city, hub)
        wrong = await agrees(city, day)
        await city.ask("/faults", {"name": "forgets-cursor", "times": 1})
        await knows_all(city, hub)
    assert clean["same"] or told[0]["time"][:10] != day, "unless it was midnight"
    assert not wrong["same"]
    assert "C-1?" in wrong["differ"][number]["ours"]


async def test_a_wish_that_cannot_be_is_answered_with_the_reason(tmp_path: Path) -> None:
    async with (
        running_hub(write_config(tmp_path / "site")) as hub,
        receiving(hub, tmp_path / "city") as city,
    ):
        number = await report(hub, 1)
        wishes = (
            ({"incident": number, "do": "close"}, "409", "file, refuse, dispatch"),
            ({"incident": number, "do": "sign", "seat": "water"}, "422", "no seat 'water'"),
            ({"incident": "TS-0", "do": "sign"}, "404", "TS-0"),
        )
        for wish, status, says in wishes:
            with pytest.raises(AssertionError, match=status) as refused:
                await city.ask("/steps", wish)
            assert says in str(refused.value)
        with pytest.raises(AssertionError, match="garbage"):
            await city.ask("/faults", {"name": "garbag"})
        assert await city.stop() == 0
