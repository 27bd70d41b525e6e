"""Listens to the life of the links: gaps, catching up, and silence that proves nothing."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox
from hub.intake.judge import Judge
from hub.intake.reception import Reception
from hub.intake.workbench import Workbench
from hub.model.device import DeviceUid
from hub.model.journal import Draft

log = structlog.get_logger(__name__)

CATCHING_UP = 60.0
"""Seconds that timers wait at most for a link to deliver what had waited."""


class IntakeWatch:
    """Implements `hub.ports.LinkWatch`; `carried` maps a session to the link that devices name."""

    def __init__(
        self,
        *,
        inbox: BoundedInbox,
        bench: Workbench,
        reception: Reception,
        judge: Judge,
        carried: Mapping[str, str],
    ) -> None:
        self.up: dict[str, bool] = dict.fromkeys(carried, False)
        self._inbox = inbox
        self._bench = bench
        self._reception = reception
        self._judge = judge
        self._carried = carried
        self._behind = set(carried)

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Note a connection; without a resumed session, that messages may be missing."""
        self.up[link] = True
        self._inbox.post(lambda batch: self._note_up(link, batch, resumed=resumed))

    def link_down(self, link: str, why: str) -> None:
        """Note a loss: nobody on this link is judged until it has caught up again."""
        self.up[link] = False
        self._behind.add(link)
        self._inbox.post(lambda batch: self._note_down(link, why, batch))

    def link_caught_up(self, link: str) -> None:
        """Note that what had waited has been delivered; it is in the inbox before this."""
        self._behind.discard(link)
        self._inbox.post(lambda batch: self._note_caught_up(link, batch))

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Note that a polled device does not answer."""
        self._inbox.post(lambda batch: self._reception.lose(uid, why, batch))

    def _note_up(self, link: str, batch: Batch, *, resumed: bool) -> None:
        self._bench.hold_timers_until = batch.now + CATCHING_UP
        _tell("link.up" if resumed else "link.gap", link, batch, resumed=resumed)

    def _note_down(self, link: str, why: str, batch: Batch) -> None:
        carrier = self._carried[link]
        self._reception.judge_clocks(carrier, judging=False)
        self._reception.presence.blind(carrier)
        self._judge.suspend(carrier, batch)
        _tell("link.down", link, batch, why=why)

    def _note_caught_up(self, link: str, batch: Batch) -> None:
        carrier = self._carried[link]
        if not self._behind:
            self._bench.hold_timers_until = 0.0
        if any(self._carried[each] == carrier for each in self._behind):
            return
        self._reception.judge_clocks(carrier, judging=True)
        self._reception.presence.see(carrier, batch.now)
        self._judge.resume(carrier, batch)
        _tell("link.caught_up", link, batch)


def _tell(kind: str, link: str, batch: Batch, **data: object) -> None:
    batch.record([Draft(at=batch.now, type=kind, subject=link, actor="hub", data=data)])
