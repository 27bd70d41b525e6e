"""One gate and its rules, and the words with which tests of the engine talk to it."""

from __future__ import annotations

from hub.model.alarm import Decision
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.report import Quality, Report, Sample, Topic, Value
from rules.engine import Engine
from rules.rule import Rule
from rules.ruleset import load_rules

T0 = 1_764_000_000.0
TEMPERATURE = PointSpec(name="motor.temperature", type=PointType.NUMBER, period=10)
GATE_MODEL = DeviceModel(
    id="g",
    kind=Kind.BARRIER_GATE,
    driver="x",
    name={"zh": "闸", "en": "gate"},
    points={"motor.temperature": TEMPERATURE},
    heartbeat=300.0,
)
GATE = Device(
    uid=DeviceUid("u1"),
    id="gate-1",
    address="gate-1",
    kind=Kind.BARRIER_GATE,
    model="g",
    place="c/a",
)
OPEN = "arm.position == 'open'"


def load(*rules: str) -> tuple[Rule, ...]:
    """Load rules without their examples."""
    return load_rules({"t.toml": "\n".join(rules)}, {"g": GATE_MODEL}, prove=False)


def write(when: str, extra: str = "", name: str = "r") -> str:
    """Write a rule for gates."""
    head = f'[[rule]]\nid = "{name}"\nname = {{ zh = "闸", en = "gate" }}\nkind = "barrier_gate"\n'
    return f'{head}when = "{when}"\n{extra}\n'


def start(*rules: str, devices: tuple[Device, ...] = (GATE,)) -> Engine:
    """Return an engine that has started at `T0`."""
    engine = Engine(load(*rules))
    engine.set_world(devices, {"c": Place(path="c", name="C")}, {"g": GATE_MODEL})
    engine.advance(T0)
    return engine


def say(at: float, uid: str = "u1", **points: Value | None) -> Report:
    """Let a device say its points (`_` stands for `.`) `at` seconds after `T0`; None is bad."""
    samples = tuple(
        Sample(name.replace("_", "."), value, Quality.BAD if value is None else Quality.GOOD)
        for name, value in points.items()
    )
    return Report(
        address=uid,
        uid=DeviceUid(uid),
        topic=Topic.STATE,
        at=T0 + at,
        received=T0 + at,
        samples=samples,
    )


def avail(at: float, *, online: bool, late: bool = False) -> Report:
    """Let the gate come or go."""
    return Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.AVAIL,
        at=T0 + at,
        received=T0 + at,
        online=online,
        late=late,
    )


def brief(decisions: list[Decision]) -> list[tuple[str, float]]:
    """Return what was decided, and when after `T0`."""
    return [(each.action.value, round(each.at - T0, 3)) for each in decisions]
