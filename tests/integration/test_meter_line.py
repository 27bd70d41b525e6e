"""Meters on a transparent line, from the wire to a ticket, through a hub of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.converter import Converter, Mishap, PowerMeter, electricity, power_data, water
from simulators.meter import ElectricityMeter, WaterMeter
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import has_ticket, until

pytestmark = pytest.mark.integration

NUMBER, BROKEN, WATER = "123456789012", "000000000161", "78330011223344"
METER = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
SPEED = 100.0
PHASE_C_LOST = bytes(10) + b"\x80\x00" + bytes(2)


async def points(hub: HubProcess, device: str) -> dict[str, Any]:
    found: dict[str, Any] = (await hub.get(f"/api/v1/devices/{device}"))["points"]
    return found


async def test_meters_of_a_line_are_read_and_their_faults_become_tickets(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    broken = PowerMeter(BROKEN, lambda: {**power_data(METER.read(time.time()))})
    meters = [electricity(NUMBER, METER, time.time), broken]
    meters.append(water(WATER, WaterMeter(daily=20, counted=500, shift=300), time.time))
    line = Converter(meters)
    async with (
        running_broker(require_server("mosquitto"), tmp_path / "broker") as broker,
        line.serving() as port,
    ):
        more = f'[[line]]\nname = "riser-1"\nhost = "127.0.0.1"\nport = {port}\nperiod = 10\n'
        plot = Plot(devices={}, speed=SPEED, more=more)
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            for name, number, kind, model in (
                ("meter-1", NUMBER, "electricity_meter", "dlt645-2007"),
                ("meter-2", BROKEN, "electricity_meter", "dlt645-2007"),
                ("water-1", WATER, "water_meter", "cjt188-water"),
            ):
                sheet.write(
                    f"{name},{number},riser-1,{kind},{model},{PLACE},{name},,,,in_service\n"
                )
        async with running_hub(config) as hub:
            read = await until(
                lambda: points(hub, "meter-1"), lambda found: "energy.import" in found
            )
            assert read["energy.import"]["value"] == pytest.approx(
                METER.read(time.time())["import"], abs=1
            )
            assert read["energy.import"]["unit"] == "kWh"
            assert read["voltage.b"]["value"] == pytest.approx(230, abs=3)
            assert read["status.phase_loss_c"]["value"] is False
            found = await until(
                lambda: points(hub, "water-1"), lambda found: "volume.total" in found
            )
            volume = found["volume.total"]
            assert (volume["unit"], volume["quality"]) == ("m3", "good")
            broken._data = lambda: {**power_data(METER.read(time.time())), "040005FF": PHASE_C_LOST}
            ticket = await has_ticket(hub, "meter-2")
            assert (ticket["fault"], ticket["severity"]) == ("meter.phase_lost", "major")
            meters[0].mishap = Mishap.SILENCE
            assert (await has_ticket(hub, "meter-1"))["fault"] == "meter.silent"
