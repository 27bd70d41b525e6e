"""Rules over the stored history, for the command line and for the API: what would have rung."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hub.assembly.loading import World, load_world, read_settings, read_text, shipped_rules
from hub.assembly.site_books import known_uids
from hub.commands.kept import look_at_holdings, say_gaps
from hub.errors import NotFoundError
from hub.model.device import DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.spelling import suggest
from hub.services.commission.state_book import DEVICE_STATES, DEVICES
from hub.services.rule_shelf import RULE_VERSIONS, RuleShelf
from hub.store.peek import newest_instant, read_collection
from hub.store.readings.replay import replay_news
from rules.backtest import BacktestResult, backtest, concerned
from rules.difference import Difference, compare
from rules.ledger import PastAlarm
from rules.rule import Rule
from rules.ruleset import load_rules

Echo = Callable[[str], None]
DAY = 86400.0


class Telling(Protocol):
    """Tells what a back-test finds, as it finds it."""

    def begin(self, rules: int, days: float, until: float) -> None:
        """Tell what is tried."""
        ...

    def gap(self, sentence: str) -> None:
        """Tell what of that time is not kept any more."""
        ...

    def progress(self, reports: int) -> None:
        """Tell how many reports were read."""
        ...

    def alarm(self, alarm: PastAlarm, subject: str) -> None:
        """Tell of one alarm; `subject` is its device's id."""
        ...

    def end(self, result: BacktestResult, difference: Difference | None) -> None:
        """Tell what came of it, and the difference to the rules in force."""
        ...


