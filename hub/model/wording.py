"""Words in which a person reads values, units, events and lengths of time, in `zh` and `en`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hub.model.catalogue import PointSpec
from hub.model.report import Value

Pair = tuple[str, str]
"""The same in Chinese and in English."""

LANGUAGES = ("zh", "en")
DIGITS = 3

_KNOWN: Mapping[object, Pair] = {
    True: ("是", "yes"),
    False: ("否", "no"),
    None: ("未知", "unknown"),
}

VALUES: Mapping[str, Mapping[str, Pair]] = MappingProxyType(
    {
        "arm.position": {
            "open": ("抬杆", "open"),
            "closed": ("落杆", "closed"),
            "moving": ("动作中", "moving"),
            "unknown": ("位置不明", "position unknown"),
        },
        "mode": {
            "auto": ("自动", "automatic"),
            "hold_open": ("常抬", "held open"),
            "manual": ("手动", "manual"),
        },
        "valve.position": {
            "open": ("开", "open"),
            "closed": ("关", "closed"),
            "moving": ("动作中", "moving"),
            "fault": ("故障", "faulty"),
        },
    }
)
"""Point → value of its enum → words."""

UNITS: Mapping[str, Pair] = MappingProxyType(
    {
        "degC": ("℃", "°C"),
        "m3": ("m³", "m³"),
        "m3/h": ("m³/h", "m³/h"),
        "d": ("天", "d"),
        "s": ("秒", "s"),
    }
)
"""Units that are not written as they stand in a model."""

EVENTS: Mapping[str, Pair] = MappingProxyType(
    {
        "vehicle.passed": ("车辆通过", "Vehicle passed"),
        "opened.locally": ("现场抬杆", "Opened by hand"),
        "plate.read": ("识别车牌", "Plate read"),
        "plate.fake": ("疑似假车牌", "Plate looks fake"),
        "vehicle.staying": ("车辆滞留", "Vehicle staying"),
        "vehicle.turned_back": ("车辆折返", "Vehicle turned back"),
        "access.granted": ("刷卡通过", "Access granted"),
        "access.denied": ("刷卡被拒", "Access denied"),
        "duress": ("胁迫", "Duress"),
        "door.forced": ("强行开门", "Door forced"),
        "door.held": ("门超时未关", "Door held open"),
        "exit.requested": ("按下出门按钮", "Exit button"),
        "video.lost": ("视频丢失", "Video lost"),
        "video.restored": ("视频恢复", "Video restored"),
        "scene.changed": ("画面变化", "Scene changed"),
        "object.seen": ("看到目标", "Something was seen"),
        "review.alert": ("画面要看一看", "Worth a look"),
        "button.pressed": ("按下按钮", "Button pressed"),
        "cover.opened": ("表盖打开", "Cover opened"),
        "phase.lost": ("缺相", "Phase lost"),
        "link.lost": ("断开", "Link lost"),
        "link.back": ("恢复", "Link back"),
        "rebooted": ("重启", "Rebooted"),
        "flood": ("消息泛滥", "Flood of messages"),
        "broker.dropped": ("broker 丢弃消息", "Broker dropped messages"),
        "broker.restarted": ("broker 重启", "Broker restarted"),
        "counter.replaced": ("表计换新或清零", "Counter replaced or reset"),
    }
)
"""What happens at a device."""

ORDERS: Mapping[str, Pair] = MappingProxyType(
    {
        "open": ("打开", "open"),
        "close": ("关闭", "close"),
        "hold_open": ("保持常开", "hold open"),
        "release": ("解除常开", "release"),
        "stop": ("停", "stop"),
    }
)
"""Orders to a device."""

KINDS: Mapping[str, Pair] = MappingProxyType(
    {
        "barrier_gate": ("道闸", "Gate"),
        "lpr_camera": ("车牌识别", "Plate reader"),
        "access_controller": ("门禁主机", "Access controller"),
        "unit_door": ("单元门", "Unit door"),
        "camera": ("摄像机", "Camera"),
        "recorder": ("录像机", "Recorder"),
        "electricity_meter": ("电表", "Electricity meter"),
        "water_meter": ("水表", "Water meter"),
        "pump_set": ("二次供水", "Pump set"),
        "lift_alarm": ("电梯困人", "Lift alarm"),
        "concentrator": ("集中器", "Concentrator"),
        "gateway": ("网关", "Gateway"),
        "switch": ("交换机", "Switch"),
        "power_supply": ("电源", "Power supply"),
        "sensor": ("传感器", "Sensor"),
        "hub": ("铃铛", "Lingdang"),
    }
)
"""Kinds of devices."""

ATTRIBUTES: Mapping[str, Pair] = MappingProxyType(
    {
        "sole_entrance": ("唯一出入口", "sole entrance"),
        "scope": ("计量范围", "scope"),
        "key_place": ("重点部位", "key place"),
        "public_safety": ("公共安全", "public safety"),
        "rests_daily": ("夜间不用水", "unused at night"),
        "occupied": ("有人居住", "lived in"),
        "kind": ("设备类型", "kind of device"),
    }
)
"""Columns of the sheet of devices that rules ask for."""

ATTRIBUTE_VALUES: Mapping[str, Mapping[str, Pair]] = MappingProxyType(
    {"scope": {"public": ("公共", "public"), "household": ("住户", "household")}, "kind": KINDS}
)
"""Column → value → words."""

TRADES: Mapping[str, Pair] = MappingProxyType(
    {
        "gate": ("道闸", "gates"),
        "access": ("门禁", "access"),
        "video": ("监控", "video"),
        "network": ("网络", "network"),
        "power": ("供电", "power"),
        "meter": ("计量", "meters"),
        "water": ("供水", "water"),
        "lift": ("电梯", "lifts"),
    }
)
"""Trades of crews."""

_NOT_DONE: Pair = ("应有的动作没有发生", "What was expected did not come")
MISSED = ".missed"
"""How the event of a rule ends that says that something expected did not come."""
_COMMAND = "command:"
_SPANS: tuple[tuple[int, Pair], ...] = (
    (86_400, (" 天", " d")),
    (3_600, (" 小时", " h")),
    (60, (" 分钟", " min")),
)


def write_value(spec: PointSpec, value: Value | None, language: str) -> str:
    """Write a point's value with its unit; None is not known."""
    if value is None or isinstance(value, bool):
        return write_known(value, language)
    if isinstance(value, str):
        return write_word(spec.name, value, language)
    return f"{write_number(value)} {write_unit(spec.unit, language)}".strip()


