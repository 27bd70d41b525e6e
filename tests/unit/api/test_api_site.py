"""A workbook over the API: all of it or nothing, and back again."""

from __future__ import annotations

import pytest

from hub.access.people import NewPerson, PersonChange
from hub.assembly.site_ledger import KEPT
from hub.errors import ForbiddenError, PasswordUnsetError
from hub.model.access import Identity, Role
from hub.model.site_load import SITE_LOADS
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook, read, sound_rows, whole_rows
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
    write = world.ports.site._ledger.write  # type: ignore[attr-defined]

    async def counted(*what: object) -> None:
        commits.append(1)
        await write(*what)

    world.ports.site._ledger.write = counted  # type: ignore[attr-defined]
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(100)))
    assert commits == [1]


async def test_a_newcomer_is_adopted_into_the_books_in_commissioning(world: World) -> None:
    new = {"link": "mqtt", "address": "G99", "id": "gate-99", "model": "ld-barrier-gate"}
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(sound_rows(10)))
        early = await client.post(f"{PATH}/adopt", json={**new, "place": "gs"})
        await client.post(f"{PATH}/pairings", json={"place": "gs", "minutes": 30})
        refused = await client.post(f"{PATH}/adopt", json={**new, "place": "gs/nowhere"})
        taken = await client.post(f"{PATH}/adopt", json={**new, "place": "gs", "address": "G1"})
        adopted = await client.post(f"{PATH}/adopt", json={**new, "place": "gs"})
        written = read((await client.get(f"{PATH}/workbook")).content).sheets["devices"]
        undone = await client.post(f"{PATH}/loads/undo")
    assert early.status_code == 409
    assert "no pairing window is open for ld-barrier-gate at gs" in early.json()["detail"]
    assert refused.status_code == taken.status_code == 422
    assert "no place 'gs/nowhere'" in refused.json()["detail"]
    assert "'G1' stands in row 3 already" in taken.json()["detail"]
    assert adopted.json()["devices"] == {"added": 1, "changed": 0, "removed": 0}
    row = dict(zip(written.header, written.rows[-1][1], strict=False))
    assert (row["id"], row["kind"], row["state"]) == ("gate-99", "barrier_gate", "commissioning")
    assert undone.json()["file"] == "登记 gate-99"


async def test_people_come_with_one_time_codes_and_go_with_the_load(world: World) -> None:
    data = make_workbook(whole_rows(10))
    keeper = world.ports.gatekeeper
    async with asking(world, Role.ADMINISTRATOR) as client:
        loaded = (await client.post(f"{PATH}/loads?file=a.xlsx", content=data)).json()
        whole = (await client.get(f"{PATH}/workbook?people=true")).content
        plain = (await client.get(f"{PATH}/workbook")).content
        same = (await client.post(f"{PATH}/check", content=whole)).json()
        with pytest.raises(PasswordUnsetError):  # the code lets in, to choose a password
            await keeper.sign_in("楼长甲", loaded["codes"]["楼长甲"], "10.0.0.1")
        await client.post(f"{PATH}/loads/undo")
        after = (await client.get(f"{PATH}/workbook?people=true")).content
        listed = (await client.get(f"{PATH}/loads")).json()["items"]
    assert loaded["people"] == {"added": 8, "changed": 0, "removed": 0}
    assert loaded["areas"] == {"added": 10, "changed": 0, "removed": 0}
    assert len(loaded["codes"]) == 8
    assert "codes" not in listed[0]
    assert not any(same["people"].values())
    assert not any(same["areas"].values())
    assert list(read(plain).sheets) == ["places", "areas", "devices"]
    assert len(read(whole).sheets["people"].rows) == 8
    assert read(after).sheets["people"].rows == []
    assert read(after).sheets["areas"].rows == []
    told = repr([entry for entry in world.books.entries if entry.type.startswith(("pers", "site"))])
    assert "person.added" in told
    assert "person.disabled" in told
    assert "1390000000" not in told
    assert not any(code in told for code in loaded["codes"].values())


async def test_somebody_who_is_changed_keeps_the_password_and_is_changed_back(
    world: World,
) -> None:
    people = world.ports.gatekeeper.people
    who = Identity(name="root", role=Role.ADMINISTRATOR)
    await people.add(NewPerson(name="李保安", role=Role.GUARD, phone="110"), who)
    rows = {"people": [["姓名", "角色", "位置"], ["李保安", "维修班", ""]]}
    before = await people.find("李保安")
    async with asking(world, Role.ADMINISTRATOR) as client:
        loaded = (await client.post(f"{PATH}/loads", content=make_workbook(rows))).json()
        changed = await people.find("李保安")
        await client.post(f"{PATH}/loads/undo")
        back = await people.find("李保安")
    assert before is not None
    assert changed is not None
    assert back is not None
    assert loaded["codes"] == {}
    assert (changed.role, changed.phone) == (Role.CREW, "110")
    assert changed.password_hash == back.password_hash == before.password_hash
    assert back.role is Role.GUARD
    assert before.generation < changed.generation < back.generation, "sessions have ended"


async def test_what_was_changed_again_is_not_taken_back(world: World) -> None:
    people = world.ports.gatekeeper.people
    who = Identity(name="root", role=Role.ADMINISTRATOR)
    await people.add(NewPerson(name="李保安", role=Role.GUARD), who)
    rows = {"people": [["姓名", "角色"], ["李保安", "维修班"]]}
    async with asking(world, Role.ADMINISTRATOR) as client:
        await client.post(f"{PATH}/loads", content=make_workbook(rows))
        await people.change("李保安", PersonChange(role=Role.MANAGER), who)
        await client.post(f"{PATH}/loads/undo")
    found = await people.find("李保安")
    assert found is not None
    assert found.role is Role.MANAGER


async def test_the_sheet_of_people_asks_for_a_second_factor_where_the_hub_does(
    world: World,
) -> None:
    world.ports.gatekeeper.two_factors = True
    person = Identity(name="admin", role=Role.ADMINISTRATOR)
    site, data = world.ports.site, make_workbook(whole_rows(10))
    with pytest.raises(ForbiddenError, match="second factor"):
        await site.load(data, "a.xlsx", person)
    assert loads_of(world) == []
    await site.load(data, "a.xlsx", person, people=True)
    with pytest.raises(ForbiddenError, match="second factor"):
        await site.undo(person)
