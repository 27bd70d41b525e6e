"""Each fault that the simulator can cause opens exactly the right ticket, through the pure parts.

A simulated community lives for 45 minutes without sockets; what its devices say goes through the
drivers, the shipped rules, the topology and the gates.
"""

import struct
from collections.abc import Callable, Iterator
from random import Random

import msgspec

from device_drivers.codecs.blocks import plan
from device_drivers.dialects.lingdang import LingdangDriver
from device_drivers.dialects.modbus import ModbusDriver
from hub.intake.timekeeping import Timekeeper
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic
from hub.ports import Envelope, Registers
from rules.backtest import backtest
from simulators.bus import NO_ANSWER, Request
from simulators.community import Community
from simulators.device import Message
from simulators.guanshan import build_site
from simulators.mishap import Mishaps
from simulators.site import Site, gateways, on_mqtt
from tests.support.shipped import MODELS, RULES

NOON = 1_764_043_200.0
SITE: Site = build_site(devices=100, seed=3)
PLACES = {
    row.path: Place(path=row.path, name=row.name, kind=row.kind, grid_code=row.grid_code)
    for row in SITE.places
}
QUIET, LENGTH, STEP = 960.0, 2700.0, 10.0
"""Seconds: until something happens, in all, and between two polls."""


def _book() -> list[Device]:
    extra = {"scope", "sole_entrance"}
    known = set(Device.__struct_fields__) - {"uid", "attributes", "state"}
    devices = []
    for row in SITE.devices:
        fields = msgspec.structs.asdict(row)
        devices.append(
            Device(
                uid=DeviceUid(row.id),
                attributes={name: fields[name] for name in extra if fields[name]},
                **{name: value for name, value in fields.items() if name in known},
            )
        )
    return devices


DEVICES = {device.id: device for device in _book()}


class Ether:
    """A wire that keeps what was said until somebody listens."""

    def __init__(self) -> None:
        self.said: list[Message] = []

    def publish(self, message: Message) -> None:
        self.said.append(message)

    def cut(self, last_will: Message) -> None:
        self.said.append(last_will)

    def restore(self) -> None:
        pass


class Hearing:
    """What the hub would make of a community's words: reports, at the instant of their arrival."""

    def __init__(self, chance: int = 3) -> None:
        self.ether = Ether()
        self.community = Community(SITE.devices, now=NOON, seed=chance)
        for row in on_mqtt(SITE.devices):
            self.community.wire(row, self.ether)
        for gateway in gateways(SITE.devices):
            self.community.bus(gateway)
        self.community.live()
        for device in self.community.devices.values():
            device.announce()
        self.mishaps = Mishaps(self.community, Random(1), None)
        self._by_address = {
            device.address: device for device in DEVICES.values() if device.link == "mqtt"
        }
        self._dialect = LingdangDriver(MODELS)
        self._modbus = ModbusDriver(MODELS)
        self._clock = Timekeeper()

    def listen(
        self, act: Callable[[Mishaps], object], start: float, end: float
    ) -> Iterator[Report]:
        """Yield everything that is said until `end`; at `start` something goes wrong."""
        now = NOON
        while now < NOON + end:
            now += 1.0
            if now == NOON + start:
                act(self.mishaps)
            self.community.agenda.run_until(now)
            said, self.ether.said[:] = list(self.ether.said), []
            for message in said:
                yield from self._understand(message, now)
            if now % STEP == 0:
                yield from self._poll(now)

    def _understand(self, message: Message, now: float) -> Iterator[Report]:
        device = self._by_address[message.address]
        topic = f"ld/guanshan/{message.address}/{message.topic}"
        payload = msgspec.json.encode(message.body)
        envelope = Envelope(link="mqtt", address=topic, payload=payload, received=now)
        for report in self._dialect.decode(envelope, device):
            own = msgspec.structs.replace(report, uid=device.uid)
            at, late, offset = self._clock.settle(own, judging=True)
            yield msgspec.structs.replace(own, at=at, late=late)
            if offset is not None:
                yield Report(
                    address=device.address,
                    uid=device.uid,
                    topic=Topic.TELEMETRY,
                    at=now,
                    received=now,
                    samples=(Sample("clock.offset", offset),),
                )

    def _poll(self, now: float) -> Iterator[Report]:
        for name, slave in self.community.slaves.items():
            device = DEVICES[name]
            model = MODELS[device.model]
            words = []
            for block in plan(model.registers, limit=model.max_registers):
                request = Request(
                    unit=1, function=model.function, start=block.start, count=block.count
                )
                answer = slave.answer(request, now)
                if answer is None or answer[1] == NO_ANSWER:
                    break
                found = struct.unpack(f">{answer[1] // 2}H", answer[2:])
                words.append(Registers(function=model.function, start=block.start, words=found))
            else:
                envelope = Envelope(
                    link=device.link, address=device.address, payload=tuple(words), received=now
                )
                for report in self._modbus.decode(envelope, device):
                    yield msgspec.structs.replace(report, uid=device.uid)


