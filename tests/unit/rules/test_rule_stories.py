"""The corner semantics of rules, told as stories that run through the real engine."""

from __future__ import annotations

import pytest

from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Kind
from rules.ruleset import load_rules
from rules.story import run_examples

GATE = "barrier_gate"
OPEN = "arm.position == 'open'"
METER = DeviceModel(
    id="meter-10s",
    kind=Kind.ELECTRICITY_METER,
    driver="x",
    name={"zh": "表", "en": "meter"},
    points={
        "voltage.a": PointSpec(name="voltage.a", type=PointType.NUMBER, unit="V", period=10.0),
        "status.relay_open": PointSpec(name="status.relay_open", type=PointType.BOOL),
    },
    events=("relay.moved",),
    commands=("switch_off",),
)
MODELS = {METER.id: METER}


def write_rule(when: str, *, kind: str = GATE, extra: str = "", example: str = "") -> str:
    condition = f'when = "{when}"\n' if when else ""
    return (
        f'[[rule]]\nid = "r"\nname = "R"\nkind = "{kind}"\n{condition}{extra}\n'
        f'[[rule.example]]\nname = "e"\nstory = []\nexpect = []\n{example}\n'
    )


def tell(when: str, *story: str, kind: str = GATE, extra: str = "", example: str = "") -> list[str]:
    """Run a story and return what came of it, as `3m raise`."""
    text = write_rule(when, kind=kind, extra=extra, example=example)
    text = text.replace("story = []", f"story = {list(story)!r}")
    (rule,) = load_rules({"t.toml": text}, MODELS, prove=False)
    (result,) = run_examples(rule, MODELS)
    return list(result.got)


HOLD = 'hold = "3m"'


def test_a_condition_that_holds_long_enough_raises_at_the_very_second() -> None:
    assert tell(OPEN, "1m arm.position=open", "10m mode=auto", extra=HOLD) == ["4m raise"]


def test_a_condition_that_ends_just_when_its_hold_is_over_does_not_raise() -> None:
    got = tell(OPEN, "0s arm.position=open", "3m arm.position=closed", "9m mode=auto", extra=HOLD)
    assert got == []


def test_a_fact_at_the_edge_that_changes_nothing_does_not_stop_the_timer() -> None:
    got = tell(OPEN, "0s arm.position=open", "3m mode=auto", "9m mode=auto", extra=HOLD)
    assert got == ["3m raise"]


def test_an_unknown_stretch_within_the_gap_counts_towards_the_hold() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=bad",
        "2m arm.position=open",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == ["3m raise"]


def test_an_unknown_stretch_longer_than_the_gap_starts_the_hold_again() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=bad",
        "2m1s arm.position=open",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == ["5m1s raise"]


def test_nothing_is_raised_while_the_condition_is_unknown() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "2m50s arm.position=bad",
        "3m20s arm.position=open",
        "4m mode=auto",
        extra=HOLD,
    )
    assert got == ["3m20s raise"]


def test_unknown_does_not_clear() -> None:
    got = tell(OPEN, "0s arm.position=open", "1m arm.position=bad", "1h mode=auto")
    assert got == ["0s raise"]


def test_clear_defaults_to_the_condition_being_false() -> None:
    got = tell(OPEN, "0s arm.position=open", "1m arm.position=closed")
    assert got == ["0s raise", "1m clear"]


def test_release_starts_again_when_clear_was_false_for_a_moment() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=closed",
        "1m20s arm.position=open",
        "1m21s arm.position=closed",
        "5m mode=auto",
        extra='release = "30s"',
    )
    assert got == ["0s raise", "1m51s clear"]


def test_unknown_pauses_the_release() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=closed",
        "1m20s arm.position=bad",
        "3m arm.position=closed",
        "5m mode=auto",
        extra='release = "30s"',
    )
    assert got == ["0s raise", "3m10s clear"]


def test_a_separate_clear_gives_hysteresis() -> None:
    got = tell(
        "voltage.a > 240",
        "0s voltage.a=241",
        "1m voltage.a=239",
        "2m voltage.a=234",
        kind="electricity_meter",
        extra='clear = "voltage.a < 235"',
    )
    assert got == ["0s raise", "2m clear"]


