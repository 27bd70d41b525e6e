"""The community: every device of a site, wired up and alive, on one agenda."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from hub.model.device import Kind
from simulators.agenda import Agenda
from simulators.bus import Slave
from simulators.camera import Camera, PlateCamera, PowerSupply, Recorder, Switch
from simulators.device import Device, Movement, Surroundings, Wire
from simulators.door import Controller, Door
from simulators.gate import Gate
from simulators.life import Lane, Staircase
from simulators.meter import ElectricityMeter, Meter, WaterMeter
from simulators.registers import BY_MODEL
from simulators.site import DeviceRow

LONGEST_LOG = 100_000
MAKE: Mapping[Kind, Callable[[DeviceRow, Surroundings], Device]] = {
    Kind.BARRIER_GATE: Gate,
    Kind.LPR_CAMERA: PlateCamera,
    Kind.ACCESS_CONTROLLER: Controller,
    Kind.UNIT_DOOR: Door,
    Kind.CAMERA: Camera,
    Kind.RECORDER: Recorder,
    Kind.SWITCH: Switch,
    Kind.POWER_SUPPLY: PowerSupply,
}
HOUSEHOLD = "household"


class Community:
    """All that lives: `devices` on MQTT and `slaves` on Modbus by readable id, `log` of moves."""

    def __init__(self, rows: Sequence[DeviceRow], *, now: float, seed: int) -> None:
        self.rows = {row.id: row for row in rows}
        self.agenda = Agenda(now)
        self.devices: dict[str, Device] = {}
        self.slaves: dict[str, Slave] = {}
        self.log: deque[Movement] = deque(maxlen=LONGEST_LOG)
        self._seed = seed

    def wire(self, row: DeviceRow, wire: Wire) -> Device:
        """Build the MQTT device of a row and plug it into a wire."""
        around = Surroundings(
            agenda=self.agenda, wire=wire, chance=self._chance(row), log=self.log.append
        )
        device = MAKE[row.kind](row, around)
        self.devices[row.id] = device
        return device

    def bus(self, gateway: str) -> dict[int, Slave]:
        """Build the meters on a Modbus gateway, by unit id."""
        rows = [row for row in self.rows.values() if row.link == gateway]
        for row in rows:
            self.slaves[row.id] = Slave(_meter(row, self._chance(row)), BY_MODEL[row.model])
        return {int(row.address): self.slaves[row.id] for row in rows}

    def live(self) -> None:
        """Let life begin: heartbeats, cars and people."""
        for device in self.devices.values():
            device.live()
        for gate, camera in self._pairs(Kind.BARRIER_GATE, Kind.LPR_CAMERA):
            if isinstance(gate, Gate) and isinstance(camera, PlateCamera):
                Lane(gate, camera).live(self.agenda, gate.around.chance)
        for door, reader in self._pairs(Kind.UNIT_DOOR, Kind.ACCESS_CONTROLLER):
            if isinstance(door, Door) and (reader is None or isinstance(reader, Controller)):
                Staircase(door, reader).live(self.agenda, door.around.chance)

    def fed_by(self, supply: str) -> list[Device]:
        """List the MQTT devices that a supply feeds, and the supply itself."""
        return [each for each in self._all() if supply in (each.row.power, each.row.id)]

    def behind(self, switch: str) -> list[Device]:
        """List a switch and the devices whose data it carries."""
        return [each for each in self._all() if switch in (each.row.upstream, each.row.id)]

    def _all(self) -> Iterable[Device]:
        return self.devices.values()

    def _pairs(self, first: Kind, second: Kind) -> list[tuple[Device, Device | None]]:
        """Match devices of two kinds that share a lane."""
        others = {each.row.lane: each for each in self._all() if each.row.kind is second}
        return [(each, others.get(each.row.lane)) for each in self._all() if each.row.kind is first]

    def _chance(self, row: DeviceRow) -> Random:
        """Give each device its own lot, so that one more device changes no other's life."""
        return Random(f"{self._seed}/{row.id}")


def _meter(row: DeviceRow, chance: Random) -> Meter:
    home = row.scope == HOUSEHOLD
    if row.kind is Kind.WATER_METER:
        daily = chance.uniform(0.2, 0.6) if home else chance.uniform(8, 40)
        return WaterMeter(
            daily=daily, counted=chance.uniform(10, 900), shift=chance.uniform(0, 1200)
        )
    return ElectricityMeter(
        mean_power=chance.uniform(150, 600) if home else chance.uniform(1500, 9000),
        counted=chance.uniform(100, 20_000),
        phase=chance.uniform(0, 6.28),
    )