def tickets(act: Callable[[Mishaps], object], length: float = LENGTH) -> list[tuple[str, str]]:
    """Return (device, fault) of every alarm that somebody would have been told about, once each."""
    history = Hearing().listen(act, QUIET, length)
    result = backtest(RULES, history, DEVICES.values(), PLACES, MODELS)
    return sorted(
        {
            (each.subject, each.fault)
            for each in result.alarms
            if each.explained_by is None and not each.stopped_by
        }
    )


def named(kind: Kind, nth: int = 0) -> str:
    return [row.id for row in SITE.devices if row.kind is kind][nth]


DEAD_SWITCH = named(Kind.SWITCH, -1)
SAFE = [row.id for row in SITE.devices if DEAD_SWITCH not in (row.upstream, row.id)]


def safe(kind: Kind, nth: int = 0) -> str:
    """Name a device that does not hang on the switch that dies."""
    return [name for name in SAFE if DEVICES[name].kind is kind][nth]


ONE_OF_EACH = {
    ("boom-broken", safe(Kind.BARRIER_GATE, 0)): "gate.boom_broken",
    ("gate-stuck-open", safe(Kind.BARRIER_GATE, 1)): "gate.stuck_open",
    ("gate-wont-move", safe(Kind.BARRIER_GATE, 2)): "gate.wont_open",
    ("wrong-clock", safe(Kind.BARRIER_GATE, 3)): "clock.wrong",
    ("door-held", safe(Kind.UNIT_DOOR)): "door.held",
    ("camera-lost", safe(Kind.CAMERA)): "camera.lost",
    ("camera-lost", safe(Kind.LPR_CAMERA)): "lpr.silent",
    ("meter-dead", safe(Kind.ELECTRICITY_METER, 0)): "meter.silent",
    ("meter-dead", safe(Kind.WATER_METER, 0)): "water.silent",
    ("slave-silent", safe(Kind.ELECTRICITY_METER, 1)): "meter.silent",
    ("slave-silent", safe(Kind.WATER_METER, 1)): "water.silent",
    ("frozen-values", safe(Kind.ELECTRICITY_METER, 2)): "meter.frozen",
    ("switch-down", DEAD_SWITCH): "network.switch_down",
}


def test_each_fault_opens_exactly_its_own_ticket() -> None:
    def break_everything(mishaps: Mishaps) -> None:
        for fault, device in ONE_OF_EACH:
            mishaps.begin(fault, device=device)

    expected = sorted((device, fault) for (_, device), fault in ONE_OF_EACH.items())
    assert tickets(break_everything) == expected


def test_a_power_cut_of_twenty_minutes_is_one_ticket_and_leaves_nothing_behind() -> None:
    supply = named(Kind.POWER_SUPPLY)
    found = tickets(lambda mishaps: mishaps.begin("power-cut", device=supply, duration="20m"))
    assert found == [(supply, "power.mains_lost")]


def test_a_switch_that_is_down_for_twenty_minutes_leaves_nothing_behind() -> None:
    switch = named(Kind.SWITCH)
    found = tickets(lambda mishaps: mishaps.begin("switch-down", device=switch, duration="20m"))
    assert found == [(switch, "network.switch_down")]


def test_what_is_no_fault_opens_no_ticket() -> None:
    def tease(mishaps: Mishaps) -> None:
        mishaps.begin("replay", device=named(Kind.LPR_CAMERA))
        mishaps.begin("camera-lost", duration="90s")
        mishaps.begin("switch-down", duration="90s")
        mishaps.begin("door-held", duration="100s")
        mishaps.begin("slave-silent", duration="60s")

    assert tickets(tease) == []
