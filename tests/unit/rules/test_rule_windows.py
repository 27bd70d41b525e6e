"""Counters that reset, clocks that are off, and where things stand in a file."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report, Topic
from rules.plan import Plan
from rules.source import find_blocks, group_rules
from rules.state import DeviceState
from rules.summary import Summary
from rules.tracker import EventCount, Slots
from rules.trust import place_in_time
from rules.vocabulary import Vocabulary
from rules.weight import CounterStep, take_step
from rules.window import Window


def use(values: Sequence[float], maximum: float | None = None) -> float | None:
    """Return what a counter has counted over all these readings."""
    window = Window(Summary(), CounterStep(maximum), span=1000.0, before=0.0)
    for i, value in enumerate(values):
        window.observe(float(i), value)
    return window.read(1000.0)[0]


@pytest.mark.parametrize(
    ("values", "used"),
    [
        ([10, 12, 15], 5),
        ([10, 12, 0, 1, 3], 5),
        ([10, 12, 0, 12, 13], 3),
        ([10, 12, 0, 0, 2], 4),
        ([10, 10, 10], 0),
    ],
)
def test_a_counter_that_drops_has_slipped_or_was_reset_and_is_never_negative(
    values: list[float], used: float
) -> None:
    assert use(values) == used


def test_a_counter_that_rolls_over_counts_on() -> None:
    assert use([9990, 9998, 3, 8], maximum=10_000) == 8 + 5 + 5


def test_a_number_that_falls_has_a_negative_delta() -> None:
    window = Window(Summary(), take_step, span=10.0, before=0.0)
    for at, value in ((0, 5.0), (5, 3.0)):
        window.observe(at, value)
    assert window.read(10.0)[0] == -2.0


def test_events_beyond_the_limit_push_the_oldest_out() -> None:
    count = EventCount(1e6)
    for at in range(10_050):
        count.happen("e", float(at), {})
    assert count.read(10_050.0)[0] == 10_000


def test_an_event_without_the_key_is_not_counted() -> None:
    count = EventCount(60.0, mode="same", key="plate")
    count.happen("e", 1.0, {})
    assert count.read(1.0)[0] == 0


def test_events_that_come_out_of_order_leave_in_order() -> None:
    count = EventCount(60.0)
    for at in (30.0, 10.0, 20.0):
        count.happen("e", at, {})
    assert count.read(75.0) == (2, 80.0)


def test_slots_follow_local_midnight() -> None:
    slots = Slots(86_400.0, 3 * 86_400.0, 8 * 3600.0)
    midnight = 1_764_000_000.0 - (1_764_000_000.0 + 8 * 3600) % 86_400
    slots.settle(midnight - 1, verdict=True)
    slots.settle(midnight, verdict=True)
    assert slots.read(midnight) == (2, False, midnight + 86_400)


GATE = Device(uid=DeviceUid("u"), id="d", address="d", kind=Kind.BARRIER_GATE, model="", place="p")


def judge(offsets: Sequence[float], *, spacing: float) -> list[bool]:
    """Tell for each message whether arrival time counted."""
    d = DeviceState(GATE, Plan(Kind.BARRIER_GATE, Vocabulary({})), ())
    found = []
    for i, offset in enumerate(offsets):
        received = 1e9 + i * spacing
        report = Report(address="d", topic=Topic.STATE, at=received + offset, received=received)
        found.append(place_in_time(d, report, judging=True)[0] == received)
    return found


def test_five_messages_that_are_off_by_the_same_make_arrival_time_count() -> None:
    assert judge([-3600.0] * 6, spacing=10) == [False] * 4 + [True] * 2
    assert judge([-3600.0] * 5 + [-1.0, -3600.0], spacing=10)[-1] is False


def test_a_backlog_in_one_burst_says_nothing_about_the_clock() -> None:
    assert judge([-600.0 + 0.1 * i for i in range(20)], spacing=0.01) == [False] * 20
    assert judge([-600.0 + 10 * i for i in range(20)], spacing=1) == [False] * 20


def test_nothing_happens_in_the_future() -> None:
    assert judge([28_800.0], spacing=1) == [True]
    assert judge([100.0], spacing=1) == [False]


FILE = """x = 1
[[rule]]
id = "a"
when = '''
id = 1
'''
  hold = 3
[[rule.stage]]
when = 'b'
"""


def test_keys_have_their_places_also_behind_long_texts() -> None:
    ((rule, stage),) = group_rules(find_blocks(FILE))
    assert (rule.line, rule.keys["id"].line, rule.keys["id"].column) == (2, 3, 7)
    assert (rule.keys["when"].line, rule.keys["when"].column) == (5, 1)
    assert (rule.keys["hold"].line, rule.keys["hold"].column) == (7, 10)
    assert (stage.header, stage.keys["when"].column) == ("rule.stage", 9)
