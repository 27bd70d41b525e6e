"""The pull feed's contract: gap-free, in order, resumable, and honest about what is gone."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import msgspec
import pytest

from hub.access.record import KEYS, ApiKey
from hub.feeds.cursor import write_cursor
from hub.feeds.incident import make_projector
from hub.model.access import Identity, Role
from hub.model.era import Era, Eras
from hub.model.ticket import TicketState
from hub.ports import IncidentProjector
from tests.unit.access.web_fakes import NOW, PLACES, TOKENS, World, client_of, make_world, ticket
from tests.unit.api.app_of_api import make_app

FEED, ERA = "/grid/v1/feed", "69248100"
ADMIN = Identity(name="admin", role=Role.ADMINISTRATOR)
project = make_projector("guanshan", lambda: PLACES, test=True)


@pytest.fixture
def world() -> World:
    return make_world()


def change(
    world: World,
    number: str,
    kind: str = "ticket.opened",
    place: str = "guanshan/a/gate",
    *,
    by: IncidentProjector | None = None,
    **fields: object,
) -> None:
    """Commit a change of a ticket with its feed item, as the intake does."""
    about = ticket(number, place=place, **fields)
    entry = world.desk.tell(kind, number, place=about.place)
    row = (by or project)(entry, about)
    assert row is not None
    world.books.rows.append(row)


def platform(world: World, token: str = TOKENS[Role.GRID]) -> httpx2.AsyncClient:
    return client_of(make_app(world), token)


def ids(page: dict[str, Any]) -> list[int]:
    return [int(item["id"].removeprefix("guanshan-")) for item in page["items"]]


@pytest.mark.parametrize("seed", range(2))
async def test_a_consumer_reads_the_table_once_each_in_order(world: World, seed: int) -> None:
    chance = random.Random(seed)
    writing = asyncio.Event()

    async def write() -> None:
        for number in range(300):
            if chance.random() < 0.4:
                world.desk.tell("device.silent", "gate-a", place="guanshan/a")
            change(world, f"GS-{number % 40}")
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        writing.set()

    writer = asyncio.create_task(write())
    got: list[int] = []
    query: dict[str, Any] = {}
    async with platform(world) as client:
        while not writing.is_set() or len(got) < len(world.books.rows):
            query["limit"] = chance.choice([1, 2, 7, 50, 1000])
            if chance.random() < 0.03:
                client = platform(world)  # noqa: PLW2901 - a restart: new app, same cursor
            page = (await client.get(FEED, params=query)).json()
            assert len(page["items"]) <= query["limit"]
            got += ids(page)
            query["after"] = page["next"]
        await writer
    assert got == [row.seq for row in world.books.rows]


async def test_a_key_of_one_compound_sees_its_part_without_a_gap(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    for number in range(10):
        change(world, f"GS-{number}", place=f"guanshan/{'ab'[number % 2]}/x")
    got: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    async with platform(world, "ld_grid_of_b") as client:
        for _ in range(5):
            page = (await client.get(FEED, params=query)).json()
            got += ids(page)
            query["after"] = page["next"]
    assert got == [2, 4, 6, 8, 10]


async def test_next_is_given_even_when_there_is_nothing(world: World) -> None:
    async with platform(world) as client:
        first = (await client.get(FEED)).json()
        assert first["items"] == []
        change(world, "GS-1")
        second = (await client.get(FEED, params={"after": first["next"]})).json()
        third = (await client.get(FEED, params={"after": second["next"]})).json()
    assert ids(second) == [1]
    assert third == {"items": [], "next": second["next"]}


async def test_waiting_ends_with_the_first_item(world: World) -> None:
    async with platform(world) as client:
        waiting = asyncio.create_task(client.get(FEED, params={"wait": 30}))
        for _ in range(10):
            await asyncio.sleep(0)
        world.desk.tell("device.silent", "gate-a", place="guanshan/a")
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        change(world, "GS-1")
        assert ids((await waiting).json()) == [2]


async def test_a_wait_that_runs_out_answers_empty(world: World) -> None:
    async with platform(world) as client:
        page = (await client.get(FEED, params={"wait": 0.01})).json()
    assert page["items"] == []
    assert page["next"]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"wait": 31}, {"wait": -1}, {"after": "7"}]
)
async def test_a_wrong_question_is_422(world: World, query: dict[str, Any]) -> None:
    async with platform(world) as client:
        assert (await client.get(FEED, params=query)).status_code == 422


async def test_an_instant_outside_the_calendar_is_422(world: World) -> None:
    async with platform(world) as client:
        for text in ("0001-01-01", "9999-12-31T23:59:59-14:00"):
            answer = await client.get("/grid/v1/incidents", params={"updated_since": text})
            assert answer.status_code == 422, text


async def test_a_cursor_of_another_community_or_other_rights_is_422(world: World) -> None:
    async with platform(world) as client:
        for cursor in (write_cursor("luonan", 0, ""), write_cursor("guanshan", 0, "guanshan/a")):
            answer = await client.get(FEED, params={"after": cursor})
            assert answer.status_code == 422
            assert answer.json()["errors"]["after"]


async def test_a_cursor_that_retention_has_passed_is_410_with_the_oldest(world: World) -> None:
    for number in range(6):
        change(world, f"GS-{number}")
    async with platform(world) as client:
        early = (await client.get(FEED, params={"limit": 1})).json()["next"]
        world.books.oldest = 4
        answer = await client.get(FEED, params={"after": early})
        assert answer.status_code == 410
        again = await client.get(FEED, params={"after": answer.json()["oldest"]})
        assert ids(again.json()) == [5, 6]
        assert ids((await client.get(FEED)).json()) == [5, 6]


async def test_a_quiet_key_is_not_overtaken_by_retention(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    async with platform(world, "ld_grid_of_b") as client:
        for number in range(6):
            change(world, f"GS-{number}")
        cursor = (await client.get(FEED)).json()["next"]
        world.books.oldest = 6
        assert (await client.get(FEED, params={"after": cursor})).status_code == 200


async def test_a_cursor_from_before_a_restore_is_410_and_never_silence(world: World) -> None:
    for number in range(6):
        change(world, f"GS-{number}")
    async with platform(world) as client:
        late = (await client.get(FEED)).json()["next"]
        del world.books.entries[3:], world.books.rows[3:]
        answer = await client.get(FEED, params={"after": late})
    assert answer.status_code == 410
    assert answer.json()["oldest"] == write_cursor("guanshan", 0, "")
    assert answer.json()["restored"] is True


async def test_numbers_that_come_again_are_of_another_era(world: World) -> None:
    for number in range(6):
        change(world, f"GS-{number}")
    async with platform(world) as client:
        shared = (await client.get(FEED, params={"limit": 3})).json()
        given_up = (await client.get(FEED)).json()
    del world.books.entries[3:], world.books.rows[3:]
    era = Era(name=ERA, first=4, at=NOW)
    restored = msgspec.structs.replace(world.ports, eras=Eras([era]))
    world.ports = restored
    world.desk.tell("store.restored", "store")
    for number in range(9):
        change(world, f"GS-{number}", by=make_projector("guanshan", lambda: PLACES, era=ERA))
    async with platform(world) as client:
        on = await client.get(FEED, params={"after": shared["next"]})
        for path in (FEED, "/grid/v1/incidents"):
            gone = await client.get(path, params={"after": given_up["next"]})
            assert (gone.status_code, gone.json()["restored"]) == (410, True), path
        assert "given up" in gone.json()["detail"]
        wish = {"url": "https://city.example/", "after": given_up["next"]}
        late = await client.post("/grid/v1/subscriptions", json=wish)
        whole = (await client.get(FEED, params={"after": gone.json()["oldest"]})).json()["items"]
        listed = (await client.get("/grid/v1/incidents")).json()
        day = {"day": whole[-1]["time"][:10]}
        account = (await client.get("/grid/v1/reconciliation", params=day)).json()
    assert late.status_code == 410
    items = on.json()["items"]
    assert [item["id"] for item in items] == [f"guanshan-{ERA}-{seq}" for seq in range(5, 14)]
    assert {item["data"]["era"] for item in items} == {ERA}
    assert whole == shared["items"] + items
    assert not {item["id"] for item in items} & {item["id"] for item in given_up["items"]}
    assert listed["era"] == ERA
    assert account["last"] == f"guanshan-{ERA}-13"


async def test_items_are_the_bytes_that_were_committed(world: World) -> None:
    change(world, "GS-1")
    change(world, "GS-1", "ticket.taken", state=TicketState.TAKEN)
    async with platform(world) as client:
        text = (await client.get(FEED)).content
    joined = b",".join(row.body for row in world.books.rows)
    assert text.startswith(b'{"items":[' + joined + b'],"next":"')


async def test_incidents_are_listed_as_they_stand(world: World) -> None:
    change(world, "GS-1")
    change(world, "GS-2", place="guanshan/b/x")
    change(world, "GS-1", "ticket.taken", state=TicketState.TAKEN, revision=2)
    async with platform(world) as client:
        first = (await client.get("/grid/v1/incidents", params={"limit": 1})).json()
        after = {"after": first["next"]}
        rest = (await client.get("/grid/v1/incidents", params=after)).json()
        one = (await client.get("/grid/v1/incidents/GS-1")).json()
        none = await client.get("/grid/v1/incidents/GS-9")
    assert [item["number"] for item in first["items"]] == ["GS-2"]
    assert [item["number"] for item in rest["items"]] == ["GS-1"]
    assert rest["next"] is None
    assert (one["state"], one["revision"]) == ("taken", 2)
    assert none.status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "taken"}, ["GS-1"]),
        ({"place": "guanshan/b"}, ["GS-2"]),
        ({"updated_since": "2025-11-25T00:00:00+08:00"}, ["GS-2", "GS-1"]),
        ({"updated_since": "2025-11-25T00:00:01+08:00"}, []),
    ],
)
async def test_incidents_are_filtered(
    world: World, query: dict[str, str], found: list[str]
) -> None:
    change(world, "GS-2", place="guanshan/b/x")
    change(world, "GS-1", state=TicketState.TAKEN)
    async with platform(world) as client:
        page = (await client.get("/grid/v1/incidents", params=query)).json()
    assert [item["number"] for item in page["items"]] == found


async def test_a_foreign_incident_is_not_there(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    change(world, "GS-1")
    async with platform(world, "ld_grid_of_b") as client:
        assert (await client.get("/grid/v1/incidents/GS-1")).status_code == 404
        assert (await client.get("/grid/v1/incidents")).json()["items"] == []
        wrong = await client.get("/grid/v1/incidents", params={"updated_since": "soon"})
        assert wrong.status_code == 422


async def test_an_incident_whose_last_item_was_deleted_is_gone(world: World) -> None:
    change(world, "GS-1")
    change(world, "GS-2")
    async with platform(world) as client:
        assert (await client.get("/grid/v1/incidents/GS-1")).status_code == 200
        world.books.oldest = 1
        assert (await client.get("/grid/v1/incidents/GS-1")).status_code == 404
        page = (await client.get("/grid/v1/incidents")).json()
    assert [item["number"] for item in page["items"]] == ["GS-2"]


async def test_who_polls_by_time_misses_nothing_though_a_clock_goes_back(world: World) -> None:
    late, early = NOW + 100, NOW - 100
    change_at(world, "GS-1", late)
    async with platform(world) as client:
        first = (await client.get("/grid/v1/incidents")).json()
        change_at(world, "GS-2", early)
        since = {"updated_since": first["as_of"]}
        second = (await client.get("/grid/v1/incidents", params=since)).json()
    assert [item["number"] for item in second["items"]] == ["GS-1", "GS-2"]


@pytest.mark.parametrize("seed", range(3))
async def test_polls_by_time_see_the_newest_of_each(world: World, seed: int) -> None:
    chance = random.Random(seed)
    newest: dict[str, int] = {}
    seen: dict[str, int] = {}
    since: dict[str, Any] = {}
    async with platform(world) as client:
        for turn in range(60):
            for _ in range(chance.randint(0, 3)):
                number = f"GS-{chance.randint(1, 9)}"
                newest[number] = newest.get(number, 0) + 1
                at = NOW + turn + chance.choice([-30, 0, 0, 30])
                change_at(world, number, at, revision=newest[number])
            query = {"limit": chance.choice([1, 2, 50]), **since}
            since = {"updated_since": await read_round(client, query, seen)}
            assert seen == newest


async def read_round(
    client: httpx2.AsyncClient, query: dict[str, Any], seen: dict[str, int]
) -> str:
    """Read all pages, and return the first one's `as_of`."""
    first = ""
    while True:
        page = (await client.get("/grid/v1/incidents", params=query)).json()
        first = first or page["as_of"]
        seen |= {item["number"]: item["revision"] for item in page["items"]}
        if page["next"] is None:
            return first
        query = {**query, "after": page["next"]}


