"""A department on a hub that runs: dispatched by a platform, signed for on its page, killed."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.model.instant import to_rfc3339
from tests.integration.test_pushes import post, report, write_config
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS
from tests.support.story import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
NAME, PASSWORD = "供电所", "good evening"


def write_site(folder: Path) -> Path:
    config = write_config(folder)
    login = {"name": NAME, "password": PASSWORD}
    access = {"logins": {"department": login}, "keys": KEYS}
    (folder / "access.json").write_text(json.dumps(access))
    return config


def page_of(hub: HubProcess) -> httpx2.AsyncClient:
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    return httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False, timeout=30)


async def sign_in(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={"name": NAME, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


async def act(client: httpx2.AsyncClient, path: str, **form: str) -> None:
    found = re.search(r'name="csrf" value="([^"]+)"', (await client.get(path)).text)
    assert found is not None
    answer = await client.post(f"{path}/actions", data={"csrf": found[1], **form})
    assert answer.status_code == 303, answer.text


async def cases(hub: HubProcess, number: str) -> list[tuple[str, str]]:
    found: dict[str, Any] = await hub.get(f"/grid/v1/incidents/{number}", role="grid")
    return [(case["receiver"], case["state"]) for case in found["cases"]]


async def test_what_the_platform_dispatches_is_signed_for_and_fed_back_through_a_kill(
    tmp_path: Path,
) -> None:
    async with running_hub(write_site(tmp_path / "site")) as hub:
        number, other = await report(hub, 1), await report(hub, 2)
        at = to_rfc3339(1_764_000_000.0)
        for step in ({"do": "file", "number": "C-1"}, {"do": "dispatch", "to": NAME}):
            await post(hub, f"/grid/v1/incidents/{number}/actions", at=at, **step)
        assert await cases(hub, number) == [("grid", "dispatched"), (NAME, "dispatched")]
        path = f"/department/{number}"
        async with page_of(hub) as client:
            await sign_in(client)
            page = (await client.get("/department")).text
            assert number in page
            assert other not in page
            assert (await client.get(f"/tickets/{other}")).status_code == 404
            assert (await client.get(f"/department/{other}")).status_code == 404
            await act(client, path, do="sign")
        await hub.kill()
        await hub.start()
        assert await cases(hub, number) == [("grid", "dispatched"), (NAME, "signed")]
        async with page_of(hub) as client:
            await sign_in(client)
            await act(client, path, do="feed_back", text="已送电")
            assert "已送电" in (await client.get(path)).text
        await post(hub, f"/grid/v1/incidents/{number}/actions", at=at, do="urge")

        async def told() -> list[tuple[str, str]]:
            items = (await hub.get("/grid/v1/feed", role="grid"))["items"]
            return [(each["type"].split(".")[3], each.get("receiver", "")) for each in items]

        found = await until(told, lambda items: ("completed", NAME) in items)
        assert ("accepted", NAME) in found
        assert "已送电" not in str(await hub.get("/grid/v1/feed", role="grid"))
        [figures] = (await hub.get("/api/v1/departments", role="manager"))["items"]
        assert (figures["department"], figures["given"], figures["open"]) == (NAME, 1, 0)
        assert (figures["sign"]["kept"], figures["feed_back"]["kept"]) == (1, 1)
