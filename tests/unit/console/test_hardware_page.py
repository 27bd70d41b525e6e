"""The page on which a device gets other hardware, or another id."""

from __future__ import annotations

import re

import httpx2
import msgspec
import pytest

from hub.model.access import Role
from hub.model.device import Kind
from hub.model.swap import SWAPS, read_swaps
from hub.services.commission.state_book import DEVICES
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook
from tests.unit.console.fakes.community import Console
from tests.unit.console.test_console_pages import browsing, csrf
from tests.unit.console.test_console_pages import console as _console

console = _console


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    monkeypatch.setattr("hub.assembly.site_office.read_in_process", read_here)


@pytest.fixture
def gate(console: Console) -> str:
    return console.community.of_kind(Kind.BARRIER_GATE)[0]


async def load_books(console: Console, client: httpx2.AsyncClient, gate: str) -> None:
    """Have the books of the office hold the gate that the pages show."""
    view = console.community.device(gate)
    assert view is not None
    device = view.device
    console.community.books.papers[DEVICES, gate] = msgspec.json.encode(device)
    parts = device.place.split("/")
    places = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    head = ["id", "address", "kind", "model", "place"]
    rows = {
        "places": [["path", "name"], *([path, path] for path in places)],
        "devices": [head, [getattr(device, name) for name in head]],
    }
    files = {"file": ("a.xlsx", make_workbook(rows))}
    page = await client.post("/site/check", data={"csrf": csrf(client)}, files=files)
    word = re.search(r'name="word" value="([^"]+)"', page.text)
    assert word is not None, page.text
    await client.post("/site/loads", data={"csrf": csrf(client), "word": word[1]})


async def test_the_page_of_a_device_leads_administrators_to_it(console: Console, gate: str) -> None:
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        device = (await client.get(f"/devices/{gate}")).text
        page = (await client.get(f"/site/devices/{gate}")).text
        missing = await client.get("/site/devices/nobody")
    async with browsing(console, "li", Role.CREW) as client:
        other = (await client.get(f"/devices/{gate}")).text
        refused = await client.get(f"/site/devices/{gate}")
    assert f'href="/site/devices/{gate}"' in device
    assert f'href="/site/devices/{gate}"' not in other
    assert refused.status_code == 403
    assert missing.status_code == 404
    assert f'action="/site/devices/{gate}/swap"' in page
    assert f"再写一遍现在的编号 {gate}" in page


async def test_other_hardware_and_another_id_are_told_by_forms(console: Console, gate: str) -> None:
    async with browsing(console, "admin", Role.ADMINISTRATOR) as client:
        await load_books(console, client, gate)
        form = {"csrf": csrf(client), "why": "雷击", "serial": "SN-9", "address": "", "at": ""}
        form["opening:energy.import"] = ""
        wrong = {**form, "opening:energy.import": "many"}
        path = f"/site/devices/{gate}"
        typed = await client.post(f"{path}/swap", data=wrong)
        swapped = (await client.post(f"{path}/swap", data=form)).text
        name = {"csrf": csrf(client), "id": "gate-west", "why": "统一"}
        unsure = await client.post(f"{path}/rename", data={**name, "again": "gate"})
        taken = await client.post(f"{path}/rename", data={**name, "again": gate, "id": "a b"})
        renamed = (await client.post(f"{path}/rename", data={**name, "again": gate})).text
    assert typed.status_code == 422
    assert "读数请填数字" in typed.text
    assert 'value="SN-9"' in typed.text, "what was typed stays"
    assert "系统正在重新启动" in swapped
    assert len(read_swaps(await console.community.books.documents(SWAPS))) == 1
    assert unsure.status_code == taken.status_code == 422
    assert f"再写一遍现在的编号 {gate}" in unsure.text
    assert "“a b”不能用" in taken.text
    assert "系统正在重新启动" in renamed
    assert (DEVICES, "gate-west") in console.community.books.papers
