"""A swapped counter: what was before the swap is moved, and nobody is told of a jump."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pytest

from hub.intake.counting import CounterBook
from hub.intake.rebasing import RebasedHistory
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Report, Sample, Topic
from hub.model.swap import Swap
from hub.ports import HourOfPoint, PointRow, RollupRow, StateRow
from rules.summary import Summary
from rules.weight import CounterStep
from rules.window import Window
from tests.support.shipped import MODELS

UID, POINT = DeviceUid("d_1"), "energy.import"
METER = Device(
    uid=UID,
    id="meter-1",
    address="000000000001",
    kind=Kind.ELECTRICITY_METER,
    model="dlt645-2007",
    place="gs",
    link="riser-1",
)


def swap(at: float, closing: float | None, opening: float | None, number: int = 1) -> Swap:
    return Swap(
        uid=UID,
        number=number,
        at=at,
        actor="li",
        closing={} if closing is None else {POINT: closing},
        opening={} if opening is None else {POINT: opening},
    )


def read(at: float, value: float, *, point: str = POINT, uid: str = UID) -> Report:
    return Report(
        address="000000000001",
        uid=DeviceUid(uid),
        topic=Topic.TELEMETRY,
        at=at,
        received=at,
        samples=(Sample(point, value),),
    )


class History:
    """A history in a list."""

    def __init__(self, *reports: Report, hours: Sequence[HourOfPoint] = ()) -> None:
        self._reports, self._hours = reports, hours

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        del start, end, uids
        yield from self._reports

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        del start, end, points
        yield from self._hours


def values(history: History, *swaps: Swap, point: str = POINT) -> list[float | None]:
    moved = RebasedHistory(history, {UID: list(swaps)}, {UID: {POINT}})
    found = moved.recall(start=0, end=1, uids=())
    return [each.value for report in found for each in report.samples if each.point == point]  # type: ignore[misc]


def test_what_was_read_before_a_swap_is_moved_so_that_a_step_is_what_was_used() -> None:
    history = History(read(10, 5000.0), read(20, 5001.0), read(40, 0.5))
    assert values(history, swap(30, 5002.0, 0.0)) == [-2.0, -1.0, 0.5]


def test_two_swaps_move_what_was_before_both_by_both() -> None:
    history = History(read(10, 100.0), read(40, 7.0), read(60, 500.0))
    assert values(history, swap(30, 100.0, 5.0), swap(50, 8.0, 499.0, 2)) == [496.0, 498.0, 500.0]


def test_without_an_opening_reading_what_was_before_is_forgotten_not_guessed() -> None:
    history = History(read(10, 5000.0), read(40, 0.5))
    assert values(history, swap(30, 5000.0, None)) == [None, 0.5]
    [before, _] = RebasedHistory(history, {UID: [swap(30, 1, None)]}, {UID: {POINT}}).recall(
        start=0, end=1, uids=()
    )
    assert before.samples[0].quality is Quality.BAD


def test_what_is_no_counter_and_other_devices_stay_as_they_are() -> None:
    history = History(read(10, 230.0, point="voltage.a"), read(10, 5000.0, uid="d_2"))
    assert values(history, swap(30, 5000.0, 0.0), point="voltage.a") == [230.0]
    assert values(history, swap(30, 5000.0, 0.0)) == [5000.0]


def test_the_hour_of_a_swap_begins_with_the_old_and_ends_with_the_new_counter() -> None:
    def hour(at: float, first: float, last: float) -> HourOfPoint:
        row = RollupRow(
            at=at, count=2, minimum=first, maximum=last, mean=(first + last) / 2, first=first,
            last=last,
        )  # fmt: skip
        return HourOfPoint(UID, POINT, row)

    hours = (hour(0, 4990, 4995), hour(3600, 4995, 3), hour(7200, 3, 5))
    history = History(hours=hours)
    moved = RebasedHistory(history, {UID: [swap(5000, 5000.0, 0.0)]}, {UID: {POINT}})
    found = list(moved.recall_hours(start=0, end=1, points={}))
    steps = [each.row.last - each.row.first for each in found]
    assert steps == [5.0, 8.0, 2.0], "5000 - 4995 of the old one, and 3 of the new one"
    moved = RebasedHistory(history, {UID: [swap(5000, None, None)]}, {UID: {POINT}})
    assert [each.row.at for each in moved.recall_hours(start=0, end=1, points={})] == [7200]


@pytest.mark.parametrize(("opening", "then"), [(0.0, 3.0), (90_000.0, 90_003.0)])
def test_a_rule_s_window_over_the_swap_holds_what_was_used(opening: float, then: float) -> None:
    history = History(read(10, 5000.0), read(20, 5001.0))
    found = []
    for swaps in ({UID: [swap(30, 5002.0, opening)]}, {}):
        window = Window(Summary(), CounterStep(), span=60.0, before=0.0)
        moved = RebasedHistory(history, swaps, {UID: {POINT}})
        for report in moved.recall(start=0, end=1, uids=()):
            [sample] = report.samples
            assert sample.value is not None
            window.observe(report.at, sample.value)
        window.observe(69.0, then)
        found.append(window.read(70.0)[0])
    assert found[0] == 1 + 1 + 3, "two until the old one's closing reading, three of the new one"
    assert found[1] != found[0], "without the swap it is another number"


def book(*swaps: Swap, at: float = 1000.0, states: Sequence[StateRow] = ()) -> CounterBook:
    counters = CounterBook()
    counters.set_devices([METER], MODELS)
    row = PointRow(uid=UID, point=POINT, value=5000.0, quality=Quality.GOOD, at=at, received=at)
    counters.restore([row], states)
    counters.rebase(swaps)
    return counters


def test_a_new_meter_s_first_reading_is_believed_at_once_and_told_by_nobody() -> None:
    told = book().check(read(2000, 0.2))[1]
    assert told, "without a word it is doubted"
    for opening in (0.0, None):
        report, told = book(swap(1500, 5001.0, opening)).check(read(2000, 0.2))
        assert not told
        assert report.samples[0].quality is Quality.GOOD
    report, told = book(swap(1500, 5001.0, 90_000.0)).check(read(2000, 90_000.5))
    assert not told


def test_an_opening_reading_that_cannot_be_is_found_by_what_is_read() -> None:
    _, [finding] = book(swap(1500, 5001.0, 0.0)).check(read(2000, 90_000.0))
    assert finding.before == 0.0


def test_a_swap_of_long_ago_changes_nothing_any_more() -> None:
    counters = book(swap(500, 4000.0, 0.0))
    assert not counters.check(read(2000, 5000.3))[1]
    assert counters.check(read(2060, 0.0))[1]


def test_a_doubt_of_before_the_swap_is_over() -> None:
    counters = book()
    counters.check(read(1100, 3.0))
    [row] = counters.take_rows()
    assert row.data
    again = book(swap(1500, 5001.0, None), states=[row])
    assert not again.check(read(2000, 3.1))[1]
    assert [each.data for each in again.take_rows()] == [None]


@pytest.mark.parametrize("at", [1000.0, 1500.0])
def test_a_reading_of_the_new_meter_that_came_first_is_its_baseline(at: float) -> None:
    counters = book(swap(1000, 5001.0, 0.0), at=at)
    assert not counters.check(read(2000, 5000.2))[1]
