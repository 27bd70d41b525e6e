"""What every device of a kind can say, whatever its model: the core points and events."""

from __future__ import annotations

from collections.abc import Iterable

from hub.model.catalogue import PointSpec, PointType
from hub.model.device import Kind


def _flag(name: str, zh: str, en: str) -> PointSpec:
    return PointSpec(name=name, type=PointType.BOOL, zh=zh, en=en)


def _number(name: str, unit: str, zh: str, en: str) -> PointSpec:
    return PointSpec(name=name, type=PointType.NUMBER, unit=unit, zh=zh, en=en)


def _counter(name: str, unit: str, zh: str, en: str, fastest: float | None = None) -> PointSpec:
    kind = PointType.COUNTER
    return PointSpec(name=name, type=kind, unit=unit, zh=zh, en=en, fastest=fastest)


def _choice(name: str, values: tuple[str, ...], zh: str, en: str) -> PointSpec:
    return PointSpec(name=name, type=PointType.ENUM, values=values, zh=zh, en=en)


def _text(name: str, zh: str, en: str) -> PointSpec:
    return PointSpec(name=name, type=PointType.TEXT, zh=zh, en=en)


_BIGGEST_FEED, _BIGGEST_PIPE = 2_000.0, 1_000.0
"""kWh and m3 an hour that the largest transformer or main of a community lets through."""


LINK_ERRORS = "link.errors"
"""The one point that is no sign of life: the hub counts what it did not hear."""
HUB_MADE_POINTS: dict[str, PointSpec] = {
    spec.name: spec
    for spec in (
        _counter(LINK_ERRORS, "", "链路错误数", "Link errors"),
        _number("clock.offset", "s", "时钟偏差", "Clock offset"),
        _number("link.refusal", "", "拒绝读数的异常码", "Modbus exception in place of all values"),
    )
}
"""What the hub itself says of every device."""
LINK_LOST = "link.lost"
"""The one event of a device that is no sign of life: the hub makes it when there is none."""
HUB_MADE_EVENTS = (LINK_LOST, "link.back", "rebooted", "flood", "counter.replaced")
"""What the hub itself sees happen at a device of any kind."""


def _table(specs: Iterable[PointSpec]) -> dict[str, PointSpec]:
    return {**{spec.name: spec for spec in specs}, **HUB_MADE_POINTS}


_VIDEO = (
    _flag("online", "在线", "Online"),
    _flag("stream.ok", "码流正常", "Stream ok"),
    _flag("picture.ok", "画面正常", "Picture ok"),
    _flag("recording", "录像中", "Recording"),
    _flag("disk.ok", "硬盘正常", "Disk ok"),
    _number("retention.days", "d", "录像保存天数", "Days of recordings kept"),
)

_INFRASTRUCTURE = (
    _flag("online", "在线", "Online"),
    _flag("port.*.up", "端口连通", "Port up"),
    _flag("supply.mains", "市电", "Mains supply"),
    _number("battery.charge", "%", "电池电量", "Battery charge"),
    _number("load", "%", "负载", "Load"),
)