def change_at(world: World, number: str, at: float, **fields: object) -> None:
    about = ticket(number, **fields)
    entry = world.desk.tell("ticket.updated", number, place=about.place)
    row = project(msgspec.structs.replace(entry, at=at), about)
    assert row is not None
    world.books.rows.append(row)


async def test_incidents_are_filtered_by_the_askers_own_case(world: World) -> None:
    for number in ("GS-1", "GS-2"):
        world.books.ticket_by_number[number] = ticket(number)
        change(world, number)
    step = {"do": "refuse", "at": "2025-11-24T00:00:00+08:00", "reason": "not ours"}
    async with platform(world) as client:
        await client.post("/grid/v1/incidents/GS-1/actions", json=step)
        found = {
            case: (await client.get("/grid/v1/incidents", params={"case": case})).json()["items"]
            for case in ("refused", "reported")
        }
    numbers = {case: [item["number"] for item in items] for case, items in found.items()}
    assert numbers == {"refused": ["GS-1"], "reported": ["GS-2"]}


async def take_away(world: World) -> None:
    """Revoke the platform's key."""
    papers = world.books.papers
    [key] = [
        key
        for (collection, key), body in papers.items()
        if collection == KEYS and msgspec.json.decode(body, type=ApiKey).name == "grid"
    ]
    await world.ports.gatekeeper.keys.revoke(key, ADMIN)


