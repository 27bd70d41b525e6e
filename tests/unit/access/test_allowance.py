"""How often strangers may ask: counted by address, by label and all together, within bounds."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from hub.access.allowance import Allowance, Limit, address_of
from hub.clock import ManualClock
from hub.errors import TooManyRequestsError

LIMITS = {"post": Limit(count=3, seconds=600), "wrong": Limit(count=1, seconds=60)}


async def test_the_fourth_is_told_when_to_come_back_and_may_then() -> None:
    clock = ManualClock()
    allowance = Allowance(clock, LIMITS)
    for _ in range(3):
        allowance.take("post", "1.2.3.4")
        await clock.advance(60)
    with pytest.raises(TooManyRequestsError) as caught:
        allowance.take("post", "1.2.3.4")
    assert caught.value.retry_after == 420
    assert "7 分钟" in str(caught.value)
    allowance.take("post", "5.6.7.8")
    await clock.advance(420)
    allowance.take("post", "1.2.3.4")
    with pytest.raises(TooManyRequestsError):
        allowance.check("post", "1.2.3.4")


def test_looking_counts_nothing_and_ways_are_apart() -> None:
    allowance = Allowance(ManualClock(), LIMITS)
    for _ in range(10):
        allowance.check("wrong")
    allowance.take("wrong")
    with pytest.raises(TooManyRequestsError):
        allowance.check("wrong")
    allowance.take("post")
    assert allowance.refused == {"wrong": 1}, "no refusal goes uncounted"


def test_the_memory_is_bounded() -> None:
    allowance = Allowance(ManualClock(), LIMITS, remembered=2)
    for subject in "abc":
        allowance.take("wrong", subject)
    allowance.take("wrong", "a")
    with pytest.raises(TooManyRequestsError):
        allowance.take("wrong", "c")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("testclient", "testclient"),
    ],
)
def test_a_home_is_one_address(host: str, address: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1)})) == address
    assert address_of(Request({"type": "http", "client": None})) == ""
