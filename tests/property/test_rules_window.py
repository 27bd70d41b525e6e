"""Windows that are moved along give what a look at every reading would give."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.summary import Extreme, Median, Summary
from rules.weight import Weigh, take_change, take_one, take_value
from rules.window import Window

Readings = list[tuple[float, float]]
MAKERS: dict[str, tuple[Callable[[], Summary], Callable[[list[float]], float | None]]] = {
    "mean": (lambda: Summary("mean"), lambda xs: statistics.fmean(xs) if xs else None),
    "sum": (Summary, sum),
    "min": (lambda: Extreme(-1), lambda xs: min(xs, default=None)),
    "max": (lambda: Extreme(1), lambda xs: max(xs, default=None)),
    "median": (Median, lambda xs: statistics.median(xs) if xs else None),
}
steps = st.lists(
    st.tuples(st.integers(0, 40), st.integers(-50, 50)), min_size=1, max_size=60
)  # fmt: skip


def place(gaps: list[tuple[int, int]]) -> Readings:
    at, found = 0.0, []
    for gap, value in gaps:
        at += gap
        found.append((at, float(value)))
    return found


def naive(readings: Readings, now: float, span: float, before: float) -> list[float]:
    return [value for at, value in readings if now - before - span < at <= now - before]


@pytest.mark.parametrize("name", MAKERS)
@given(gaps=steps, span=st.integers(1, 100), before=st.integers(0, 60), data=st.data())
def test_a_window_equals_the_look_at_every_reading(
    name: str, gaps: list[tuple[int, int]], span: int, before: int, data: st.DataObject
) -> None:
    make, answer = MAKERS[name]
    readings = place(gaps)
    window = Window(make(), take_value, span=span, before=before)
    for i, (at, value) in enumerate(readings):
        window.observe(at, value)
        if data.draw(st.booleans()):
            got, wake = window.read(at)
            assert wake > at
            full = at >= readings[0][0] + span + before
            expected = answer(naive(readings[: i + 1], at, span, before)) if full else None
            assert got == pytest.approx(expected)


@given(gaps=steps, span=st.integers(1, 100), before=st.integers(0, 60))
def test_who_asks_again_hears_what_a_window_that_was_never_asked_says(
    gaps: list[tuple[int, int]], span: int, before: int
) -> None:
    readings = place(gaps)
    asked = Window(Summary("mean"), take_value, span=span, before=before)
    for i, (at, value) in enumerate(readings):
        asked.observe(at, value)
        following = readings[i + 1][0] if i + 1 < len(readings) else at + 200
        for now in (at, (at + following) / 2, (at + following) / 2, following):
            fresh = Window(Summary("mean"), take_value, span=span, before=before)
            for each in readings[: i + 1]:
                fresh.observe(*each)
            assert asked.read(now) == pytest.approx(fresh.read(now))


@given(gaps=steps, span=st.integers(1, 100))
def test_between_two_wakes_the_answer_does_not_change(
    gaps: list[tuple[int, int]], span: int
) -> None:
    window = Window(Summary("mean"), take_value, span=span, before=0.0)
    readings = place(gaps)
    for at, value in readings:
        window.observe(at, value)
    now = readings[-1][0]
    for _ in range(100):
        answer, wake = window.read(now)
        if wake == float("inf"):
            assert answer is None
            break
        assert window.read((now + wake) / 2)[0] == pytest.approx(answer)
        now = wake


@pytest.mark.parametrize(("span", "before"), [(900.0, 0.0), (900.0, 1800.0), (86_400.0, 0.0)])
def test_a_window_that_nobody_asks_keeps_what_lies_in_it_and_no_more(
    span: float, before: float
) -> None:
    window = Window(Extreme(1), take_value, span=span, before=before)
    for minute in range(7 * 1440):
        window.observe(60.0 * minute, float(minute % 60))
    assert len(window.entries().ats) <= 1 + min(240, (span + before) / 60)


@given(order=st.permutations(range(12)))
def test_readings_out_of_order_find_their_place(order: list[int]) -> None:
    window = Window(Summary("mean"), take_value, span=6.0, before=0.0)
    for i in order:
        window.observe(float(i), float(i * i))
    got, _ = window.read(11.0)
    assert got == pytest.approx(statistics.fmean(i * i for i in range(6, 12)))


@given(values=st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_changes_are_the_places_where_the_value_differs(values: list[int]) -> None:
    window = Window(Summary(), take_change, span=100.0, before=0.0)
    for i, value in enumerate(values):
        window.observe(float(i), value)
    got, _ = window.read(100.0)
    inside = [a != b for a, b in itertools.pairwise(values)]
    assert got == sum(inside)


@given(seconds=st.lists(st.integers(1, 900), min_size=50, max_size=300))
def test_a_long_window_is_right_to_a_part_of_its_length(seconds: list[int]) -> None:
    span = 24_000.0
    window = Window(Summary("count"), take_one, span=span, before=0.0)
    at, every = 0.0, []
    for gap in seconds:
        at += gap
        every.append(at)
        window.observe(at, 1)
        window.read(at)
    got, _ = window.read(max(at, every[0] + span))
    now = max(at, every[0] + span)
    step = span / 240
    low = sum(1 for each in every if each > now - span + step)
    high = sum(1 for each in every if each > now - span - step)
    assert got is not None
    assert low <= got <= high


@pytest.mark.parametrize("span", [900.0, 7_200.0])
@pytest.mark.parametrize("before", [0.0, 1800.0])
@pytest.mark.parametrize(
    ("make", "weigh"),
    [(lambda: Extreme(-1), take_value), (lambda: Summary("count"), take_one), (Median, take_value)],
)
def test_readings_that_come_in_bulk_say_what_they_say_one_by_one(
    span: float, before: float, make: Callable[[], Summary], weigh: Weigh
) -> None:
    one, bulk = (Window(make(), weigh, span=span, before=before) for _ in range(2))
    for hour in range(6):
        ats = [3600.0 * hour + 47.0 * place for place in range(70)]
        values = [float((hour * 31 + place * 17) % 53) for place in range(70)]
        for at, value in zip(ats, values, strict=True):
            one.observe(at, value)
        bulk.observe_all(ats, values)
        assert one.read(ats[-1]) == bulk.read(ats[-1])
        assert one.entries() == bulk.entries()
