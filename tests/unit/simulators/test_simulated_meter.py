import math
import struct
from collections.abc import Iterable
from random import Random

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects.modbus import ModbusDriver
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality
from hub.ports import Envelope, Registers
from simulators.bus import Hearing, Request, Slave, checksum
from simulators.meter import ElectricityMeter, WaterMeter
from simulators.registers import BY_MODEL, XINTAI

FLOW = struct.unpack("<f", bytes.fromhex("1E850B3F"))[0]
"""The sample in the vendor's manual: 0.545 m³/h."""
NOW = 1_795_500_000.0
ELECTRICITY = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
WATER = WaterMeter(daily=20, counted=500, shift=300)


def moments(step: float, hours: float) -> Iterable[float]:
    return (NOW + step * i for i in range(int(hours * 3600 / step)))


def test_an_electricity_meter_is_always_plausible() -> None:
    for at in moments(97, 30):
        read = ELECTRICITY.read(at)
        assert 220 < read["voltage.1"] < 240
        assert 49.9 < read["frequency"] < 50.1
        assert read["power"] > 0
        phases = sum(read[f"power.{phase}"] for phase in (1, 2, 3))
        assert math.isclose(phases, read["power"], rel_tol=1e-9)
        for phase in (1, 2, 3):
            apparent = read[f"voltage.{phase}"] * read[f"current.{phase}"]
            assert read[f"power.{phase}"] <= apparent


def test_energy_is_the_integral_of_power() -> None:
    start, step = NOW, 1.0
    energy = sum(ELECTRICITY.read(start + step * i)["power"] * step for i in range(3600)) / 3.6e6
    counted = ELECTRICITY.read(start + 3600)["import"] - ELECTRICITY.read(start)["import"]
    assert math.isclose(energy, counted, rel_tol=1e-3)


