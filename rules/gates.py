"""The gates behind the engine, in visible order: each says whether an alarm may go on, and why.

"Why is there no alarm?" is answered by the list that `judge` returns: every gate is asked, also
behind one that is closed, and each answers with a sentence in Chinese and English.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

import msgspec

from hub.model.alarm import Decision
from hub.model.device import Device, Lifecycle
from hub.model.instant import to_local_text
from hub.model.place import Place, contains
from hub.model.window import Window

FLAPS = 5
"""So many raises within the window are allowed; one more, and that alarm stays open till quiet."""
FLAP_WINDOW = 900.0
"""Seconds."""

Text = Mapping[str, str]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the gates need to know about the subject of a decision at the instant `now`.

    `device` is None where the subject is a place. `maintenance` and `notices` are the windows in
    force there; `fire_zones` the places where a fire input is active (see `fire_zone`), which
    `places` names; `explained_by` is the sentence of what explains this one; `raises` counts those
    of the same alarm within the last quarter of an hour (`Flapping.count`), this one included;
    `is_open` says that it is raised already.
    """

    now: float
    place: str
    device: Device | None = None
    maintenance: tuple[Window, ...] = ()
    notices: tuple[Window, ...] = ()
    fire_zones: tuple[str, ...] = ()
    places: Mapping[str, Place] = {}
    explained_by: Text | None = None
    raises: int = 0
    is_open: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's answer."""

    gate: str
    open: bool
    reason: Text


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the alarm may go on; `gate` is the first that is closed, empty when all are open."""

    open: bool
    gate: str
    reasons: tuple[Answer, ...]

    @property
    def reason(self) -> Text:
        """Return what the first closed gate says, or the last one where all are open."""
        return next((each for each in self.reasons if not each.open), self.reasons[-1]).reason


def judge(decision: Decision, situation: Situation) -> Verdict:
    """Ask every gate about a raise."""
    answers = tuple(_ask(name, gate, decision, situation) for name, gate in GATES)
    closed = next((each.gate for each in answers if not each.open), "")
    return Verdict(open=not closed, gate=closed, reasons=answers)


def find_closed(decision: Decision, situation: Situation) -> str:
    """Return the first gate that is closed to a raise, or "": `judge` without its sentences."""
    return next((name for name, gate in GATES if gate(decision, situation) is not None), "")


def judge_clear(situation: Situation) -> Answer:
    """Say whether an alarm may end; one that flaps is held open until `Flapping.quiet_at`."""
    held = situation.raises > FLAPS
    return Answer(gate="flapping", open=not held, reason=_HELD if held else _OPEN["flapping"])


def fire_zone(place: str, places: Mapping[str, Place]) -> str:
    """Return the path in which a fire input at `place` counts: its compound, else itself."""
    path = place
    while path:
        found = places.get(path)
        if found is not None and found.kind == "compound":
            return path
        path = path.rpartition("/")[0]
    return place


class Flapping:
    """Counts how often each alarm was raised within the window; bounded by the window."""

    def __init__(self) -> None:
        self._raises: dict[tuple[str, str], deque[float]] = {}

    def note(self, decision: Decision) -> None:
        """Count a raise."""
        key = (decision.subject, decision.rule)
        self._raises.setdefault(key, deque(maxlen=FLAPS + 1)).append(decision.at)

    def count(self, subject: str, rule: str, now: float) -> int:
        """Return the raises within the window; more than `FLAPS` are told as one more."""
        raises = self._raises.get((subject, rule))
        if raises is None:
            return 0
        while raises and raises[0] <= now - FLAP_WINDOW:
            raises.popleft()
        if not raises:
            del self._raises[subject, rule]
        return len(raises)

    def quiet_at(self, subject: str, rule: str) -> float | None:
        """Return the instant from which the alarm no longer flaps; None when it does not."""
        raises = self._raises.get((subject, rule))
        return raises[0] + FLAP_WINDOW if raises and len(raises) > FLAPS else None

    def raises(self, key: tuple[str, str]) -> tuple[float, ...]:
        """Return the instants that are remembered of an alarm (subject, rule)."""
        return tuple(self._raises.get(key, ()))

    def recall(self, key: tuple[str, str], raises: Iterable[float]) -> None:
        """Take back what `raises` gave before a restart."""
        if instants := deque(raises, maxlen=FLAPS + 1):
            self._raises[key] = instants

    def forget(self, now: float) -> list[tuple[str, str]]:
        """Forget the alarms that were not raised within the window, and return them."""
        old = [key for key, raises in self._raises.items() if raises[-1] <= now - FLAP_WINDOW]
        for key in old:
            del self._raises[key]
        return old


# ---- the gates

Gate = Callable[[Decision, Situation], Text | None]
"""Returns why the gate is closed, or None."""


def _in_service(_decision: Decision, situation: Situation) -> Text | None:
    device = situation.device
    return _OUT_OF_SERVICE.get(device.state) if device else None


def _maintenance(decision: Decision, situation: Situation) -> Text | None:
    if "maintenance" not in decision.inhibit:
        return None
    for window in situation.maintenance:
        end, text = to_local_text(window.end), window.text
        return {
            "zh": f"检修中，至 {end}：{text['zh']}",
            "en": f"Maintenance until {end}: {text['en']}",
        }
    device = situation.device
    if device is None or device.state is not Lifecycle.MAINTENANCE:
        return None
    until = device.maintenance_until
    if until is not None and situation.now >= until:
        return None
    end = "" if until is None else to_local_text(until)
    return {"zh": f"检修中，至 {end or '完工'}", "en": f"Maintenance until {end or 'completed'}"}


def _notice(decision: Decision, situation: Situation) -> Text | None:
    if "notice" not in decision.inhibit or not situation.notices:
        return None
    notice = situation.notices[0]
    return {
        "zh": f"公告期间不报：{notice.text['zh']}",
        "en": f"A notice explains it: {notice.text['en']}",
    }


def _fire(decision: Decision, situation: Situation) -> Text | None:
    if "fire" not in decision.inhibit:
        return None
    zone = next((each for each in situation.fire_zones if contains(each, situation.place)), None)
    if zone is None:
        return None
    place = situation.places.get(zone)
    where = place.name if place and place.name else zone
    return {
        "zh": f"{where} 消防联动中，门和道闸应保持打开",
        "en": f"Fire input active in {where}: gates and doors are meant to be open",
    }


def _explained(_decision: Decision, situation: Situation) -> Text | None:
    return situation.explained_by


def _flapping(_decision: Decision, situation: Situation) -> Text | None:
    return _HELD if situation.raises > FLAPS and situation.is_open else None


def _duplicate(_decision: Decision, situation: Situation) -> Text | None:
    if not situation.is_open:
        return None
    return {"zh": "同一告警已经存在", "en": "The same alarm is open already"}


def _ask(name: str, gate: Gate, decision: Decision, situation: Situation) -> Answer:
    why = gate(decision, situation)
    return Answer(gate=name, open=why is None, reason=_OPEN[name] if why is None else why)


GATES: tuple[tuple[str, Gate], ...] = (
    ("in_service", _in_service),
    ("maintenance", _maintenance),
    ("notice", _notice),
    ("fire", _fire),
    ("explained", _explained),
    ("flapping", _flapping),
    ("duplicate", _duplicate),
)
"""The gates in the order in which the device's page shows them."""

_OUT_OF_SERVICE: dict[Lifecycle, Text] = {
    Lifecycle.PLANNED: {"zh": "设备尚未安装", "en": "The device is only planned"},
    Lifecycle.COMMISSIONING: {
        "zh": "调试中，只记录不告警",
        "en": "Commissioning: recorded, raises nothing",
    },
    Lifecycle.RETIRED: {"zh": "设备已停用", "en": "The device is retired"},
}

_HELD: Text = {
    "zh": f"15 分钟内反复告警超过 {FLAPS} 次，保留一条，不再重报",
    "en": f"Raised more than {FLAPS} times in 15 minutes: one alarm is held open",
}

_OPEN: dict[str, Text] = {
    "in_service": {"zh": "设备在用", "en": "In service"},
    "maintenance": {"zh": "不在检修中", "en": "No maintenance that matters here"},
    "notice": {"zh": "没有相关公告", "en": "No notice explains it"},
    "fire": {"zh": "没有消防联动", "en": "No fire input that matters here"},
    "explained": {"zh": "不由其他告警引起", "en": "Nothing upstream explains it"},
    "flapping": {"zh": "没有反复告警", "en": "Not flapping"},
    "duplicate": {"zh": "没有重复", "en": "No such alarm is open"},
}
