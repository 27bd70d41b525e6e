"""A resident's report on a hub that runs: filed, followed, kept over `kill -9`, and in a backup."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from hub.assembly.whistles import SECRET, read_secret
from hub.clock import SystemClock
from hub.model.whistle import PERSONAL
from hub.services.reports.label_code import Codes
from hub.store.peek import read_collection
from hub.store.safekeeping.backup import back_up
from hub.store.seals.day_key import DayKeys, day_key_file
from hub.store.sqlite import open_store
from tests.support.hub_process import KEYS, HubProcess, running_hub
from tests.support.patience import PATIENCE
from tests.support.photos import photo
from tests.support.site import PLACE, Plot, names, write_site

pytestmark = pytest.mark.integration

GATES = names("barrier_gate", 2)
PHONE, WORDS = "13800001234", "闸杆掉在地上"
AT_ONCE = 100
"""Connections that are open at a time; each client has one of its own."""
NOBODY = 1
"""A port where no broker listens: reports need none."""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=GATES), mqtt_port=NOBODY)
    text = config.read_text("utf-8").replace("[web]\n", "[web]\npublic_port = 0\n")
    config.write_text(text, "utf-8")
    async with running_hub(config) as hub:
        yield hub


def label_of(hub: HubProcess, subject: str) -> str:
    stored = read_collection(hub.store, SECRET[0])[SECRET[1]]
    return f"/w/{Codes(read_secret(stored)).label(subject)}"


async def send(
    hub: HubProcess, path: str, fields: dict[str, str], file: bytes = b""
) -> httpx2.Response:
    files = {"photo": ("a.jpg", file, "image/jpeg")} if file else None
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        return await client.post(path, data=fields, files=files)


def codes_of(page: str) -> dict[str, str]:
    number, code = re.findall(r"<dd>([^<]+)</dd>", page)
    return {"number": number, "code": code}


async def form_key(hub: HubProcess, path: str) -> str:
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        page = await client.get(path)
    assert page.status_code == 200, page.text
    assert "set-cookie" not in page.headers
    return re.findall(r'name="key" value="([^"]+)"', page.text)[0]


def files_with(folder: Path, words: str) -> list[str]:
    return sorted(
        file.name
        for file in folder.iterdir()
        if file.is_file() and words.encode() in file.read_bytes()
    )


async def test_a_report_with_its_photo_outlives_the_hub_and_no_file_tells_of_the_person(
    hub: HubProcess, tmp_path: Path
) -> None:
    path = label_of(hub, f"place:{PLACE}")
    said = {"category": "leak", "text": WORDS, "phone": PHONE}
    fields = {**said, "key": await form_key(hub, path)}
    answer = await send(hub, path, fields, photo(3000, 2000, turned=6))
    assert answer.status_code == 200, answer.text
    mine = codes_of(answer.text)
    number = mine["number"]

    before = (await hub.get(f"/api/v1/tickets/{number}/photos"))["items"]
    assert [(each["moment"], each["width"], each["height"]) for each in before] == [
        ("report", 1067, 1600)
    ]
    await hub.kill()
    await hub.start()
    again = await send(hub, path, fields)
    assert codes_of(again.text) == mine, "the same form is the same report"
    assert label_of(hub, f"place:{PLACE}") == path, "a printed label stays good"
    progress = await send(hub, "/w/progress", mine)
    assert "漏水" in progress.text
    (report,) = (await hub.get(f"/api/v1/tickets/{number}/reports"))["items"]
    assert (report["text"], report["phone_ends"]) == (WORDS, "1234")
    assert (await hub.get(f"/api/v1/tickets/{number}/photos"))["items"] == before
    for words in (PHONE, WORDS):
        assert files_with(hub.folder, words) == []

    copy = tmp_path / "copy.db"
    await asyncio.to_thread(back_up, hub.store, copy, tell=lambda _done, _total: None)
    assert len(await personal(copy, DayKeys(None, {}))) == 0, "a copy alone tells nothing"
    shutil.copy(day_key_file(hub.store), day_key_file(copy))
    found = await personal(copy, None)
    assert len(found) == 2
    assert sorted(body[:1] for body in found.values()) == [b"{", b"\xff"]


async def personal(path: Path, days: DayKeys | None) -> dict[str, bytes]:
    async with open_store(path, clock=SystemClock(), days=days) as store:
        return await store.books.documents(PERSONAL)


async def test_residents_have_a_door_of_their_own_with_limits_for_each_address(
    hub: HubProcess,
) -> None:
    urls = re.findall(r"http://127\.0\.0\.1:\d+", hub.log)
    door = next(url for url in urls if url != hub.url)
    path = label_of(hub, "place:test")
    async with httpx2.AsyncClient(base_url=door, trust_env=False, timeout=60) as client:
        for inside in ("/", "/sign-in", "/api/v1/tickets", "/tickets"):
            assert (await client.get(inside)).status_code == 404, inside
        page = await client.get(path)
        key = re.findall(r'name="key" value="([^"]+)"', page.text)[0]
        fields = {"category": "light", "key": key}
        posts = [
            client.post(path, data=fields, headers={"x-forwarded-for": f"192.0.2.{n % 2}"})
            for n in range(40)
        ]
        status = [answer.status_code for answer in await asyncio.gather(*posts)]
    assert (status.count(200), status.count(429)) == (20, 20), "ten for each of two homes"
    assert len((await hub.get("/api/v1/tickets"))["items"]) == 1


async def test_two_hundred_posts_at_once_are_ten_and_the_hub_stays_well(hub: HubProcess) -> None:
    path = label_of(hub, "place:test")
    key = await form_key(hub, path)
    fields = {"category": "light", "key": key}
    answers = await asyncio.gather(*(send(hub, path, fields) for _ in range(200)))
    status = [answer.status_code for answer in answers]
    assert (status.count(200), status.count(429)) == (10, 190)
    assert len((await hub.get("/api/v1/tickets"))["items"]) == 1
    assert (await send(hub, "/w/123456789012", fields)).status_code == 404
    assert "lingdang_strangers_refused_total 190" in await hub.read("/metrics")


async def test_a_thousand_clients_with_one_key_open_one_ticket_over_sockets(
    hub: HubProcess,
) -> None:
    call = {"source": "hotline", "category": "leak", "place": PLACE}
    headers = {"authorization": f"Bearer {KEYS['manager']}", "idempotency-key": "one"}
    doors = asyncio.Semaphore(AT_ONCE)

    async def file() -> httpx2.Response:
        async with doors, httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            return await client.post(f"{hub.url}/api/v1/reports", json=call, headers=headers)

    answers = await asyncio.gather(*(file() for _ in range(1000)))
    done = [answer for answer in answers if answer.status_code == 201]
    early = [answer for answer in answers if answer.status_code != 201]
    assert len({answer.content for answer in done}) == 1, "all hear what the first has done"
    assert {answer.status_code for answer in early} <= {409}, "who comes while it is being done"
    assert (await file()).content == done[0].content, "and hears it when asking again"
    (ticket,) = (await hub.get("/api/v1/tickets"))["items"]
    reports = (await hub.get(f"/api/v1/tickets/{ticket['number']}/reports"))["items"]
    assert len(reports) == 1


async def test_two_calls_taken_for_one_are_split_and_stay_two_over_a_kill(hub: HubProcess) -> None:
    said = {"source": "hotline", "category": "leak", "place": PLACE}
    first = await hub.post("/api/v1/reports", "guard", **said)
    case = {"number": "WH-1", "handle_by": "2099-01-01T00:00:00+08:00"}
    second = await hub.post("/api/v1/reports", "guard", phone=PHONE, hotline=case, **said)
    number = first["ticket"]
    assert (second["ticket"], second["joined"]) == (number, True)
    (report,) = [
        each["id"]
        for each in (await hub.get(f"/api/v1/tickets/{number}/reports"))["items"]
        if each["joined"]
    ]
    whole = await hub.act(number, "split", "manager", reason="two flats", extra={"part": report})
    (half,) = whole["split_off"]
    await hub.kill()
    await hub.start()
    mine = await hub.get(f"/api/v1/tickets/{half}")
    assert (mine["split_from"], mine["state"], mine["source"]) == (number, "new", "hotline")
    assert mine["handle_by"] == "2099-01-01T00:00:00.000+08:00"
    assert mine["number"] not in {number, ""}
    (kept,) = (await hub.get(f"/api/v1/tickets/{half}/reports"))["items"]
    assert (kept["id"], kept["phone_ends"]) == (report, PHONE[-4:])
    asked = {"number": number, "code": second["query_code"]}
    assert half in (await send(hub, "/w/progress", asked)).text
    again = await hub.post("/api/v1/reports", "guard", **said | {"apart": True})
    assert again["ticket"] > half, "no number is given twice"
