"""Delivery: bounded requests, bad lines found and skipped, and whom not to believe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.rest import ApiException

from hub.store.sink.delivery import POINTS, deliver
from hub.store.sink.receiver import Answer, Verdict, judge
from tests.unit.store.sink_stage import AWAY, TAKEN, WRONG, Shop

PROBE = "probe"


def lines(count: int) -> list[str]:
    return [f"line-{number}" for number in range(count)]


def hates(*bad: str) -> Callable[[Sequence[str]], Answer]:
    return lambda part: WRONG if set(bad) & set(part) else TAKEN


async def test_requests_are_bounded_and_in_order() -> None:
    shop = Shop()
    outcome = await deliver(lines(2 * POINTS + 1), shop, PROBE)
    assert [len(request) for request in shop.requests] == [POINTS, POINTS, 1]
    assert shop.taken == lines(2 * POINTS + 1)
    assert (outcome.sent, outcome.refused, outcome.later) == (2 * POINTS + 1, 0, None)


async def test_one_bad_line_is_found_in_a_few_requests_and_all_others_go_through() -> None:
    shop = Shop(hates("line-3333"))
    outcome = await deliver(lines(POINTS), shop, PROBE)
    assert (outcome.sent, outcome.refused) == (POINTS - 1, 1)
    assert (outcome.last_refused, outcome.why) == ("line-3333", WRONG.why)
    assert len(shop.requests) <= 27
    assert set(lines(POINTS)) - set(shop.taken) == {"line-3333"}


@given(bad=st.sets(st.integers(0, 39)), count=st.integers(1, 40))
async def test_whatever_is_bad_every_good_line_goes_through_once(bad: set[int], count: int) -> None:
    all_lines = lines(count)
    wrong = {f"line-{number}" for number in bad} & set(all_lines)
    shop = Shop(hates(*wrong))
    outcome = await deliver(all_lines, shop, PROBE)
    assert [line for line in shop.taken if line != PROBE] == [
        line for line in all_lines if line not in wrong
    ]
    assert (outcome.sent + outcome.refused, outcome.refused) == (count, len(wrong))


async def test_a_lone_bad_line_is_skipped_once_the_store_has_taken_a_good_one() -> None:
    shop = Shop(hates("line-0"))
    outcome = await deliver(lines(1), shop, PROBE)
    assert (shop.taken, outcome.refused, outcome.later) == ([PROBE], 1, None)


async def test_who_refuses_everything_is_no_store_and_swallows_nothing() -> None:
    shop = Shop(lambda _: WRONG)
    outcome = await deliver(lines(100), shop, PROBE)
    assert outcome.refused == 0
    assert outcome.later is not None
    assert "look at [influx] url" in outcome.later.why
    assert len(shop.requests) <= 9


async def test_a_store_that_goes_away_in_between_ends_the_round() -> None:
    shop = Shop(lambda part: AWAY if part[0] == f"line-{POINTS}" else TAKEN)
    outcome = await deliver(lines(3 * POINTS), shop, PROBE)
    assert (outcome.later, len(shop.requests)) == (AWAY, 2)
    shop = Shop(lambda part: AWAY if part == [PROBE] else WRONG)
    assert (await deliver(lines(1), shop, PROBE)).later == AWAY


@pytest.mark.parametrize("status", [400, 413, 422])
def test_these_are_the_lines_fault(status: int) -> None:
    assert judge(ApiException(status=status)).verdict is Verdict.REFUSED


@pytest.mark.parametrize("status", [0, 302, 401, 403, 404, 408, 429, 500, 503])
def test_everything_else_waits_until_it_is_put_right(status: int) -> None:
    answer = judge(ApiException(status=status, reason="no"))
    assert answer.verdict is Verdict.LATER
    assert f"HTTP {status}" in answer.why


@pytest.mark.parametrize(("asked", "wait"), [("7", 7.0), (None, 0.0), ("Fri, 31 Dec", 0.0)])
def test_the_store_may_say_when_to_come_back(asked: str | None, wait: float) -> None:
    error = ApiException(status=503)
    error.retry_after = asked
    assert judge(error).wait == wait
