"""The grid platform's side of a hub that runs: pushes through failures and kills, and the page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.feeds.incident import TYPES
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS
from tests.support.story import until
from tests.support.vendor import Asked, Said, Vendor, vending
from tests.unit.feeds.test_reconciliation import recipe

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
PAGE = Path(__file__).parents[2] / "docs" / "grid.md"


class City:
    """A platform that checks signatures as the standard has them, and keeps what it took."""

    def __init__(self) -> None:
        self.secret = ""
        self.items: list[dict[str, Any]] = []

    def __call__(self, asked: Asked) -> Said:
        head = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}."
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        digest = hmac.new(key, head.encode() + asked.raw, hashlib.sha256).digest()
        if asked.headers["webhook-signature"] != "v1," + base64.b64encode(digest).decode():
            return Said("401 Unauthorized")
        self.items.append(asked.body)
        return Said("204 No Content", raw=b"")


def write_config(folder: Path, *, allow: str = "127.0.0.0/8") -> Path:
    folder.mkdir(parents=True)
    (folder / "places.csv").write_text(
        "path,name,kind,grid_code\nt,T,community,4201\nt/a,南门,spot,\n"
    )
    (folder / "devices.csv").write_text(
        "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    )
    (folder / "access.json").write_text(json.dumps({"logins": {}, "keys": KEYS}))
    config = folder / "lingdang.toml"
    config.write_text(
        f"""
[community]
id = "t"
[web]
port = 0
[outbound]
allow = ["{allow}"]
[demo]
access = "access.json"
"""
    )
    return config


async def post(hub: HubProcess, path: str, role: str = "grid", **body: object) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {KEYS[role]}"}
    async with httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False) as client:
        answer = await client.post(path, json=body, timeout=30)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def report(hub: HubProcess, number: int) -> str:
    """Have a ticket of its own opened, and return its number."""
    filed = await post(
        hub,
        "/api/v1/reports",
        "manager",
        source="inspection",
        category="other",
        place="t/a",
        text=f"no. {number}",
        apart=True,
    )
    return str(filed["ticket"])


async def subscribe(hub: HubProcess, city: Any, vendor: Vendor, **more: object) -> str:  # noqa: ANN401 - whoever keeps a secret
    made = await post(hub, "/grid/v1/subscriptions", url=f"{vendor.url}/in", **more)
    city.secret = made["secret"]
    return str(made["id"])


async def feed(hub: HubProcess) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await hub.get("/grid/v1/feed", role="grid"))["items"]
    return items


async def test_all_that_the_feed_tells_is_pushed_through_failures_and_a_kill(
    tmp_path: Path,
) -> None:
    city = City()
    async with vending(city) as vendor, running_hub(write_config(tmp_path / "site")) as hub:
        await subscribe(hub, city, vendor)
        vendor.next = [Said("500 Internal Server Error"), Said("503 Service Unavailable")]
        numbers = [await report(hub, number) for number in range(3)]
        step = {"do": "file", "at": "2026-01-01T00:00:00+08:00", "number": "C-1"}
        await post(hub, f"/grid/v1/incidents/{numbers[0]}/actions", **step)
        await hub.kill()
        await hub.start()
        await report(hub, 4)
        told = await feed(hub)

        async def taken() -> set[str]:
            return {item["id"] for item in city.items}

        await until(taken, lambda ids: ids == {item["id"] for item in told})
        assert all(item in told for item in city.items), "what is pushed is what can be pulled"
        first = [item["data"]["revision"] for item in city.items if item["subject"] == numbers[0]]
        assert list(dict.fromkeys(first)) == [1, 2]
        assert {asked.headers["content-type"] for asked in vendor.asked} == {
            "application/cloudevents+json; charset=utf-8"
        }
        assert {item["type"] for item in city.items} <= set(TYPES)
        await both_sides_agree(hub, city)


async def both_sides_agree(hub: HubProcess, city: City) -> None:
    """Compare the day by the page's recipe, with what was pushed alone."""
    names, day = recipe(), city.items[0]["time"][:10]
    if city.items[-1]["time"][:10] != day:
        return  # it was midnight
    ours = await hub.get("/grid/v1/reconciliation", role="grid", day=day)
    unique = {item["id"]: item for item in city.items}.values()
    assert ours["digest"] == names["digest_of"](names["lines_of"](unique, "grid", day))


async def test_an_address_that_may_not_be_reached_is_refused_and_says_why(tmp_path: Path) -> None:
    city = City()
    config = write_config(tmp_path / "site", allow="10.99.99.0/24")
    async with vending(city) as vendor, running_hub(config) as hub:
        await subscribe(hub, city, vendor)
        await report(hub, 1)

        async def why() -> str:
            [card] = (await hub.get("/grid/v1/subscriptions", role="grid"))["items"]
            return str(card["why"])

        assert "not public" in await until(why, bool)
        assert vendor.asked == []


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    city, elsewhere = City(), City()
    async with vending(city) as vendor, vending(elsewhere) as other:
        moved = Said("301 Moved Permanently", headers={"location": f"{other.url}/in"})
        async with running_hub(write_config(tmp_path / "site")) as hub:
            await subscribe(hub, city, vendor)
            vendor.next = [moved]
            await report(hub, 1)

            async def card() -> dict[str, Any]:
                [found] = (await hub.get("/grid/v1/subscriptions", role="grid"))["items"]
                return dict(found)

            failing = await until(card, lambda found: found["state"] == "fails")
        assert "301" in failing["why"]
        assert list(failing["stuck"].values()) == [1]
        assert other.asked == []


async def test_the_page_for_the_platforms_engineer_runs_as_it_is_written(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("curl")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 8
    city = City()
    async with vending(city) as vendor, running_hub(write_config(tmp_path / "site")) as hub:
        number = await report(hub, 1)
        words = {
            "URL": hub.url,
            "KEY": KEYS["grid"],
            "NUMBER": number,
            "HOOK": vendor.url,
            "PLACE": "t/a",
        }
        answers = [await shell(block, words) for block in blocks]
        listed, told, filed, sent, handed, made, mine, day = answers
        assert [item["id"] for item in listed["items"]] == [number]
        assert [item["subject"] for item in told["items"]] == [number]
        assert filed["case"]["state"] == "filed"
        assert (sent["case"]["state"], sent["case"]["to"]) == ("dispatched", "供电所")
        assert made["secret"].startswith("whsec_")
        assert [each["id"] for each in mine["items"]] == [made["id"]]
        assert (handed["joined"], handed["case"]["number"]) == (False, "C-2026-200")
        told_on = {item["time"][:10] for item in (await feed(hub))}
        assert day["items"] == 5 or told_on != {day["day"]}, "unless it was midnight"
        assert day["lines"][0].split("\t")[3:5] == ["C-2026-118", "dispatched"]
        city.secret = made["secret"]
        await report(hub, 2)

        async def taken() -> int:
            return len(city.items)

        await until(taken, lambda count: count == 1)


async def shell(block: str, words: dict[str, str]) -> dict[str, Any]:
    """Run a block as a shell does that has these variables, and return the JSON that it prints."""
    child = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        block,
        env={**os.environ, **words, "no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await child.communicate()
    assert child.returncode == 0, f"{block}\n{out.decode()}\n{errors.decode()}"
    found: dict[str, Any] = json.loads(out)
    return found