def test_while_the_condition_holds_a_true_clear_does_not_count() -> None:
    got = tell(
        "voltage.a > 240",
        "0s voltage.a=250 frequency=50",
        "1m frequency=49",
        "3m voltage.a=230",
        "9m frequency=49",
        kind="electricity_meter",
        extra='clear = "frequency < 50"\nrelease = "1m"',
    )
    assert got == ["0s raise", "4m clear"]


def test_the_enum_value_unknown_is_a_value() -> None:
    assert tell("arm.position == 'unknown'", "5s arm.position=unknown") == ["5s raise"]


def test_or_is_true_beside_something_unknown_and_and_is_false() -> None:
    assert tell("loop.occupied or boom.broken", "1s boom.broken=true") == ["1s raise"]
    got = tell("not (loop.occupied and boom.broken)", "1s boom.broken=false")
    assert got == ["1s raise"]


def test_the_points_of_one_line_change_together() -> None:
    got = tell(
        "arm.limit_open and arm.limit_closed",
        "0s arm.limit_open=true arm.limit_closed=false",
        "5s arm.limit_open=false arm.limit_closed=true",
        "9s arm.limit_closed=false arm.limit_open=true",
    )
    assert got == []


def test_chained_comparison_and_membership() -> None:
    kind = "electricity_meter"
    assert tell("200 <= voltage.a < 210", "1s voltage.a=209", kind=kind) == ["1s raise"]
    assert tell("mode in ('manual', 'hold_open')", "2s mode=manual") == ["2s raise"]
    assert tell("mode not in ('auto', 'manual')", "2s mode=auto") == []


def test_arithmetic_least_and_greatest() -> None:
    when = "greatest(voltage.a, voltage.b) - least(voltage.a, voltage.b) > 20"
    got = tell(
        when,
        "0s voltage.a=230 voltage.b=220",
        "9s voltage.b=200",
        kind="electricity_meter",
    )
    assert got == ["9s raise"]


def test_division_by_zero_is_unknown_and_no_crash() -> None:
    got = tell("100 / voltage.a > 1", "0s voltage.a=0", "1s voltage.a=50", kind="electricity_meter")
    assert got == ["1s raise"]


def test_a_word_that_python_reserves_and_a_numbered_port_are_points() -> None:
    got = tell("energy.import > 5", "3s energy.import=6", kind="electricity_meter")
    assert got == ["3s raise"]
    assert tell("not port.3.up", "4s port.3.up=false", kind="switch") == ["4s raise"]


def test_silence_counts_from_offline_and_ends_with_the_next_word() -> None:
    got = tell(
        "silent('3m')",
        "0s mode=auto",
        "10m offline",
        "20m online",
        "21m mode=auto",
        extra='release = "10s"',
    )
    assert got == ["13m raise", "20m10s clear"]


def test_silence_in_periods_of_the_device() -> None:
    assert tell("silent(3)", "0s mode=auto", "1m offline", "9m event('vehicle.passed')") == [
        "4m raise",
        "9m clear",
    ]


def test_a_device_that_was_never_heard_is_not_silent() -> None:
    assert tell("silent('3m')", "0s offline", "1h offline") == []


def test_a_point_sent_on_change_is_unknown_while_its_device_is_not_heard() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m offline",
        "5m online",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == ["8m raise"]


def test_an_event_raises_at_its_instant_and_quiet_clears() -> None:
    got = tell(
        "event('vehicle.passed')",
        "1m event('vehicle.passed')",
        "5m event('vehicle.passed')",
        "1h mode=auto",
        extra='quiet = "10m"',
    )
    assert got == ["1m raise", "15m clear"]


def test_an_event_rule_may_name_its_own_clear() -> None:
    got = tell(
        "event('door.forced')",
        "0s door.open=true",
        "1m event('door.forced')",
        "2m door.open=false",
        kind="unit_door",
        extra='clear = "not door.open"',
    )
    assert got == ["1m raise", "2m clear"]


def test_fields_of_an_event_are_compared() -> None:
    got = tell(
        "event('access.denied', reader=2)",
        "1m event('access.denied',reader=1)",
        "2m event('access.denied',reader=2)",
        kind="access_controller",
        extra='quiet = "1m"',
    )
    assert got == ["2m raise"]


