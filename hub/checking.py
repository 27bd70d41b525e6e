"""What the command line looks at: files, examples of rules, history, and a running hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import msgspec

from device_drivers.catalogue import load_models, shipped_models
from hub.access.demo import parse_access
from hub.errors import ConfigError, NotFoundError, Problem
from hub.loading import (
    World,
    load_world,
    read_access,
    read_settings,
    read_text,
    shipped_rules,
)
from hub.model.device import DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.spelling import suggest
from hub.notify import READY_FILE
from hub.settings import Settings
from hub.site_books import DEVICES, known_uids
from hub.store.peek import newest_instant, read_collection
from hub.store.replay import replay_file
from rules.backtest import BacktestResult, backtest, compare
from rules.ledger import PastAlarm
from rules.rule import Rule
from rules.ruleset import load_rules
from rules.story import run_examples

Echo = Callable[[str], None]
DAY = 86400.0


def check_files(config: Path) -> tuple[Problem, ...]:
    """Read everything that `config` names and prove every rule; return every fault.

    Raises ConfigError when there is no `config` to read.
    """
    settings, problems = read_settings(config)
    problems += _access_problems(settings)
    try:
        return load_world(settings, {}, problems=problems, prove=True).problems
    except ConfigError as error:
        return (*problems, *error.problems)


def _access_problems(settings: Settings) -> tuple[Problem, ...]:
    file = settings.demo.access
    if file is None:
        return ()
    try:
        parse_access(read_access(file), str(file))
    except ConfigError as error:
        return error.problems
    return ()


def test_rules(paths: Sequence[Path], echo: Echo) -> int:
    """Run the examples of every rule in `paths` (shipped ones when empty); 0 when all pass."""
    models = load_models(shipped_models())
    texts = {str(path): read_text(path) for path in paths} or shipped_rules()
    rules = load_rules({**shipped_rules(), **texts}, models, prove=False)
    asked = [rule for rule in rules if rule.file in texts]
    passed = failed = 0
    for rule in asked:
        for result in run_examples(rule, models, _counted(rules, rule)):
            passed, failed = passed + result.passed, failed + (not result.passed)
            if not result.passed:
                echo(
                    f"{rule.file}:{result.line}: {rule.id}: {result.name!r} expects "
                    f"{', '.join(result.expected) or 'nothing'} "
                    f"but got {', '.join(result.got) or 'nothing'}"
                )
    echo(f"{len(asked)} rules, {passed} examples passed, {failed} failed")
    return 1 if failed else 0


def _counted(rules: Sequence[Rule], rule: Rule) -> list[Rule]:
    """Return the rules whose missed events this one may count."""
    return [each for each in rules if each.expectation and each.id != rule.id]


def backtest_rules(config: Path, *, days: float, rule: str, file: Path | None, echo: Echo) -> int:
    """Run rules over the last `days` of stored history; list each alarm as it is found.

    With `file` its rules are tried, and the difference to those in force is told.
    """
    settings, problems = read_settings(config)
    path = settings.store.path
    newest = newest_instant(path)
    if newest is None:
        echo(f"{path}: there is no history to test on; let the hub run first")
        return 1
    known = known_uids(read_collection(path, DEVICES))
    world = load_world(settings, known, problems=problems)
    chosen = _choose(world, rule, file)
    past = Past(world=world, path=path, start=newest - days * DAY, end=newest + 1)
    echo(f"{len(chosen)} rules over {days:g} days up to {to_rfc3339(newest)}")
    tried = past.run(chosen, _teller(world, echo))
    echo(
        f"{tried.reports} reports, {len(tried.alarms)} alarms, "
        f"{tried.bells_per_week:.1f} bells a week"
    )
    if file is not None:
        _tell_difference(past, chosen, tried, echo)
    return 0


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of stored history: epoch seconds, `end` not included."""

    world: World
    path: Path
    start: float
    end: float

    def run(
        self,
        rules: Sequence[Rule],
        tell: Callable[[PastAlarm], None] = lambda _alarm: None,
    ) -> BacktestResult:
        """Run the rules over it."""
        history = replay_file(self.path, start=self.start, end=self.end, uids=None)
        site = self.world.site
        return backtest(rules, history, site.devices, site.places, self.world.models, tell=tell)


def show_status(config: Path, echo: Echo) -> int:
    """Ask the hub that `config` describes how it is; 0 when it is ready."""
    settings, _ = read_settings(config)
    try:
        ready = msgspec.json.decode((settings.store.path.parent / READY_FILE).read_bytes())
        answer = httpx2.get(f"{ready['url']}/readyz", timeout=5)
    except FileNotFoundError:
        echo(f"the hub of {config} does not run; start it: lingdang run {config}")
        return 1
    except (OSError, httpx2.HTTPError) as error:
        echo(f"the hub of {config} does not answer ({error}); look at its log, or start it again")
        return 1
    body = answer.json()
    echo(f"{ready['url']} (process {ready['pid']}): {body['status']}")
    for part, state in body["parts"].items():
        echo(f"  {part}: {state}")
    if client := ready.get("mqtt"):
        echo(f"  started with the MQTT client {client}")
    return 0 if body["status"] == "ready" else 1


def _choose(world: World, rule: str, file: Path | None) -> tuple[Rule, ...]:
    rules = world.rules
    if file is not None:
        text = {str(file): read_text(file)}
        loaded = load_rules({**shipped_rules(), **text}, world.models, prove=False)
        rules = tuple(each for each in loaded if each.file in text)
    if rule:
        names = [each.id for each in rules]
        rules = tuple(each for each in rules if each.id == rule)
        if not rules:
            raise NotFoundError(f"there is no rule {rule!r}; {suggest(rule, names)}")
    return rules


def _teller(world: World, echo: Echo) -> Callable[[PastAlarm], None]:
    names = {device.uid: device.id for device in world.site.devices}

    def tell(alarm: PastAlarm) -> None:
        subject = names.get(DeviceUid(alarm.subject), alarm.subject)
        told = alarm.stopped_by or ("a child" if alarm.explained_by else "would ring")
        echo(f"{to_rfc3339(alarm.raised_at)}  {subject}  {alarm.rule}  {alarm.severity}  {told}")

    return tell


def _tell_difference(past: Past, chosen: Sequence[Rule], tried: BacktestResult, echo: Echo) -> None:
    ids = {rule.id for rule in chosen}
    before = past.run([rule for rule in past.world.rules if rule.id in ids])
    difference = compare(before, tried)
    echo(
        f"+{len(difference.appeared)} -{len(difference.vanished)} alarms against the rules in force"
    )
