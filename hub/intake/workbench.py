"""What the loop works with: reception in front, the judge behind, the readers at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.clock import Clock
from hub.intake.batch import Batch, Numbering
from hub.intake.case_room import CaseRoom
from hub.intake.climber import Climber
from hub.intake.hearing import Hearing
from hub.intake.inspection_room import InspectionRoom
from hub.intake.judge import Judge
from hub.intake.live import LiveState
from hub.intake.pulse import CommitPulse
from hub.intake.reception import Reception
from hub.intake.weir import Weir
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.ports import IncidentProjector

TO_HEAR = 2.0
"""Seconds in which links read what has come while the hub stood still, or notice their loss."""
SWEEP = 5.0
"""Seconds between two looks for devices that have gone quiet."""


class Workbench:
    """Implements `hub.intake.pipeline.Work`."""

    def __init__(
        self,
        *,
        weir: Weir,
        reception: Reception,
        judge: Judge,
        climber: Climber,
        cases: CaseRoom,
        rounds: InspectionRoom,
        live: LiveState,
        pulse: CommitPulse,
        clock: Clock,
        hearing: Hearing,
        numbering: Numbering,
        project: IncidentProjector,
    ) -> None:
        self._weir = weir
        self.take = weir.take
        self._reception = reception
        self._judge = judge
        self._climber = climber
        self._cases = cases
        self._rounds = rounds
        self._readers = (live, pulse)
        self._clock = clock
        self.hearing = hearing
        self._numbering = numbering
        self._project = project
        self._ids: Mapping[str, str] = {}
        self._rhythms: Mapping[str, tuple[str, float]] = {}
        self._next_sweep = 0.0
        self.hold_timers_until = self.hold_early_until = 0.0
        """Timers wait until what was said before has been heard (the link has caught up); early
        ones, which no measurement can change, until states have been."""

    def set_devices(self, devices: Sequence[Device], models: Mapping[str, DeviceModel]) -> None:
        """Learn the books anew."""
        self._ids = {device.uid: device.id for device in devices}
        self._rhythms = {
            device.uid: (device.link, models[device.model].heartbeat) for device in devices
        }

    def new_batch(self) -> Batch:
        """Start a batch at the current instant."""
        return Batch(now=self._clock.now(), numbering=self._numbering, project=self._project)

    def finish(self, batch: Batch) -> None:
        """Run what is due, and add everything that has to be stored."""
        self._weir.release(batch)
        if batch.now >= self.hold_timers_until:
            self._sweep(batch)
            heard = self.hearing.until(batch.now, self._judge.next_due())
            self._judge.run_rules(batch, heard)
        elif batch.now >= self.hold_early_until:
            heard = self.hearing.until(batch.now, self._judge.next_rule_due())
            self._judge.run_early(batch, heard)
        self._rounds.finish(batch)
        self._judge.run_desk(batch)
        self._climber.finish(batch)
        self._cases.finish(batch)
        self._reception.finish(batch)
        self._judge.store_states(batch)

    def next_due(self) -> float | None:
        """Return the instant at which a timer is due."""
        dues = [self._next_sweep]
        others = (
            self._judge.next_order_due(),
            self._climber.next_due(),
            self._cases.next_due(),
            self._rounds.next_due(),
        )
        dues += [due for due in others if due is not None]
        if (due := self._judge.next_due()) is not None:
            dues.append(self.hearing.next_look(due, self._clock.now()))
        held = max(min(dues), self.hold_timers_until)
        if (due := self._judge.next_rule_due()) is None:
            return held
        early = self.hearing.next_look(due, self._clock.now())
        return min(held, max(early, self.hold_early_until))

    def hold_timers(self, now: float) -> None:
        """Let timers wait for what links are about to read."""
        until = now + TO_HEAR
        self.hold_timers_until = max(self.hold_timers_until, until)
        self.hold_early_until = max(self.hold_early_until, until)

    def settled(self, batch: Batch) -> None:
        """Tell the readers that the batch is in the store."""
        live, pulse = self._readers
        live.apply(batch.changes)
        last = batch.changes.journal[-1].seq if batch.changes.journal else pulse.last_seq()
        names = (self._ids.get(uid) for uid in batch.touched)
        pulse.beat(last, frozenset(name for name in names if name))

    def _sweep(self, batch: Batch) -> None:
        if batch.now < self._next_sweep:
            return
        self._next_sweep = batch.now + SWEEP
        for uid in self._reception.presence.overdue(batch.now, self._rhythms):
            self._reception.lose(uid, "nothing was heard for three heartbeats", batch)
