"""Listens to the life of the links: gaps, catching up, and silence that proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf

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

    A link's first session brings the states: deadlines that no measurement can change wait for it
    alone, all others for every session. `machine_since` is when the hub's machine was started.
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
        machine_since: float = inf,
    ) -> None:
        self.up: dict[str, bool] = dict.fromkeys(carried, False)
        self._carried = carried
        self._uplink = uplink
        self._first: dict[str, str] = {}
        for link, carrier in carried.items():
            self._first.setdefault(carrier, link)
        self._strange = set[str]()
        self._machine_since = machine_since
        self._away = set[str]()
        """Carriers of which nothing was heard, as far as is known, since the hub was away."""
        self._inbox = inbox
        self._bench = bench
        self._reception = reception
        self._judge = judge
        self._behind = {link for link in carried if not self.is_bus(link)}

    def start(self, now: float, *, strangers: bool = False) -> None:
        """Let timers wait from the start on: what was said while the hub was away comes first.

        `strangers` says that no session was ever held before: a first one misses nothing.
        """
        self._strange = set(self._carried) if strangers else set[str]()
        if not self._behind:
            return
        self._bench.hold_timers_until = self._bench.hold_early_until = now + CATCHING_UP
        self._away = {self._carried[link] for link in self._behind}
        for carrier in self._away:
            self._inbox.post(partial(self._judge.suspend, carrier))
            if strangers:
                self._inbox.post(partial(self._begin_anew, carrier))

    def _begin_anew(self, carrier: str, _batch: Batch) -> None:
        """Let nobody have to return for long: nothing is known that a device could take back."""
        self._uplink.broker_ran(-inf, carrier)

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

    def vouch(self, broker_since: float) -> None:
        """Take note, between two messages, of when the broker was started.

        Where the hub alone was away, and neither its machine nor the broker, what devices said has
        reached the broker as ever: nobody has to return. See docs/adr/0038. Where the broker was,
        too, each of them has to (ADR 8).
        """
        for link, carrier in self._carried.items():
            if not self.is_bus(link):
                self._uplink.broker_ran(broker_since, carrier)
        since = max(broker_since, self._machine_since)
        for carrier in self._away:
            if since <= self._uplink.cut.get(carrier, -inf):
                self._uplink.vouch(carrier)
        self._away &= self._uplink.cut.keys()

    def slave_missed(self, uid: DeviceUid) -> None:
        """Note that a polled device has once not answered."""
        self._inbox.post(lambda batch: self._reception.count_error(uid, batch))

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Note that a polled device does not answer."""
        self._inbox.post(lambda batch: self._reception.lose(uid, why, batch))

    def relay_told(self, uid: DeviceUid, why: str, *, stands: bool) -> None:
        """Note what became of a relay that stood on."""
        kind = "relay.stuck" if stands else "relay.released"
        self._inbox.post(lambda batch: self._reception.tell(uid, kind, batch, why=why))

    def _note_up(self, link: str, batch: Batch, *, resumed: bool) -> None:
        if not self.is_bus(link):
            self._hold(link, batch.now + CATCHING_UP)
        gap = not resumed and link not in self._strange
        self._strange.discard(link)
        if gap and self._is_first(link):
            self._uplink.miss(self._carried[link])
            self._away.discard(self._carried[link])
        _tell("link.gap" if gap else "link.up", link, batch, resumed=resumed)

    def _note_down(self, link: str, why: str, batch: Batch) -> None:
        _tell("link.down", link, batch, why=why)
        carrier = self._carried[link]
        if self.is_bus(link):
            # A bus is a part of the site: the silence of its devices is a fault of theirs.
            self._reception.presence.see_first(carrier, batch.now)
            return
        self._behind.add(link)
        self._away.discard(carrier)
        self._bench.hearing.end(link)
        self._reception.judge_clocks(carrier, judging=False)
        self._reception.presence.blind(carrier)
        self._judge.suspend(carrier, batch)
        if self._first[carrier] not in self._behind:
            self._uplink.listen(batch.now, carrier)
            self._hold(link, batch.now + CATCHING_UP)

    def _hold(self, session: str, until: float) -> None:
        """Let timers wait for a session; early ones, for what brings states alone."""
        self._bench.hold_timers_until = until
        if self._is_first(session):
            self._bench.hold_early_until = until

    def _note_caught_up(self, link: str, batch: Batch) -> None:
        carrier = self._carried[link]
        self._behind.discard(link)
        if not self.is_bus(link):
            self._bench.hearing.begin(link, batch.now)
        if not self._behind:
            self._bench.hold_timers_until = 0.0
        if self._is_first(link):
            if self._behind.isdisjoint(self._first.values()):
                self._bench.hold_early_until = 0.0
            self._uplink.listen(batch.now, carrier)
        if any(self._carried[each] == carrier for each in self._behind):
            return
        _tell("link.caught_up", link, batch)
        self._reception.judge_clocks(carrier, judging=True)
        if self.is_bus(link):
            self._reception.begin_counting(link, batch)
            self._reception.presence.see_first(carrier, batch.now)
            return
        self._reception.presence.see(carrier, batch.now)
        self._judge.resume(carrier, batch)

    def _is_first(self, link: str) -> bool:
        return self._first[self._carried[link]] == link

    def is_bus(self, link: str) -> bool:
        """Tell whether the link is its devices' own bus, and not a session of the hub's uplink."""
        return self._carried[link] == link


def _tell(kind: str, link: str, batch: Batch, **data: object) -> None:
    batch.record([Draft(at=batch.now, type=kind, subject=link, actor="hub", data=data)])
