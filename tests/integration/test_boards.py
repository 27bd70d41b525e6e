"""A UPS, inputs and relays on a bus: simulated board, real socket, link, driver, rules."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus_wire import ModbusSettings
from hub.model.device import Device, DeviceUid
from hub.model.report import Report, Value
from rules.engine import Engine
from simulators.board import Board, Ups
from simulators.bus import Bus, Framing, Slave, Unit
from simulators.registers import UPS
from tests.support.polling import Recorder, polling
from tests.support.shipped import RULES

pytestmark = pytest.mark.integration
OWN = shipped_models()["adam-16di.toml"].replace("adam-16di", "cellar-inputs")
LEAK = 'type = "bool", period = 5, zh = "输入 3", en = "Input 3"'
OWN = OWN.replace(f'"input.3" = {{ {LEAK} }}', '"leak" = { period = 5 }').replace(
    'point = "input.3"', 'point = "leak"'
)
MODELS = load_models({**shipped_models(), "cellar-inputs.toml": OWN})
NOON = 1_764_043_200.0


def device(model: str) -> Device:
    return Device(
        uid=DeviceUid("d"),
        id="d",
        address="1",
        kind=MODELS[model].kind,
        model=model,
        place="guanshan",
        link="bus-1",
    )


class Polls:
    """Reads the unit anew whenever it is asked, through the link and the driver."""

    def __init__(self, model: str, recorder: Recorder) -> None:
        self.device = device(model)
        self._recorder = recorder

    async def report(self) -> Report:
        """Return what a poll says that begins after now."""
        seen = len(self._recorder.envelopes)
        await self._recorder.until(lambda: len(self._recorder.envelopes) >= seen + 2)
        [report] = ModbusDriver(MODELS).decode(self._recorder.envelopes[-1], self.device)
        return report

    async def points(self) -> dict[str, Value | None]:
        """Return the values of such a poll."""
        return {sample.point: sample.value for sample in (await self.report()).samples}


@contextlib.asynccontextmanager
async def polled(unit: Unit, model: str, framing: Framing) -> AsyncIterator[Polls]:
    server = await Bus({1: unit}, framing, lambda: NOON).serve("127.0.0.1", 0)
    settings = ModbusSettings(
        name="bus-1",
        host="127.0.0.1",
        port=server.sockets[0].getsockname()[1],
        framing=framing.value,
        period=0.05,
        gap=0,
    )
    recorder = Recorder()
    try:
        async with polling(recorder, settings, [device(model)], MODELS):
            yield Polls(model, recorder)
    finally:
        server.close()
        await server.wait_closed()


def raised(reports: list[tuple[float, Report]], of: Device) -> set[str]:
    """Return the faults that the shipped rules raise over reports at these seconds."""
    engine = Engine(RULES)
    engine.set_world([of], {}, MODELS)
    faults = {rule.id: rule.fault for rule in RULES}
    found: set[str] = set()
    for second, report in reports:
        at = NOON + second
        moved = msgspec.structs.replace(report, at=at, received=at)
        found |= {faults[each.rule] for each in (*engine.advance(at), *engine.apply(moved))}
    return found


@pytest.mark.parametrize("framing", Framing)
async def test_a_board_of_two_functions_is_read_whole(framing: Framing) -> None:
    board = Board(inputs=8, relays=8)
    async with polled(board, "waveshare-relay-8-di", framing) as polls:
        quiet = await polls.points()
        assert quiet.pop("link.refusal") == 0
        assert set(quiet.values()) == {False}
        assert len(quiet) == 16
        board.inputs[6] = True
        told = await polls.points()
        assert {point for point, value in told.items() if value is True} == {"input.7"}


@pytest.mark.parametrize("framing", Framing)
async def test_a_wet_input_of_the_site_s_own_model_is_a_leak(framing: Framing) -> None:
    board = Board(inputs=16, relays=0)
    async with polled(board, "cellar-inputs", framing) as polls:
        dry = await polls.report()
        board.inputs[2] = True
        wet = await polls.report()
        assert raised([(0, dry), (60, wet), (120, wet)], polls.device) == {"water.leak_found"}


async def test_a_ups_without_mains_is_an_alarm() -> None:
    ups = Ups()
    async with polled(Slave(ups, UPS), "apc-smart-ups", Framing.TCP) as polls:
        fine = await polls.report()
        points = {sample.point: sample.value for sample in fine.samples}
        assert (points["supply.mains"], points["battery.charge"], points["load"]) == (True, 100, 35)
        ups.mains, ups.charge = False, 80.0
        cut = await polls.report()
        faults = raised([(0, fine), (60, cut), (120, cut)], polls.device)
        assert faults == {"power.mains_lost"}
        ups.mains, ups.load = True, 97.0
        full = await polls.report()
        minutes = [(60.0 * minute, full) for minute in range(1, 8)]
        assert raised([(0, fine), *minutes], polls.device) == {"power.overload"}
