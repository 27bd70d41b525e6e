"""Pairing windows, another id and other hardware over the API: each meant, each in the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest
import pytest_asyncio

from hub.clock import ManualClock
from hub.model.access import Role
from hub.model.device import Device, DeviceUid, Kind
from hub.model.pairing import PAIRINGS
from hub.model.swap import SWAPS, read_swaps
from hub.services.commission.state_book import DEVICES
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook, read, sound_rows
from tests.unit.access.web_fakes import NOW, World, make_world
from tests.unit.api.app_of_api import asking

PATH = "/api/v1/site"
NEW = {"link": "mqtt", "address": "G99", "id": "gate-99", "model": "ld-barrier-gate"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    monkeypatch.setattr("hub.assembly.site_office.read_in_process", read_here)
    return make_world()


@pytest_asyncio.fixture
async def client(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator on a site of 20 devices that the hub has begun with."""
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(20)))
        for device in (
            Device(
                uid=DeviceUid("d_10"),
                id="meter-10",
                address="000000000010",
                kind=Kind.ELECTRICITY_METER,
                model="dlt645-2007",
                place="gs/b1",
                link="riser-1",
                name="10号电表",
            ),
            Device(
                uid=DeviceUid("d_sw"),
                id="sw-0",
                address="SW0",
                kind=Kind.SWITCH,
                model="ld-switch",
                place="gs",
                name="sw-0",
            ),
        ):
            world.books.papers[DEVICES, device.id] = msgspec.json.encode(device)
        yield client


async def rows(client: httpx2.AsyncClient) -> dict[str, dict[str, str]]:
    sheet = read((await client.get(f"{PATH}/workbook")).content).sheets["devices"]
    found = [dict(zip(sheet.header, cells, strict=False)) for _, cells in sheet.rows]
    return {each["id"]: each for each in found}


def entry_of(world: World, kind: str) -> tuple[str, str, dict[str, object]]:
    [entry] = [each for each in world.books.entries if each.type == kind]
    return entry.subject, entry.actor, entry.data


async def test_a_device_gets_another_id_and_what_hangs_on_it_follows(
    world: World, client: httpx2.AsyncClient
) -> None:
    body = {"id": "switch-a", "again": "sw-0", "why": "统一编号"}
    answer = await client.post(f"{PATH}/devices/sw-0/rename", json=body)
    assert answer.status_code == 201
    found = await rows(client)
    assert "sw-0" not in found
    assert found["switch-a"]["address"] == "SW0"
    assert {each["upstream"] for each in found.values()} == {"", "switch-a"}
    device = msgspec.json.decode(world.books.papers[DEVICES, "switch-a"], type=Device)
    assert (device.uid, device.name) == ("d_sw", "switch-a")
    told = ("switch-a", "key:administrator", {"from": "sw-0", "why": "统一编号"})
    assert entry_of(world, "device.renamed") == told
    await client.post(f"{PATH}/loads/undo")
    assert "sw-0" in await rows(client)


@pytest.mark.parametrize(
    ("device", "body", "status"),
    [
        ("sw-0", {"id": "switch-a", "again": "sw0", "why": "x"}, 422),
        ("sw-0", {"id": "switch-a", "again": "sw-0", "why": " "}, 422),
        ("sw-0", {"id": "sw-0", "again": "sw-0", "why": "x"}, 422),
        ("sw-0", {"id": "gate-1", "again": "sw-0", "why": "x"}, 422),
        ("sw-0", {"id": "a b", "again": "sw-0", "why": "x"}, 422),
        ("sw-1", {"id": "switch-a", "again": "sw-1", "why": "x"}, 404),
    ],
)
async def test_a_device_is_not_renamed_by_accident(
    device: str, body: dict[str, str], status: int, client: httpx2.AsyncClient
) -> None:
    before = await rows(client)
    answer = await client.post(f"{PATH}/devices/{device}/rename", json=body)
    assert answer.status_code == status
    assert await rows(client) == before