def write_known(value: bool | None, language: str) -> str:
    """Write yes, no or unknown."""
    return _pick(_KNOWN[value], language)


def write_word(point: str, value: str, language: str) -> str:
    """Write a value of an enum; one that is not known, and every text, as it stands."""
    words = VALUES.get(point, {}).get(value)
    return _pick(words, language) if words else value


def write_number(value: float) -> str:
    """Write a number with three decimals at most."""
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def write_unit(unit: str, language: str) -> str:
    """Write a unit."""
    return _pick(UNITS.get(unit, (unit, unit)), language)


def write_event(name: str, language: str) -> str:
    """Write the name of an event, of an order (`command:open`) or of what a rule missed."""
    if name.startswith(_COMMAND):
        order = name.removeprefix(_COMMAND)
        zh, en = ORDERS.get(order, (order, order))
        return _pick((f"{zh}指令", f"order to {en}"), language)
    if name.endswith(MISSED):
        return _pick(_NOT_DONE, language)
    return _pick(EVENTS.get(name, (name, name)), language)


def write_span(seconds: float, language: str) -> str:
    """Write a length of time exactly: `2 小时 30 分钟`, `2 h 30 min`; nothing is `0 秒`."""
    rest, parts = round(seconds, 3), []
    for size, words in _SPANS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{int(count)}{_pick(words, language)}")
    rest = round(rest, 3)
    if rest or not parts:
        parts.append(f"{rest:g}{_pick((' 秒', ' s'), language)}")
    return " ".join(parts)


def name_point(spec: PointSpec, language: str) -> str:
    """Return what people call a point; one that has no name is called as in its model."""
    return _pick((spec.zh, spec.en), language) or spec.name


def _pick(words: Pair, language: str) -> str:
    return words[LANGUAGES.index(language)]
