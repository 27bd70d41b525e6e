"""The Modbus link against every fault of a gateway, in both framings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.links import breaker
from device_drivers.links.modbus_wire import ModbusSettings
from hub.model.catalogue import DeviceModel, PointSpec, PointType, Register
from hub.model.device import Kind
from hub.ports import Envelope
from tests.support.modbus_faults import Fault, FaultyGateway, word
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder, meter, polling

pytestmark = pytest.mark.integration

ADDRESSES = (0, 1, 2, 100, 101, 102)
"""Two blocks of the same length: the answer to one could be taken for that to the other."""
PROBE = DeviceModel(
    id="probe",
    kind=Kind.ELECTRICITY_METER,
    driver="modbus",
    name={},
    points={f"p{a}": PointSpec(name=f"p{a}", type=PointType.NUMBER) for a in ADDRESSES},
    function=3,
    registers=tuple(Register(point=f"p{a}", address=a, type="uint16") for a in ADDRESSES),
)
MODELS = {"probe": PROBE}
TIMEOUT = 0.2
KEEPS_THE_CONNECTION = {Fault.FAILURE, Fault.BUSY, Fault.NO_PATH, Fault.NO_TARGET}
IS_ALIVE = {Fault.FAILURE, Fault.BUSY}


@pytest.fixture(params=["tcp", "rtu_over_tcp"])
def gateway(request: pytest.FixtureRequest) -> FaultyGateway:
    return FaultyGateway(request.param)


def settings(gateway: FaultyGateway, port: int, **fields: float) -> ModbusSettings:
    framing = "rtu_over_tcp" if gateway._is_rtu else "tcp"
    base = ModbusSettings(
        name="bus-1", host="127.0.0.1", port=port, framing=framing, period=0.05, timeout=TIMEOUT
    )
    return msgspec.structs.replace(base, gap=0, **fields)


def units(*numbers: int) -> list:
    return [meter(unit, "probe") for unit in numbers]


def check_words(envelopes: Sequence[Envelope]) -> None:
    """Fail when a register's value is not its own."""
    for envelope in envelopes:
        assert not isinstance(envelope.payload, bytes)
        for block in envelope.payload:
            truth = [word(int(envelope.address), block.start + n) for n in range(len(block.words))]
            assert list(block.words) == truth


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_costs_only_its_slave_its_value_and_never_gives_another(
    gateway: FaultyGateway, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(1, 2, 3), MODELS),
    ):
        await recorder.until(lambda: all(recorder.of(unit) for unit in (1, 2, 3)))
        gateway.faults[2] = fault
        before = gateway.connections
        asked = len(gateway.asked)
        await recorder.until(lambda: any(a.unit == 2 for a in gateway.asked[asked:]))
        good = len(recorder.of(2))
        marks = {unit: len(recorder.of(unit)) for unit in (1, 3)}
        await recorder.until(
            lambda: all(len(recorder.of(unit)) >= marks[unit] + 3 for unit in (1, 3))
        )
        answers = [block for envelope in recorder.of(2)[good:] for block in envelope.payload]
        closed = gateway.connections > before
        del gateway.faults[2]
        back = len(recorder.of(2))
        await recorder.until(lambda: len(recorder.of(2)) >= back + 3)
    check_words(recorder.envelopes)
    assert recorder.of(2)[-1].payload[0].words, "it is read again once the fault is over"
    assert closed == (fault not in KEEPS_THE_CONNECTION)
    assert bool(answers) == (fault in IS_ALIVE)
    assert recorder.silent == []
    told = [row.getMessage() for row in caplog.records if not row.name.startswith("pymodbus")]
    assert told == [], "what a device sends is no traceback in the hub's log"


async def test_a_late_answer_is_never_taken_for_the_next_question(gateway: FaultyGateway) -> None:
    recorder = Recorder()
    gateway.faults[1] = Fault.LATE
    gateway.late = 0.14
    gateway.only = lambda asked: asked.start == 100 and len(gateway.asked) % 4 == 0
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port, timeout=0.3), units(1), MODELS),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 8)
    assert gateway.connections > 2
    check_words(recorder.envelopes)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.SILENCE, "does not answer"),
        (Fault.NO_PATH, "no way to unit 9"),
        (Fault.NO_TARGET, "gets no answer from unit 9"),
        (Fault.WRONG_FUNCTION, "answered function 4"),
    ],
)
async def test_a_dead_slave_is_told_once_and_left_alone_and_its_neighbour_goes_on(
    gateway: FaultyGateway, fault: Fault, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "MISSING_SECONDS", 0.5)
    recorder = Recorder()
    gateway.faults[9] = fault
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(9, 1), MODELS),
    ):
        await recorder.until(lambda: recorder.silent != [])
        asked, polls = len(gateway.asked), len(recorder.of(1))
        await recorder.until(lambda: len(recorder.of(1)) >= polls + 20)
    assert recorder.silent == ["d_9"]
    assert why in recorder.why[0]
    assert recorder.of(9) == []
    assert all(each.unit == 1 for each in gateway.asked[asked:])


@pytest.mark.parametrize("fault", sorted(IS_ALIVE))
async def test_a_slave_that_is_busy_is_neither_silent_nor_asked_again_at_once(
    gateway: FaultyGateway, fault: Fault
) -> None:
    recorder = Recorder()
    gateway.faults[1] = fault
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(1, 2), MODELS),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 5)
    assert {block.exception for each in recorder.of(1) for block in each.payload} <= {4, 6}
    rounds = "".join(f"{each.unit}:{each.start} " for each in gateway.asked[:8])
    assert rounds == 2 * "1:0 1:100 2:0 2:100 "
    assert recorder.silent == []


