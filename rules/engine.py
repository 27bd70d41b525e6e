"""The rules engine: facts in, decisions out, at instants that the caller names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from hub.model.alarm import Decision
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.place import Place
from hub.model.repeats import Passage, Repeats
from hub.model.report import Report
from hub.ports import HeardRow, HourOfPoint, PointRow, StateRow
from rules import reason
from rules.account import explain_watch, raised_in, say_again
from rules.contact import arm, catch_up, fire
from rules.cut import pick_due
from rules.decide import write_decision
from rules.exchange import exchange, find_changed
from rules.facts import take_report
from rules.language.happening import COMMAND
from rules.machine import Move
from rules.memory import carry_over, device_row, find_unparted, group_row, load_row, watch_row
from rules.origin import Origins
from rules.passage import may_pass, note_repeats, pass_by
from rules.recall import far_points, load_heard, load_point, replay
from rules.reliance import Early
from rules.rule import Rule
from rules.runner import Runner, Works, nobody
from rules.state import Watch
from rules.uplink import Uplink
from rules.world import World, build_world


class Engine:
    """Holds the state of every rule on every device; no clock, no I/O, one caller at a time.

    With `judge_clocks` False the reports' `at` is taken as it stands: the caller has judged it.
    `works` knows of work that the sheet does not tell. `uplink` is told of cuts.
    """

    def __init__(
        self, rules: Sequence[Rule], *, judge_clocks: bool = True, works: Works = nobody
    ) -> None:
        self._judges = judge_clocks
        self._take_rules(rules)
        self._books: tuple[Sequence[Device], Mapping[str, Place], Mapping[str, DeviceModel]]
        self._books = ((), {}, {})
        self._world: World = {}
        self._runner = Runner(works)
        self._origins = Origins()
        self._now = -inf
        self.uplink = Uplink(self._runner, self._begin)

    def set_world(
        self,
        devices: Sequence[Device],
        places: Mapping[str, Place],
        models: Mapping[str, DeviceModel],
    ) -> None:
        """Take the site's books; what is known of devices that stay is carried over."""
        self._books = (devices, places, models)
        old = self._world
        self._runner.agenda.clear()
        self._world = build_world(self._rules, devices, places, models)
        self._origins.give(self._world.values())
        carry_over(old, self._world, self._runner)
        self.uplink.set_world(self._world)
        if self._now != -inf:
            _wake_all(self._runner, self._world, self._now)

    def put_device(self, device: Device) -> None:
        """Learn that a device has another state; its rules go on as they are."""
        d = self._world.get(device.uid)
        if d is None:
            return
        d.device = device
        devices, places, models = self._books
        others = [device if each.uid == device.uid else each for each in devices]
        self._books = (others, places, models)

    def watching(self, uid: str) -> list[Rule]:
        """Return the rules that watch a device, in the order of their files."""
        d = self._world.get(uid)
        return [watch.program.rule for watch in d.watches] if d else []

    def set_rules(self, rules: Sequence[Rule], at: float) -> list[Decision]:
        """Put other rules in force; they are evaluated at once on what is known.

        What a rule has raised that is gone is cleared; one that leaves trial says it again.
        """
        self._now = max(self._now, at)
        changed = find_changed(self._rules, rules)
        tried = {rule.id for rule in self._rules if rule.trial}
        ids = {rule.id for rule in changed}
        ends = [
            say_again(watch, Move.CLEAR, self._now, why=reason.RULE_GONE)
            for watch in raised_in(self._world, ids)
        ]
        self._take_rules(rules)
        models = self._books[2]
        if not exchange(self._world, self._runner, rules, changed, models, now=self._now):
            self.set_world(*self._books)
        self._origins.give(self._world.values())
        out = [each for each in ends if not self.keeps(each.subject, each.rule)]
        out += [
            say_again(watch, Move.RAISE, self._now)
            for watch in raised_in(self._world, tried)
            if not watch.program.rule.trial
        ]
        return out + self.advance(self._now)

    def _take_rules(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._inhibits = {rule.id: rule.inhibit for rule in rules}

    def keeps(self, subject: str, rule: str) -> bool:
        """Tell whether an alarm of this rule on this subject can still clear by itself.

        What several devices have in common is told of a place, or of what carries them, under the
        rule of those devices with a suffix behind a dot.
        """
        d = self._world.get(subject)
        if d is not None and any(watch.program.rule.id == rule for watch in d.watches):
            return True
        ids = [each.id for each in self._rules]
        if d is None and rule in ids:
            return True
        return any(rule.startswith(f"{each}.") for each in ids)

    def inhibits(self, rule: str) -> tuple[str, ...]:
        """Return what holds back the alarms of a rule, those of several devices included."""
        while rule not in self._inhibits and "." in rule:
            rule = rule.rpartition(".")[0]
        return self._inhibits.get(rule, ())

    def spans(self) -> dict[str, float]:
        """Return the devices whose readings are looked back on, and by how many seconds at most."""
        watched = ((uid, d.plan) for uid, d in self._world.items())
        return {uid: plan.reach for uid, plan in watched if any(plan.routes.observers)}

    def far_points(self) -> dict[str, set[str]]:
        """Return the points, by device, of which a start needs hours as well as readings."""
        return far_points(self._world)

    def apply(self, report: Report) -> list[Decision]:
        """Take a device's report; reports of unknown devices say nothing."""
        d = self._world.get(report.uid)
        if d is None:
            return []
        take_report(self._runner, d, report, judging=self._judges and not self.uplink.cut)
        return self._runner.take()

    def repeat(self, repeats: Repeats) -> None:
        """Note that a device will say the same again, and until when."""
        d = self._world.get(repeats.uid)
        if d is None:
            return
        note_repeats(d, repeats.points, repeats.ats, repeats.until)

    def may_pass(self, passage: Passage) -> bool:
        """Tell whether what a device says in a passage of history can change nothing."""
        d = self._world.get(passage.uid)
        return d is None or may_pass(d, passage)

    def pass_by(self, passage: Passage) -> None:
        """Take a passage of history as a whole, after `may_pass` has said that it can be."""
        d = self._world.get(passage.uid)
        if d is not None:
            pass_by(self._runner, d, passage)

    def command(self, uid: str, do: str, at: float) -> list[Decision]:
        """Note that an order was sent to a device."""
        d = self._world.get(uid)
        if d is None:
            return []
        if d.due < at and at >= d.contact.listens:
            catch_up(self._runner, d, before=at, arrival=at, may_come=pick_due(d))
        d.now = max(at, d.newest)
        self._runner.happen(d, COMMAND + do, {})
        return self._runner.take()

    def advance(self, now: float, *, early: bool = False) -> list[Decision]:
        """Let every deadline come that is due by `now`, in order; a clock set back does nothing.

        `early`: only those that no measurement can change which waits since a cut.
        """
        self._begin(now)
        agenda, pick = self._runner.agenda, Early() if early else None
        if pick is None:
            agenda.take_back()
        out = self._runner.take()
        while (thing := agenda.pop(now)) is not None:
            if pick is not None and not pick.may_come(thing):
                agenda.put_aside(thing)
                continue
            fire(self._runner, thing, thing.due)
            out += self._runner.take()
        return out

    def _begin(self, now: float) -> None:
        if self._now == -inf:
            _wake_all(self._runner, self._world, now)
        self._now = max(self._now, now)

    def earliest(self) -> float:
        """Return an instant before which no deadline comes; infinity while none is set."""
        return self._runner.agenda.earliest()

    def next_due(self) -> float | None:
        """Return the instant of the earliest deadline; None when nothing is waiting."""
        return self._runner.agenda.next_due()

    def clear_by_hand(self, subject: str, rule: str, at: float) -> list[Decision]:
        """Clear a raised alarm; it comes back once it has been good, or after an hour."""
        watch = self._raised(subject, rule)
        return [] if watch is None else [_clear(self._runner, watch, at)]

    def is_ending(self, subject: str, rule: str) -> bool:
        """Tell whether an alarm is raised whose release is running: what it told of is over."""
        watch = self._raised(subject, rule)
        return watch is not None and watch.episode is not None and watch.episode.mark is not None

    def _raised(self, subject: str, rule: str) -> Watch | None:
        d = self._world.get(subject)
        raised = (each for each in (d.watches if d else ()) if each.episode is not None)
        return next((each for each in raised if each.program.rule.id == rule), None)

    def take_states(self) -> list[StateRow]:
        """Return the rows that have changed since the last call."""
        runner = self._runner
        rows = [*runner.dropped, *(watch_row(watch) for watch in runner.dirty)]
        rows += self._origins.take_rows()
        for d in runner.dirty_devices:
            rows += (device_row(d), group_row(d))
        runner.dropped.clear()
        runner.dirty.clear()
        runner.dirty_devices.clear()
        return [row for row in rows if row is not None]

    def restore(
        self,
        states: Iterable[StateRow],
        points: Iterable[PointRow],
        heard: Iterable[HeardRow],
        history: Iterable[Report | HourOfPoint],
        now: float,
    ) -> None:
        """Take up where the last run stopped; raises and clears nothing by itself."""
        self._now = now
        for row in states:
            if not self._origins.load(row):
                load_row(self._world, row, now)
        self._runner.dirty_devices.update(find_unparted(self._world))
        for point in points:
            load_point(self._world, point, now)
        for each in heard:
            load_heard(self._world, each, now)
        replay(self._world, history, now)
        _wake_all(self._runner, self._world, now)

    def explain(self, uid: str) -> list[dict[str, Any]]:
        """Return one dict per rule of the device: rule, name, state, since, reason, discreet."""
        d = self._world.get(uid)
        if d is None:
            return []
        now, d.now = d.now, max(d.now, self._now)
        answers = [explain_watch(watch) for watch in d.watches]
        d.now = now
        return answers


def _clear(runner: Runner, watch: Watch, at: float) -> Decision:
    d = watch.device
    d.now = max(d.now, at)
    watch.lock = d.now
    stage = watch.episode.stage if watch.episode else -1
    watch.episode = None
    runner.dirty.add(watch)
    decision = write_decision(watch, Move.CLEAR, stage=stage, why=reason.BY_HAND)
    runner.run(watch)
    return decision


def _wake_all(runner: Runner, world: World, now: float) -> None:
    for d in world.values():
        if d.contact.silent:
            d.values = d.plan.blanks
        elif d.contact.heard_at != -inf:
            arm(runner, d.contact)
        for watch in d.watches:
            runner.wake(watch, now)
