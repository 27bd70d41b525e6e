"""A workbook over the API: all of it or nothing, and back again."""

from __future__ import annotations

import pytest

from hub.assembly.site_office import KEPT
from hub.model.access import Role
from hub.model.site_load import SITE_LOADS
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook, read, sound_rows
from tests.unit.access.web_fakes import World, make_world
from tests.unit.api.app_of_api import asking

PATH = "/api/v1/site"


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    monkeypatch.setattr("hub.assembly.site_office.read_in_process", read_here)


@pytest.fixture
def world() -> World:
    return make_world()


def loads_of(world: World) -> list[str]:
    return [key for name, key in world.books.papers if name == SITE_LOADS]


async def test_with_one_fault_nothing_is_written_and_each_is_named_by_its_cell(
    world: World,
) -> None:
    rows = sound_rows(20)
    rows["devices"][3][5] = "gs/nowhere"
    rows["devices"][4][1] = "G 4"
    data = make_workbook(rows)
    async with asking(world, Role.ADMINISTRATOR) as client:
        proof = (await client.post(f"{PATH}/check?file=a.xlsx", content=data)).json()
        answer = await client.post(f"{PATH}/loads?file=a.xlsx", content=data)
    assert [(each["sheet"], each["cell"]) for each in proof["problems"]] == [
        ("devices", "F4"),
        ("devices", "B5"),
    ]
    assert all(each["zh"] and each["zh_hint"] and each["hint"] for each in proof["problems"])
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["devices!F4", "devices!B5"]
    assert "a.xlsx devices!F4: place: no place 'gs/nowhere'" in answer.json()["detail"]
    assert loads_of(world) == []


async def test_a_sound_workbook_is_loaded_written_again_and_taken_back(world: World) -> None:
    data = make_workbook(sound_rows(40))
    async with asking(world, Role.ADMINISTRATOR) as client:
        load = await client.post(f"{PATH}/loads?file=a.xlsx", content=data)
        written = await client.get(f"{PATH}/workbook")
        same = (await client.post(f"{PATH}/check", content=written.content)).json()
        undone = await client.post(f"{PATH}/loads/undo")
        listed = (await client.get(f"{PATH}/loads")).json()["items"]
        twice = await client.post(f"{PATH}/loads/undo")
        empty = await client.get(f"{PATH}/workbook")
    assert load.status_code == 201
    assert load.json()["devices"] == {"added": 40, "changed": 0, "removed": 0}
    assert not any(same["devices"].values())
    assert same["count"] == 40
    assert undone.json()["undone_by"] == listed[0]["undone_by"] == "key:administrator"
    assert twice.status_code == 409
    assert read(empty.content).sheets["devices"].rows == []
    kinds = [entry.type for entry in world.books.entries if entry.type.startswith("site.")]
    assert kinds == ["site.loaded", "site.load_undone"]


async def test_devices_leave_the_books_only_where_somebody_has_said_so(world: World) -> None:
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(30)))
        few = make_workbook(sound_rows(20))
        refused = await client.post(f"{PATH}/loads", content=few)
        allowed = await client.post(f"{PATH}/loads?remove=true", content=few)
        await client.post(f"{PATH}/loads/undo")
        before = (await client.post(f"{PATH}/check", content=few)).json()
    assert refused.status_code == 409
    assert "10 devices are not in this workbook" in refused.json()["detail"]
    assert allowed.json()["devices"]["removed"] == 10
    assert len(before["devices"]["removed"]) == 10, "undone, the first load counts again"


async def test_so_many_loads_are_kept_and_one_too_old_to_go_back_to_says_so(
    world: World,
) -> None:
    data = make_workbook(sound_rows(10))
    async with asking(world, Role.ADMINISTRATOR) as client:
        for _ in range(KEPT + 2):
            assert (await client.post(f"{PATH}/loads", content=data)).status_code == 201
        numbers = [each["number"] for each in (await client.get(f"{PATH}/loads")).json()["items"]]
        for _ in range(KEPT - 1):
            assert (await client.post(f"{PATH}/loads/undo")).status_code == 200
        last = await client.post(f"{PATH}/loads/undo")
    assert numbers == list(range(KEPT + 2, 2, -1))
    assert last.status_code == 409
    assert "import it again" in last.json()["detail"]


async def test_who_sees_a_part_of_the_community_does_not_change_its_books(world: World) -> None:
    world.give(Role.ADMINISTRATOR, scope="guanshan/a")
    async with asking(world, Role.ADMINISTRATOR) as client:
        answer = await client.get(f"{PATH}/workbook")
    assert answer.status_code == 403


async def test_a_load_is_one_commit(world: World) -> None:
    commits: list[int] = []
    write = world.ports.site._write  # type: ignore[attr-defined]

    async def counted(*what: object) -> None:
        commits.append(1)
        await write(*what)

    world.ports.site._write = counted  # type: ignore[attr-defined]
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(100)))
    assert commits == [1]


async def test_a_newcomer_is_adopted_into_the_books_in_commissioning(world: World) -> None:
    new = {"link": "mqtt", "address": "G99", "id": "gate-99", "model": "ld-barrier-gate"}
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(10)))
        refused = await client.post(f"{PATH}/adopt", json={**new, "place": "gs/nowhere"})
        taken = await client.post(f"{PATH}/adopt", json={**new, "place": "gs", "address": "G1"})
        adopted = await client.post(f"{PATH}/adopt", json={**new, "place": "gs"})
        written = read((await client.get(f"{PATH}/workbook")).content).sheets["devices"]
        undone = await client.post(f"{PATH}/loads/undo")
    assert refused.status_code == taken.status_code == 422
    assert "no place 'gs/nowhere'" in refused.json()["detail"]
    assert "'G1' stands in row 3 already" in taken.json()["detail"]
    assert adopted.json()["devices"] == {"added": 1, "changed": 0, "removed": 0}
    row = dict(zip(written.header, written.rows[-1][1], strict=False))
    assert (row["id"], row["kind"], row["state"]) == ("gate-99", "barrier_gate", "commissioning")
    assert undone.json()["file"] == "登记 gate-99"