async def test_other_hardware_is_told_with_its_readings_and_serial(
    world: World, client: httpx2.AsyncClient
) -> None:
    body = {
        "why": "走字不准",
        "address": "000000000077",
        "serial": "SN-77",
        "closing": {"energy.import": 5123.4},
        "opening": {"energy.import": 0.5},
    }
    answer = await client.post(f"{PATH}/devices/meter-10/swap", json=body)
    assert answer.status_code == 201, answer.text
    found = (await rows(client))["meter-10"]
    assert (found["address"], found["serial"]) == ("000000000077", "SN-77")
    [swap] = read_swaps(await world.books.documents(SWAPS))["d_10"]
    assert (swap.at, swap.number, swap.actor) == (NOW, 1, "key:administrator")
    assert (swap.closing, swap.opening) == (body["closing"], body["opening"])
    subject, _, data = entry_of(world, "device.swapped")
    assert subject == "meter-10"
    assert data["why"] == "走字不准"
    assert data["from"] == {
        "link": "riser-1",
        "address": "000000000010",
        "model": "dlt645-2007",
        "serial": "",
    }
    device = msgspec.json.decode(world.books.papers[DEVICES, "meter-10"], type=Device)
    assert device.address == "000000000077", "so that the next start finds nothing new"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"why": ""}, "say why"),
        ({"why": "x", "at": "2099-01-01T00:00:00+08:00"}, "not to come"),
        ({"why": "x", "at": "2020-01-01T00:00:00+08:00"}, "last 7 days"),
        ({"why": "x", "at": "yesterday"}, "say why, and when"),
        ({"why": "x", "opening": {"energy.imported": 0}}, "did you mean 'energy.import'"),
        ({"why": "x", "opening": {"voltage.a": 0}}, "no reading of a counter"),
        ({"why": "x", "closing": {"energy.import": -1}}, "no reading of a counter"),
        ({"why": "x", "address": "77"}, "'77' is no number of a meter"),
        ({"why": "x", "model": "ld-barrier-gate"}, "not of a electricity_meter"),
        ({"why": "x", "address": "000000000000", "link": "riser-9"}, "no link 'riser-9'"),
    ],
)
async def test_a_swap_that_cannot_be_changes_nothing(
    body: dict[str, object], said: str, world: World, client: httpx2.AsyncClient
) -> None:
    answer = await client.post(f"{PATH}/devices/meter-10/swap", json=body)
    assert answer.status_code == 422
    assert said in answer.text
    assert not await world.books.documents(SWAPS)


async def test_newcomers_are_adopted_within_a_window_of_their_place_and_model(
    world: World, client: httpx2.AsyncClient
) -> None:
    clock = world.ports.clock
    assert isinstance(clock, ManualClock)
    wish = {"place": "gs/b1", "model": "ld-barrier-gate", "minutes": 10, "why": "西门装机"}
    opened = (await client.post(f"{PATH}/pairings", json=wish)).json()
    elsewhere = await client.post(f"{PATH}/adopt", json={**NEW, "place": "gs"})
    other = {**NEW, "model": "ld-switch", "place": "gs/b1"}
    another = await client.post(f"{PATH}/adopt", json=other)
    good = await client.post(f"{PATH}/adopt", json={**NEW, "place": "gs/b1"})
    await clock.advance(601)
    later = {**NEW, "id": "gate-98", "address": "G98", "place": "gs/b1"}
    late = await client.post(f"{PATH}/adopt", json=later)
    listed = (await client.get(f"{PATH}/pairings")).json()["items"]
    assert opened["open"]
    assert (elsewhere.status_code, another.status_code, good.status_code) == (409, 409, 201)
    assert late.status_code == 409
    assert [each["open"] for each in listed] == [False]
    told = {"place": "gs/b1", "model": "ld-barrier-gate", "minutes": 10, "why": "西门装机"}
    subject, actor, data = entry_of(world, "pairing.opened")
    assert (subject, actor) == (opened["id"], "key:administrator")
    assert data.items() <= told.items()


async def test_a_window_is_closed_before_its_end_once(
    world: World, client: httpx2.AsyncClient
) -> None:
    opened = (await client.post(f"{PATH}/pairings", json={"place": "gs"})).json()
    path = f"{PATH}/pairings/{opened['id']}/close"
    closed = await client.post(path)
    again = await client.post(path)
    refused = await client.post(f"{PATH}/adopt", json={**NEW, "place": "gs"})
    assert closed.json()["closed_by"] == "key:administrator"
    assert (again.status_code, refused.status_code) == (404, 409)
    assert entry_of(world, "pairing.closed")[0] == opened["id"]
    assert len(await world.books.documents(PAIRINGS)) == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"place": "gs/b999"}, "place"),
        ({"place": "gs", "model": "ld-gate"}, "model"),
        ({"place": "gs", "minutes": 0}, "minutes"),
        ({"place": "gs", "minutes": 481}, "minutes"),
    ],
)
async def test_a_window_needs_a_place_a_model_and_an_end(
    wish: dict[str, object], field: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.post(f"{PATH}/pairings", json=wish)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
