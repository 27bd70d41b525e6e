"""What rules cost: a message against their number, a point with ten, a long window.

CPU time of this process, in turns, so that a busy machine does not count.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_rules
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic, Value
from rules.engine import Engine
from rules.rule import Rule
from rules.ruleset import load_rules
from tests.benchmarks.report import Row, print_table, spread, write_results

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

DEVICES, ROUNDS, RUNS = 10_000, 3, 3
BATCH = 100
METERS = 20
START = 1_764_000_000.0
PLACES = {f"c/b{n}": Place(path=f"c/b{n}", name=f"{n}") for n in range(100)}
PLACES["c"] = Place(path="c", name="c")
MODELS = load_models(shipped_models())
LIBRARY = load_rules(shipped_rules(), MODELS, prove=False)


def make_devices(count: int) -> list[Device]:
    """Make gates and doors in turn, a hundred buildings of them."""
    kinds = (Kind.BARRIER_GATE, "ld-barrier-gate"), (Kind.UNIT_DOOR, "ld-unit-door")
    return [
        Device(
            uid=DeviceUid(f"u{n}"),
            id=f"d{n}",
            address=f"d{n}",
            kind=kinds[n % 2][0],
            model=kinds[n % 2][1],
            place=f"c/b{n % 100}",
        )
        for n in range(count)
    ]


def say(n: int, at: float, points: Mapping[str, Value]) -> Report:
    """Return a state of device `n`."""
    return Report(
        address="",
        uid=DeviceUid(f"u{n}"),
        topic=Topic.STATE,
        at=at,
        received=at,
        boot="b1",
        seq=int(at),
        samples=tuple(Sample(name, value) for name, value in points.items()),
    )


def rounds(count: int, number: int) -> Iterator[Report]:
    """Yield a state of five points of each device, a minute later in each round."""
    for turn in range(number):
        odd = bool(turn % 2)
        gate: dict[str, Value] = {
            "arm.position": "open" if odd else "closed",
            "loop.occupied": odd,
            "boom.broken": False,
            "mode": "auto",
            "motor.temperature": 30.0 + turn,
        }
        door: dict[str, Value] = {
            "door.open": odd,
            "lock.locked": not odd,
            "exit_button.pressed": False,
            "contact.fault": False,
        }
        for n in range(count):
            yield say(n, START + 60 * turn + n / count, door if n % 2 else gate)


def make_engine(rules: Sequence[Rule], devices: Sequence[Device]) -> Engine:
    engine = Engine(rules, judge_clocks=False)
    engine.set_world(devices, PLACES, MODELS)
    return engine


def cost(engine: Engine, reports: Sequence[Report]) -> float:
    """Return the microseconds of CPU that a message costs the rules, timers included.

    Timers come after each batch, as they do in the hub.
    """
    gc.collect()
    gc.disable()
    began = time.process_time()
    for first in range(0, len(reports), BATCH):
        for report in reports[first : first + BATCH]:
            engine.apply(report)
        engine.advance(reports[min(first + BATCH, len(reports)) - 1].at)
    took = time.process_time() - began
    gc.enable()
    return 1e6 * took / len(reports)


def of_both_kinds(count: int) -> list[Rule]:
    """Return so many rules of the library that gates or doors have."""
    kinds = {Kind.BARRIER_GATE, Kind.UNIT_DOOR}
    return [rule for rule in LIBRARY if kinds & set(rule.kinds)][:count]


def test_a_message_against_the_number_of_rules() -> None:
    devices = make_devices(DEVICES)
    # The first message of each device is that of a start, where every rule is asked.
    said = list(rounds(DEVICES, 1 + ROUNDS))
    start, reports = said[:DEVICES], said[DEVICES:]
    mine = len(of_both_kinds(1000))
    chosen = {f"{n} of {mine}": of_both_kinds(n) for n in (0, mine // 4, mine // 2, mine)}
    chosen[f"whole library, {len(LIBRARY)}"] = list(LIBRARY)
    found: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(RUNS):
        for name, rules in chosen.items():
            engine = make_engine(rules, devices)
            cost(engine, start)
            found[name].append(cost(engine, reports))
    rows = [Row(f"{name} rules: µs a message", spread(took, 1)) for name, took in found.items()]
    tracemalloc.start()
    engine = make_engine(LIBRARY, devices)
    memory = tracemalloc.get_traced_memory()[0] / DEVICES
    tracemalloc.stop()
    rows.append(Row("whole library: bytes a device", f"{memory:,.0f}"))
    assert engine.explain("u0")
    print_table(f"a message of five points, {DEVICES:,} gates and doors", rows)
    write_results("rules", {"cost": found, "bytes_per_device": memory})


def ten_rules(condition: str) -> list[Rule]:
    text = "\n".join(
        f"""
