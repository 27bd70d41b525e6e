"""Cuts of the hub's uplink anywhere in a story that nobody wrote: they change no decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nextafter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.alarm import Decision
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Device, DeviceUid, Kind, LinkState
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.ports import HeardRow, PointRow, StateRow
from rules.engine import Engine
from rules.rule import Rule
from rules.ruleset import load_rules

START = 1_764_000_000.0
LAST, LATER = 60, 4_000.0
"""Seconds from the start: of the last fact, and when everything that runs has run out."""
KINDS = {"gate": Kind.BARRIER_GATE, "camera": Kind.CAMERA}
TEMPERATURE = PointSpec(name="motor.temperature", type=PointType.NUMBER, period=2_000.0)
MODELS = {
    name: DeviceModel(
        id=name,
        kind=kind,
        driver="x",
        name={"zh": name, "en": name},
        points={"motor.temperature": TEMPERATURE} if name == "gate" else {},
        heartbeat=inf,
    )
    for name, kind in KINDS.items()
}
SITE = [
    Device(uid=DeviceUid(name), id=name, address=name, kind=kind, model=name, place="c", lane="one")
    for name, kind in KINDS.items()
]
LASTING = (
    "boom.broken",
    "boom.broken and mode != 'manual'",
    "motor.temperature > 5",
    "streak(motor.temperature > 5, 2)",
    "motor.temperature > previous(motor.temperature)",
    "boom.broken and not peer('camera').online",
)
MIXED = "changes(boom.broken,'15s') >= 2 or delta(motor.temperature,'9s') > 3"
"""Reads states and measurements: where these come in another session, it sees the last only."""
KNOWN = [(0, "boom.broken", False), (0, "motor.temperature", 0)]
"""What `MIXED` reads, said before any cut: of a point that was never heard nobody knows whether it
comes by states, and what relies on it waits until all that waited is heard."""
PASSING = (
    "avg(motor.temperature,'10s') > 5",
    "max(motor.temperature,'8s',before='5s') < motor.temperature",
    "duration(boom.broken) >= '6s'",
    "age(motor.temperature) > '7s'",
    "count_events('vehicle.passed','20s') >= 2",
    "slots(boom.broken,'10s','30s') >= 2",
    "event('vehicle.passed') and boom.broken",
    MIXED,
)
"""Conditions that only a fact can change, and those that time alone changes, too."""

Fact = tuple[int, str, Value]
facts = st.one_of(
    st.tuples(st.just("boom.broken"), st.booleans()),
    st.tuples(st.just("mode"), st.sampled_from(["auto", "manual"])),
    st.tuples(st.just("motor.temperature"), st.integers(0, 10)),
    st.tuples(st.just("vehicle.passed"), st.just("")),
    st.tuples(st.just("online"), st.booleans()),
)
days = st.lists(st.tuples(st.integers(0, LAST - 1), facts), min_size=1, max_size=20).map(
    lambda pairs: [(at, *fact) for at, fact in sorted(pairs, key=lambda pair: pair[0])]
)
edges = st.lists(st.integers(0, LAST), min_size=2, max_size=6, unique=True).map(
    lambda found: [at + 0.5 for at in sorted(found[: len(found) // 2 * 2])]
)
timings = st.builds(
    'hold = "{}s"\nrelease = "{}s"\n'.format, st.sampled_from([1, 4, 12]), st.integers(1, 9)
)


def load(condition: str, timing: str) -> Rule:
    head = '[[rule]]\nid = "r"\nname = "R"\nkind = "barrier_gate"\n'
    if "event('" in condition:
        timing = timing.partition("\n")[2]
    (rule,) = load_rules({"t.toml": f'{head}when = "{condition}"\n{timing}'}, {}, prove=False)
    return rule


def write(fact: Fact, *, apart: bool) -> Report:
    """Return a report; measurements come `apart`, in a session of their own."""
    at, name, value = fact
    report = Report(
        address="",
        uid=DeviceUid("camera" if name == "online" else "gate"),
        topic=Topic.TELEMETRY if apart and name == "motor.temperature" else Topic.STATE,
        at=START + at,
        received=START + at,
        seq=1,
    )
    if name == "vehicle.passed":
        return msgspec.structs.replace(report, topic=Topic.EVENT, event=name)
    return msgspec.structs.replace(report, samples=(Sample(name, value),))


class Hub:
    """An engine, what it has decided, and what another would find in its store."""

    def __init__(self, rule: Rule) -> None:
        self.decided: list[tuple[str, float]] = []
        self._rule = rule
        self._states: dict[str, StateRow] = {}
        self._heard: list[Report] = []
        self._begin()

    def live(self, until: float, reports: Iterable[Report]) -> None:
        """Hear reports as they are said, and let the timers come up to an instant."""
        for report in reports:
            self._advance(nextafter(report.at, -inf))
            self._hear(report)
        self._advance(START + until)

    def miss(self, start: float, end: float, reports: Sequence[Report], *, dies: bool) -> None:
        """Hear nothing, or be dead, and afterwards get what had waited: first states and events."""
        if not dies:
            self._note(self._engine.uplink.suspend(START + start))
            self._advance(START + (start + end) / 2)
        else:
            self._begin()
            history = sorted(self._heard, key=lambda report: report.at)
            self._engine.restore(
                self._states.values(), self._points(), self._contact(), history, START + end
            )
            self._note(self._engine.uplink.suspend(START + end))
        self._get(end, [each for each in reports if each.topic is not Topic.TELEMETRY])
        self._engine.uplink.listen(START + end)
        self._get(end, [each for each in reports if each.topic is Topic.TELEMETRY])
        self._note(self._engine.uplink.resume(START + end))

    def _get(self, end: float, reports: Sequence[Report]) -> None:
        for report in reports:
            self._hear(msgspec.structs.replace(report, received=START + end))
            self._advance(START + end)

    def _begin(self) -> None:
        self._engine = Engine([self._rule])
        self._engine.set_world(SITE, {}, MODELS)

    def _hear(self, report: Report) -> None:
        self._note(self._engine.apply(report))
        self._heard.append(report)

    def _advance(self, now: float) -> None:
        self._note(self._engine.advance(now))

    def _note(self, decisions: Iterable[Decision]) -> None:
        self.decided += [(each.action.value, round(each.at - START, 3)) for each in decisions]
        self._states.update({row.key: row for row in self._engine.take_states()})

    def _points(self) -> list[PointRow]:
        rows = {
            sample.point: PointRow(
                uid=report.uid,
                point=sample.point,
                value=sample.value,
                quality=Quality.GOOD,
                at=report.at,
                received=report.received,
            )
            for report in sorted(self._heard, key=lambda each: each.at)
            for sample in report.samples
        }
        return list(rows.values())

    def _contact(self) -> list[HeardRow]:
        heard = {report.uid: report.received for report in self._heard}
        return [HeardRow(uid=uid, at=at, state=LinkState.ONLINE) for uid, at in heard.items()]


def tell(
    rule: Rule, day: Sequence[Fact], cuts: Sequence[float] = (), *, dies: bool = False
) -> list[tuple[str, float]]:
    """Return what is decided about a day whose cuts begin and end by turns at these instants."""
    hub = Hub(rule)
    known = KNOWN if rule.when == MIXED else []
    reports = [write(fact, apart=rule.when != MIXED) for fact in (*known, *day)]
    before = -1.0
    for number, at in enumerate([*cuts, LATER]):
        heard = [report for report in reports if before < report.at - START <= at]
        if number % 2:
            hub.miss(before, at, heard, dies=dies)
        else:
            hub.live(at, heard)
        before = at
    return hub.decided


@pytest.mark.parametrize("condition", [*LASTING, *PASSING])
@given(day=days, cuts=edges, timing=timings)
def test_cuts_anywhere_change_no_decision(
    condition: str, day: list[Fact], cuts: list[float], timing: str
) -> None:
    rule = load(condition, timing)
    assert tell(rule, day, cuts) == tell(rule, day)


@pytest.mark.parametrize("condition", LASTING)
@given(day=days, cuts=edges, timing=timings)
def test_a_hub_that_was_dead_decides_what_one_would_have_that_lived(
    condition: str, day: list[Fact], cuts: list[float], timing: str
) -> None:
    rule = load(condition, timing)
    assert tell(rule, day, cuts, dies=True) == tell(rule, day)
