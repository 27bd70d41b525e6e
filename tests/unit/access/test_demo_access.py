"""The demo's logins and keys are taken in once, and again only where they differ."""

import msgspec
import pytest

from hub.access.demo import import_access
from hub.access.record import PEOPLE, Person
from hub.errors import ConfigError
from hub.model.access import Role
from tests.unit.access.web_fakes import NOW, World, make_world

ACCESS = {
    "logins": {
        "guard": {"name": "门岗", "password": "p1"},
        "crew": {"name": "维修", "password": "p2"},
    },
    "keys": {"guard": "ld_guard_key", "grid": "ld_grid_key"},
}


async def take_in(world: World, access: object) -> list[str]:
    documents = await import_access(msgspec.json.encode(access), world.books, now=NOW)
    for document in documents:
        world.desk.keep(document)
    return [document.collection for document in documents]


async def test_everybody_can_sign_in_and_each_key_works() -> None:
    world = make_world()
    assert sorted(await take_in(world, ACCESS)) == ["api_key", "api_key", "person", "person"]
    signed = await world.ports.gatekeeper.sign_in("维修", "p2", "::1")
    grid = await world.ports.gatekeeper.by_token("ld_grid_key")
    guard = await world.ports.gatekeeper.by_token("ld_guard_key")
    assert signed.who.role is Role.CREW
    assert grid is not None
    assert (grid.role, grid.name) == (Role.GRID, "key:grid")
    assert guard is not None
    assert guard.name == "key:门岗"


async def test_taking_in_the_same_file_again_changes_nothing() -> None:
    world = make_world()
    await take_in(world, ACCESS)
    assert await take_in(world, ACCESS) == []


async def test_a_new_password_replaces_only_that_person() -> None:
    world = make_world()
    await take_in(world, ACCESS)
    changed = msgspec.json.decode(msgspec.json.encode(ACCESS))
    changed["logins"]["crew"]["password"] = "new"
    assert await take_in(world, changed) == ["person"]
    body = world.books.papers[PEOPLE, "维修"]
    assert msgspec.json.decode(body, type=Person).role is Role.CREW
    assert (await world.ports.gatekeeper.sign_in("维修", "new", "::1")).who.name == "维修"


async def test_a_wrong_file_is_named_with_its_form() -> None:
    world = make_world()
    with pytest.raises(ConfigError, match=r"demo-access\.json"):
        await import_access('{"logins": {"king": {}}}', world.books, now=NOW)
    with pytest.raises(ConfigError):
        await import_access("{", world.books, now=NOW)