@pytest.mark.parametrize(("meter", "counter"), [(ELECTRICITY, "import"), (WATER, "volume")])
def test_counters_only_rise_over_days(meter: ElectricityMeter | WaterMeter, counter: str) -> None:
    counts = [meter.read(at)[counter] for at in moments(61, 50)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0


def test_a_counter_survives_a_restart_of_the_simulator() -> None:
    again = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
    assert again.read(NOW) == ELECTRICITY.read(NOW)


def test_water_is_the_integral_of_its_flow_and_rests_in_every_hour() -> None:
    flows = [WATER.read(at)["flow"] for at in moments(10, 24)]
    used = WATER.read(NOW + 86400)["volume"] - WATER.read(NOW)["volume"]
    assert math.isclose(used, 20, rel_tol=1e-6)
    assert math.isclose(sum(flows) * 10 / 3600, used, rel_tol=0.02)
    assert all(min(flows[i : i + 360]) == 0 for i in range(0, len(flows), 360))


def slave(model: str) -> Slave:
    return Slave(WATER if "water" in model else ELECTRICITY, BY_MODEL[model])


def read(unit: Slave, function: int, start: int, count: int) -> bytes | None:
    return unit.answer(Request(unit=1, function=function, start=start, count=count), NOW)


def words(reply: bytes | None) -> tuple[int, ...]:
    assert reply is not None
    return struct.unpack(f">{reply[1] // 2}H", reply[2:])


def test_a_float_of_the_water_meter_stands_back_to_front() -> None:
    quantities = dict(WATER.read(NOW)) | {"flow": FLOW}
    assert XINTAI.words(5, 2, quantities) == (0x1E85, 0x0B3F)


def test_the_three_phase_meter_answers_with_floats_high_word_first() -> None:
    raw = words(read(slave("eastron-sdm630"), 4, 0, 2))
    (voltage,) = struct.unpack(">f", struct.pack(">2H", *raw))
    assert math.isclose(voltage, ELECTRICITY.read(NOW)["voltage.1"], rel_tol=1e-6)


@pytest.mark.parametrize(
    ("request_of", "exception"),
    [((3, 0, 2), 1), ((4, 0x57, 2), 2), ((4, 0x100, 2), 2), ((4, 0, 126), 3), ((4, 0, 0), 3)],
)
def test_what_a_meter_does_not_have_is_an_exception(
    request_of: tuple[int, int, int], exception: int
) -> None:
    function = request_of[0]
    assert read(slave("eastron-sdm630"), *request_of) == bytes((function | 0x80, exception))


def test_a_silent_slave_says_nothing_and_a_reported_one_has_its_gateway_say_so() -> None:
    unit = slave("acrel-adw300")
    unit.hearing = Hearing.SILENT
    assert read(unit, 3, 20, 1) is None
    unit.hearing = Hearing.REPORTED
    assert read(unit, 3, 20, 1) == bytes((0x83, 11))


def test_a_frozen_slave_repeats_the_values_of_one_instant() -> None:
    unit = slave("eastron-sdm630")
    unit.frozen_at = NOW
    request = Request(unit=1, function=4, start=0, count=20)
    assert unit.answer(request, NOW + 5000) == unit.answer(request, NOW)
    unit.frozen_at = None
    assert unit.answer(request, NOW + 5000) != unit.answer(request, NOW)


def test_the_checksum_is_that_of_modbus() -> None:
    assert checksum(bytes.fromhex("010400000002")) == bytes.fromhex("71CB")
    assert checksum(bytes.fromhex("01050000FF00")) == bytes.fromhex("8C3A")


def test_every_electricity_map_shows_the_same_meter() -> None:
    chance = Random(1)
    meter = ElectricityMeter(mean_power=chance.uniform(2000, 4000), counted=50, phase=2)
    truth = meter.read(NOW)["voltage.2"]
    sdm = words(Slave(meter, BY_MODEL["eastron-sdm630"]).answer(_request(4, 2, 2), NOW))
    dtsu = words(Slave(meter, BY_MODEL["chint-dtsu666"]).answer(_request(3, 0x2008, 2), NOW))
    adw = words(Slave(meter, BY_MODEL["acrel-adw300"]).answer(_request(3, 21, 1), NOW))
    assert math.isclose(_float(sdm), truth, rel_tol=1e-6)
    assert math.isclose(_float(dtsu) / 10, truth, rel_tol=1e-6)
    assert math.isclose(adw[0] / 10, truth, abs_tol=0.05)


def _request(function: int, start: int, count: int) -> Request:
    return Request(unit=1, function=function, start=start, count=count)


def _float(raw: tuple[int, ...]) -> float:
    number: float = struct.unpack(">f", struct.pack(">2H", *raw))[0]
    return number


MEANING = {
    "voltage.a": ("voltage.1", 1),
    "voltage.b": ("voltage.2", 1),
    "voltage.c": ("voltage.3", 1),
    "current.a": ("current.1", 1),
    "current.b": ("current.2", 1),
    "current.c": ("current.3", 1),
    "power.active": ("power", 0.001),
    "power.factor": ("factor", 1),
    "frequency": ("frequency", 1),
    "energy.import": ("import", 1),
    "energy.export": ("export", 1),
    "volume.total": ("volume", 1),
    "flow.rate": ("flow", 1),
    "pressure": ("pressure", 10),
}
"""The hub's point → what the simulated meter really measured, and the factor between units."""


@pytest.mark.parametrize("model_id", sorted(BY_MODEL))
def test_the_hub_reads_from_the_simulated_registers_what_the_meter_measured(
    model_id: str,
) -> None:
    models = load_models(shipped_models())
    model, unit = models[model_id], slave(model_id)
    blocks = tuple(
        Registers(
            function=model.function,
            start=register.address,
            words=words(read(unit, model.function, register.address, WIDTH[register.type])),
        )
        for register in model.registers
    )
    envelope = Envelope(link="bus", address="1", payload=blocks, received=NOW)
    device = Device(
        uid=DeviceUid("u"), id="m", address="1", kind=model.kind, model=model_id, place="p"
    )
    (report,) = ModbusDriver(models).decode(envelope, device)
    truth = (WATER if "water" in model_id else ELECTRICITY).read(NOW)
    for sample in report.samples:
        assert sample.quality is Quality.GOOD, sample
        if sample.point in MEANING:
            quantity, factor = MEANING[sample.point]
            if sample.point == "current.a" and "current.b" not in model.points:
                quantity = "current"
            expected = pytest.approx(truth[quantity] * factor, rel=1e-4, abs=0.101)
            assert sample.value == expected, sample
    assert len({sample.point for sample in report.samples} & set(MEANING)) >= 3


WIDTH = {"uint16": 1, "int16": 1, "int32": 2, "uint32": 2, "float32": 2, "float64": 4}