def test_events_are_counted_in_a_window_that_is_open_at_its_old_end() -> None:
    got = tell(
        "count_events('rebooted','1h') >= 3",
        "0s event('rebooted')",
        "10m event('rebooted')",
        "1h event('rebooted')",
        "1h5m event('rebooted')",
        "3h mode=auto",
    )
    assert got == ["1h5m raise", "1h10m clear"]


def test_events_are_counted_by_a_key_and_from_another_event_on() -> None:
    same = tell(
        "count_events('plate.read','2m',same='plate') >= 2",
        "0s event('plate.read',plate=a)",
        "10s event('plate.read',plate=b)",
        "20s event('plate.read',plate=a)",
        kind="lpr_camera",
    )
    assert same == ["20s raise"]
    since = tell(
        "count_events('vehicle.passed','1h',since='opened.locally') >= 2",
        "0s event('vehicle.passed')",
        "10s event('opened.locally')",
        "20s event('vehicle.passed')",
        "30s event('vehicle.passed')",
    )
    assert since == ["30s raise"]


def test_distinct_values_of_a_key_are_counted() -> None:
    got = tell(
        "distinct_events('access.denied','1h','card') >= 2",
        "0s event('access.denied',card=1)",
        "10s event('access.denied',card=1)",
        "20s event('access.denied',card=2)",
        kind="access_controller",
    )
    assert got == ["20s raise"]


def test_one_event_followed_by_another_is_an_instant() -> None:
    when = "followed('opened.locally','vehicle.passed','1m')"
    extra = 'quiet = "5m"'
    story = ("0s event('opened.locally')", "30s event('vehicle.passed')")
    assert tell(when, *story, extra=extra) == ["30s raise"]
    late = ("0s event('opened.locally')", "60s event('vehicle.passed')")
    assert tell(when, *late, extra=extra) == []


def test_a_missed_expectation_emits_its_event() -> None:
    extra = 'after = "command(\'open\')"\nexpect = "arm.position == \'open\'"\nwithin = "8s"'
    story = ("0s arm.position=closed", "10s command('open')", "30s command('open')")
    assert tell("", *story, "35s arm.position=open", "60s mode=auto", extra=extra) == ["18s missed"]
    edge = (*story[:2], "18s arm.position=open", "60s mode=auto")
    assert tell("", *edge, extra=extra) == []


def test_an_expectation_about_something_unknown_is_neither_met_nor_missed() -> None:
    extra = 'after = "command(\'open\')"\nexpect = "arm.position == \'open\'"\nwithin = "8s"'
    assert tell("", "0s mode=auto", "10s command('open')", "60s mode=auto", extra=extra) == []


def test_missed_expectations_are_counted_by_the_rule_itself() -> None:
    extra = 'after = "command(\'open\')"\nexpect = "arm.position == \'open\'"\nwithin = "8s"'
    got = tell(
        "count_events('r.missed','10m') >= 2",
        "0s arm.position=closed",
        "1m command('open')",
        "2m command('open')",
        "20m mode=auto",
        extra=extra,
    )
    assert got == ["2m8s raise", "11m8s clear"]


def test_a_streak_counts_readings_in_a_row_and_passes_over_bad_ones() -> None:
    got = tell(
        "streak(voltage.a > 240, 3)",
        "1s voltage.a=250",
        "2s voltage.a=230",
        "3s voltage.a=250",
        "4s voltage.a=bad",
        "5s voltage.a=250",
        "6s voltage.a=250",
        kind="electricity_meter",
    )
    assert got == ["6s raise"]


def test_the_time_that_a_condition_lasts_can_be_compared() -> None:
    got = tell(
        "duration(loop.occupied) > '15m' and arm.position == 'closed'",
        "0s loop.occupied=true arm.position=open",
        "20m arm.position=closed",
        "30m loop.occupied=false",
    )
    assert got == ["20m raise", "30m clear"]


def test_the_age_of_a_reading_can_be_compared() -> None:
    got = tell("age(voltage.a) >= '5m'", "0s voltage.a=1", "2m voltage.a=1", "8m voltage.a=1",
               kind="electricity_meter")  # fmt: skip
    assert got == ["7m raise", "8m clear"]


