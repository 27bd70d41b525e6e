"""Keys are shown once, last for a time, are rotated with overlap and taken at once."""

from __future__ import annotations

import pytest

from hub.access.card import key_card
from hub.access.gatekeeper import Gatekeeper
from hub.access.housekeeping import sweep
from hub.access.key_cabinet import DAY, NewKey
from hub.access.keys import id_of
from hub.access.local import LOCAL_FILE, local_token, open_local_door
from hub.access.record import KEYS, USES
from hub.access.term import read_term
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from tests.unit.access.web_fakes import NOW, World, make_world

BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)
CITY = NewKey(name="city", role=Role.GRID, place="guanshan/a")


@pytest.fixture
def world() -> World:
    made = make_world()
    made.books.papers.clear()
    return made


@pytest.fixture
def keeper(world: World) -> Gatekeeper:
    return world.ports.gatekeeper


async def test_a_key_for_the_platform_is_scoped_and_ends(keeper: Gatekeeper, world: World) -> None:
    record, token = await keeper.keys.give(CITY, BOSS)
    who = await keeper.by_token(token)
    assert who == Identity(name="key:city", role=Role.GRID, scope="guanshan/a", machine=True)
    assert token not in f"{world.books.papers}{world.books.entries}"
    entry = world.books.entries[-1]
    assert (entry.type, entry.subject, entry.actor) == ("key.given", id_of(record), "boss")
    await world.clock.advance(90 * DAY)
    assert await keeper.by_token(token) is None


async def test_both_keys_work_while_they_overlap(keeper: Gatekeeper, world: World) -> None:
    old, old_token = await keeper.keys.give(CITY, BOSS)
    await world.clock.advance(80 * DAY)
    new, new_token = await keeper.keys.rotate(id_of(old), "7d", BOSS)
    assert (new.name, new.role, new.scope) == (old.name, old.role, old.scope)
    assert new.expires_at == NOW + 170 * DAY
    assert await keeper.by_token(old_token) == await keeper.by_token(new_token)
    await world.clock.advance(7 * DAY)
    assert await keeper.by_token(old_token) is None
    assert await keeper.by_token(new_token) is not None


async def test_an_overlap_does_not_prolong_a_key(keeper: Gatekeeper, world: World) -> None:
    old, old_token = await keeper.keys.give(CITY, BOSS)
    await world.clock.advance(89 * DAY)
    await keeper.keys.rotate(id_of(old), "7d", BOSS)
    await world.clock.advance(1 * DAY)
    assert await keeper.by_token(old_token) is None


async def test_no_overlap_ends_the_old_key_at_once(keeper: Gatekeeper) -> None:
    old, old_token = await keeper.keys.give(CITY, BOSS)
    assert await keeper.by_token(old_token) is not None
    await keeper.keys.rotate(id_of(old), "0d", BOSS)
    assert await keeper.by_token(old_token) is None


async def test_a_key_is_rotated_once_and_not_after_its_end(
    keeper: Gatekeeper, world: World
) -> None:
    old, _ = await keeper.keys.give(CITY, BOSS)
    new, _ = await keeper.keys.rotate(id_of(old), "7d", BOSS)
    with pytest.raises(ConflictError, match=id_of(new)):
        await keeper.keys.rotate(id_of(old), "7d", BOSS)
    await world.clock.advance(90 * DAY)
    with pytest.raises(ConflictError, match="expired"):
        await keeper.keys.rotate(id_of(new), "7d", BOSS)


async def test_the_last_use_is_shown_and_kept_without_reviving_a_key(
    keeper: Gatekeeper, world: World
) -> None:
    record, token = await keeper.keys.give(CITY, BOSS)
    assert [used for _, used in await keeper.keys.all()] == [None]
    await world.clock.advance(60)
    await keeper.by_token(token)
    assert [used for _, used in await keeper.keys.all()] == [NOW + 60]
    await keeper.keys.note_uses()
    fresh = Gatekeeper(world.books, world.desk, world.clock)
    assert [used for _, used in await fresh.keys.all()] == [NOW + 60]
    await world.clock.advance(60)
    await keeper.by_token(token)
    await fresh.keys.revoke(id_of(record), BOSS)
    await keeper.keys.note_uses()
    assert await world.books.documents(KEYS) == {}
    assert len(await world.books.documents(USES)) == 1
    assert await sweep(world.books, world.desk, now=NOW + 121) == 1
    assert await world.books.documents(USES) == {}


async def test_an_unknown_key_is_named_with_the_next_step(keeper: Gatekeeper) -> None:
    for act in (keeper.keys.revoke("nope", BOSS), keeper.keys.rotate("nope", "1d", BOSS)):
        with pytest.raises(NotFoundError, match="lingdang key list"):
            await act


async def test_a_card_shows_a_beginning_and_no_more(keeper: Gatekeeper) -> None:
    record, token = await keeper.keys.give(CITY, BOSS)
    card = key_card(record)
    assert card.prefix == token[:7]
    assert token[8:] not in str(card)


@pytest.mark.parametrize("text", ["", "90", "d", "1y", "-1d", "0d", "9999d", "1.5d", "９0d"])
def test_a_time_that_is_none_or_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="1h to 1100d"):
        read_term(text, "expires", least=3600, most=1100 * DAY)


def test_times_are_days_hours_or_minutes() -> None:
    terms = [read_term(text, "x", least=0, most=10 * DAY) for text in ("0d", "30m", "12h", " 7d ")]
    assert terms == [0, 1800, 43200, 7 * DAY]


def test_the_local_door_knows_its_own_token_and_whose_hand_it_was(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    with open_local_door(folder) as door:
        file = folder / LOCAL_FILE
        assert file.stat().st_mode & 0o777 == 0o600
        secret = file.read_text().split()[1]
        who = door.recognise(local_token(secret, "李.root"))
        assert who == Identity(name="local:李.root", role=Role.ADMINISTRATOR, machine=True)
        odd = door.recognise(local_token(secret, "a\nb" + "c" * 99))
        assert odd is not None
        assert "\n" not in odd.name
        assert len(odd.name) <= 70
        assert door.recognise("ld_local_guess.root") is None
        assert door.recognise("") is None
    assert not file.exists()
    with open_local_door(folder) as other:
        assert other.recognise(local_token(secret, "root")) is None
