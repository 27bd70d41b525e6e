"""Listens to the life of the links: gaps, catching up, and silence that proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import structlog

from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox
from hub.intake.judge import Judge
from hub.intake.reception import Reception
from hub.intake.workbench import Workbench
from hub.model.device import DeviceUid
from hub.model.journal import Draft
from rules.uplink import Uplink

log = structlog.get_logger(__name__)

CATCHING_UP = 60.0
"""Seconds that timers wait at most for a link to deliver what had waited."""


class IntakeWatch:
    """Implements `hub.ports.LinkWatch`; `carried` maps a session to the link that devices name.

    A link's first session brings the states: deadlines wait for it alone, silence for all of them.
    """

    def __init__(
        self,
        *,
        inbox: BoundedInbox,
        bench: Workbench,
        reception: Reception,
        judge: Judge,
        carried: Mapping[str, str],
        uplink: Uplink,
    ) -> None:
        self.up: dict[str, bool] = dict.fromkeys(carried, False)
        self._carried = carried
        self._uplink = uplink
        self._first: dict[str, str] = {}
        for link, carrier in carried.items():
            self._first.setdefault(carrier, link)
        self._strange = set[str]()
        self._inbox = inbox
        self._bench = bench
        self._reception = reception
        self._judge = judge
        self._behind = {link for link in carried if not self._is_bus(link)}

    def start(self, now: float, *, strangers: bool = False) -> None:
        """Let timers wait from the start on: what was said while the hub was away comes first.

        `strangers` says that no session was ever held before: a first one misses nothing.
        """
        self._strange = set(self._carried) if strangers else set[str]()
        if not self._behind:
            return
        self._bench.hold_timers_until = now + CATCHING_UP
        for carrier in {self._carried[link] for link in self._behind}:
            self._inbox.post(partial(self._judge.suspend, carrier))

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Note a connection; without a resumed session, that messages may be missing."""
        self.up[link] = True
        self._inbox.post(lambda batch: self._note_up(link, batch, resumed=resumed))

    def link_down(self, link: str, why: str) -> None:
        """Note a loss: nobody on this link is judged until it has caught up again."""
        self.up[link] = False
        self._inbox.post(lambda batch: self._note_down(link, why, batch))

    def link_caught_up(self, link: str) -> None:
        """Note that what had waited has been delivered; it is in the inbox before this."""
        self._inbox.post(lambda batch: self._note_caught_up(link, batch))

    def link_heard(self, link: str, at: float) -> None:
        """Note until when all was heard; what was offered before this is in the inbox before it."""
        self._inbox.post(lambda _batch: self._bench.hearing.note(link, at))

    def slave_missed(self, uid: DeviceUid) -> None:
        """Note that a polled device has once not answered."""
        self._inbox.post(lambda batch: self._reception.count_error(uid, batch))

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Note that a polled device does not answer."""
        self._inbox.post(lambda batch: self._reception.lose(uid, why, batch))

    def _note_up(self, link: str, batch: Batch, *, resumed: bool) -> None:
        if not self._is_bus(link):
            self._bench.hold_timers_until = batch.now + CATCHING_UP
        gap = not resumed and link not in self._strange
        self._strange.discard(link)
        if gap and self._is_first(link):
            self._uplink.miss(self._carried[link])
        _tell("link.gap" if gap else "link.up", link, batch, resumed=resumed)

    def _note_down(self, link: str, why: str, batch: Batch) -> None:
        _tell("link.down", link, batch, why=why)
        carrier = self._carried[link]
        if self._is_bus(link):
            # A bus is a part of the site: the silence of its devices is a fault of theirs.
            self._reception.presence.see_first(carrier, batch.now)
            return
        self._behind.add(link)
        self._bench.hearing.end(link)
        self._reception.judge_clocks(carrier, judging=False)
        self._reception.presence.blind(carrier)
        self._judge.suspend(carrier, batch)
        if self._first[carrier] not in self._behind:
            self._uplink.listen(batch.now, carrier)

    def _note_caught_up(self, link: str, batch: Batch) -> None:
        carrier = self._carried[link]
        self._behind.discard(link)
        if not self._is_bus(link):
            self._bench.hearing.begin(link, batch.now)
        if not self._behind:
            self._bench.hold_timers_until = 0.0
        if self._is_first(link):
            self._uplink.listen(batch.now, carrier)
        if any(self._carried[each] == carrier for each in self._behind):
            return
        _tell("link.caught_up", link, batch)
        self._reception.judge_clocks(carrier, judging=True)
        if self._is_bus(link):
            self._reception.begin_counting(link, batch)
            self._reception.presence.see_first(carrier, batch.now)
            return
        self._reception.presence.see(carrier, batch.now)
        self._judge.resume(carrier, batch)

    def _is_first(self, link: str) -> bool:
        return self._first[self._carried[link]] == link

    def _is_bus(self, link: str) -> bool:
        """Tell whether the link is its devices' own bus, and not a session of the hub's uplink."""
        return self._carried[link] == link


def _tell(kind: str, link: str, batch: Batch, **data: object) -> None:
    batch.record([Draft(at=batch.now, type=kind, subject=link, actor="hub", data=data)])