def test_the_previous_reading_can_be_compared() -> None:
    got = tell(
        "energy.import < previous(energy.import)",
        "0s energy.import=10",
        "1m energy.import=3",
        "2m energy.import=4",
        kind="electricity_meter",
    )
    assert got == ["1m raise", "2m clear"]


def test_a_window_is_unknown_until_it_has_been_full_once() -> None:
    got = tell(
        "avg(voltage.a,'10m') > 240",
        *(f"{minute}m voltage.a=250" for minute in range(12)),
        kind="electricity_meter",
    )
    assert got == ["10m raise"]


def test_a_reading_leaves_its_window_at_the_very_second() -> None:
    got = tell(
        "max(voltage.a,'10m') > 240",
        "0s voltage.a=230",
        "10m voltage.a=250",
        "15m voltage.a=230",
        "30m voltage.a=230",
        kind="electricity_meter",
    )
    assert got == ["10m raise", "20m clear"]


def test_before_leaves_the_present_out() -> None:
    got = tell(
        "voltage.a > 2 * avg(voltage.a,'10m',before='5m')",
        "0s voltage.a=10",
        "10m voltage.a=10",
        "16m voltage.a=25",
        "17m voltage.a=25",
        kind="electricity_meter",
    )
    assert got == ["16m raise"]


def test_changes_and_delta() -> None:
    kind = "electricity_meter"
    hour = [f"{minute}m energy.import={minute}" for minute in range(0, 60, 10)]
    got = tell("delta(energy.import,'30m') < 25", *hour, "60m energy.import=51", kind=kind)
    assert got == ["1h raise"]
    flaps = [f"{i}m loop.occupied={'true' if i % 2 else 'false'}" for i in range(12)]
    assert tell("changes(loop.occupied,'10m') >= 9", *flaps) == ["10m raise"]


def test_a_night_rule_raises_at_the_edge_of_the_night() -> None:
    got = tell(
        "arm.position == 'open' and time_between('22:00','06:00')",
        "0s arm.position=open",
        "9h mode=auto",
        example='from = "2026-03-02T21:50"',
    )
    assert got == ["10m raise", "8h10m clear"]


def test_a_schedule_knows_its_days() -> None:
    schedule = (
        '[schedule.work]\ndays = ["mon", "tue", "wed", "thu", "fri"]\ntimes = ["08:00-18:00"]\n'
    )
    text = schedule + write_rule("in_schedule('work') and mode == 'manual'")
    text = text.replace("story = []", "story = ['0s mode=manual', '3d mode=manual']")
    text += 'from = "2026-03-06T17:00"\n'
    (rule,) = load_rules({"t.toml": text}, {}, prove=False)
    (result,) = run_examples(rule)
    assert list(result.got) == ["0s raise", "1h clear", "2d15h raise"]


def test_days_are_counted_by_the_calendar() -> None:
    got = tell(
        "days(not picture.ok,'3d') >= 3",
        "1h picture.ok=false",
        "2h picture.ok=true",
        "1d1h picture.ok=false",
        "1d2h picture.ok=true",
        "2d1h picture.ok=false",
        "2d2h picture.ok=true",
        "5d picture.ok=true",
        kind="camera",
    )
    assert got == ["2d1h raise", "4d clear"]


def test_slots_that_are_all_met_mean_a_leak() -> None:
    when = "slots(flow.rate > 0,'30m','2h') >= 4"
    flow = [f"{minute}m flow.rate=1" for minute in range(0, 120, 15)]
    assert tell(when, *flow, kind="water_meter") == ["1h30m raise"]
    dry = [line.replace("=1", "=0") if line.startswith(("60m", "75m")) else line for line in flow]
    assert tell(when, *dry, kind="water_meter") == []


def test_late_data_neither_raises_nor_clears() -> None:
    got = tell(OPEN, "0s arm.position=closed", "1m late arm.position=open", "2m mode=auto")
    assert got == []
    got = tell(OPEN, "0s arm.position=open", "1m late arm.position=closed", "2m mode=auto")
    assert got == ["0s raise"]


def test_a_restart_neither_raises_nor_clears_and_a_hold_goes_on() -> None:
    got = tell(OPEN, "0s arm.position=open", "2m restart", "9m mode=auto", extra=HOLD)
    assert got == ["3m raise"]
    got = tell(OPEN, "0s arm.position=open", "5m restart", "9m arm.position=closed", extra=HOLD)
    assert got == ["3m raise", "9m clear"]