class ForPeople:
    """Lines to read."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    def begin(self, rules: int, days: float, until: float) -> None:
        """Tell what is tried."""
        self._echo(f"{rules} rules over {days:g} days up to {to_rfc3339(until)}")

    def gap(self, sentence: str) -> None:
        """Tell what is not kept any more."""
        self._echo(sentence)

    def progress(self, reports: int) -> None:
        """Say nothing: the alarms show it."""

    def alarm(self, alarm: PastAlarm, subject: str) -> None:
        """Tell of one alarm."""
        at, told = to_rfc3339(alarm.raised_at), _what_came(alarm)
        self._echo(f"{at}  {subject}  {alarm.rule}  {alarm.severity}  {told}")

    def end(self, result: BacktestResult, difference: Difference | None) -> None:
        """Tell what came of it."""
        bells = f"{result.bells_per_week:.1f} bells a week"
        self._echo(f"{result.reports} reports, {len(result.alarms)} alarms, {bells}")
        if difference is not None:
            counts = f"+{len(difference.appeared)} -{len(difference.vanished)}"
            self._echo(f"{counts} alarms against the rules in force")


class ForPrograms:
    """Lines of JSON, each with its `kind`: begin, gap, progress, alarm, end."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    def begin(self, rules: int, days: float, until: float) -> None:
        """Tell what is tried."""
        self._say("begin", rules=rules, days=days, until=to_rfc3339(until))

    def gap(self, sentence: str) -> None:
        """Tell what is not kept any more."""
        self._say("gap", detail=sentence)

    def progress(self, reports: int) -> None:
        """Tell how many reports were read."""
        self._say("progress", reports=reports)

    def alarm(self, alarm: PastAlarm, subject: str) -> None:
        """Tell of one alarm, with its evidence."""
        self._say("alarm", **_spell(alarm, subject))

    def end(self, result: BacktestResult, difference: Difference | None) -> None:
        """Tell what came of it."""
        compared: dict[str, Any] = {}
        if difference is not None:
            before = (*difference.vanished, *(was for was, _ in difference.kept))
            compared = {
                "appeared": len(difference.appeared),
                "added": [_spell(alarm, alarm.subject) for alarm in difference.appeared],
                "vanished": [_spell(alarm, alarm.subject) for alarm in difference.vanished],
                "kept": len(difference.kept),
                "before": [_spell(alarm, alarm.subject) for alarm in before],
            }
        self._say(
            "end",
            since=to_rfc3339(result.start) if result.reports else None,
            reports=result.reports,
            alarms=len(result.alarms),
            bells_per_week=round(result.bells_per_week, 2),
            difference=compared or None,
        )

    def _say(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        self._echo(msgspec.json.encode({"kind": kind, **fields}).decode())


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of stored history: epoch seconds, `end` not included."""

    world: World
    path: Path
    start: float
    end: float

    def run(self, rules: Sequence[Rule], telling: Telling | None = None) -> BacktestResult:
        """Run the rules over it."""
        site = self.world.site
        needs = concerned(rules, site.devices, site.places, self.world.models)
        history = partial(replay_news, self.path, start=self.start, end=self.end, needs=needs)
        names = self._names()

        def tell(alarm: PastAlarm) -> None:
            if telling is not None:
                telling.alarm(alarm, names.get(DeviceUid(alarm.subject), alarm.subject))

        return backtest(
            rules,
            history,
            site.devices,
            site.places,
            self.world.models,
            progress=telling.progress if telling else lambda _reports: None,
            tell=tell,
        )

    def with_names(self, result: BacktestResult) -> BacktestResult:
        """Call devices by their ids, as people do."""
        names = self._names()
        alarms = tuple(
            msgspec.structs.replace(each, subject=names.get(DeviceUid(each.subject), each.subject))
            for each in result.alarms
        )
        return msgspec.structs.replace(result, alarms=alarms)

    def _names(self) -> dict[DeviceUid, str]:
        return {device.uid: device.id for device in self.world.site.devices}


def backtest_rules(
    config: Path, *, days: float, rule: str, file: Path | None, echo: Echo, as_json: bool = False
) -> None:
    """Run rules over the last `days` of stored history; tell each alarm as it is found.

    With `file` its rules are tried, and the difference to those in force is told. Raises
    NotFoundError for an unknown `rule` or without history, and ConfigError for a wrong `file`.
    """
    settings, problems = read_settings(config)
    path = settings.store.path
    newest = newest_instant(path)
    if newest is None:
        raise NotFoundError(f"{path.name} has no history to test on; let the hub run first")
    versions = RuleShelf(read_collection(path, RULE_VERSIONS)).newest()
    known = known_uids(read_collection(path, DEVICES))
    states = read_collection(path, DEVICE_STATES)
    world = load_world(settings, known, problems=problems, versions=versions, states=states)
    chosen = _choose(world, rule, file)
    telling: Telling = ForPrograms(echo) if as_json else ForPeople(echo)
    past = Past(world=world, path=path, start=newest - days * DAY, end=newest + 1)
    telling.begin(len(chosen), days, newest)
    for sentence in say_gaps(look_at_holdings(world), past.start):
        telling.gap(sentence)
    tried = past.run(chosen, telling)
    difference = None
    if file is not None:
        ids = {each.id for each in chosen}
        before = past.run([r for r in world.rules if r.id in ids])
        difference = compare(past.with_names(before), past.with_names(tried))
    telling.end(tried, difference)


def _choose(world: World, rule: str, file: Path | None) -> tuple[Rule, ...]:
    rules = world.rules
    if file is not None:
        text = {str(file): read_text(file)}
        own = {name: text for name, text in world.rule_files.items() if name != str(file)}
        loaded = load_rules({**shipped_rules(), **own, **text}, world.models, prove=False)
        rules = tuple(each for each in loaded if each.file in text)
    if rule:
        names = [each.id for each in rules]
        rules = tuple(each for each in rules if each.id == rule)
        if not rules:
            raise NotFoundError(f"there is no rule {rule!r}; {suggest(rule, names)}")
    return rules


def _what_came(alarm: PastAlarm) -> str:
    return alarm.stopped_by or ("a child" if alarm.explained_by else "would ring")


def _spell(alarm: PastAlarm, subject: str) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(alarm)
    return {
        **body,
        "subject": subject,
        "raised_at": to_rfc3339(alarm.raised_at),
        "cleared_at": to_rfc3339(alarm.cleared_at),
        "told": _what_came(alarm),
    }
