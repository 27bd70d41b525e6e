"""Planning of blocks, the breaker, and the translation of polls by the shipped model files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import Block, find, plan, split
from device_drivers.codecs.registers import encode, words_of
from device_drivers.contract import MAX_INTEGER
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.breaker import Breaker
from hub.model.catalogue import PointType, Register
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Value
from hub.ports import Envelope, Registers

MODELS = load_models(shipped_models())


def meter(model: str) -> Device:
    """Make a meter of a model."""
    return Device(
        uid=DeviceUid("d_1"),
        id="meter-1",
        address="1",
        kind=Kind.ELECTRICITY_METER,
        model=model,
        place="guanshan",
    )


def poll(model: str, *blocks: tuple[int, str]) -> dict[str, tuple[Value | None, Quality]]:
    """Translate a poll given as (start, words in hex)."""
    payload = tuple(
        Registers(function=3, start=start, words=tuple(int(word, 16) for word in words.split()))
        for start, words in blocks
    )
    envelope = Envelope(link="bus-1", address="1", payload=payload, received=1000.0)
    (report,) = ModbusDriver(MODELS).decode(envelope, meter(model))
    return {sample.point: (sample.value, sample.quality) for sample in report.samples}


DTSU = "4510 5000 4510 7000 4510 3000 45A4 1000 4592 E000 4580 2000 46DE A800"


def test_the_published_words_of_a_dtsu666_give_its_published_values() -> None:
    points = poll("chint-dtsu666", (0x2006, DTSU), (0x202A, "4466 0000"), (0x2044, "459C 4C00"))
    assert points["voltage.a"] == (230.9, Quality.GOOD)
    assert points["current.b"] == (4.7, Quality.GOOD)
    assert points["power.active"] == (2.85, Quality.GOOD)
    assert points["power.factor"] == (0.92, Quality.GOOD)
    assert points["frequency"] == (50.015, Quality.GOOD)


def test_what_was_not_answered_is_bad_and_never_zero() -> None:
    points = poll("chint-dtsu666", (0x2006, DTSU))
    assert points["frequency"] == (None, Quality.BAD)
    assert points["energy.import"] == (None, Quality.BAD)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (((4, ()), (4, ())), 4),
        (((6, ()), (2, ())), 6),
        (((0, (0, 0)), (4, ())), 0),
        (((2, ()), (0, (0, 0))), 0),
        ((), 0),
    ],
)
def test_a_slave_that_refuses_every_block_is_told_by_the_first_exception(
    answers: tuple[tuple[int, tuple[int, ...]], ...], told: int
) -> None:
    payload = tuple(
        Registers(function=3, start=0x2006 + 2 * n, words=words, exception=code)
        for n, (code, words) in enumerate(answers)
    )
    envelope = Envelope(link="bus-1", address="1", payload=payload, received=1000.0)
    (report,) = ModbusDriver(MODELS).decode(envelope, meter("chint-dtsu666"))
    assert {s.point: s.value for s in report.samples}["link.refusal"] == told


def test_a_sentinel_is_no_value() -> None:
    points = poll("abb-b-series", (0x5B00, "FFFF FFFF 0000 08FC 0000 08FC"))
    assert points["voltage.a"] == (None, Quality.BAD)
    assert points["voltage.b"] == (230.0, Quality.GOOD)


def test_an_implausible_voltage_is_bad() -> None:
    points = poll("acrel-adw300", (20, "FFFF 08FC 08FC"))
    assert points["voltage.a"] == (None, Quality.BAD)


def test_a_water_meters_pipe_and_valve_are_words_for_people() -> None:
    points = poll("kaifeng-xintai-water", (0x07, "0055"), (0x1C, "0009"))
    assert points["pipe.empty"] == (True, Quality.GOOD)
    assert points["valve.position"] == ("open", Quality.GOOD)
    assert points["battery.ok"] == (False, Quality.GOOD)


def test_a_counter_below_zero_is_bad() -> None:
    points = poll("acrel-adw300", (0x3E, "FFFF FFFE"))
    assert points["energy.import"] == (None, Quality.BAD)


def test_a_word_that_the_point_does_not_have_is_bad() -> None:
    points = poll("kaifeng-xintai-water", (0x07, "0056"), (0x1C, "0003"))
    assert points["pipe.empty"] == (None, Quality.BAD)
    assert points["valve.position"] == (None, Quality.BAD)


WORDS = st.one_of(
    st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7F80, 0xFF80, 0x7FC0]), st.integers(0, 0xFFFF)
)


@given(
    name=st.sampled_from(sorted(name for name, m in MODELS.items() if m.registers)), data=st.data()
)
def test_whatever_the_registers_hold_only_what_can_be_is_good(
    name: str, data: st.DataObject
) -> None:
    model = MODELS[name]
    blocks = [
        (b.start, " ".join(f"{data.draw(WORDS):04x}" for _ in range(b.count)))
        for b in plan(model.registers, limit=model.max_registers)
    ]
    for point, (value, quality) in poll(name, *blocks).items():
        spec = model.points[point]
        assert (value is None) == (quality is Quality.BAD)
        if isinstance(value, float):
            low = 0.0 if spec.type is PointType.COUNTER else -float(MAX_INTEGER)
            assert max(low, spec.minimum or low) <= value <= (spec.maximum or MAX_INTEGER)


REGISTERS = st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True).map(
    lambda starts: [Register(point=f"p{s}", address=2 * s, type="float32") for s in starts]
)


@given(registers=REGISTERS, limit=st.integers(2, 125))
def test_a_plan_reads_every_register_once_and_keeps_the_limit(
    registers: list[Register], limit: int
) -> None:
    blocks = plan(registers, limit=limit)
    assert all(block.count <= limit for block in blocks)
    read = [
        Registers(function=0, start=b.start, words=tuple(range(b.start, b.start + b.count)))
        for b in blocks
    ]
    for register in registers:
        assert find(read, register, 3) == (register.address, register.address + 1)


def test_what_is_read_by_another_function_is_another_register() -> None:
    coil = Register(point="relay", address=0, type="bit", function=1)
    inputs = [Register(point=f"in{n}", address=n, type="bit") for n in (0, 1)]
    assert plan([coil, *inputs], limit=8) == (
        Block(start=0, count=2), Block(start=0, count=1, function=1),
    )  # fmt: skip
    assert split(Block(start=0, count=2), [coil, *inputs]) == (
        Block(start=0, count=1), Block(start=1, count=1),
    )  # fmt: skip
    said = [
        Registers(function=2, start=0, words=(0, 1)),
        Registers(function=1, start=0, words=(1,)),
    ]
    assert [find(said, each, 2) for each in (coil, *inputs)] == [(1,), (0,), (1,)]


def test_a_block_with_a_hole_splits_into_its_registers() -> None:
    registers = MODELS["chint-dtsu666"].registers
    parts = split(Block(start=0x2006, count=14), registers)
    assert len(parts) == 7
    assert all(part.count == 2 for part in parts)


def test_every_shipped_modbus_model_can_be_planned_and_encoded() -> None:
    modbus = [model for model in MODELS.values() if model.driver == "modbus"]
    assert len(modbus) >= 6
    for model in modbus:
        assert plan(model.registers, limit=model.max_registers)
        for register in model.registers:
            assert register.point in model.points
            assert len(encode(1, register.type, register.order)) == words_of(register.type)


def test_two_misses_three_seconds_apart_open_the_breaker_once() -> None:
    breaker = Breaker()
    assert not breaker.missed(100.0)
    assert not breaker.missed(101.0)
    assert breaker.missed(103.5)
    assert not breaker.missed(104.0)
    assert not breaker.may_ask(104.0)


def test_an_open_breaker_probes_ever_more_rarely_and_closes_on_an_answer() -> None:
    breaker = Breaker()
    for now in (0.0, 4.0):
        breaker.missed(now)
    waits = []
    now = 4.0
    for _ in range(8):
        start = now
        while not breaker.may_ask(now):
            now += 1
        waits.append(now - start)
        breaker.missed(now)
    assert waits[0] == 10
    assert waits == sorted(waits)
    assert waits[-1] == 60
    assert breaker.answered()
    assert breaker.may_ask(now)
