"""A counter's readings: what is believed, what is not, and from when on it is another meter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.services.counter import BELIEVED, Baseline, Limits, Verdict, judge

T0 = 1_764_000_000.0
MINUTE = 60.0
LIMITS = Limits(fastest=36.0 / 3600, roll_over=42_949_672.96)
"""36 kWh an hour: 0.6 a minute, and 3 for the lag."""


def read(
    *values: float, start: float = 5000.0, step: float = MINUTE, limits: Limits = LIMITS
) -> list[Verdict]:
    """Judge values, one a step; the one before them was believed."""
    base, verdicts = Baseline(start, T0), []
    for place, value in enumerate(values, 1):
        base, verdict = judge(base, value, T0 + place * step, limits)
        verdicts.append(verdict)
    return verdicts


def test_what_can_have_been_counted_is_believed() -> None:
    assert read(5000, 5000.5, 5003, 5003) == [Verdict.COUNTED] * 4


@pytest.mark.parametrize("slip", [0.0, 12.0, 4990.0])
def test_one_lower_reading_is_no_reset(slip: float) -> None:
    assert read(5000.2, slip, 5000.4) == [Verdict.COUNTED, Verdict.LOWER, Verdict.COUNTED]


def test_zeros_that_come_now_and_then_never_add_up_to_a_reset() -> None:
    found = read(*[value for n in range(20) for value in (0.0, 0.0, 5000 + n / 10)])
    assert found == [Verdict.LOWER, Verdict.LOWER, Verdict.COUNTED] * 20


def test_three_zeros_within_a_minute_are_a_meter_that_boots() -> None:
    found = read(0, 0, 0, 0, 5000.1, step=10.0)
    assert found == [*[Verdict.LOWER] * 4, Verdict.COUNTED]


def test_an_impossible_step_is_not_believed_and_moves_no_baseline() -> None:
    assert read(9000, 5000.3) == [Verdict.LEAP, Verdict.COUNTED]


def test_noise_that_never_agrees_with_itself_is_never_believed() -> None:
    found = read(91_000, 7, 660_000, 12, 65_535, 3, 5000.5)
    assert set(found[:-1]) == {Verdict.LOWER, Verdict.LEAP}
    assert found[-1] is Verdict.COUNTED


@pytest.mark.parametrize("first", [12.0, 88_000.0])
def test_another_meter_is_accepted_once_with_its_third_reading(first: float) -> None:
    found = read(first, first + 0.1, first + 0.2, first + 0.3)
    assert found[2:] == [Verdict.REPLACED, Verdict.COUNTED]
    assert not BELIEVED.intersection(found[:2])


def test_a_counter_rolls_over_at_the_width_of_its_register() -> None:
    assert read(0.5, 0.7, start=42_949_672.5) == [Verdict.ROLLED_OVER, Verdict.COUNTED]


def test_a_roll_over_is_none_far_from_the_end_or_by_too_much() -> None:
    assert read(0.5, start=30_000_000.0) == [Verdict.LOWER]
    assert read(400.0, start=42_949_672.5) == [Verdict.LOWER]


def test_a_zero_just_below_the_end_that_comes_back_is_told_as_what_it_is() -> None:
    found = read(0.0, 42_949_672.5, start=42_949_672.4)
    assert found[0] is Verdict.ROLLED_OVER
    assert found[1] is Verdict.LEAP


def test_a_meter_that_shows_its_count_every_five_minutes_is_believed() -> None:
    assert read(*[5000.0] * 4, 5003.0, *[5003.0] * 4, 5006.0) == [Verdict.COUNTED] * 10


def test_after_a_long_silence_more_can_have_been_counted() -> None:
    assert read(5800.0, step=86_400.0) == [Verdict.COUNTED]


def test_the_last_digit_of_a_float_may_go_to_and_fro() -> None:
    found = read(4999.9, 5000.0, 4999.9)
    assert found == [Verdict.WOBBLED, Verdict.COUNTED, Verdict.WOBBLED]


def test_what_is_sorted_in_behind_newer_readings_may_be_lower() -> None:
    base = Baseline(5000.0, T0)
    assert judge(base, 4999.8, T0 - 30, LIMITS) == (base, Verdict.COUNTED)
    assert judge(base, 0.0, T0 - 30, LIMITS)[1] is Verdict.LEAP


def test_a_counter_without_limits_must_still_not_go_back() -> None:
    assert read(1e9, 3.0, limits=Limits()) == [Verdict.COUNTED, Verdict.LOWER]


STEPS = st.lists(st.floats(0, 0.55), min_size=1, max_size=60)
WRONG = st.lists(
    st.tuples(st.integers(0, 59), st.sampled_from([0.0, -1.0, 1e9, 65_535.0])), max_size=20
)


@given(steps=STEPS, wrong=WRONG)
def test_a_true_count_is_believed_whatever_single_readings_lie_between(
    steps: list[float], wrong: list[tuple[int, float]]
) -> None:
    base, value = Baseline(5000.0, T0), 5000.0
    noise = dict(wrong)
    for place, step in enumerate(steps, 1):
        value += step
        at = T0 + place * MINUTE
        if place in noise:
            base, verdict = judge(base, noise[place], at - 1, LIMITS)
            assert verdict not in BELIEVED
        base, verdict = judge(base, value, at, LIMITS)
        assert verdict is Verdict.COUNTED