CORE_POINTS: dict[Kind, dict[str, PointSpec]] = {
    Kind.BARRIER_GATE: _table(
        (
            _choice(
                "arm.position",
                ("open", "closed", "moving", "unknown"),
                "闸杆位置",
                "Position of the arm",
            ),
            _flag("arm.limit_open", "开到位", "Open limit reached"),
            _flag("arm.limit_closed", "关到位", "Closed limit reached"),
            _flag("loop.occupied", "地感有车", "Vehicle on the loop"),
            _flag("boom.broken", "闸杆脱落", "Boom broken off"),
            _number("motor.temperature", "degC", "电机温度", "Motor temperature"),
            _choice("mode", ("auto", "hold_open", "manual"), "运行模式", "Mode"),
            _text("fault.code", "故障码", "Fault code"),
        )
    ),
    Kind.LPR_CAMERA: _table(
        (
            _number("plate.confidence", "%", "识别置信度", "Confidence of the last plate"),
            _number("plate.rate", "%", "识别率", "Share of vehicles recognised"),
        )
    ),
    Kind.ACCESS_CONTROLLER: _table(
        (
            _flag("supply.mains", "市电", "Mains supply"),
            _number("battery.voltage", "V", "电池电压", "Battery voltage"),
            _flag("tamper", "防拆", "Tamper switch"),
            _flag("reader.online", "读卡器在线", "Reader online"),
            _number("buffer.level", "%", "记录缓存占用", "Fill of the event buffer"),
            _flag("fire.input", "消防联动输入", "Fire input"),
        )
    ),
    Kind.UNIT_DOOR: _table(
        (
            _flag("door.open", "门开", "Door open"),
            _flag("lock.locked", "锁闭", "Lock locked"),
            _flag("exit_button.pressed", "出门按钮按下", "Exit button pressed"),
            _flag("contact.fault", "门磁线路故障", "Contact line fault"),
        )
    ),
    Kind.CAMERA: _table(_VIDEO),
    Kind.RECORDER: _table(_VIDEO),
    Kind.ELECTRICITY_METER: _table(
        (
            *(_number(f"voltage.{p}", "V", f"{p.upper()}相电压", f"Voltage {p}") for p in "abc"),
            *(_number(f"current.{p}", "A", f"{p.upper()}相电流", f"Current {p}") for p in "abc"),
            _number("power.active", "kW", "有功功率", "Active power"),
            _number("power.factor", "", "功率因数", "Power factor"),
            _number("frequency", "Hz", "频率", "Frequency"),
            _counter("energy.import", "kWh", "正向有功电能", "Energy imported", _BIGGEST_FEED),
            _counter("energy.export", "kWh", "反向有功电能", "Energy exported", _BIGGEST_FEED),
            _flag("status.*", "状态字", "Status bit"),
        )
    ),
    Kind.WATER_METER: _table(
        (
            _counter("volume.total", "m3", "累计流量", "Total volume", _BIGGEST_PIPE),
            _number("flow.rate", "m3/h", "瞬时流量", "Flow"),
            _number("pressure", "bar", "压力", "Pressure"),
            _flag("battery.ok", "电池正常", "Battery ok"),
            _choice("valve.position", ("open", "closed", "moving", "fault"), "阀门位置", "Valve"),
            _flag("pipe.empty", "空管", "Pipe empty"),
        )
    ),
    Kind.PUMP_SET: _table(
        (
            _flag("running", "运行", "Running"),
            _number("pressure.out", "bar", "出口压力", "Outlet pressure"),
            _number("level", "m", "水箱液位", "Tank level"),
            _text("fault.code", "故障码", "Fault code"),
        )
    ),
    Kind.LIFT_ALARM: _table((_flag("trapped", "困人", "Somebody is trapped"),)),
    Kind.CONCENTRATOR: _table(_INFRASTRUCTURE),
    Kind.GATEWAY: _table(_INFRASTRUCTURE),
    Kind.SWITCH: _table(_INFRASTRUCTURE),
    Kind.POWER_SUPPLY: _table(_INFRASTRUCTURE),
    Kind.SENSOR: _table(
        (
            _flag("leak", "水浸", "Water on the floor"),
            _flag("tamper", "防拆", "Tamper switch"),
            _number("temperature", "degC", "温度", "Temperature"),
            _number("humidity", "%", "湿度", "Humidity"),
            _number("battery.charge", "%", "电池电量", "Battery charge"),
        )
    ),
    Kind.HUB: _table(
        (
            _number("broker.stored", "", "broker 存有的消息", "Messages that the broker holds"),
            _number("broker.dropped", "", "broker 丢弃的消息", "Messages dropped since its start"),
        )
    ),
}
"""Kind → point name → what it is. `*` in a name stands for one word: a port, a status bit.

Periods are 0 here: how often a value comes is the model's to say.
"""

ABOUT_PEOPLE = frozenset({Kind.ACCESS_CONTROLLER, Kind.UNIT_DOOR, Kind.LIFT_ALARM})
ABOUT_VEHICLES = frozenset({Kind.BARRIER_GATE, Kind.LPR_CAMERA})
"""Kinds whose own events tell of people, and of their vehicles: kept for a shorter time."""

_OWN_EVENTS: dict[Kind, tuple[str, ...]] = {
    Kind.BARRIER_GATE: ("vehicle.passed", "opened.locally"),
    Kind.LPR_CAMERA: ("plate.read", "vehicle.staying", "vehicle.turned_back"),
    Kind.ACCESS_CONTROLLER: ("access.granted", "access.denied", "duress"),
    Kind.UNIT_DOOR: ("door.forced", "door.held", "exit.requested"),
    Kind.CAMERA: ("video.lost", "video.restored", "scene.changed"),
    Kind.RECORDER: ("video.lost", "video.restored", "scene.changed"),
    Kind.ELECTRICITY_METER: ("cover.opened", "phase.lost"),
    Kind.HUB: ("broker.dropped", "broker.restarted"),
}

CORE_EVENTS: dict[Kind, tuple[str, ...]] = {
    kind: (*_OWN_EVENTS.get(kind, ()), *HUB_MADE_EVENTS) for kind in Kind
}
"""Kind → names of its events, with those that the hub itself makes for every device."""


def find_core_point(kind: Kind, name: str) -> PointSpec | None:
    """Return the core point of that name; `port.3.up` is found as `port.*.up`."""
    table = CORE_POINTS[kind]
    if name in table:
        return table[name]
    words = name.split(".")
    for i in range(len(words)):
        found = table.get(".".join([*words[:i], "*", *words[i + 1 :]]))
        if found is not None:
            return found
    return None
