"""Five failures within ten minutes lock an account, and an address."""

import pytest

from hub.access.lockout import Lockout
from hub.clock import ManualClock
from hub.errors import TooManyRequestsError


async def test_the_fifth_failure_locks_and_ten_minutes_unlock() -> None:
    clock = ManualClock()
    lockout = Lockout(clock)
    for _ in range(4):
        assert lockout.fail("account:li") == []
        lockout.check("account:li")
    assert lockout.fail("account:li", "address:1") == ["account:li"]
    with pytest.raises(TooManyRequestsError) as caught:
        lockout.check("address:2", "account:li")
    assert caught.value.retry_after == 600
    await clock.advance(600)
    lockout.check("account:li")


async def test_failures_over_more_than_ten_minutes_do_not_lock() -> None:
    clock = ManualClock()
    lockout = Lockout(clock)
    for _ in range(10):
        lockout.fail("account:li")
        await clock.advance(151)
    lockout.check("account:li")


def test_one_address_that_tries_many_accounts_is_locked() -> None:
    lockout = Lockout(ManualClock())
    locked = [lockout.fail(f"account:{name}", "address:9") for name in "abcde"]
    assert locked[-1] == ["address:9"]
    with pytest.raises(TooManyRequestsError):
        lockout.check("account:new", "address:9")


def test_a_success_starts_the_count_again() -> None:
    lockout = Lockout(ManualClock())
    for _ in range(4):
        lockout.fail("account:li")
    lockout.forget("account:li")
    assert lockout.fail("account:li") == []
    lockout.check("account:li")


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    lockout = Lockout(ManualClock(), remembered=3)
    for _ in range(5):
        lockout.fail("account:old")
    for name in "abc":
        lockout.fail(f"account:{name}")
    lockout.check("account:old")
