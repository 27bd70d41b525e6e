"""Commissioning without a hub: the real room and door, over rules that a test names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hub.clock import Clock
from hub.intake.batch import Batch, Numbering
from hub.intake.commission_desk import CommissionDesk
from hub.intake.commission_room import CommissionNeeds, CommissionRoom
from hub.model.acceptance import Fault
from hub.model.access import Identity, Role
from hub.model.alarm import Action, Decision, Evidence, Severity
from hub.model.device import Device, Lifecycle

FAULTS = (
    Fault(
        rule="barrier-boom-broken",
        fault="gate.boom_broken",
        name={"zh": "闸杆断裂", "en": "Boom broken"},
        severity=Severity.MAJOR,
    ),
    Fault(
        rule="barrier-stuck-open",
        fault="gate.stuck_open",
        name={"zh": "道闸长时间不落杆", "en": "Barrier stays open"},
        severity=Severity.MAJOR,
    ),
)
SOMEBODY = Identity(name="李经理", role=Role.MANAGER)
BOOM, STUCK = (fault.rule for fault in FAULTS)


def decide(rule: str, action: Action, at: float, subject: str) -> Decision:
    """Make what a rule says of a device (uid)."""
    return Decision(
        action=action,
        subject=subject,
        rule=rule,
        fault=rule,
        name={"zh": rule, "en": rule},
        severity=Severity.MAJOR,
        at=at,
        reason={"zh": "断了", "en": "it is broken"},
        evidence=(Evidence(point="boom.broken", value=True, at=at),),
    )


class Loop:
    """Performs at once, and keeps what each batch would have stored."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbering = Numbering(0)
        self.batches: list[Batch] = []

    def batch(self) -> Batch:
        """Begin a batch at the current instant."""
        batch = Batch(now=self._clock.now(), numbering=self._numbering, project=lambda *_: None)
        self.batches.append(batch)
        return batch

    async def perform(self, act: Callable[[Batch], Any]) -> Any:  # noqa: ANN401 - any answer
        """Do something in a batch of its own."""
        return act(self.batch())

    def entries(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return (type, subject, actor, data) of everything in the journal."""
        found = (entry for batch in self.batches for entry in batch.changes.journal)
        return [(each.type, each.subject, each.actor, each.data) for each in found]


class Commissioning:
    """A room and its door for some devices; `moved` are those whose state has changed."""

    def __init__(
        self,
        clock: Clock,
        devices: Sequence[Device],
        *,
        needs: CommissionNeeds = CommissionNeeds(),  # noqa: B008 - frozen
        faults: Sequence[Fault] = FAULTS,
        put: Callable[[Device], None] = lambda _device: None,
    ) -> None:
        self.faults = list(faults)
        self.moved: list[Device] = []
        self._clock = clock
        self._put = put
        self.loop = Loop(clock)
        self.room = CommissionRoom(
            needs, devices, faults_of=lambda _uid: self.faults, put_device=self._move
        )
        self.room.begin(self.loop.batch())
        self.desk = CommissionDesk(self.room, self.loop)

    def _move(self, device: Device, _batch: Batch) -> None:
        self.moved.append(device)
        self._put(device)

    def say(self, rule: str, action: Action, device: Device) -> None:
        """Have a rule say something of a device now."""
        decision = decide(rule, action, self._clock.now(), device.uid)
        self.room.hear(decision, self.loop.batch())

    def begin(self, device: Device) -> None:
        """Begin to commission a device, and try one of its faults."""
        to, batch = Lifecycle.COMMISSIONING, self.loop.batch()
        self.room.change(device.id, to, "新装", SOMEBODY, batch)
        self.try_fault(BOOM, device)

    def try_fault(self, rule: str, device: Device) -> None:
        """Have a fault come and go."""
        self.say(rule, Action.RAISE, device)
        self.say(rule, Action.CLEAR, device)
