"""Which instant counts: late data, wrong clocks, backlogs."""

from __future__ import annotations

import msgspec
import pytest

from hub.intake.timekeeping import Timekeeper, Vote
from hub.model.device import DeviceUid
from hub.model.report import Report, Topic

BASE = Report(address="g", uid=DeviceUid("d_1"), topic=Topic.STATE, at=0.0, received=0.0)


NOON = 1_764_000_000.0
"""Times in these tests count from here."""


def settle(
    keeper: Timekeeper, at: float, received: float, *, judging: bool = True, late: bool = False
) -> tuple[float, bool, float | None]:
    report = msgspec.structs.replace(BASE, at=NOON + at, received=NOON + received, late=late)
    counts, is_late, change = keeper.settle(report, judging=judging)
    return round(counts - NOON, 3), is_late, change


def test_event_time_counts_while_the_clock_is_trusted() -> None:
    assert settle(Timekeeper(), 100.0, 101.0) == (100.0, False, None)


def test_what_is_over_a_minute_older_than_the_newest_is_late() -> None:
    keeper = Timekeeper()
    settle(keeper, 1000.0, 1000.0)
    assert settle(keeper, 939.0, 1001.0)[1]
    assert not settle(keeper, 941.0, 1001.0)[1]


def test_what_says_that_it_is_late_is_late_and_moves_nothing() -> None:
    keeper = Timekeeper()
    assert settle(keeper, 1000.0, 1000.0, late=True)[1]
    assert not settle(keeper, 900.0, 1001.0)[1]


def test_a_backlog_in_sequence_is_not_late_and_judges_no_clock() -> None:
    keeper = Timekeeper()
    for n in range(30):
        at, late, change = settle(keeper, 1000.0 + n, 5000.0, judging=False)
        assert (at, late, change) == (1000.0 + n, False, None)


def test_measurements_that_waited_are_late_beside_measurements_alone() -> None:
    keeper = Timekeeper()

    def measure(at: float, received: float, *, judging: bool) -> bool:
        report = msgspec.structs.replace(
            BASE, topic=Topic.TELEMETRY, at=NOON + at, received=NOON + received
        )
        return keeper.settle(report, judging=judging)[1]

    assert not measure(1000.0, 1000.0, judging=True)
    settle(keeper, 4000.0, 5000.0, judging=False)
    assert not measure(1030.0, 5000.0, judging=False)
    assert not measure(1100.0, 5000.0, judging=False)
    assert measure(1030.0, 5000.0, judging=False)
    assert measure(1200.0, 5001.0, judging=True)


def test_a_buffered_burst_of_one_device_raises_no_clock_fault() -> None:
    keeper = Timekeeper()
    changes = [settle(keeper, 1000.0 + 30 * n, 2000.0)[2] for n in range(10)]
    assert changes == [None] * 10


def test_five_live_messages_in_a_row_with_the_same_error_are_a_wrong_clock() -> None:
    keeper = Timekeeper()
    answers = [settle(keeper, 3600.0 + 1000.0 + n, 1000.0 + n) for n in range(6)]
    assert [change for *_, change in answers] == [None, None, None, None, 3600.0, None]
    assert answers[-1][0] == 1005.0, "arrival time counts while the clock is wrong"


def test_a_clock_that_stands_still_while_messages_go_on_coming_is_wrong() -> None:
    keeper = Timekeeper()
    changes = [settle(keeper, 1000.0, 1000.0 + 60 * n)[2] for n in range(9)]
    # The first three are within the limit.
    assert changes == [None] * 7 + [-420.0, None]


def test_a_clock_that_is_behind_is_found_although_its_messages_look_late() -> None:
    keeper = Timekeeper()
    settle(keeper, 10_000.0, 10_000.0)
    changes = [settle(keeper, 6_400.0 + n, 10_000.0 + n)[2] for n in range(1, 6)]
    assert changes[-1] == -3600.0


