"""The gatekeeper recognises people and machines, and tells the journal who came."""

import msgspec
import pytest

from hub.access.gatekeeper import Gatekeeper
from hub.access.housekeeping import sweep
from hub.access.key_cabinet import NewKey
from hub.access.keys import lookup_of
from hub.access.passwords import PasswordDesk
from hub.access.recollection import BELIEVED_FOR, REMEMBERED, Recollection
from hub.access.record import PEOPLE, SESSIONS
from hub.access.session import NOWHERE, Screen
from hub.clock import ManualClock
from hub.errors import AuthenticationError, TooManyRequestsError
from hub.model.access import Identity, Role
from hub.ports import Document
from tests.unit.access.web_fakes import NOW, TOKENS, World, make_world

LI = "李师傅"
WALL = Screen(secret="s", address="10.0.0.9")


@pytest.fixture(scope="module")
def hashed() -> str:
    """Hash the password `right` once for the module."""
    import asyncio

    return asyncio.run(PasswordDesk().hash("right"))


@pytest.fixture
def world(hashed: str) -> World:
    """Make a world in which Li is crew and Zhang stands guard."""
    made = make_world()
    made.settle_in(LI, hashed, Role.CREW)
    made.settle_in("zhang", hashed, Role.GUARD)
    return made


def keeper_of(world: World) -> Gatekeeper:
    return world.ports.gatekeeper


async def test_a_key_is_recognised_and_the_store_is_asked_once(world: World) -> None:
    keeper = keeper_of(world)
    first = await keeper.by_token(TOKENS[Role.GUARD])
    reads = world.books.reads
    assert await keeper.by_token(TOKENS[Role.GUARD]) == first
    assert world.books.reads == reads
    assert first == Identity(name="key:guard", role=Role.GUARD, machine=True)
    assert await keeper.by_token("ld_unknown") is None


async def test_a_key_that_is_taken_is_worthless_at_once(world: World) -> None:
    keeper = keeper_of(world)
    boss = Identity(name="boss", role=Role.ADMINISTRATOR)
    _, token = await keeper.keys.give(NewKey(name="scraper", role=Role.MANAGER), boss)
    assert await keeper.by_token(token) is not None
    await keeper.keys.revoke(lookup_of(token), boss)
    assert await keeper.by_token(token) is None
    assert [entry.type for entry in world.books.entries] == ["key.given", "key.taken"]
    assert token not in str(world.books.entries)


