"""Gates that are held open, in memory: the real rules, and a gate that does as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.clock import Clock
from hub.errors import NotFoundError
from hub.model.access import Identity
from hub.model.hold import Hold, HoldState
from hub.ports import DeviceView
from hub.ports.hold import HoldWish
from hub.services import command as orders
from hub.services import hold as rule


class Devices(Protocol):
    def device(self, device_id: str) -> DeviceView | None: ...


class FakeHolds:
    """Implements `hub.ports.hold.HoldOffice`; `told` are the orders that went to gates."""

    def __init__(self, live: Devices, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self.open: dict[str, Hold] = {}
        self.told: list[tuple[str, str]] = []

    def holds(self) -> Sequence[Hold]:
        return list(self.open.values())

    def put(self, hold: Hold) -> Hold:
        self.open[hold.id] = hold
        if hold.state in rule.OVER:
            del self.open[hold.id]
        return hold

    async def propose(self, wish: HoldWish, who: Identity) -> Hold:
        return self.put(rule.propose(self._view(wish.device), wish, who, self._clock.now()))

    async def confirm(self, hold: str, who: Identity) -> Hold:
        known, now = self.open[hold], self._clock.now()
        rule.check_second(known, who)
        view = self._view(known.device)
        command = orders.request(
            view, rule.HOLD_OPEN, reason=known.reason, who=who, now=now, two=True
        )
        self.told.append((known.device, rule.HOLD_OPEN))
        return self.put(rule.confirm(known, command, who, now))

    async def end(self, hold: str, who: Identity) -> Hold:
        known = self.open[hold]
        if known.state is HoldState.PROPOSED:
            return self.put(rule.withdraw(known, who))
        self.told.append((known.device, rule.RELEASE))
        return self.put(rule.give_up(known, who, ""))

    def _view(self, device_id: str) -> DeviceView:
        view = self._live.device(device_id)
        if view is None:
            raise NotFoundError(device_id)
        return view
