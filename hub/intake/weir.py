"""The weir before the reception: a flood from one device is held back, all else passes.

Of what a device sends over the limit, the newest message of each topic is kept and taken when the
limit allows, so that its last state is never lost; those before it are dropped, counted, and told.
What had waited while the hub was away is no flood.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.intake.batch import Batch
from hub.intake.flood import Buckets, Flood, read_held, write_held
from hub.intake.reception import Reception
from hub.intake.router import Router, quarantine
from hub.intake.suspect import Suspects
from hub.ports import Envelope, StateRow

TELL_EVERY = 60.0
"""Seconds between two words about one flood; after as many without a loss it is over."""
SAMPLES = 3
"""Dropped messages of a flood that are kept for a person to look at."""
HELD_BYTES = 8192
"""A message that is larger is dropped, not held: each held one is written with every commit."""


class Weir:
    """Decides about each envelope before anything looks into it."""

    def __init__(
        self, *, reception: Reception, router: Router, buckets: Buckets, suspects: Suspects
    ) -> None:
        self.reception = reception
        self._router = router
        self._buckets = buckets
        self._suspects = suspects
        self._floods: dict[str, Flood] = {}
        self._changed: set[str] = set()

    def restore(self, rows: Iterable[StateRow], now: float) -> None:
        """Take up what the last run held back."""
        for held in filter(None, map(read_held, rows)):
            flood = self._floods[held.address] = Flood(self._router.find(held), now)
            flood.held, flood.skipped = held, True

    def take(self, envelope: Envelope, batch: Batch) -> None:
        """Take one envelope into the batch; it is acknowledged with it, whatever it was."""
        self.reception.counts["received"] += 1
        batch.envelopes.append(envelope)
        if (
            envelope.link in self.reception.live
            # What the hub has asked for itself comes at the hub's own pace.
            and envelope.payload.__class__ is bytes
            and not self._buckets.admits(envelope.address, envelope.received)
        ):
            self._hold(envelope, batch)
        else:
            self._pass_on(envelope, batch)

    def release(self, batch: Batch) -> None:
        """Let go what may go by now, and lay down the last message; once in each batch."""
        for topic, flood in list(self._floods.items()):
            if flood.held and self._buckets.admits(topic, batch.now):
                held, flood.held = flood.held, None
                self._changed.add(topic)
                self._pass_on(held, batch)
            if batch.now - flood.told_at >= TELL_EVERY:
                self._tell_again(topic, flood, batch)
        batch.changes.states.extend(self._take_rows())
        self._buckets.trim(batch.now)
        self._suspects.rest(batch)

    def _pass_on(self, envelope: Envelope, batch: Batch) -> None:
        skipped = bool(self._floods) and self._end_gap(envelope, batch)
        condemned = self._suspects.examine(envelope)
        if condemned is None:
            self.reception.take(envelope, batch, skipped=skipped)
        else:
            self.reception.quarantine(condemned, batch)

    def _end_gap(self, envelope: Envelope, batch: Batch) -> bool:
        """Tell whether messages before this one were dropped; one still held is now too old."""
        flood = self._floods.get(envelope.address)
        if flood is None:
            return False
        self._replace(flood, None, batch)
        skipped, flood.skipped = flood.skipped, False
        return skipped

    def _hold(self, envelope: Envelope, batch: Batch) -> None:
        flood = self._floods.get(envelope.address) or self._begin(envelope, batch)
        if len(envelope.payload) > HELD_BYTES:
            self._drop(flood, envelope, batch)
        else:
            self._replace(flood, envelope, batch)

    def _begin(self, envelope: Envelope, batch: Batch) -> Flood:
        flood = Flood(self._router.find(envelope), batch.now)
        self._floods[envelope.address] = flood
        self._tell(flood, "device.flooded", envelope.address, batch)
        return flood

    def _replace(self, flood: Flood, envelope: Envelope | None, batch: Batch) -> None:
        before, flood.held = flood.held, envelope
        if before is not None:
            self._drop(flood, before, batch)
        if before is not envelope:
            self._changed.add((before or envelope).address)  # type: ignore[union-attr]

    def _drop(self, flood: Flood, envelope: Envelope, batch: Batch) -> None:
        self.reception.counts["flooded"] += 1
        if flood.drop() <= SAMPLES and flood.device is not None:
            reason = "a sample of a flood: too many messages on this topic, and newer ones came"
            self.reception.quarantine(quarantine(envelope, reason), batch)

    def _tell_again(self, topic: str, flood: Flood, batch: Batch) -> None:
        if flood.dropped:
            self._tell(flood, "device.flooded", topic, batch)
        elif flood.held is None:
            del self._floods[topic]
            self._tell(flood, "device.flood_over", topic, batch)
        flood.told_at, flood.dropped = batch.now, 0

    def _tell(self, flood: Flood, kind: str, topic: str, batch: Batch) -> None:
        if flood.device is None:
            return
        uid = flood.device.uid
        said = {"topic": topic, "dropped": flood.dropped, "dropped_in_all": flood.total}
        self.reception.tell(uid, kind, batch, **said)
        if kind == "device.flooded":
            self.reception.make_event(uid, "flood", batch, batch.now, **said)

    def _take_rows(self) -> list[StateRow]:
        rows = [
            write_held(topic, flood.held if flood else None)
            for topic in self._changed
            for flood in (self._floods.get(topic),)
        ]
        self._changed = set()
        return rows
