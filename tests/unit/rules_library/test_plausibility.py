"""Readings of one meter that cannot all be true, on the meters as they are and as they break."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import plan
from device_drivers.dialects.modbus import ModbusDriver
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report, Sample, Topic, Value
from hub.ports import Envelope, Registers
from rules.engine import Engine
from rules.ruleset import load_rules
from simulators.meter import ElectricityMeter
from simulators.registers import BY_MODEL
from tests.unit.rules_library.test_library import FILES

NOON = 1_764_043_200.0
PERIOD, HOURS = 10, 4
MODELS = load_models(shipped_models())
RULES = [
    rule for rule in load_rules(FILES, MODELS, prove=False) if rule.fault == "meter.implausible"
]
SHOWN = ElectricityMeter(mean_power=5000.0, counted=1234.0, phase=0.7)
THREE_PHASE = sorted(BY_MODEL.keys() - {"kaifeng-xintai-water"})
SINGLE_PHASE = ("chint-ddsu666", "eastron-sdm120", "peacefair-pzem016")
Points = dict[str, Value]
Break = Callable[[Points], Points]


def meter(model: str) -> Device:
    return Device(
        uid=DeviceUid("m"),
        id="m",
        address="1",
        kind=Kind.ELECTRICITY_METER,
        model=model,
        place="gs",
        link="bus-1",
    )


def read_three_phases(model: str, now: float) -> Points:
    """Read a simulated meter, whose registers were written down apart from the model's file."""
    registers = MODELS[model].registers
    blocks = tuple(
        Registers(
            function=MODELS[model].function,
            start=block.start,
            words=BY_MODEL[model].words(block.start, block.count, SHOWN.read(now)) or (),
        )
        for block in plan(registers, limit=MODELS[model].max_registers)
    )
    envelope = Envelope(link="bus-1", address="1", payload=blocks, received=now)
    (report,) = ModbusDriver(MODELS).decode(envelope, meter(model))
    return {sample.point: sample.value for sample in report.samples if sample.value is not None}


def read_one_phase(now: float) -> Points:
    """Read what a meter of one phase would show."""
    told = SHOWN.read(now)
    return {
        "voltage.a": told["voltage.1"],
        "current.a": 3 * told["current.1"],
        "power.active": 3 * told["power.1"] / 1000,
        "energy.import": told["import"],
    }


def polls(model: str, change: Break) -> Iterator[Report]:
    """Yield four hours of polls; all but the first hour show `change`."""
    for n in range(HOURS * 3600 // PERIOD + 2):
        now = NOON + n * PERIOD
        points = read_one_phase(now) if model in SINGLE_PHASE else read_three_phases(model, now)
        points = change(points) if n * PERIOD >= 3600 else points
        yield Report(
            address="1",
            uid=DeviceUid("m"),
            topic=Topic.TELEMETRY,
            at=now,
            received=now,
            samples=tuple(Sample(point, value) for point, value in points.items()),
        )


def alarms(model: str, change: Break) -> set[str]:
    """Return the rules that raise within the four hours."""
    engine = Engine(RULES)
    engine.set_world([meter(model)], {}, MODELS)
    raised: set[str] = set()
    for report in polls(model, change):
        decisions = [*engine.advance(report.at), *engine.apply(report)]
        raised |= {each.rule for each in decisions}
    return raised


def put(values: Mapping[str, Value]) -> Break:
    """Show these values, whatever the meter measures."""
    return lambda points: {**points, **values}


def scale(point: str, factor: float) -> Break:
    """Show a point by a factor too large, as a wrong transformer's ratio does."""
    return lambda points: {**points, point: factor * float(points[point])}


@pytest.mark.parametrize("model", [*THREE_PHASE, *SINGLE_PHASE])
def test_no_meter_as_it_ships_is_implausible(model: str) -> None:
    assert alarms(model, put({})) == set()


@pytest.mark.parametrize("model", ["eastron-sdm630", "peacefair-pzem016"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put({"voltage.a": 0.0}), "meter-current-without-voltage"),
        (scale("power.active", 10), "meter-power-too-high"),
        (put({"power.active": 0.0}), "meter-power-too-low"),
        (put({"energy.import": 1300.0}), "meter-energy-stands"),
    ],
)
def test_each_break_is_told_on_one_phase_and_on_three(model: str, change: Break, told: str) -> None:
    assert told in alarms(model, change)


def test_a_phase_that_is_not_measured_shows_by_the_sum_of_the_phases() -> None:
    assert alarms("eastron-sdm630", put({"current.c": 0.0})) == {"meter-power-too-high"}


def test_a_current_that_is_no_number_makes_nothing_implausible() -> None:
    def lose(points: Points) -> Points:
        return {point: value for point, value in points.items() if point != "current.c"}

    assert alarms("eastron-sdm630", lose) == set()
