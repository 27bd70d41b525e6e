"""What follows from a fact: rules, topology, gates, and the desk's book, in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.intake.batch import Batch
from hub.intake.command_room import CommandRoom
from hub.intake.counting import COUNTER_PREFIX
from hub.intake.flood import HELD_PREFIX
from hub.intake.gate_answer import explained_by, why
from hub.intake.gate_book import GATES_PREFIX
from hub.intake.gatehouse import Gatehouse
from hub.intake.hold_room import HoldRoom
from hub.intake.look_back import Recall, look_back
from hub.model.alarm import Action, Decision
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Lifecycle
from hub.model.place import Place
from hub.model.report import Report
from hub.ports import Snapshot
from hub.services.tickets.desk_book import DeskBook
from rules.engine import Engine
from rules.fire_watch import FIRE_PREFIX
from rules.topology import TAKES_PART, Folded, Held, Outcome, Topology

TOPOLOGY_PREFIX = "topology/"
JUDGED_ANEW = {"zh": "设备已投用，重新判断", "en": "The device is in service: judged anew"}

Witness = Callable[[Decision, Batch], None]


def _nobody(_decision: Decision, _batch: Batch) -> None:
    pass


class Judge:
    """Holds the pure parts together; everything that they decide goes into the batch."""

    def __init__(
        self,
        *,
        engine: Engine,
        topology: Topology,
        gates: Gatehouse,
        book: DeskBook,
        room: CommandRoom,
        holds: HoldRoom,
    ) -> None:
        self._engine = engine
        self._topology = topology
        self._gates = gates
        self._book = book
        self._room = room
        self._holds = holds
        self._held: dict[tuple[str, str], Held] = {}
        self._devices: dict[str, Device] = {}
        self._now = 0.0
        self.witness: Witness = _nobody
        """Is told what rules say of a device before any gate is asked."""

    def set_site(
        self,
        devices: Sequence[Device],
        places: Mapping[str, Place],
        models: Mapping[str, DeviceModel],
    ) -> None:
        """Learn the books anew."""
        self._devices = {device.uid: device for device in devices}
        self._engine.set_world(devices, places, models)
        self._topology.set_world(devices, places)
        self._gates.set_world(devices, places)
        self._book.set_devices(self._devices)
        self._room.set_devices(self._devices)

    def put_device(self, device: Device, batch: Batch) -> None:
        """Learn that a device has another state; what it was silent about is judged anew."""
        self._devices[device.uid] = device
        self._engine.put_device(device)
        self._topology.put_device(device)
        self._gates.put_device(device)
        if device.state is Lifecycle.IN_SERVICE:
            self.decide(self._begin_anew(device.uid, batch), batch)

    def _begin_anew(self, uid: str, batch: Batch) -> list[Decision]:
        """Return the silence of a device that nothing could explain; its alarm ends here."""

        def is_for_topology(decision: Decision) -> bool:
            key = decision.subject, decision.rule
            takes_part = decision.explains == TAKES_PART and not self._topology.knows(*key)
            return takes_part and not self._engine.is_ending(*key)

        found = self._gates.release(uid, is_for_topology)
        for decision in found:
            end = msgspec.structs.replace(
                decision, action=Action.CLEAR, at=batch.now, reason=JUDGED_ANEW
            )
            batch.follow(self._book.apply(end, batch.now))
        return found

    def restore(self, snapshot: Snapshot, archive: Recall, now: float) -> None:
        """Take up where the last run stopped; raises and clears nothing by itself."""
        history = look_back(archive, self._engine.spans(), self._engine.far_points(), now)
        rows = snapshot.states
        others = (TOPOLOGY_PREFIX, HELD_PREFIX, COUNTER_PREFIX, GATES_PREFIX, FIRE_PREFIX)
        mine = [row for row in rows if not row.key.startswith(others)]
        self._engine.restore(mine, snapshot.points, snapshot.heard, history, now)
        self._topology.restore([row for row in rows if row.key.startswith(TOPOLOGY_PREFIX)], now)
        self._gates.restore(snapshot.points, snapshot.alarms, rows)

    def hear(self, report: Report, batch: Batch) -> None:
        """Take a new fact."""
        self._room.hear(report, batch)
        self._holds.hear(report, batch)
        self._gates.hear(report)
        decisions = self._engine.apply(report)
        if decisions:
            self.decide(decisions, batch)

    def hear_command(self, uid: str, do: str, batch: Batch) -> None:
        """Take the fact that an order was given."""
        self.decide(self._engine.command(uid, do, batch.now), batch)

    def run_rules(self, batch: Batch, heard: float) -> None:
        """Let the rules' timers come that are due by `heard`, up to when nothing is under way."""
        self.decide(self._engine.advance(heard), batch)
        self._follow(self._topology.advance(heard, self._engine.is_ending), batch)
        if self._gates.is_time(batch.now):
            self._look_again(batch)

    def run_early(self, batch: Batch, heard: float) -> None:
        """Let those timers of rules come that no measurement can change which is still to come."""
        self.decide(self._engine.advance(heard, early=True), batch)

    def _look_again(self, batch: Batch) -> None:
        """Tell what has waited at a gate, and mark what was told before one closed."""
        for decision, quiet in self._gates.retry(batch.now, self._engine.is_ending):
            batch.follow(self._book.apply(decision, batch.now, suppressed=quiet))
        alarms, inhibits = self._book.index.open_alarms(), self._engine.inhibits
        for alarm, gate in self._gates.find_marks(alarms, inhibits, batch.now):
            batch.follow(self._book.hold(alarm.id, gate, batch.now))

    def run_desk(self, batch: Batch) -> None:
        """Let the limits of tickets and orders come that are due."""
        self._now = batch.now
        batch.follow(self._book.run_due(batch.now))
        self._room.run_due(batch)
        self._holds.run_due(batch)

    def next_due(self) -> float | None:
        """Return the instant of the rules' next timer."""
        parts = (self._engine.next_due(), self._topology.next_due())
        return min((due for due in parts if due is not None), default=None)

    def next_rule_due(self) -> float | None:
        """Return the instant of the next timer of a rule."""
        return self._engine.next_due()

    def next_order_due(self) -> float | None:
        """Return the instant at which the time of an order, or of a gate held open, is over."""
        dues = (self._room.next_due(), self._holds.next_due())
        return min((due for due in dues if due is not None), default=None)

    def suspend(self, link: str, batch: Batch) -> None:
        """Say that a link is lost: the silence of its devices proves nothing."""
        self._topology.pause(link)
        self.decide(self._engine.uplink.suspend(batch.now, link), batch)

    def resume(self, link: str, batch: Batch) -> None:
        """Say that a link has caught up: silence counts from now."""
        self._topology.resume(batch.now, link)
        self.decide(self._engine.uplink.resume(batch.now, link), batch)

    def store_states(self, batch: Batch) -> None:
        """Add the running state that has changed to the batch."""
        batch.changes.states.extend(self._engine.take_states())
        batch.changes.states.extend(self._topology.take_states())
        batch.changes.states.extend(self._gates.take_states())

    def decide(self, decisions: Iterable[Decision], batch: Batch) -> None:
        """Let decisions go their way through topology, gates and the desk's book."""
        for decision in decisions:
            self._follow(self._topology.take(decision, batch.now), batch)

    def explain(self, uid: str) -> list[dict[str, Any]]:
        """Return the gates and rules of a device with their answers and reasons; see `why`."""
        waiting = [
            why("topology", rule, "held", held.reason, since=held.decision.at)
            for (subject, rule), held in self._held.items()
            if subject == uid
        ]
        states = self._engine.explain(uid)
        rules = [
            why("", each["rule"], each["state"], each["reason"], since=each["since"])
            | {"name": each["name"]}
            for each in states
        ]
        folded = self._find_roots(uid)
        shown = [why("topology", each, "closed", text) for each, text in folded.items()]
        general = self._gates.explain(uid, self._now, next(iter(folded.values()), None))
        discreet = {each["rule"] for each in states if each["discreet"]}
        every = [*general, *waiting, *shown, *rules]
        return [each | {"discreet": each["rule"] in discreet} for each in every]

    def _find_roots(self, uid: str) -> dict[str, Mapping[str, str]]:
        """Return, by rule, what has taken in the device's alarms."""
        index = self._book.index
        roots = {each.rule: index.alarm(each.explained_by) for each in index.alarms_on(uid)}
        return {
            rule: explained_by(root, self._devices.get(root.uid))
            for rule, root in roots.items()
            if root is not None
        }

    def _follow(self, outcomes: Iterable[Outcome], batch: Batch) -> None:
        for outcome in outcomes:
            decision = outcome.decision
            key = (decision.subject, decision.rule)
            self._held.pop(key, None)
            if isinstance(outcome, Held):
                self._held[key] = outcome
            elif isinstance(outcome, Folded):
                self._gates.forget(decision)
                self._fold(decision, outcome, batch)
            else:
                self._apply(decision, batch)

    def _apply(self, decision: Decision, batch: Batch) -> None:
        self.witness(decision, batch)
        admitted, quiet = self._gates.admit(decision, batch.now)
        if admitted is not None:
            batch.follow(self._book.apply(admitted, batch.now, suppressed=quiet))

    def _fold(self, decision: Decision, outcome: Folded, batch: Batch) -> None:
        index = self._book.index
        child = index.find_alarm(decision.subject, decision.rule)
        root = index.find_alarm(*outcome.into)
        if child is None:
            batch.follow(self._book.apply(decision, batch.now, suppressed=True))
            child = index.find_alarm(decision.subject, decision.rule)
        if child is not None and root is not None:
            batch.follow(self._book.fold(child.id, root.id, batch.now))