async def test_signing_in_opens_a_session_and_signing_out_ends_it(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in(LI, "right", "10.0.0.9")
    assert signed.who == Identity(name=LI, role=Role.CREW)
    assert await keeper.by_cookie(signed.cookie) == signed.who
    assert signed.cookie not in str(world.books.papers)
    await keeper.sign_out(signed.cookie, signed.who)
    assert await keeper.by_cookie(signed.cookie) is None
    told = [(entry.type, entry.data) for entry in world.books.entries]
    assert told == [("person.signed_in", {"address": "10.0.0.9"}), ("person.signed_out", {})]


async def test_a_person_rests_half_an_hour_and_use_keeps_the_session(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in(LI, "right", "10.0.0.9")
    await world.clock.advance(1700)
    assert await keeper.by_cookie(signed.cookie) is not None
    await world.clock.advance(1700)
    assert await keeper.by_cookie(signed.cookie) is not None
    await world.clock.advance(1800)
    assert await keeper.by_cookie(signed.cookie) is None


async def test_a_guards_wall_is_still_signed_in_in_the_morning(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in("zhang", "right", "10.0.0.9", WALL)
    assert signed.screen == WALL.secret
    await world.clock.advance(12 * 3600)
    assert await keeper.by_cookie(signed.cookie, WALL) is not None


@pytest.mark.parametrize(
    "elsewhere",
    [NOWHERE, Screen(secret="other", address="10.0.0.9"), Screen(secret="s", address="10.0.0.8")],
)
async def test_a_walls_cookie_is_worth_nothing_on_another_screen(
    world: World, elsewhere: Screen
) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in("zhang", "right", "10.0.0.9", WALL)
    assert await keeper.by_cookie(signed.cookie, WALL) is not None
    for _ in range(2):
        assert await keeper.by_cookie(signed.cookie, elsewhere) is None
    assert await keeper.by_cookie(signed.cookie, WALL) is not None, "the wall itself stays"
    [told] = [each for each in world.books.entries if each.type == "person.strange_screen"]
    assert (told.subject, told.data) == ("zhang", {"address": elsewhere.address})


async def test_nobody_but_a_guard_is_bound(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in(LI, "right", "10.0.0.9", WALL)
    assert signed.screen == ""
    assert await keeper.by_cookie(signed.cookie) == signed.who


async def test_a_full_disk_signs_nobody_out(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in(LI, "right", "10.0.0.9")
    await world.clock.advance(100)
    world.desk.full = True
    assert await keeper.by_cookie(signed.cookie) == signed.who


async def test_a_person_who_is_gone_is_nobody_within_seconds(world: World) -> None:
    keeper = keeper_of(world)
    signed = await keeper.sign_in(LI, "right", "10.0.0.9")
    assert await keeper.by_cookie(signed.cookie) is not None
    world.desk.keep(Document(collection=PEOPLE, key=LI, body=None))
    await world.clock.advance(BELIEVED_FOR)
    assert await keeper.by_cookie(signed.cookie) is None


async def test_a_password_typed_as_the_name_is_not_written_down(world: World) -> None:
    with pytest.raises(AuthenticationError):
        await keeper_of(world).sign_in("my-secret-7", "x", "10.0.0.9")
    [entry] = world.books.entries
    assert (entry.type, entry.subject) == ("person.sign_in_failed", "")
    assert "my-secret-7" not in str(world.books.entries)


async def test_five_wrong_passwords_lock_even_the_right_one_out(world: World) -> None:
    keeper = keeper_of(world)
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            await keeper.sign_in(LI, "wrong", "10.0.0.9")
    with pytest.raises(TooManyRequestsError):
        await keeper.sign_in(LI, "right", "10.0.0.8")
    with pytest.raises(TooManyRequestsError):
        await keeper.sign_in("zhang", "right", "10.0.0.9")
    locked = [entry.subject for entry in world.books.entries if entry.type == "person.locked"]
    assert locked == [f"account:{LI}", "address:10.0.0.9"]
    failed = [entry for entry in world.books.entries if entry.type == "person.sign_in_failed"]
    assert [(each.subject, each.actor, each.data) for each in failed] == [
        (LI, "hub", {"address": "10.0.0.9"})
    ] * 5
    await world.clock.advance(600)
    assert (await keeper.sign_in(LI, "right", "10.0.0.8")).who.name == LI


async def mistype(world: World, name: str, *addresses: str) -> None:
    for address in addresses:
        with pytest.raises(AuthenticationError):
            await keeper_of(world).sign_in(name, "wrong", address)


async def test_signing_in_forgives_the_account(world: World) -> None:
    for _ in range(2):
        await mistype(world, LI, "10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4")
        signed = await keeper_of(world).sign_in(LI, "right", "10.0.0.9")
        assert signed.who.name == LI


async def test_signing_in_does_not_forgive_the_address(world: World) -> None:
    await mistype(world, LI, *["10.0.0.9"] * 4)
    await keeper_of(world).sign_in(LI, "right", "10.0.0.9")
    await mistype(world, "zhang", "10.0.0.9")
    with pytest.raises(TooManyRequestsError):
        await keeper_of(world).sign_in(LI, "right", "10.0.0.9")


async def test_nobody_and_a_wrong_password_are_told_the_same(world: World) -> None:
    keeper = keeper_of(world)
    with pytest.raises(AuthenticationError) as nobody:
        await keeper.sign_in("wang", "right", "10.0.0.9")
    with pytest.raises(AuthenticationError) as wrong:
        await keeper.sign_in(LI, "wrong", "10.0.0.9")
    assert str(nobody.value) == str(wrong.value)


async def test_the_sweep_throws_away_what_has_ended(world: World) -> None:
    keeper = keeper_of(world)
    await keeper.sign_in(LI, "right", "10.0.0.9")
    await keeper.sign_in("zhang", "right", "10.0.0.9", WALL)
    world.give(Role.MANAGER, token="ld_short_lived", lasts=60)
    assert await sweep(world.books, world.desk, now=NOW + 1) == 0
    assert await sweep(world.books, world.desk, now=NOW + 3600) == 2
    left = await world.books.documents(SESSIONS)
    assert [msgspec.json.decode(body)["name"] for body in left.values()] == ["zhang"]


def test_what_is_remembered_is_bounded() -> None:
    memory = Recollection(ManualClock())
    who = Identity(name="x", role=Role.GUARD)
    for number in range(REMEMBERED + 1):
        memory.keep(str(number), who)
    assert memory.recall("0") is None
    assert memory.recall("1") == who
    assert memory.keep("nobody", None) is None
    memory.forget("1")
    assert memory.recall("1") is None
