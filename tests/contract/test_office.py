"""One office for people and keys, whether the hub is asked over HTTP or its store is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.access.card import Standing
from hub.access.gatekeeper import Gatekeeper
from hub.access.key_cabinet import NewKey
from hub.access.local import local_identity
from hub.access.office import Office, OwnOffice
from hub.access.people import NewPerson, PersonChange
from hub.assembly.quiet_desk import QuietDesk
from hub.assembly.remote_office import RemoteOffice
from hub.clock import ManualClock
from hub.errors import ConflictError, HubError
from hub.model.access import Identity, Role
from hub.store.sqlite import open_store
from tests.unit.access.web_fakes import PLACES, TOKENS, client_of, make_world
from tests.unit.api.app_of_api import make_app

LI = NewPerson(name="李师傅", role=Role.CREW, place="guanshan/a", phone="13900000000")
CITY = NewKey(name="city", role=Role.GRID, place="guanshan", expires="30d")


@asynccontextmanager
async def stopped(tmp_path: Path) -> AsyncIterator[Office]:
    clock = ManualClock()
    async with open_store(tmp_path / "lingdang.db", clock=clock) as store:
        snapshot = await store.archive.load(now=clock.now())
        desk = QuietDesk(store.committer, clock, snapshot.last_seq)
        gatekeeper = Gatekeeper(store.books, desk, clock)
        yield OwnOffice(gatekeeper, clock, PLACES, local_identity("root"))


@asynccontextmanager
async def running(_: Path) -> AsyncIterator[Office]:
    world = make_world()
    async with client_of(make_app(world), TOKENS[Role.ADMINISTRATOR]) as client:
        office = RemoteOffice(client)
        assert await office.answers()
        yield office


@pytest.fixture(params=[stopped, running])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    async with request.param(tmp_path) as opened:
        yield opened


async def test_a_person_is_added_listed_reset_and_disabled(office: Office) -> None:
    added = await office.add(LI)
    assert (added.name, added.role) == ("李师傅", Role.CREW)
    assert (added.place, added.phone) == ("guanshan/a", "13900000000")
    assert added.state is Standing.INVITED
    assert [person.name for person in await office.people()] == ["李师傅"]
    assert (await office.reset("李师傅")).code != added.code
    changed = await office.change("李师傅", PersonChange(role=Role.GUARD, place="guanshan/b"))
    assert (changed.role, changed.place) == (Role.GUARD, "guanshan/b")
    assert changed.phone == "13900000000"
    assert (await office.disable("李师傅")).state is Standing.DISABLED
    assert [person.state for person in await office.people()] == [Standing.DISABLED]


async def test_a_key_is_given_listed_rotated_and_revoked(office: Office) -> None:
    given = await office.give(CITY)
    assert given.token.startswith(given.prefix)
    rotated = await office.rotate(given.id, "7d")
    assert rotated.token != given.token
    mine = {key.id: key for key in await office.keys() if key.name == "city"}
    assert mine.keys() == {given.id, rotated.id}
    assert mine[given.id].replaced_by == rotated.id
    assert (await office.revoke(given.id)).id == given.id
    assert given.id not in {key.id for key in await office.keys()}


async def test_what_does_not_do_is_refused_with_a_sentence(office: Office) -> None:
    await office.add(LI)
    for asked, said in (
        (office.add(LI), "already a '李师傅'"),
        (office.add(NewPerson(name="x:y", role=Role.CREW)), "is no name"),
        (office.add(NewPerson(name="wang", role=Role.CREW, place="nowhere")), "no place"),
        (office.change("李师傅", PersonChange(place="nowhere")), "no place"),
        (office.reset("a?b c"), "nobody called 'a?b c'"),
        (office.give(NewKey(name="city", role=Role.GRID, expires="soon")), "write it like 90d"),
        (office.rotate("nope", "7d"), "no key 'nope'"),
        (office.revoke("nope"), "no key 'nope'"),
    ):
        with pytest.raises(HubError, match=said.replace("?", "[?]")):
            await asked
    assert [person.name for person in await office.people()] == ["李师傅"]


async def test_a_store_without_its_hub_goes_on_where_the_journal_ended(tmp_path: Path) -> None:
    async with stopped(tmp_path) as office:
        await office.add(LI)
    async with stopped(tmp_path) as office:
        await office.disable("李师傅")
    clock = ManualClock()
    async with open_store(tmp_path / "lingdang.db", clock=clock) as store:
        entries = await store.books.journal(after=0, limit=10)
        told = [(entry.seq, entry.type, entry.actor) for entry in entries]
        assert told == [
            (1, "person.added", "local:root"),
            (2, "person.disabled", "local:root"),
        ]
        assert (await store.archive.load(now=clock.now())).last_seq == 2


async def test_no_order_is_given_without_a_running_hub(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_store(tmp_path / "lingdang.db", clock=clock) as store:
        desk = QuietDesk(store.committer, clock, 0)
        who = Identity(name="local:root", role=Role.ADMINISTRATOR)
        with pytest.raises(ConflictError, match="does not run"):
            await desk.command("gate-1", "open", "test", who)