def test_a_restart_keeps_a_release_and_a_window_and_a_count() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=closed",
        "1m20s restart",
        "5m mode=auto",
        extra='release = "30s"',
    )
    assert got == ["0s raise", "1m30s clear"]
    volts = [f"{minute}m voltage.a=250" for minute in range(12)]
    volts.insert(6, "5m30s restart")
    assert tell("avg(voltage.a,'10m') > 240", *volts, kind="electricity_meter") == ["10m raise"]
    boots = ("0s event('rebooted')", "1m event('rebooted')", "2m restart", "3m event('rebooted')")
    assert tell("count_events('rebooted','1h') >= 3", *boots) == ["3m raise"]


def test_silence_counts_anew_after_a_restart_and_raises_nothing_twice() -> None:
    got = tell("silent('3m')", "0s mode=auto", "1m offline", "2m restart", "9m mode=auto")
    assert got == ["5m raise", "9m clear"]
    got = tell("silent('3m')", "0s mode=auto", "1m offline", "5m restart", "20m mode=auto")
    assert got == ["4m raise", "20m clear"]


def test_a_clock_set_back_makes_nothing_negative() -> None:
    got = tell(
        OPEN, "0s arm.position=open", "1m clock -1h", "2m mode=auto", "9m mode=manual", extra=HOLD
    )
    assert got == ["3m raise"]


def test_after_five_messages_with_a_wrong_clock_arrival_time_counts() -> None:
    story = [f"{minute}m arm.position=closed" for minute in range(2, 9)]
    got = tell(OPEN, "0s arm.position=open", "1m clock -1h", *story)
    assert got == ["0s raise", "6m clear"]


def test_a_clock_that_is_eight_hours_ahead_does_not_run_holds_out() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m clock +8h mode=auto",
        "2m arm.position=closed",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == []


def test_after_a_clear_by_hand_a_bad_value_waits_until_it_has_been_good() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "10m clear_by_hand",
        "20m arm.position=closed",
        "21m arm.position=open",
    )
    assert got == ["0s raise", "10m clear", "21m raise"]


def test_after_a_clear_by_hand_a_value_that_stays_bad_raises_after_an_hour() -> None:
    got = tell(OPEN, "0s arm.position=open", "10m clear_by_hand", "2h mode=auto")
    assert got == ["0s raise", "10m clear", "1h10m raise"]


def test_a_peer_of_the_same_lane_is_read() -> None:
    got = tell(
        "loop.occupied and peer('lpr_camera').plate.rate < 10",
        "0s loop.occupied=true",
        "5s peer('lpr_camera').plate.rate=5",
    )
    assert got == ["5s raise"]


def test_the_upstream_device_and_attributes_are_read() -> None:
    got = tell(
        "not upstream.supply.mains and device.life_safety and place.high",
        "0s mode=auto",
        "7s upstream.supply.mains=false",
        example="device = { life_safety = true }\nplace = { high = 'yes' }",
    )
    assert got == ["7s raise"]


def test_a_point_with_a_period_is_known_for_three_periods() -> None:
    got = tell(
        "voltage.a < 300",
        "0s voltage.a=230",
        "29s voltage.a=230",
        "1m voltage.a=230",
        "2m status.relay_open=false",
        kind="electricity_meter",
        extra='hold = "95s"',
        example='model = "meter-10s"',
    )
    assert got == []


@pytest.mark.parametrize(("gap", "expected"), [("20s", []), ("1m", ["1m30s raise"])])
def test_the_gap_can_be_set(gap: str, expected: list[str]) -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "10s arm.position=bad",
        "40s arm.position=open",
        "90s mode=auto",
        extra=f'hold = "90s"\ngap = "{gap}"',
    )
    assert got == expected


def test_a_share_of_the_siblings_is_counted_among_those_known() -> None:
    got = tell(
        "sibling_share(not supply.mains) >= 0.5",
        "0s supply.mains=true sibling(1).supply.mains=true sibling(2).supply.mains=true",
        "1m sibling(1).supply.mains=false",
        "2m sibling(3).supply.mains=bad",
        "3m sibling(2).supply.mains=false",
        "4m supply.mains=false sibling(1).supply.mains=true sibling(2).supply.mains=true",
        kind="access_controller",
    )
    assert got == ["3m raise", "4m clear"]


