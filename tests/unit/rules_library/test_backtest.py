"""Back-tests of the shipped rules: root faults over made-up history, and what edits change."""

from collections.abc import Iterable, Iterator

import msgspec
import pytest

from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic, Value
from rules.backtest import FIRST, STEP, BacktestResult, backtest, concerned
from rules.difference import compare
from rules.rule import Rule
from tests.support.shipped import MODELS, RULES

T = 1_764_000_000.0
COMPOUND, BUILDING = "guanshan/a", "guanshan/a/b1"
PLACES = {
    "guanshan": Place(path="guanshan", name="关山社区", kind="community"),
    COMPOUND: Place(path=COMPOUND, name="东苑", kind="compound"),
    BUILDING: Place(path=BUILDING, name="东苑 1 幢", kind="building"),
}
MINUTE, HOUR, WEEK = 60.0, 3600.0, 604_800.0


def device(uid: str, kind: Kind, **more: object) -> Device:
    model = f"ld-{kind.replace('_', '-')}"
    fields = {"id": uid, "address": uid, "model": model, "place": BUILDING} | more
    return Device(uid=DeviceUid(uid), kind=kind, **fields)


SITE = [
    device("ups", Kind.POWER_SUPPLY, place=COMPOUND),
    device("sw", Kind.SWITCH, power="ups"),
    *(device(f"cam{n}", Kind.CAMERA, upstream="sw", power="ups") for n in range(4)),
    *(device(f"door{n}", Kind.UNIT_DOOR, upstream="sw", power="ups") for n in range(2)),
    device("access", Kind.ACCESS_CONTROLLER, upstream="sw", power="ups"),
    device("gate", Kind.BARRIER_GATE, place=COMPOUND),
]
HEALTHY: dict[Kind, dict[str, Value]] = {
    Kind.POWER_SUPPLY: {"online": True, "supply.mains": True, "battery.charge": 100, "load": 30},
    Kind.SWITCH: {"online": True, "load": 12},
    Kind.CAMERA: {"online": True, "stream.ok": True, "picture.ok": True},
    Kind.UNIT_DOOR: {"door.open": False, "lock.locked": True},
    Kind.ACCESS_CONTROLLER: {"supply.mains": True, "tamper": False, "fire.input": False},
    Kind.BARRIER_GATE: {"arm.position": "closed", "mode": "auto", "boom.broken": False},
}


def say(uid: str, at: float, points: dict[str, Value], **more: object) -> Report:
    samples = tuple(Sample(name, value) for name, value in points.items())
    fields = {"topic": Topic.STATE, "received": at} | more
    return Report(address=uid, uid=DeviceUid(uid), at=at, samples=samples, **fields)


def happen(uid: str, at: float, name: str) -> Report:
    return Report(
        address=uid, uid=DeviceUid(uid), topic=Topic.EVENT, at=at, received=at, event=name
    )


