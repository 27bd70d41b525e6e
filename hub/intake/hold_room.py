"""Gates that are held open, changed in the one loop: by people, by their gates, and by time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from hub.errors import CommandRefusedError, ConflictError, NotFoundError
from hub.intake.batch import Batch
from hub.intake.command_room import CommandRoom, Look
from hub.model.access import Identity, Role
from hub.model.command import Command
from hub.model.hold import HOLDS, Hold, HoldState
from hub.model.report import Report
from hub.ports import DeviceView, Document
from hub.ports.hold import HoldWish
from hub.services import hold as rule

HUB = Identity(name="hub", role=Role.ADMINISTRATOR)
"""Who tells a gate to come down when the time is over that two people have agreed to."""
BURNS = "doors are open for a fire; it does not come down by itself (消防联动中，不自动落杆)"

Burns = Callable[[str, float], bool]
"""Tells whether doors are open for a fire at a place now."""


class HoldRoom:
    """Keeps the holds that are not over; everything happens inside a batch."""

    def __init__(
        self, stored: Mapping[str, bytes], *, room: CommandRoom, look: Look, burns: Burns
    ) -> None:
        found = [msgspec.json.decode(each, type=Hold) for each in stored.values()]
        self.holds = {each.id: each for each in found}
        self.shown = dict(self.holds)
        """What readers see: as of the last commit."""
        self._room = room
        self._look = look
        self._burns = burns
        room.witness = self.note_end

    def propose(self, wish: HoldWish, who: Identity, batch: Batch) -> Hold:
        """Ask that a gate be held open."""
        view = self._view(wish.device, who)
        self._check_alone(view.device.uid, view.device.id)
        return self._take(None, rule.propose(view, wish, who, batch.now), who.name, batch)

    def confirm(self, hold_id: str, who: Identity, batch: Batch) -> Hold:
        """Agree as another person; the gate is told once the batch is in the store."""
        hold = self._find(hold_id, who)
        rule.check_second(hold, who)
        view = self._view(hold.device, who)
        command = self._order(view, rule.HOLD_OPEN, hold.reason, who, batch)
        return self._take(hold, rule.confirm(hold, command, who, batch.now), who.name, batch)

    def end(self, hold_id: str, who: Identity, batch: Batch) -> Hold:
        """End it by hand; of a gate that is overdue and cannot be told the person's word counts."""
        hold = self._find(hold_id, who)
        if hold.state is HoldState.PROPOSED:
            return self._take(hold, rule.withdraw(hold, who), who.name, batch)
        if hold.state is HoldState.ENDING:
            raise ConflictError(
                f"{hold.device} is told to come down already", zh=f"{hold.device} 正在落杆。"
            )
        view = self._view(hold.device, who)
        try:
            command = self._order(view, rule.RELEASE, hold.reason, who, batch)
        except CommandRefusedError as error:
            if hold.state is not HoldState.OVERDUE:
                raise
            return self._take(hold, rule.give_up(hold, who, str(error)), who.name, batch)
        return self._take(hold, rule.begin_end(hold, command, who.name), who.name, batch)

    def hear(self, report: Report, batch: Batch) -> None:
        """Take a gate's word that it was released on the spot."""
        if not self.holds or report.late or report.retained:
            return
        hold = rule.find_open(self.holds.values(), report.uid)
        if hold is not None:
            self._take(hold, rule.observe(hold, report), "hub", batch)

    def note_end(self, command: Command, batch: Batch) -> None:
        """Take the end of an order."""
        hold = rule.find_open(self.holds.values(), command.uid)
        if hold is not None:
            self._take(hold, rule.follow(hold, command), "hub", batch)

    def run_due(self, batch: Batch) -> None:
        """End what nobody has confirmed, and tell gates to come down whose time is over."""
        for hold in list(self.holds.values()):
            due = rule.next_timeout(hold)
            if due is None or batch.now < due:
                continue
            proposed = hold.state is HoldState.PROPOSED
            after = rule.lapse(hold) if proposed else self._release(hold, batch)
            self._take(hold, after, "hub", batch)

    def next_due(self) -> float | None:
        """Return the instant at which a hold's time is over."""
        dues = (rule.next_timeout(hold) for hold in self.holds.values())
        return min((due for due in dues if due is not None), default=None)

    def _release(self, hold: Hold, batch: Batch) -> Hold:
        """Tell the gate once; what stands against it makes the hold overdue."""
        if self._burns(hold.place, batch.now):
            return rule.miss(hold, "hub", BURNS)
        try:
            view = self._view(hold.device, HUB)
            command = self._order(view, rule.RELEASE, hold.reason, HUB, batch)
        except (CommandRefusedError, ConflictError, NotFoundError) as error:
            return rule.miss(hold, "hub", str(error))
        return rule.begin_end(hold, command, "hub")

    def _order(
        self, view: DeviceView, do: str, reason: str, who: Identity, batch: Batch
    ) -> Command:
        return self._room.request(view, do, reason=reason, who=who, batch=batch, two=True)

    def _view(self, device_id: str, who: Identity) -> DeviceView:
        view = self._look(device_id)
        if view is None or not who.may_see(view.device.place):
            raise NotFoundError(f"there is no device {device_id!r}; see /api/v1/devices")
        return view

    def _find(self, hold_id: str, who: Identity) -> Hold:
        hold = self.holds.get(hold_id)
        if hold is None or not who.may_see(hold.place):
            raise NotFoundError(f"nothing is held open by {hold_id!r}", zh="没有这个常抬。")
        return hold

    def _check_alone(self, uid: str, name: str) -> None:
        if rule.find_open(self.holds.values(), uid):
            raise ConflictError(
                f"{name} is held open, or that is proposed", zh=f"{name} 已经常抬，或有人提议了。"
            )

    def _take(self, before: Hold | None, after: Hold, actor: str, batch: Batch) -> Hold:
        if after is before:
            return after
        self.holds[after.id] = after
        body: bytes | None = msgspec.json.encode(after)
        if after.state in rule.OVER:
            del self.holds[after.id]
            body = None  # the journal keeps what it was
        paper = Document(collection=HOLDS, key=after.id, body=body, at=batch.now)
        batch.changes.documents.append(paper)
        batch.after.append(self._show)
        if before is None or before.state is not after.state:
            batch.record([rule.describe(after, actor, batch.now)])
        return after

    def _show(self) -> None:
        self.shown = dict(self.holds)
