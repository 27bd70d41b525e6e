"""What can be wrong, in the words of people who report it: a table, one row for each choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hub.model.alarm import Class, Severity, TicketSpec, Urgency
from hub.model.device import Kind

OTHER = "other"
"""What is none of the others; two of them are never one fault."""
GATE, DOOR, READER = Kind.BARRIER_GATE, Kind.UNIT_DOOR, Kind.ACCESS_CONTROLLER
METER, WATER, PUMPS = Kind.ELECTRICITY_METER, Kind.WATER_METER, Kind.PUMP_SET
URGENT = Urgency.URGENT
BAD, WORST = Severity.MAJOR, Severity.CRITICAL


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One choice: its words, what kind of ticket it makes, and what it is offered for.

    `faults` gives for a kind of device the fault that rules raise for the same thing: report and
    alarm are then one ticket. A choice without it is the fault `report.ID`.
    """

    id: str
    zh: str
    en: str
    trade: str = ""
    kinds: tuple[str, ...] = ()
    """Kinds of devices; places where it is empty and `places` is set."""
    places: bool = False
    severity: Severity = Severity.MINOR
    spec: TicketSpec = TicketSpec()
    faults: Mapping[str, str] = {}

    @property
    def texts(self) -> dict[str, str]:
        """Return its words by language."""
        return {"zh": self.zh, "en": self.en}

    def fault_of(self, kind: str) -> str:
        """Return the fault of a ticket about a device of this kind (or a place, without one)."""
        return self.faults.get(kind, f"report.{self.id}")


def _row(
    name: str,
    zh: str,
    en: str,
    *,
    trade: str,
    urgency: Urgency = Urgency.NORMAL,
    class_: Class = Class.GENERAL,
    **fields: object,
) -> Trouble:
    spec = TicketSpec(urgency=urgency, class_=class_, trade=trade)
    given = {"id": name, "zh": zh, "en": en, "trade": trade, "spec": spec}
    return msgspec.convert({**given, **fields}, Trouble)


TROUBLES: tuple[Trouble, ...] = (
    _row(
        *("stays_open", "关不上", "Does not close"),
        trade="gate",
        kinds=(GATE,),
        severity=BAD,
        faults={GATE: "gate.stuck_open"},
    ),
    _row(
        *("stays_shut", "打不开", "Does not open"),
        trade="gate",
        kinds=(GATE,),
        severity=BAD,
        urgency=URGENT,
        faults={GATE: "gate.wont_open"},
    ),
    _row(
        *("struck", "杆被撞坏", "Arm broken off"),
        trade="gate",
        kinds=(GATE,),
        severity=BAD,
        faults={GATE: "gate.boom_broken"},
    ),
    _row(
        *("door_stays_open", "关不上", "Does not close"),
        trade="access",
        kinds=(DOOR, READER),
        severity=BAD,
        faults={DOOR: "door.held"},
    ),
    _row(
        *("door_stays_shut", "打不开", "Does not open"),
        trade="access",
        kinds=(DOOR, READER),
        severity=BAD,
        urgency=URGENT,
    ),
    _row(
        *("no_swipe", "刷不了", "Card or face refused"),
        trade="access",
        kinds=(DOOR, READER),
        faults={READER: "access.rejects"},
    ),
    _row(
        *("trapped", "有人被困", "Somebody is trapped"),
        trade="lift",
        kinds=(Kind.LIFT_ALARM,),
        severity=WORST,
        urgency=URGENT,
        faults={Kind.LIFT_ALARM: "lift.trapped"},
    ),
    _row(*("lift", "电梯停运、异响", "Lift stands or makes noise"), trade="lift", places=True),
    _row(
        *("no_power", "没有电", "No power"),
        trade="power",
        kinds=(METER, Kind.POWER_SUPPLY),
        places=True,
        severity=BAD,
        urgency=URGENT,
        faults={METER: "meter.no_voltage"},
    ),
    _row(
        *("no_water", "没有水、水小", "No water, or little"),
        trade="water",
        kinds=(WATER, PUMPS),
        places=True,
        severity=BAD,
        urgency=URGENT,
        faults={PUMPS: "pump.pressure_low"},
    ),
    _row(
        *("leak", "漏水、堵塞", "Leak, or blocked drain"),
        trade="water",
        kinds=(WATER, PUMPS),
        places=True,
        severity=BAD,
        urgency=URGENT,
    ),
    _row(*("light", "灯不亮", "Light is out"), trade="power", places=True),
    _row(
        *("fire_lane", "消防通道、消防设施", "Fire lane or fire equipment"),
        trade="safety",
        places=True,
        severity=BAD,
        urgency=URGENT,
    ),
    _row(
        *("danger", "井盖、坠物、路面危险", "Manhole, falling parts, unsafe path"),
        trade="building",
        places=True,
        severity=BAD,
        urgency=URGENT,
        class_=Class.DIFFICULT,
    ),
    _row(
        *("building", "门窗、墙面、扶手损坏", "Door, window, wall or handrail broken"),
        trade="building",
        places=True,
        class_=Class.DIFFICULT,
    ),
    _row(*("dirty", "卫生、垃圾", "Dirt or rubbish"), trade="cleaning", places=True),
    _row(*("noise", "有异响", "Strange noise"), trade="", kinds=tuple(Kind)),
    _row(*(OTHER, "其他", "Something else"), trade="", kinds=tuple(Kind), places=True),
)
"""In the order of the page."""
TROUBLE_BY_ID = {each.id: each for each in TROUBLES}


def troubles_of(kind: str) -> Sequence[Trouble]:
    """Return the choices for a kind of device; those for places where it is empty."""
    return [each for each in TROUBLES if (kind in each.kinds if kind else each.places)]