[[rule]]
id = "r{n}"
name = {{ zh = "r", en = "r" }}
kind = "barrier_gate"
when = "{condition.format(limit=60 + n)}"
"""
        for n in range(10)
    )
    return list(load_rules({"r.toml": text}, MODELS, prove=False))


def test_a_changed_point_with_ten_rules_on_it_and_windows_of_any_length() -> None:
    conditions = {
        "value": "motor.temperature > {limit}",
        "mean of 15 min": "avg(motor.temperature,'15m') > {limit}",
        "mean of 24 h": "avg(motor.temperature,'24h') > {limit}",
    }
    devices = make_devices(1)
    # Two days of a reading a minute fill the window, and go on.
    reports = [
        say(0, START + 60 * n, {"motor.temperature": 30.0 + n % 20}) for n in range(2 * 1440)
    ]
    found: dict[str, list[float]] = {name: [] for name in conditions}
    for _ in range(RUNS):
        for name, condition in conditions.items():
            engine = make_engine(ten_rules(condition), devices)
            cost(engine, reports[:1440])
            found[name].append(cost(engine, reports[1440:]))
    rows = [
        Row(f"{name}: µs a changed point", spread(took, 1), "≤ 10") for name, took in found.items()
    ]
    longer = statistics.median(found["mean of 24 h"]) / statistics.median(found["mean of 15 min"])
    rows.append(Row("24 h over 15 min", f"{longer:.2f}", "independent"))
    print_table("ten rules on one point", rows)


def test_a_rule_that_is_edited_while_the_hub_runs() -> None:
    engine = make_engine(LIBRARY, make_devices(DEVICES))
    for report in rounds(DEVICES, 2):
        engine.apply(report)
    engine.advance(START + 130)
    took: dict[str, list[float]] = {"a rule of half the devices": [], "a rule of none": []}
    ids = "barrier-boom-broken", "fire-input-stuck"
    for turn in range(1, 2 * RUNS + 1):
        edited = ids[turn % 2]
        rules = [
            msgspec.structs.replace(rule, hold=rule.hold + turn) if rule.id == edited else rule
            for rule in LIBRARY
        ]
        began = time.process_time()
        engine.set_rules(rules, START + 130 + turn)
        took[list(took)[turn % 2]].append(time.process_time() - began)
        engine.set_rules(LIBRARY, START + 130 + turn)
    rows = [Row(f"{name}: s of CPU", spread(each, 2)) for name, each in took.items()]
    print_table(f"a rule is edited, {DEVICES:,} gates and doors", rows)


def water(minute: int) -> dict[str, Value]:
    return {"flow.rate": minute * 37 % 100 / 40, "volume.total": minute / 1000, "pressure": 0.3}


def electricity(minute: int) -> dict[str, Value]:
    return {"voltage.a": 220 + minute * 37 % 100 / 20, "power.active": minute * 7.3 % 900}


def test_what_a_meter_keeps_after_a_day_and_a_quarter() -> None:
    rows = []
    for model, points in (("kaifeng-xintai-water", water), ("chint-ddsu666", electricity)):
        kind = MODELS[model].kind
        devices = [
            Device(
                uid=DeviceUid(f"u{n}"), id=f"d{n}", address="d", kind=kind, model=model, place="c"
            )
            for n in range(METERS)
        ]
        engine = make_engine(LIBRARY, devices)
        tracemalloc.start()
        for minute in range(30 * 60):
            for n in range(METERS):
                engine.apply(say(n, START + 60 * minute, points(minute)))
            engine.advance(START + 60 * minute + 30)
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] / METERS
        tracemalloc.stop()
        rows.append(Row(f"{model}, a message a minute: bytes a device", f"{kept:,.0f}"))
    print_table("what the rules keep of a meter, beside its fixed part", rows)
