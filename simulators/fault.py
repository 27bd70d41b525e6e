"""Faults on command: what can go wrong, with which kinds of device, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from hub.model.device import Kind
from simulators.bus import Hearing, Slave
from simulators.camera import PlateCamera, PowerSupply
from simulators.community import Community
from simulators.device import Device, Value
from simulators.door import Door
from simulators.gate import Gate

ON_BATTERY = 45.0
"""Seconds that a supply's battery carries its devices after a power cut."""
MAINS = "supply.mains"
WRONG_BY = 3600.0
REPLAYED, REPLAY_STEP = 10, 60.0
"""How many old plates a replay tells, and the seconds between them."""
ON_MQTT = (Kind.LPR_CAMERA, Kind.BARRIER_GATE, Kind.ACCESS_CONTROLLER, Kind.UNIT_DOOR,
           Kind.CAMERA, Kind.RECORDER, Kind.SWITCH, Kind.POWER_SUPPLY)  # fmt: skip
METERS = (Kind.ELECTRICITY_METER, Kind.WATER_METER)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is going on; instants in epoch seconds, `until` None for "until cleared"."""

    id: str
    name: str
    device: str
    place: str
    since: float
    until: float | None


Step = Callable[[Community, Fault], None]
AnyDevice = TypeVar("AnyDevice", bound=Device)


class FaultKind(msgspec.Struct, frozen=True):
    """One thing that can go wrong, with the kinds that it fits, the likeliest first."""

    fits: tuple[Kind, ...]
    begin: Step
    end: Step


def _with(kind: type[AnyDevice], do: Callable[[AnyDevice], None]) -> Step:
    def step(community: Community, fault: Fault) -> None:
        device = community.devices.get(fault.device)
        if isinstance(device, kind):
            do(device)

    return step


def _points(points: Mapping[str, Value]) -> Step:
    return _with(Device, lambda device: device.change(points))


def _hear(hearing: Hearing) -> Step:
    def step(community: Community, fault: Fault) -> None:
        community.slaves[fault.device].hearing = hearing

    return step


def _block(*, blocked: bool) -> Step:
    def step(gate: Gate) -> None:
        gate.arm.blocked = blocked
        if not blocked:
            gate.change({"fault.code": ""})

    return _with(Gate, step)


def _mute(community: Community, fault: Fault) -> None:
    community.devices[fault.device].mute(fault.id)


def _unmute(community: Community, fault: Fault) -> None:
    community.devices[fault.device].unmute(fault.id, rebooted=True)


def _switch_dies(community: Community, fault: Fault) -> None:
    for device in community.behind(fault.device):
        device.mute(fault.id)


def _switch_returns(community: Community, fault: Fault) -> None:
    for device in community.behind(fault.device):
        device.unmute(fault.id, rebooted=device.row.id == fault.device)


def _mains_fail(community: Community, fault: Fault) -> None:
    """Lose the mains: supplies and controllers say so, and fall silent with the battery."""
    supply = community.devices[fault.device]
    if not isinstance(supply, PowerSupply):
        return
    supply.outage = fault.id
    fed = community.fed_by(fault.device)
    for device in fed:
        if MAINS in device.state:
            device.change({MAINS: False})

    def battery_is_empty() -> None:
        if supply.outage == fault.id:
            for device in fed:
                device.mute(fault.id)

    community.agenda.after(ON_BATTERY, battery_is_empty)


def _mains_return(community: Community, fault: Fault) -> None:
    for device in community.fed_by(fault.device):
        if isinstance(device, PowerSupply):
            device.outage = ""
        if MAINS in device.state:
            device.change({MAINS: True})
        device.unmute(fault.id, rebooted=True)


def _freeze(community: Community, fault: Fault) -> None:
    device, slave = community.devices.get(fault.device), community.slaves.get(fault.device)
    if device is not None:
        device.frozen = dict(device.state)
    if isinstance(slave, Slave):
        slave.frozen_at = community.agenda.now


def _thaw(community: Community, fault: Fault) -> None:
    device, slave = community.devices.get(fault.device), community.slaves.get(fault.device)
    if device is not None:
        device.frozen = None
        device.tell_state()
    if isinstance(slave, Slave):
        slave.frozen_at = None


def _set_clock(offset: float) -> Step:
    def step(device: Device) -> None:
        device.clock_offset = offset

    return _with(Device, step)


def _replay(camera: PlateCamera) -> None:
    """Tell old plates after an outage that nobody saw, then everything twice."""
    for nth in range(REPLAYED, 0, -1):
        camera.read_plate(ago=nth * REPLAY_STEP)
    camera.repeat_itself()


def _nothing(community: Community, fault: Fault) -> None:
    """End what ended by itself."""


BROKER_RESTART = "broker-restart"
FAULTS: Mapping[str, FaultKind] = {
    "boom-broken": FaultKind(
        (Kind.BARRIER_GATE,), _points({"boom.broken": True}), _points({"boom.broken": False})
    ),
    "gate-stuck-open": FaultKind(
        (Kind.BARRIER_GATE,), _with(Gate, Gate.fail_open), _with(Gate, Gate.come_down)
    ),
    "gate-wont-move": FaultKind((Kind.BARRIER_GATE,), _block(blocked=True), _block(blocked=False)),
    "door-held": FaultKind((Kind.UNIT_DOOR,), _with(Door, Door.prop), _with(Door, Door.release)),
    "camera-lost": FaultKind((Kind.CAMERA, Kind.LPR_CAMERA), _mute, _unmute),
    "meter-dead": FaultKind(METERS, _hear(Hearing.REPORTED), _hear(Hearing.ANSWERS)),
    "slave-silent": FaultKind(METERS[::-1], _hear(Hearing.SILENT), _hear(Hearing.ANSWERS)),
    "switch-down": FaultKind((Kind.SWITCH,), _switch_dies, _switch_returns),
    "power-cut": FaultKind((Kind.POWER_SUPPLY,), _mains_fail, _mains_return),
    BROKER_RESTART: FaultKind((), _nothing, _nothing),
    "frozen-values": FaultKind((*METERS, *ON_MQTT), _freeze, _thaw),
    "wrong-clock": FaultKind(ON_MQTT, _set_clock(WRONG_BY), _set_clock(0.0)),
    "replay": FaultKind((Kind.LPR_CAMERA,), _with(PlateCamera, _replay), _nothing),
}
"""By the name that people type."""
