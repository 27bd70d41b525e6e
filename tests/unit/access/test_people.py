"""People are let in by a one-time code, choose their own passwords, and can be shut out."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hub.access import code, word
from hub.access.gatekeeper import Gatekeeper
from hub.access.people import NewPerson, PersonChange
from hub.access.record import PEOPLE, Person
from hub.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PasswordUnsetError,
    TooManyRequestsError,
)
from hub.model.access import Identity, Role
from tests.unit.access.web_fakes import World, make_world

BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)
LI = NewPerson(name="李师傅", role=Role.CREW, place="guanshan/a", phone="13900000000")
GOOD = "石榴树下有三只猫在睡觉"
HERE = "10.0.0.9"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def keeper(world: World) -> Gatekeeper:
    return world.ports.gatekeeper


async def test_a_person_chooses_a_password_with_the_code_and_signs_in(
    keeper: Gatekeeper, world: World
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    signed = await keeper.choose_password(LI.name, given, GOOD, HERE)
    assert signed.who == Identity(name=LI.name, role=Role.CREW, scope="guanshan/a")
    assert await keeper.by_cookie(signed.cookie) == signed.who
    assert (await keeper.sign_in(LI.name, GOOD, HERE)).who == signed.who
    told = [(entry.type, entry.subject, entry.actor) for entry in world.books.entries]
    assert told[:2] == [
        ("person.added", LI.name, "boss"),
        ("person.password_chosen", LI.name, LI.name),
    ]


async def test_a_building_head_has_a_building_and_cannot_lose_it(
    keeper: Gatekeeper,
) -> None:
    head = NewPerson(name="zhou", role=Role.BUILDING_HEAD, place="guanshan/a/b1")
    with pytest.raises(InvalidRequestError, match="one building alone") as refused:
        await keeper.people.add(msgspec.structs.replace(head, place=""), BOSS)
    assert "楼长" in str(refused.value)
    await keeper.people.add(head, BOSS)
    with pytest.raises(InvalidRequestError, match="one building alone"):
        await keeper.people.change("zhou", PersonChange(place=""), BOSS)
    await keeper.people.add(LI, BOSS)
    await keeper.people.change(LI.name, PersonChange(place=""), BOSS)
    with pytest.raises(InvalidRequestError, match="one building alone"):
        await keeper.people.change(LI.name, PersonChange(role=Role.BUILDING_HEAD), BOSS)


async def test_neither_code_password_nor_phone_is_in_clear_where_it_should_not_be(
    keeper: Gatekeeper, world: World
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    await keeper.choose_password(LI.name, given, GOOD, HERE)
    kept = f"{world.books.papers}{world.books.entries}"
    assert given not in kept
    assert given.replace("-", "") not in kept
    assert GOOD not in kept
    assert LI.phone not in str(world.books.entries)


async def test_a_code_opens_nothing_but_the_choice_of_a_password(keeper: Gatekeeper) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    with pytest.raises(PasswordUnsetError):
        await keeper.sign_in(LI.name, given, HERE)


async def test_a_code_works_once(keeper: Gatekeeper) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    await keeper.choose_password(LI.name, given, GOOD, HERE)
    with pytest.raises(AuthenticationError):
        await keeper.choose_password(LI.name, given, GOOD + "2", HERE)
    with pytest.raises(AuthenticationError):
        await keeper.choose_password(LI.name, GOOD, GOOD + "2", HERE)


async def test_a_code_is_worthless_after_a_day(keeper: Gatekeeper, world: World) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    await world.clock.advance(code.GOOD_FOR)
    with pytest.raises(AuthenticationError) as late:
        await keeper.choose_password(LI.name, given, GOOD, HERE)
    assert not isinstance(late.value, PasswordUnsetError)


async def test_guessing_codes_locks_like_guessing_passwords_and_a_reset_unlocks(
    keeper: Gatekeeper,
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    for last in range(5):
        with pytest.raises(AuthenticationError):
            await keeper.choose_password(LI.name, "0000-0000-0000", GOOD, f"10.0.1.{last}")
    with pytest.raises(TooManyRequestsError):
        await keeper.choose_password(LI.name, given, GOOD, HERE)
    _, anew = await keeper.people.reset(LI.name, BOSS)
    assert (await keeper.choose_password(LI.name, anew, GOOD, HERE)).who.name == LI.name


async def test_a_bad_password_leaves_the_code_good(keeper: Gatekeeper) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    with pytest.raises(InvalidRequestError) as refused:
        await keeper.choose_password(LI.name, given, "short", HERE)
    assert refused.value.problems == {"password": "short"}
    await keeper.choose_password(LI.name, given, GOOD, HERE)


async def test_disabling_ends_sessions_password_and_code_at_once(keeper: Gatekeeper) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    signed = await keeper.choose_password(LI.name, given, GOOD, HERE)
    assert await keeper.by_cookie(signed.cookie) is not None
    await keeper.people.disable(LI.name, BOSS)
    assert await keeper.by_cookie(signed.cookie) is None
    with pytest.raises(AuthenticationError):
        await keeper.sign_in(LI.name, GOOD, HERE)


async def test_a_reset_lets_back_in_but_revives_no_old_session(
    keeper: Gatekeeper, world: World
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    signed = await keeper.choose_password(LI.name, given, GOOD, HERE)
    await keeper.people.disable(LI.name, BOSS)
    _, anew = await keeper.people.reset(LI.name, BOSS)
    with pytest.raises(AuthenticationError):
        await keeper.sign_in(LI.name, GOOD, HERE)
    await keeper.choose_password(LI.name, anew, GOOD, HERE)
    await world.clock.advance(10)
    assert await keeper.by_cookie(signed.cookie) is None


async def test_who_signs_in_while_being_reset_is_not_let_in(
    keeper: Gatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    await keeper.choose_password(LI.name, given, GOOD, HERE)
    verify = keeper._passwords.verify

    async def verify_slowly(password_hash: str | None, password: str) -> bool:
        fits = await verify(password_hash, password)
        await keeper.people.reset(LI.name, BOSS)
        return fits

    monkeypatch.setattr(keeper._passwords, "verify", verify_slowly)
    signed = await keeper.sign_in(LI.name, GOOD, HERE)
    assert await keeper.by_cookie(signed.cookie) is None


async def test_a_choice_of_password_does_not_undo_a_disabling_meanwhile(
    keeper: Gatekeeper, world: World
) -> None:
    person, _ = await keeper.people.add(LI, BOSS)
    choice = asyncio.create_task(keeper.people.choose_password(person, GOOD))
    await keeper.people.disable(LI.name, BOSS)
    with pytest.raises(AuthenticationError):
        await choice
    kept = msgspec.json.decode(world.books.papers[PEOPLE, LI.name], type=Person)
    assert kept.disabled


async def test_another_role_or_place_counts_for_the_next_session_and_the_password_stays(
    keeper: Gatekeeper, world: World
) -> None:
    _, given = await keeper.people.add(LI, BOSS)
    signed = await keeper.choose_password(LI.name, given, GOOD, HERE)
    change = PersonChange(role=Role.MANAGER, place="", phone="027-81234567")
    changed = await keeper.people.change(LI.name, change, BOSS)
    assert (changed.role, changed.scope, changed.phone) == (Role.MANAGER, "", "027-81234567")
    assert await keeper.by_cookie(signed.cookie) is None
    who = (await keeper.sign_in(LI.name, GOOD, HERE)).who
    assert who == Identity(name=LI.name, role=Role.MANAGER)
    entry = next(each for each in world.books.entries if each.type == "person.changed")
    assert entry.data == {"role": "manager", "scope": ""}
    assert "027-81234567" not in str(world.books.entries)


async def test_what_is_not_named_stays_and_nobody_becomes_a_platform(keeper: Gatekeeper) -> None:
    await keeper.people.add(LI, BOSS)
    changed = await keeper.people.change(LI.name, PersonChange(role=Role.GUARD), BOSS)
    assert (changed.role, changed.scope, changed.phone) == (Role.GUARD, LI.place, LI.phone)
    assert changed.code_ends_at is not None
    with pytest.raises(InvalidRequestError):
        await keeper.people.change(LI.name, PersonChange(role=Role.GRID), BOSS)


async def test_two_of_one_name_cannot_be_added(keeper: Gatekeeper) -> None:
    both = await asyncio.gather(
        keeper.people.add(LI, BOSS), keeper.people.add(LI, BOSS), return_exceptions=True
    )
    assert [type(each) for each in both] == [tuple, ConflictError]


async def test_nobody_can_be_reset_or_disabled(keeper: Gatekeeper) -> None:
    for act in (keeper.people.reset, keeper.people.disable):
        with pytest.raises(NotFoundError, match="lingdang user list"):
            await act("nobody", BOSS)


async def test_a_platform_gets_a_key_and_no_account(keeper: Gatekeeper) -> None:
    with pytest.raises(InvalidRequestError, match="lingdang key new --role grid"):
        await keeper.people.add(NewPerson(name="city", role=Role.GRID), BOSS)


@pytest.mark.parametrize(
    "name", ["", " ", "hub", "rule:x", "key:li", "local:root", "a/b", "x" * 65]
)
def test_a_name_that_the_journal_could_confuse_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError):
        word.read_name(name)


@pytest.mark.parametrize("name", ["李师傅", "wang", "li.wei-2", "Zhang San", "王·小二"])
def test_names_of_people_are_kept_as_they_are(name: str) -> None:
    assert word.read_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("ninechars", "short"),
        ("x1" * 101, "long"),
        ("zhangsanfeng", "name"),
        ("ZhangSanFeng88", "name"),
        ("1234567890", "common"),
        ("QwertyUiop", "common"),
        ("1212121212", "common"),
        ("三只猫睡在石榴树下面", ""),
        ("correct horse", ""),
    ],
)
def test_a_password_is_long_and_neither_name_nor_common(password: str, fault: str) -> None:
    assert word.password_fault(password, "zhangsanfeng") == fault


def test_every_common_password_would_be_long_enough() -> None:
    assert all(len(each) >= word.SHORTEST_PASSWORD for each in word.COMMON)
    assert all(each == each.casefold() for each in word.COMMON)


def test_a_code_is_understood_however_it_is_typed() -> None:
    given = code.new_code()
    assert len(given) == 14
    assert code.as_given(given.lower().replace("-", " ")) == given
    assert code.as_given("oi1l-0000-0000") == "0111-0000-0000"
    assert code.as_given("a password") == "a password"
    assert code.new_code() != given


def test_places_and_phones_are_looked_at() -> None:
    word.check_place("", ())
    word.check_place("guanshan/a", ("guanshan", "guanshan/a"))
    with pytest.raises(NotFoundError, match="did you mean 'guanshan/a'"):
        word.check_place("guanshan/aa", ("guanshan", "guanshan/a"))
    assert word.read_phone(" 027-81234567 ") == "027-81234567"
    with pytest.raises(InvalidRequestError):
        word.read_phone("<script>")