def test_the_clock_is_trusted_again_after_five_right_messages() -> None:
    keeper = Timekeeper()
    for n in range(5):
        settle(keeper, 4600.0 + n, 1000.0 + n)
    changes = [settle(keeper, 1010.0 + n, 1010.0 + n)[2] for n in range(5)]
    assert changes == [None, None, None, None, 0.0]


def test_one_right_message_in_between_begins_the_count_anew() -> None:
    keeper = Timekeeper()
    for n in range(4):
        settle(keeper, 4600.0 + n, 1000.0 + n)
    settle(keeper, 1004.0, 1004.0)
    assert [settle(keeper, 4605.0 + n, 1005.0 + n)[2] for n in range(4)] == [None] * 4


def test_no_message_is_evaluated_in_the_future() -> None:
    assert settle(Timekeeper(), 1050.0, 1000.0)[0] == 1000.0


def test_a_time_that_cannot_be_true_gives_way_to_arrival_at_once() -> None:
    keeper = Timekeeper()
    assert settle(keeper, 3600.0, 1.0)[:2] == (1.0, False)
    assert settle(keeper, -NOON, 2.0)[:2] == (2.0, False)


def test_a_burst_of_messages_close_together_raises_no_clock_fault_either() -> None:
    keeper = Timekeeper()
    changes = [settle(keeper, 1000.0 + 3 * n, 1140.0 + n / 100)[2] for n in range(9)]
    assert changes == [None] * 9


@pytest.mark.parametrize("topic", [Topic.AVAIL, Topic.TELEMETRY])
def test_what_overtakes_the_states_of_a_backlog_makes_none_of_them_late(topic: Topic) -> None:
    keeper = Timekeeper()
    keeper.settle(
        msgspec.structs.replace(BASE, topic=topic, at=NOON + 900.0, received=NOON + 900.0),
        judging=False,
    )
    assert settle(keeper, 100.0, 900.0, judging=False)[:2] == (100.0, False)


def settle_fleet(keeper: Timekeeper, offset: float, *uids: str) -> list[float | None]:
    """Have each device say ten things with the same offset; returns what is told about them."""
    return [
        keeper.settle(
            msgspec.structs.replace(
                BASE, uid=DeviceUid(uid), at=NOON + n + offset, received=NOON + n
            ),
            judging=True,
        )[2]
        for n in range(10)
        for uid in uids
    ]


def test_where_most_devices_are_off_none_is_blamed_and_it_is_said_once() -> None:
    keeper = Timekeeper()
    told = settle_fleet(keeper, -3600.0, *"abcdef")
    assert set(told) == {None}
    assert keeper.take_doubt() == (-3600.0, 6)
    assert keeper.take_doubt() is None
    report = msgspec.structs.replace(BASE, uid=DeviceUid("a"), at=NOON - 3580, received=NOON + 20)
    assert keeper.settle(report, judging=True)[0] == NOON + 20


def test_nobody_is_told_to_be_right_again_whose_fault_was_never_told() -> None:
    keeper = Timekeeper()
    settle_fleet(keeper, -3600.0, *"abcdef")
    assert set(settle_fleet(keeper, 0.0, *"abcdef")) == {None}
    assert not keeper.doubted


def test_one_wrong_clock_among_right_ones_is_told() -> None:
    keeper = Timekeeper()
    settle_fleet(keeper, 0.0, *"abcdef")
    assert 3600.0 in settle_fleet(keeper, 3600.0, "g")


def test_while_there_is_a_vote_devices_speak_and_no_clock_is_judged() -> None:
    keeper = Timekeeper()
    settle_fleet(keeper, 0.0, *"abc")
    vote = keeper.vote = Vote(3600.0)
    assert set(settle_fleet(keeper, 3600.0, *"ab")) == {None}
    settle_fleet(keeper, 10.0, "c")
    settle_fleet(keeper, -900.0, "d")
    assert (vote.stay, vote.follow) == ({"c"}, {"a", "b"})