def life(until: float, silent: dict[str, tuple[float, float]] | None = None) -> Iterator[Report]:
    """Everybody says every half minute that all is well, but for those that are silent."""
    ticks = int(until // 30)
    for tick in range(ticks + 1):
        for index, each in enumerate(SITE):
            at = tick * 30.0 + index * 0.1
            start, end = (silent or {}).get(each.uid, (until, 0.0))
            if not start <= at < end:
                yield say(each.uid, T + at, HEALTHY[each.kind])


def mixed(*parts: Iterable[Report]) -> list[Report]:
    return sorted((report for part in parts for report in part), key=lambda each: each.at)


def run(history: Iterable[Report], rules: Iterable[Rule] = RULES) -> BacktestResult:
    return backtest(tuple(rules), history, SITE, PLACES, MODELS)


def told(result: BacktestResult) -> list[tuple[str, str]]:
    return [
        (each.subject, each.fault)
        for each in result.alarms
        if each.explained_by is None and not each.stopped_by
    ]


def everybody_behind_the_switch(start: float, end: float) -> dict[str, tuple[float, float]]:
    return {each.uid: (start, end) for each in SITE if each.uid not in {"ups", "gate"}}


def test_a_quiet_day_is_quiet() -> None:
    result = run(life(HOUR))
    assert result.alarms == ()
    assert result.bells_per_week == 0
    assert result.reports == len(list(life(HOUR)))
    assert result.end - result.start == pytest.approx(HOUR, abs=2)


def test_a_dead_switch_is_one_ticket_with_its_children() -> None:
    result = run(life(HOUR, everybody_behind_the_switch(600, 2400)))
    assert told(result) == [("sw", "network.switch_down")]
    root = next(each for each in result.alarms if each.explained_by is None)
    assert set(root.children) == {f"cam{n}" for n in range(4)} | {"door0", "door1", "access"}
    assert root.evidence or root.reason["zh"]
    assert all(each.cleared_at for each in result.alarms)


def test_who_falls_silent_behind_a_known_fault_is_listed_with_it() -> None:
    silent = {"sw": (600.0, 2400.0), "cam1": (1200.0, 2400.0)}
    root, late = run(life(HOUR, silent)).alarms
    assert (root.subject, root.children) == ("sw", ("cam1",))
    assert late.explained_by == ("sw", "switch-silent")


def test_a_cut_of_twenty_minutes_leaves_no_ticket_behind_for_the_children() -> None:
    result = run(life(2 * HOUR, everybody_behind_the_switch(600, 1800)))
    assert {each.explained_by for each in result.alarms if each.subject != "sw"} == {
        ("sw", "switch-silent")
    }


def test_a_power_cut_is_one_ticket_about_the_power() -> None:
    cut, dark, again = 600.0, 645.0, 3000.0
    silent = everybody_behind_the_switch(dark, again) | {"ups": (dark, again)}
    lost = {"supply.mains": False}
    result = run(
        mixed(
            (each for each in life(2 * HOUR, silent) if not _claims_mains(each, cut, dark)),
            [say("ups", T + cut, lost), say("access", T + cut, lost)],
        )
    )
    assert told(result) == [("ups", "power.mains_lost")]


def _claims_mains(report: Report, start: float, end: float) -> bool:
    return report.uid in {"ups", "access"} and start <= report.at - T < end


def test_one_lost_camera_is_one_ticket() -> None:
    result = run(life(HOUR, {"cam1": (600, 1800)}))
    assert told(result) == [("cam1", "camera.lost")]
    (alarm,) = result.alarms
    last_words = T + 570 + 0.3
    assert alarm.raised_at == pytest.approx(last_words + 180, abs=1)


def test_cameras_that_fall_silent_together_point_at_what_carries_them() -> None:
    silent = {f"cam{n}": (600.0, 1800.0) for n in range(3)}
    result = run(life(HOUR, silent))
    assert told(result) == [("sw", "camera.lost")]


def test_a_gateway_that_reboots_for_ninety_seconds_is_nothing() -> None:
    assert run(life(HOUR, everybody_behind_the_switch(600, 690))).alarms == ()


def story(until: float, uid: str, *changes: tuple[float, dict[str, Value]]) -> list[Report]:
    """One device lives through changes, told at once and with each beat; the others are well."""
    start = changes[0][0]
    own: list[Report] = []
    points = dict(HEALTHY[next(each.kind for each in SITE if each.uid == uid)])
    for index, (at, change) in enumerate(changes):
        points |= change
        end = changes[index + 1][0] if index + 1 < len(changes) else until
        own += [
            say(uid, T + at + beat * 30, dict(points)) for beat in range(int((end - at) // 30) + 1)
        ]
    return mixed((each for each in life(until) if each.uid != uid or each.at - T < start), own)


def test_a_fire_holds_back_what_it_explains_and_is_itself_told() -> None:
    burning = story(HOUR, "access", (601.0, {"fire.input": True}), (1800.0, {"fire.input": False}))
    opened = story(
        HOUR,
        "door0",
        (602.0, {"door.open": True, "lock.locked": False}),
        (1700.0, {"door.open": False, "lock.locked": True}),
    )
    result = run(
        mixed(
            (each for each in burning if each.uid != "door0"),
            (each for each in opened if each.uid == "door0"),
            [happen("door0", T + 602, "door.forced")],
        )
    )
    by_rule = {each.rule: each for each in result.alarms}
    assert by_rule["door-forced"].stopped_by == "fire"
    assert by_rule["door-held"].stopped_by == "fire"
    assert told(result) == [("access", "access.fire_input")]


def test_what_fire_held_back_is_told_when_the_fire_is_over() -> None:
    burning = story(HOUR, "access", (601.0, {"fire.input": True}), (900.0, {"fire.input": False}))
    held = story(HOUR, "door0", (602.0, {"door.open": True}), (1800.0, {"door.open": False}))
    result = run(
        mixed(
            (each for each in burning if each.uid != "door0"),
            (each for each in held if each.uid == "door0"),
        )
    )
    assert told(result) == [("access", "access.fire_input"), ("door0", "door.held")]
    door = result.alarms[-1]
    assert door.raised_at == pytest.approx(T + 602 + 120, abs=1)
    assert result.bells == len(["guard", "crew", "manager"]) + len(["guard"])


def test_a_flapping_boom_is_held_open_until_it_is_quiet() -> None:
    flaps = [
        (700.0 + n * 40 + shift, {"boom.broken": broken})
        for n in range(10)
        for shift, broken in ((0, True), (5, False))
    ]
    result = run(story(HOUR, "gate", *flaps))
    assert told(result) == [("gate", "gate.boom_broken")] * 6
    assert result.bells == 6 * len(["guard", "crew"])
    last = result.alarms[-1]
    assert last.cleared_at is not None
    assert last.cleared_at > T + 700 + 9 * 40 + 5


def test_bells_are_counted_per_role_and_week() -> None:
    result = run(story(HOUR, "gate", (600.0, {"boom.broken": True})))
    assert result.bells == len(["guard", "crew"])
    assert result.alarms[0].cleared_at is None
    assert result.bells_per_week == pytest.approx(2 * WEEK / (result.end - result.start))


def test_a_rule_on_trial_is_tested_as_if_in_force() -> None:
    trial = [msgspec.structs.replace(rule, trial=True) for rule in RULES]
    history = list(life(HOUR, everybody_behind_the_switch(600, 2400)))
    assert told(run(history, trial)) == [("sw", "network.switch_down")]


def test_maintenance_of_today_does_not_hide_the_past() -> None:
    mended = [msgspec.structs.replace(each, state=Lifecycle.MAINTENANCE) for each in SITE]
    history = life(HOUR, {"cam1": (600, 1800)})
    assert told(backtest(RULES, history, mended, PLACES, MODELS)) == [("cam1", "camera.lost")]


def test_the_difference_to_an_edited_rule_is_what_appears_and_vanishes() -> None:
    doors = story(HOUR, "door0", (601.0, {"door.open": True}), (781.0, {"door.open": False}))
    gates = story(
        HOUR,
        "gate",
        (782.0, {"boom.broken": True}),
        (783.0, {"boom.broken": False}),
    )
    history = mixed(
        (each for each in doors if each.uid != "gate"),
        (each for each in gates if each.uid == "gate"),
    )
    before = run(history)
    edited = {"door-held": {"hold": 300.0}, "barrier-boom-broken": {"hold": 0.5}}
    after = run(
        history, [msgspec.structs.replace(rule, **edited.get(rule.id, {})) for rule in RULES]
    )
    difference = compare(before, after)
    assert [each.rule for each in difference.vanished] == ["door-held"]
    assert [each.rule for each in difference.appeared] == ["barrier-boom-broken"]
    assert difference.kept == ()
    assert compare(before, before).appeared == ()
    assert len(compare(before, before).kept) == len(before.alarms)


def test_progress_is_told_and_can_end_the_test() -> None:
    seen: list[int] = []
    history = [say("gate", T + n, {"boom.broken": False}) for n in range(FIRST + STEP + 5)]
    backtest(RULES, history, SITE, PLACES, MODELS, progress=seen.append)
    assert seen == [FIRST, FIRST + STEP, FIRST + STEP + 5]

    class Stopped(Exception):
        pass

    def stop(_reports: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        backtest(RULES, history, SITE, PLACES, MODELS, progress=stop)


def test_each_alarm_is_told_as_soon_as_it_is_found() -> None:
    found: list[float] = []
    positions: list[int] = []

    def history() -> Iterator[Report]:
        for index, report in enumerate(life(HOUR, {"cam1": (600, 1800)})):
            positions.append(index)
            yield report

    def tell(_alarm: object) -> None:
        found.append(positions[-1])

    result = backtest(RULES, history(), SITE, PLACES, MODELS, tell=tell)
    assert found
    assert found[0] < result.reports / 2


def test_an_empty_history_has_no_bells() -> None:
    result = run([])
    assert result.alarms == ()
    assert result.bells_per_week == 0


def test_the_points_that_rules_ask_for_are_named_by_device() -> None:
    rules = [rule for rule in RULES if rule.id in {"barrier-boom-broken", "lpr-camera-repeats"}]
    found = concerned(rules, SITE, PLACES, MODELS)
    assert found.keys() == {"gate", "access"}, "and a fire input explains what gates say"
    assert found["gate"].points == {"boom.broken", "fire.input"}