async def test_a_register_that_does_not_exist_costs_its_neighbours_nothing(
    gateway: FaultyGateway,
) -> None:
    recorder = Recorder()
    gateway.holes = {101}
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(1), MODELS),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 5)
    check_words(recorder.envelopes)
    first, last = recorder.of(1)[0].payload, recorder.of(1)[-1].payload
    assert [block.start for block in first if block.exception] == [101]
    assert [(block.start, len(block.words)) for block in last] == [(0, 3), (100, 1), (102, 1)]
    assert [(each.start, each.count) for each in gateway.asked].count((100, 3)) == 1


async def test_a_hole_between_registers_is_no_longer_read_along(gateway: FaultyGateway) -> None:
    recorder = Recorder()
    gateway.holes = {1}
    points = ("p0", "p2")
    registers = [row for row in PROBE.registers if row.point in points]
    models = {"probe": msgspec.structs.replace(PROBE, registers=tuple(registers))}
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(1), models),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 3)
    assert [each.start for each in gateway.asked[:7]] == [0, 0, 2, 0, 2, 0, 2]
    assert gateway.asked[3].count == 1


async def test_a_slave_that_takes_shorter_blocks_than_its_model_says_is_read_whole(
    gateway: FaultyGateway,
) -> None:
    recorder = Recorder()
    gateway.longest = 2
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), units(1), MODELS),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 3)
    check_words(recorder.envelopes)
    for poll in recorder.of(1):
        read = {block.start + n for block in poll.payload for n in range(len(block.words))}
        assert read == set(ADDRESSES)


async def test_a_slow_slave_is_read_between_fast_ones(gateway: FaultyGateway) -> None:
    recorder = Recorder()
    gateway.delays = {2: 0.9}
    models = {"probe": msgspec.structs.replace(PROBE, registers=PROBE.registers[:1])}
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port, timeout=1.2), units(1, 2), models),
    ):
        await recorder.until(lambda: len(recorder.of(2)) >= 4)
    check_words(recorder.envelopes)
    assert gateway.connections == 1, "it was never cut off"


async def test_a_slave_that_dies_on_a_fast_bus_costs_a_fraction_of_the_time_out(
    gateway: FaultyGateway,
) -> None:
    recorder = Recorder()
    loop = asyncio.get_running_loop()
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port, timeout=3.0), units(1, 2), MODELS),
    ):
        await recorder.until(lambda: len(recorder.of(2)) >= 5)
        gateway.faults[1] = Fault.SILENCE
        began, polls = loop.time(), len(recorder.of(2))
        await recorder.until(lambda: len(recorder.of(2)) >= polls + 2)
        took = loop.time() - began
    # Two polls of the neighbour lie around one or two time-outs, of 0.6 and 1.2 s.
    assert took < 2.5
    assert gateway.connections >= 2


async def test_probes_of_a_dead_slave_hold_up_the_bus_by_its_own_times(
    gateway: FaultyGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "MISSING_SECONDS", 0.1)
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.05)
    monkeypatch.setattr(breaker, "LAST_PROBE", 0.05)
    recorder = Recorder()
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port, timeout=2.0), units(1), MODELS) as (slave,),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 5)
        waits: list[float] = []

        def note(_asked: object) -> bool:
            waits.append(slave.patience.seconds)
            return True

        gateway.only, gateway.faults[1] = note, Fault.SILENCE
        await recorder.until(lambda: recorder.silent == ["d_1"])
        asked = len(waits)
        async with asyncio.timeout(PATIENCE):
            while len(waits) < asked + 4:  # noqa: ASYNC110 - a silent slave brings no news
                await asyncio.sleep(0.02)
    assert max(waits[asked : asked + 4]) < min(2.0, max(waits[:asked]))


async def test_a_slave_that_comes_back_much_slower_is_found_by_a_probe(
    gateway: FaultyGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "MISSING_SECONDS", 0.1)
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.05)
    monkeypatch.setattr(breaker, "LAST_PROBE", 0.05)
    recorder = Recorder()
    models = {"probe": msgspec.structs.replace(PROBE, registers=PROBE.registers[:1])}
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port, timeout=2.0), units(1), models),
    ):
        await recorder.until(lambda: len(recorder.of(1)) >= 5)
        gateway.faults[1] = Fault.SILENCE
        await recorder.until(lambda: recorder.silent == ["d_1"])
        gateway.delays[1] = 1.0  # the short probes wait for 0.4 s
        del gateway.faults[1]
        good = len(recorder.of(1))
        await recorder.until(lambda: len(recorder.of(1)) >= good + 2)
    check_words(recorder.envelopes)


async def test_without_a_declared_coil_the_hub_only_reads(
    gateway: FaultyGateway,
) -> None:
    recorder = Recorder()
    models = {"probe": PROBE, "other": msgspec.structs.replace(PROBE, id="other", function=4)}
    async with (
        gateway.listening() as port,
        polling(recorder, settings(gateway, port), [meter(1, "probe"), meter(2, "other")], models),
    ):
        await recorder.until(lambda: len(recorder.of(2)) >= 2)
    assert {asked.function for asked in gateway.asked} == {3, 4}
    assert all(
        model.commands == tuple(relay.do for relay in model.orders)
        for model in load_models(shipped_models()).values()
        if model.registers
    )