def test_children_are_counted_and_summed() -> None:
    got = tell(
        "children_count(online == False) >= 2",
        "0s online=true child('camera',1).online=false child('camera',2).online=true",
        "1m child('camera',2).online=false",
        kind="switch",
    )
    assert got == ["1m raise"]
    balance = tell(
        "flow.rate - children_sum(flow.rate) > 1",
        "0s flow.rate=5 child('water_meter',1).flow.rate=2 child('water_meter',2).flow.rate=2.5",
        "1m child('water_meter',2).flow.rate=bad flow.rate=9",
        "2m child('water_meter',2).flow.rate=1",
        kind="water_meter",
    )
    assert balance == ["2m raise"]


def test_a_night_counts_although_nothing_was_said_in_it() -> None:
    got = tell(
        "days(not picture.ok and time_between('22:00','23:00'),'3d') >= 3",
        "12h picture.ok=false",
        "80h recording=true",
        kind="camera",
    )
    assert got == ["2d22h raise"]


def test_a_duration_that_began_without_a_message_outlives_a_restart() -> None:
    got = tell(
        "duration(door.open and time_between('01:00','05:00')) > '30m'",
        "0s door.open=true",
        "1h10m restart",
        "2h lock.locked=true",
        kind="unit_door",
    )
    assert got == ["1h30m raise"]


def test_what_is_due_waits_for_all_facts_of_its_instant() -> None:
    got = tell(
        "arm.position == 'open' or mode == 'manual'",
        "0s arm.position=open mode=auto",
        "3m mode=manual",
        "3m arm.position=closed mode=auto",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == []
    extra = (
        'after = "command(\'open\')"\nwithin = "8s"\n'
        "expect = \"arm.position == 'open' and mode == 'auto'\""
    )
    story = ("0s arm.position=closed mode=manual", "10s command('open')")
    edge = (*story, "18s mode=auto", "18s arm.position=open", "60s mode=auto")
    assert tell("", *edge, extra=extra) == []
    assert tell("", *story, "18s mode=auto", "60s mode=auto", extra=extra) == ["18s missed"]


def test_a_restart_opens_no_expectation_anew() -> None:
    extra = 'after = "loop.occupied"\nexpect = "arm.position == \'open\'"\nwithin = "8s"'
    story = ("0s arm.position=closed loop.occupied=true", "20s restart", "60s mode=auto")
    assert tell("", *story, extra=extra) == ["8s missed"]
    pending = (story[0], "5s restart", "60s mode=auto")
    assert tell("", *pending, extra=extra) == ["8s missed"]


def test_a_restart_does_not_shorten_what_was_unknown() -> None:
    got = tell(
        OPEN,
        "0s arm.position=open",
        "1m arm.position=bad",
        "1m30s restart",
        "2m30s arm.position=open",
        "9m mode=auto",
        extra=HOLD,
    )
    assert got == ["5m30s raise"]


def test_an_order_can_be_followed_by_an_event_and_streaks_count_events() -> None:
    when = "followed(command('open'), event('vehicle.passed'), '1m')"
    got = tell(when, "0s command('open')", "9s event('vehicle.passed')", extra='quiet = "1m"')
    assert got == ["9s raise"]
    streak = "streak(event('access.denied', ok=false), 2)"
    story = ("0s event('access.denied',ok=false)", "1s event('access.denied',ok=false)")
    extra = 'quiet = "1m"'
    assert tell(streak, *story, kind="access_controller", extra=extra) == ["1s raise"]


def test_fields_of_the_device_and_its_place_are_texts() -> None:
    got = tell(
        "device.id == 'story' and place.path == 'story' and arm.position == 'open'",
        "3s arm.position=open",
    )
    assert got == ["3s raise"]


def test_slots_too_short_for_exact_sums_do_not_stop_the_clock() -> None:
    got = tell("slots(loop.occupied,'0.1s','0.7s') >= 7", "0s loop.occupied=true", "5s mode=auto")
    assert len(got) == 1
