"""The second factor: the codes are those of the RFC, each is good once, and none is guessed."""

from __future__ import annotations

import base64

import argon2
import msgspec
import pytest

from hub.access.record import Person
from hub.access.totp import STEP, code_at, enrolment, find_step, new_secret
from hub.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    SecondFactorError,
    TooManyRequestsError,
)
from hub.model.access import Identity, Role
from tests.unit.access.web_fakes import NOW, World, make_world
from tests.unit.api.app_of_api import client_of, make_app

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
"""RFC 6238, appendix B, SHA1."""
PASSWORD = "right"
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)
AT = "10.0.0.9"


@pytest.fixture
def world() -> World:
    made = make_world()
    made.settle_in("boss", HASH, Role.ADMINISTRATOR)
    return made


def now_code(world: World, secret: str) -> str:
    return code_at(secret, int(world.clock.now() // STEP))


async def set_up(world: World) -> str:
    enrolling = world.ports.gatekeeper.enrolment
    secret = await enrolling.offer(BOSS)
    await enrolling.confirm(BOSS, now_code(world, secret))
    return secret


async def half_way(world: World) -> str:
    with pytest.raises(SecondFactorError) as asked:
        await world.ports.gatekeeper.sign_in("boss", PASSWORD, AT)
    return asked.value.token


def test_the_codes_are_those_of_the_rfc() -> None:
    for at, code in RFC_VECTORS.items():
        assert code_at(RFC_SECRET, at // STEP, digits=8) == code


def test_a_phone_may_be_half_a_minute_off_and_no_code_is_older() -> None:
    for late, fits in ((0, True), (STEP, True), (-STEP, True), (2 * STEP, False)):
        step = find_step(RFC_SECRET, code_at(RFC_SECRET, int(NOW // STEP)), NOW + late)
        assert (step is not None) == fits, late
    assert find_step(RFC_SECRET, " " + code_at(RFC_SECRET, int(NOW // STEP))[:3], NOW) is None
    assert find_step(RFC_SECRET, "１２３４５６", NOW) is None


def test_an_app_reads_name_and_community_from_the_picture() -> None:
    secret = new_secret()
    address = enrolment(secret, "王 师傅", "关山")
    assert address.startswith("otpauth://totp/%E5%85%B3%E5%B1%B1:%E7%8E%8B%20")
    assert f"secret={secret}" in address
    assert len(base64.b32decode(secret)) == 20


async def test_the_password_alone_no_longer_opens_and_a_code_opens_once(world: World) -> None:
    keeper, secret = world.ports.gatekeeper, await set_up(world)
    token = await half_way(world)
    code = now_code(world, secret)
    signed = await keeper.finish_sign_in(token, code, AT)
    assert signed.who == msgspec.structs.replace(BOSS, proven=True)
    with pytest.raises(AuthenticationError, match="too long"):
        await keeper.finish_sign_in(token, code, AT)
    with pytest.raises(SecondFactorError):
        await keeper.finish_sign_in(await half_way(world), code, AT)
    await world.clock.advance(STEP)
    again = await keeper.finish_sign_in(await half_way(world), now_code(world, secret), AT)
    assert again.who.proven


async def test_setting_it_up_ends_the_sessions_of_the_password_alone(world: World) -> None:
    keeper = world.ports.gatekeeper
    before = await keeper.sign_in("boss", PASSWORD, AT)
    secret = await set_up(world)
    assert await keeper.by_cookie(before.cookie) is None
    assert secret not in str(world.books.entries)
    assert world.books.entries[-1].type == "person.second_factor_set"


async def test_codes_cannot_be_guessed_by_typing_the_password_in_between(world: World) -> None:
    keeper, secret = world.ports.gatekeeper, await set_up(world)
    for number in range(5):
        with pytest.raises(SecondFactorError):
            await keeper.finish_sign_in(await half_way(world), "000000", f"10.0.1.{number}")
    with pytest.raises(TooManyRequestsError):
        await keeper.sign_in("boss", PASSWORD, "10.0.2.1")
    await world.clock.advance(600)
    token = await half_way(world)
    await world.clock.advance(301)
    with pytest.raises(AuthenticationError, match="too long"):
        await keeper.finish_sign_in(token, now_code(world, secret), AT)


async def test_a_reset_meanwhile_lets_nobody_in_and_takes_the_factor_away(world: World) -> None:
    keeper, secret = world.ports.gatekeeper, await set_up(world)
    token = await half_way(world)
    await keeper.people.reset("boss", BOSS)
    with pytest.raises(AuthenticationError, match="too long"):
        await keeper.finish_sign_in(token, now_code(world, secret), AT)
    kept = await keeper.people.find("boss")
    assert kept is not None
    assert kept.totp == ""
    assert Person(name="x", role=Role.GUARD).identity().proven is False


async def test_a_wrong_first_code_sets_nothing_up_and_an_old_offer_is_over(world: World) -> None:
    enrolling = world.ports.gatekeeper.enrolment
    secret = await enrolling.offer(BOSS)
    with pytest.raises(InvalidRequestError):
        await enrolling.confirm(BOSS, "000000")
    assert not await enrolling.is_set(BOSS)
    await world.clock.advance(301)
    with pytest.raises(ConflictError):
        await enrolling.confirm(BOSS, now_code(world, secret))
    with pytest.raises(ForbiddenError):
        await enrolling.offer(msgspec.structs.replace(BOSS, name="key:boss", machine=True))


async def test_it_is_given_up_by_its_code(world: World) -> None:
    secret, enrolling = await set_up(world), world.ports.gatekeeper.enrolment
    with pytest.raises(ConflictError):
        await enrolling.offer(BOSS)
    with pytest.raises(InvalidRequestError):
        await enrolling.give_up(BOSS, "000000")
    await enrolling.give_up(BOSS, now_code(world, secret))
    assert not await enrolling.is_set(BOSS)
    assert (await world.ports.gatekeeper.sign_in("boss", PASSWORD, AT)).who == BOSS


async def test_where_the_hub_asks_for_it_nobody_administers_by_the_password_alone(
    world: World,
) -> None:
    keeper = world.ports.gatekeeper
    keeper.two_factors = True
    plain = await keeper.sign_in("boss", PASSWORD, AT)
    async with client_of(make_app(world), cookie=f"lingdang_session={plain.cookie}") as client:
        for path in ("/api/v1/people", "/api/v1/keys"):
            refused = await client.get(path)
            assert refused.status_code == 403
            assert "/account" in refused.text
        assert (await client.get("/api/v1/devices")).status_code == 200
    secret = await set_up(world)
    strong = await keeper.finish_sign_in(await half_way(world), now_code(world, secret), AT)
    async with client_of(make_app(world), cookie=f"lingdang_session={strong.cookie}") as client:
        assert (await client.get("/api/v1/people")).status_code == 200
    async with client_of(make_app(world), "ld_token_of_the_administrator") as client:
        assert (await client.get("/api/v1/people")).status_code == 200, "a key is not a person"
