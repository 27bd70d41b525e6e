"""Meters that are asked, on a line and on a bus, from the wire to a ticket, by one hub."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from device_drivers.catalogue import shipped_models
from simulators.bus import Bus, Framing, Hearing, Slave
from simulators.converter import (
    Converter,
    Mishap,
    PowerMeter,
    electricity,
    power_data,
    water,
    water_body,
)
from simulators.demo_files import HOST
from simulators.foreign.dtu import Dtu
from simulators.line import BrokerAddress
from simulators.meter import ElectricityMeter, WaterMeter
from simulators.registers import BY_MODEL
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import has_ticket, hears, read_journal, until

pytestmark = pytest.mark.integration

NUMBER, BROKEN, WATER = "123456789012", "000000000161", "78330011223344"
OLD = "138000130754"
METER = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
SPEED = 200.0
PHASE_C_LOST = bytes(10) + b"\x80\x00" + bytes(2)


async def points(hub: HubProcess, device: str) -> dict[str, Any]:
    found: dict[str, Any] = (await hub.get(f"/api/v1/devices/{device}"))["points"]
    return found


async def is_lost(hub: HubProcess, device: str) -> None:
    """Wait until it is an event that a device is not heard any more."""
    await until(
        lambda: hub.get(f"/api/v1/devices/{device}/events"),
        lambda page: "link.lost" in {each["name"] for each in page["items"]},
    )


@contextlib.asynccontextmanager
async def bus(slaves: dict[int, Slave]) -> AsyncIterator[int]:
    server = await Bus(slaves, Framing.TCP, time.time).serve("127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def old_power_data() -> dict[str, bytes]:
    """Return what a meter of the edition of 1997 says: 1234.56 kWh, 230 V."""
    return {"9010": bytes.fromhex("56341200"), "B611": bytes.fromhex("3002")}


def patient_model() -> str:
    """Return a model whose heartbeat a busy machine keeps at a fast clock."""
    text = shipped_models()["eastron-sdm630.toml"]
    return text.replace("eastron-sdm630", "patient-sdm630").replace(
        "heartbeat = 60", "heartbeat = 600"
    )


def stuck() -> bytes:
    """Return what a water meter says whose valve does not move."""
    return water_body({"volume": 1234.5})[:-2] + b"\x03\x00"


async def test_meters_that_are_asked_are_read_and_their_faults_become_tickets(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    broken = PowerMeter(BROKEN, lambda: {**power_data(METER.read(time.time()))})
    meters = [electricity(NUMBER, METER, time.time), broken]
    meters.append(water(WATER, WaterMeter(daily=20, counted=500, shift=300), time.time))
    meters.append(PowerMeter(OLD, old_power_data))
    line = Converter(meters)
    slaves = {unit: Slave(METER, BY_MODEL["eastron-sdm630"]) for unit in (1, 2)}
    async with (
        running_broker(require_server("mosquitto"), tmp_path / "broker") as broker,
        line.serving() as port,
        bus(slaves) as bus_port,
    ):
        more = f'[[line]]\nname = "riser-1"\nhost = "127.0.0.1"\nport = {port}\nperiod = 10\n'
        more += '[models]\ndirs = ["models"]\n'
        more += f'[[modbus]]\nname = "bus-1"\nhost = "127.0.0.1"\nport = {bus_port}\nperiod = 10\n'
        plot = Plot(devices={}, speed=SPEED, clock_origin=time.time(), more=more)
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        (config.parent / "models").mkdir()
        (config.parent / "models" / "patient.toml").write_text(patient_model(), "utf-8")
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            for name, number, link, kind, model in (
                ("meter-1", NUMBER, "riser-1", "electricity_meter", "dlt645-2007"),
                ("meter-2", BROKEN, "riser-1", "electricity_meter", "dlt645-2007"),
                ("meter-3", OLD, "riser-1", "electricity_meter", "dlt645-1997"),
                ("water-1", WATER, "riser-1", "water_meter", "cjt188-water"),
                ("meter-4", "1", "bus-1", "electricity_meter", "patient-sdm630"),
                ("meter-5", "2", "bus-1", "electricity_meter", "patient-sdm630"),
            ):
                sheet.write(f"{name},{number},{link},{kind},{model},{PLACE},{name},,,,in_service\n")
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
            await hears(hub, "meter-3", "energy.import", 1234.56)
            await hears(hub, "meter-3", "voltage.a", 230)
            bused = await until(
                lambda: points(hub, "meter-4"), lambda found: "energy.import" in found
            )
            assert bused["voltage.a"]["value"] == pytest.approx(230, abs=3)
            meters[2]._body = stuck
            assert (await has_ticket(hub, "water-1"))["fault"] == "water.valve"
            slaves[1].hearing = Hearing.SILENT
            for meter in (meters[0], meters[2], meters[3]):
                meter.mishap = Mishap.SILENCE
            for device in ("meter-1", "meter-3", "meter-4", "water-1"):
                await is_lost(hub, device)
            for device in ("meter-1", "meter-3", "meter-4"):
                assert (await has_ticket(hub, device))["fault"] == "meter.silent"
            await until(  # a slave is silent, and its bus is not
                lambda: hub.get("/api/v1/devices/meter-5"),
                lambda neighbour: neighbour["link"] == "online",
            )


async def test_a_line_behind_a_dtu_is_read_and_told_from_its_silent_meter(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    broken = PowerMeter(BROKEN, lambda: {**power_data(METER.read(time.time()))})
    flow = water(WATER, WaterMeter(daily=20, counted=500, shift=300), time.time)
    line = Converter([broken, electricity(NUMBER, METER, time.time), flow])
    dtu = Dtu(line, down="dtu/3/down", up="dtu/3/up", hexadecimal=True, halves=True)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker") as broker:
        more = '[[dtu]]\nname = "riser-1"\ndown = "dtu/3/down"\nup = "dtu/3/up"\npayload = "hex"\n'
        config = write_meters(tmp_path / "hub", more + "period = 10\n", broker.port)
        address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
        async with running_hub(config) as hub:
            async with dtu.serving(address):
                await until(lambda: points(hub, "meter-1"), lambda found: "energy.import" in found)
                read = await until(
                    lambda: points(hub, "water-1"), lambda found: "volume.total" in found
                )
                assert read["volume.total"]["quality"] == "good"
                broken._data = lambda: {"040005FF": PHASE_C_LOST}
                ticket = await has_ticket(hub, "meter-2")
                assert ticket["fault"] == "meter.phase_lost"
            journal = await until(
                lambda: read_journal(hub),
                lambda found: any("DTU is not at the broker" in str(each) for each in found),
            )
    [down] = [each for each in journal if each["type"] == "link.down"][:1]
    assert down["subject"] == "riser-1"


def write_meters(folder: Path, more: str, port: int) -> Path:
    """Write a site with three meters on the line `riser-1`, which `more` sets up."""
    plot = Plot(devices={}, speed=SPEED, clock_origin=time.time(), more=more)
    config = write_site(folder, plot, mqtt_port=port)
    with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
        for name, number, kind, model in (
            ("meter-1", NUMBER, "electricity_meter", "dlt645-2007"),
            ("meter-2", BROKEN, "electricity_meter", "dlt645-2007"),
            ("water-1", WATER, "water_meter", "cjt188-water"),
        ):
            sheet.write(f"{name},{number},riser-1,{kind},{model},{PLACE},{name},,,,in_service\n")
    return config
