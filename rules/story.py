"""Tells a rule's example as a story: a virtual device, and the real engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.model.alarm import Action, Decision
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid, Kind, LinkState
from hub.model.kinds import CORE_POINTS, find_core_point
from hub.model.place import Place
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import HeardRow, PointRow, StateRow
from rules.duration import write_duration
from rules.engine import Engine
from rules.line import UID, Line, StoryError, read_expectation, read_line
from rules.rule import Example, Rule

_PLACE = "story"
_MISSED_IS_OVER = 0.001


class ExampleResult(msgspec.Struct, frozen=True, kw_only=True):
    """How an example went: what it expects and what came, as `15m raise`."""

    name: str
    passed: bool
    expected: tuple[str, ...]
    got: tuple[str, ...]
    line: int = 0


def run_examples(
    rule: Rule, models: Mapping[str, DeviceModel] | None = None, others: Sequence[Rule] = ()
) -> list[ExampleResult]:
    """Run every example of a rule; `others` are rules whose missed events it counts.

    A site's parameters do not count. Raises StoryError for a story that cannot be read.
    """
    every = (rule, *(each for each in others if each.id != rule.id))
    rule, *company = (msgspec.structs.replace(each, overrides=()) for each in every)
    return [_run_example(rule, example, models or {}, company) for example in rule.examples]


def _run_example(
    rule: Rule, example: Example, models: Mapping[str, DeviceModel], others: Sequence[Rule]
) -> ExampleResult:
    told = rule if rule.when else _tell_missed(rule)
    expected = [read_expectation(text) for text in example.expect]
    lines = [read_line(text) for text in example.story]
    stage = _Stage((*others, told), example, lines, models)
    decisions = stage.play(lines, until=max([0.0, *(at for at, _ in expected)]))
    words = _name_actions(rule, {what for _, what in expected})
    got = [
        (round(each.at - example.start, 3), words[each.action])
        for each in decisions
        if each.rule == rule.id and each.subject == UID and each.action in words
    ]
    return ExampleResult(
        name=example.name,
        passed=got == expected,
        expected=_write_pairs(expected),
        got=_write_pairs(got),
        line=example.line,
    )


def _name_actions(rule: Rule, asked: set[str]) -> dict[Action, str]:
    """Return the words of the actions that count: a change only where the example asks for it."""
    if not rule.when:
        return {Action.RAISE: "missed"}
    asked = asked | {Action.RAISE.value, Action.CLEAR.value}
    return {action: action.value for action in Action if action.value in asked}


def _write_pairs(pairs: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    return tuple(f"{write_duration(at)} {what}" for at, what in pairs)


def _tell_missed(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, when=f"event('{rule.id}.missed')", release=_MISSED_IS_OVER)


class _Stage:
    """The virtual devices, the engine, and what a restart would find in the store."""

    def __init__(
        self,
        rules: Sequence[Rule],
        example: Example,
        lines: Sequence[Line],
        models: Mapping[str, DeviceModel],
    ) -> None:
        self._rules = rules
        self._start = example.start
        self._model = _make_model(rules[-1], example, models)
        self._cast = _make_cast(rules[-1], example, lines, self._model)
        self._place = Place(path=_PLACE, name=_PLACE, attributes=example.place)
        self._shift = 0.0
        self._states: dict[str, StateRow] = {}
        self._reports: list[Report] = []
        self._decisions: list[Decision] = []
        self._engine = self._make_engine()

    def play(self, lines: Sequence[Line], *, until: float) -> list[Decision]:
        """Play the lines in order and return every decision."""
        last = 0.0
        for line in lines:
            if line.at < last:
                raise StoryError(f"{write_duration(line.at)} comes after {write_duration(last)}")
            last = line.at
            self._advance(math.nextafter(self._start + line.at, -math.inf))
            self._play_line(line)
        self._advance(self._start + max(last, until))
        return self._decisions

    def _advance(self, now: float) -> None:
        self._decisions += self._engine.advance(now)
        self._keep_states()

    def _keep_states(self) -> None:
        for row in self._engine.take_states():
            self._states[row.key] = row

    def _play_line(self, line: Line) -> None:
        now = self._start + line.at
        for word, argument in line.words:
            self._play_word(word, argument, now, late=line.late)
        for uid, points in line.points.items():
            samples = tuple(
                Sample(name, value, Quality.BAD if value is None else Quality.GOOD)
                for name, value in points.items()
            )
            self._report(uid, now, late=line.late, topic=Topic.STATE, samples=samples)

    def _play_word(self, word: str, argument: Any, now: float, *, late: bool) -> None:  # noqa: ANN401
        if word == "clock":
            self._shift = argument
        elif word in {"offline", "online"}:
            self._report(UID, now, late=late, topic=Topic.AVAIL, online=word == "online")
        elif word == "event":
            name, data = argument
            self._report(UID, now, late=late, topic=Topic.EVENT, event=name, data=data)
        elif word == "command":
            self._decisions += self._engine.command(UID, argument[0], now)
        elif word == "clear_by_hand":
            self._decisions += self._engine.clear_by_hand(UID, self._rules[-1].id, now)
        else:
            self._restart(now)

    def _report(self, uid: str, now: float, **fields: Any) -> None:  # noqa: ANN401
        report = Report(
            address=uid, uid=DeviceUid(uid), at=now + self._shift, received=now, **fields
        )
        self._reports.append(report)
        self._decisions += self._engine.apply(report)

    def _make_engine(self) -> Engine:
        engine = Engine(self._rules)
        engine.set_world(self._cast, {_PLACE: self._place}, {self._model.id: self._model})
        return engine

    def _restart(self, now: float) -> None:
        self._keep_states()
        self._engine = self._make_engine()
        points, heard = _make_rows(self._reports)
        self._engine.restore(self._states.values(), points, heard, self._reports, now)


def _make_model(rule: Rule, example: Example, models: Mapping[str, DeviceModel]) -> DeviceModel:
    known = models.get(example.model)
    if known is not None:
        return msgspec.structs.replace(known, heartbeat=math.inf)
    told = {**CORE_POINTS[rule.kinds[0]], **rule.points}
    points = {name: msgspec.structs.replace(spec, period=0.0) for name, spec in told.items()}
    return DeviceModel(
        id="story",
        kind=rule.kinds[0],
        driver="story",
        name={"zh": "示例", "en": "story"},
        points=points,
        events=rule.events,
        commands=rule.commands,
        heartbeat=math.inf,
    )


def _make_cast(
    rule: Rule, example: Example, lines: Sequence[Line], model: DeviceModel
) -> list[Device]:
    hero = Device(
        uid=UID,
        id=UID,
        address=UID,
        kind=rule.kinds[0],
        model=model.id,
        place=_PLACE,
        lane=_PLACE,
        upstream="upstream",
        attributes=example.device,
    )
    others = sorted({uid for line in lines for uid in line.points} - {UID})
    return [hero, *(_make_extra(who, hero, lines) for who in others)]


def _make_extra(who: str, hero: Device, lines: Sequence[Line]) -> Device:
    """Make another device of the story from what it is called there."""
    relation, _, rest = who.partition("(")
    kind = rest.split("'")[1] if "'" in rest else ""
    if kind and kind not in list(Kind):
        raise StoryError(f"{who}: there is no kind {kind!r} / 没有设备类型 {kind!r}")
    fields: dict[str, Any] = {"uid": DeviceUid(who), "id": who, "address": who}
    if relation == "sibling":
        return msgspec.structs.replace(hero, **fields, lane="")
    return Device(
        **fields,
        kind=Kind(kind) if kind else _upstream_kind(lines),
        model="",
        place=_PLACE,
        lane=_PLACE if relation == "peer" else "",
        upstream=UID if relation == "child" else "",
    )


def _upstream_kind(lines: Sequence[Line]) -> Kind:
    names = {name for line in lines for name in line.points.get("upstream", ())}
    fits = (kind for kind in Kind if all(find_core_point(kind, name) for name in names))
    return next(fits, Kind.SWITCH)


def _make_rows(reports: Sequence[Report]) -> tuple[list[PointRow], list[HeardRow]]:
    points: dict[tuple[str, str], PointRow] = {}
    heard: dict[str, HeardRow] = {}
    for report in reports:
        state = LinkState.SILENT if report.online is False else LinkState.ONLINE
        heard[report.uid] = HeardRow(uid=report.uid, at=report.received, state=state)
        for sample in report.samples if not report.late else ():
            points[report.uid, sample.point] = PointRow(
                uid=report.uid,
                point=sample.point,
                value=sample.value,
                quality=sample.quality,
                at=report.at,
                received=report.received,
            )
    return list(points.values()), list(heard.values())