async def narrow(world: World) -> None:
    """Limit the platform's key to a part of the community."""
    world.give(Role.GRID, scope="guanshan/b")
    world.ports.gatekeeper._recent.forget()


async def test_a_key_whose_rights_are_widened_while_it_waits_reads_anew(world: World) -> None:
    world.give(Role.GRID, scope="guanshan/b")
    change(world, "GS-1")
    async with client_of(make_app(world), TOKENS[Role.GRID]) as client:
        cursor = (await client.get(FEED)).json()["next"]
        waiting = asyncio.create_task(client.get(FEED, params={"wait": 30, "after": cursor}))
        for _ in range(50):
            await asyncio.sleep(0)
        world.give(Role.GRID)
        world.ports.gatekeeper._recent.forget()
        change(world, "GS-77")
        answer = await waiting
        old = await client.get(FEED, params={"after": cursor})
        anew = (await client.get(FEED)).json()
    assert answer.status_code == 403
    assert "GS-77" not in answer.text
    assert old.status_code == 422, "behind this cursor lies what it could not see"
    assert "other rights" in old.json()["errors"]["after"]
    assert [item["subject"] for item in anew["items"]] == ["GS-1", "GS-77"]


@pytest.mark.parametrize(
    ("change_of_rights", "status"), [(take_away, 401), (narrow, 403)], ids=["taken", "narrowed"]
)
async def test_a_key_whose_rights_change_while_it_waits_is_told_so(
    change_of_rights: Callable[[World], Awaitable[None]], status: int, world: World
) -> None:
    async with client_of(make_app(world), TOKENS[Role.GRID]) as client:
        waiting = asyncio.create_task(client.get(FEED, params={"wait": 30}))
        for _ in range(50):
            await asyncio.sleep(0)
        await change_of_rights(world)
        change(world, "GS-77")
        answer = await waiting
        after = await client.get(FEED)
    assert answer.status_code == status
    assert "GS-77" not in answer.text
    assert after.status_code == (401 if status == 401 else 200)
