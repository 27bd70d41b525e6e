"""Secrets are random, stored as hashes, and end when they should."""

import msgspec
import pytest

from hub.access import keys, session
from hub.access.passwords import PasswordDesk
from hub.access.record import ApiKey, Person, Session
from hub.model.access import Role

NOW = 1_764_000_000.0


def test_tokens_are_marked_random_and_never_stored() -> None:
    token, other = keys.new_token(), keys.new_token()
    record = keys.key_record(token, name="scraper", role=Role.MANAGER, now=NOW)
    document = keys.key_document(record)
    assert token.startswith("ld_")
    assert len(token) > 40
    assert token != other
    assert document.body is not None
    assert token not in document.body.decode()
    assert document.key == keys.lookup_of(token)


def test_a_key_stands_for_its_role_and_scope_until_it_expires() -> None:
    token = keys.new_token()
    record = keys.key_record(
        token, name="li", role=Role.CREW, now=NOW, scope="guanshan/a", lasts=60
    )
    body = msgspec.json.encode(record)
    who = keys.check_key(body, token, NOW + 59)
    assert who is not None
    assert (who.name, who.role, who.scope, who.machine) == ("key:li", "crew", "guanshan/a", True)
    assert keys.check_key(body, token, NOW + 60) is None


def test_another_token_under_the_same_look_up_is_refused() -> None:
    record = keys.key_record(keys.new_token(), name="x", role=Role.GUARD, now=NOW)
    body = msgspec.json.encode(record)
    assert keys.check_key(body, keys.new_token(), NOW) is None
    assert keys.check_key(None, keys.new_token(), NOW) is None
    assert msgspec.json.decode(body, type=ApiKey) == record


@pytest.mark.parametrize(
    ("role", "secret", "hours"),
    [(Role.GUARD, "s", 24.0), (Role.GUARD, "", 0.5), (Role.CREW, "s", 0.5)],
)
def test_a_wall_rests_for_a_day_and_a_person_for_half_an_hour(
    role: Role, secret: str, hours: float
) -> None:
    screen = session.Screen(secret=secret, address="10.0.0.9")
    opened = session.open_session(Person(name="x", role=role, password_hash=""), NOW, screen)
    assert opened.is_live(NOW + hours * 3600 - 1)
    assert not opened.is_live(NOW + hours * 3600)


def test_even_a_busy_session_ends_after_a_week() -> None:
    opened = session.open_session(Person(name="x", role=Role.GUARD, password_hash=""), NOW)
    busy = msgspec.structs.replace(opened, seen_at=NOW + session.LIFETIME)
    assert not busy.is_live(NOW + session.LIFETIME)


def test_seen_is_written_once_a_minute() -> None:
    opened = Session(name="x", opened_at=NOW, seen_at=NOW, idle=1800, ends_at=NOW + 9e5)
    assert session.touched(opened, NOW + 59) is None
    assert session.touched(opened, NOW + 60) == msgspec.structs.replace(opened, seen_at=NOW + 60)


def test_a_form_token_belongs_to_one_session() -> None:
    cookie, other = session.new_cookie(), session.new_cookie()
    assert session.csrf_fits(cookie, session.csrf_token(cookie))
    assert not session.csrf_fits(other, session.csrf_token(cookie))
    assert not session.csrf_fits(cookie, "")
    assert cookie not in session.session_key(cookie)


async def test_a_password_fits_its_own_hash_and_nobody_has_a_password() -> None:
    desk = PasswordDesk()
    hashed = await desk.hash("right")
    assert hashed.startswith("$argon2id$")
    assert "m=47104,t=1" in hashed
    assert await desk.verify(hashed, "right")
    assert not await desk.verify(hashed, "wrong")
    assert not await desk.verify(None, "nobody has this password")
    assert not await desk.verify("no hash at all", "right")
