"""`lingdang scan` on simulated gateways: who answers, and which model fits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from device_drivers.catalogue import shipped_models
from hub.commands.scan import Line, scan_line
from hub.errors import InvalidRequestError, LinkError
from simulators.bus import Bus, Framing, Hearing, Request, Slave, Unit
from simulators.meter import ElectricityMeter, WaterMeter
from simulators.register_map import RegisterMap
from simulators.registers import BY_MODEL
from simulators.relay import Barrier, RelayBox

pytestmark = pytest.mark.integration
HOST = "127.0.0.1"
TWINS = {
    "eastron-sdm230": "eastron-sdm120",
    "eastron-sdm72": "eastron-sdm630",
    "carlo-gavazzi-em340": "carlo-gavazzi-em24-e1",
    "siemens-pac2200": "siemens-pac3200",
}
"""Models whose registers are the same as far as the hub reads them: the first one is named."""
POWER = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
WATER = WaterMeter(daily=20, counted=500, shift=300)


async def scan(
    slaves: Mapping[int, Unit], framing: Framing, units: str, *models: Path
) -> tuple[int, list[str]]:
    server = await Bus(slaves, framing, lambda: 1_795_500_000.0).serve(HOST, 0)
    address = f"{HOST}:{server.sockets[0].getsockname()[1]}"
    said: list[str] = []
    line = Line(
        address=address, units=units, framing=framing.value, timeout=0.1, gap=0.0, models=models
    )
    count = await asyncio.to_thread(scan_line, line, said.append, lambda _unit: None)
    server.close()
    await server.wait_closed()
    return count, said


@pytest.mark.parametrize("framing", Framing)
async def test_each_unit_is_found_with_the_model_that_it_is(framing: Framing) -> None:
    names = list(BY_MODEL)
    slaves = {
        unit: Slave(WATER if "water" in name else POWER, BY_MODEL[name])
        for unit, name in enumerate(names, start=2)
    }
    count, said = await scan(slaves, framing, "1-18")
    found = re.findall(r"^(\d+): (\S+) ", "\n".join(said), re.MULTILINE)
    first = [TWINS.get(name, name) for name in names]
    assert found == [(str(unit), name) for unit, name in enumerate(first, start=2)]
    also = " ".join(line for line in said if "也可能是" in line)
    assert all(twin in also for twin in TWINS)
    assert count == len(names) == 16
    assert "Asked 18 unit ids; 16 answered." in said[-1]


async def test_a_model_of_the_site_is_found_as_the_shipped_ones_are(tmp_path: Path) -> None:
    text = shipped_models()["acrel-adw300.toml"].replace("acrel-adw300", "our-meter")
    (tmp_path / "our-meter.toml").write_text(text, encoding="utf-8")
    slaves = {1: Slave(POWER, BY_MODEL["acrel-adw300"])}
    _, said = await scan(slaves, Framing.TCP, "1", tmp_path)
    assert "our-meter" in "\n".join(said)


async def test_who_is_silent_is_passed_over_and_who_fits_nothing_is_told() -> None:
    dead, reported = (Slave(POWER, BY_MODEL["chint-dtsu666"]) for _ in range(2))
    dead.hearing, reported.hearing = Hearing.SILENT, Hearing.REPORTED
    odd = Slave(POWER, RegisterMap(function=3, ranges=(range(1),), cells=()))
    count, said = await scan({1: dead, 2: reported, 3: odd}, Framing.TCP, "1-3")
    assert count == 1
    assert said[0].startswith("3: 有回答，没有合适的型号。 It answers")


async def test_what_switches_something_is_never_proposed() -> None:
    """A box whose coils and inputs would fit a barrier may move anything."""
    barrier = Barrier(lambda: 1_795_500_000.0)
    barrier.coils[0] = True

    class Box:
        def answer(self, request: Request, now: float) -> bytes:
            return RelayBox(barrier, Framing.TCP).answer(request)

    count, said = await scan({1: Box()}, Framing.TCP, "1")
    assert count == 1
    assert said[0].startswith("1: 有回答，没有合适的型号。 It answers")


async def test_a_gateway_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(LinkError, match="check the gateway's power and network"):
        await asyncio.to_thread(scan_line, Line(address=f"{HOST}:9"), print, print)


@pytest.mark.parametrize(
    "line",
    [
        Line(address="here"),
        Line(address="a:502", units="0-3"),
        Line(address="a:502", units="9-3"),
        Line(address="a:502", framing="ascii"),
    ],
)
def test_a_wrong_word_is_told(line: Line) -> None:
    with pytest.raises(InvalidRequestError):
        scan_line(line, print, print)
