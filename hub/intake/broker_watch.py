"""Turns the broker's figures into points, events and journal entries of the hub itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec
import structlog

from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox
from hub.intake.reception import Reception
from hub.model.device import Device
from hub.model.report import Sample
from hub.ports import BrokerFigures, Document
from hub.services.broker_health import Findings, Health, examine

log = structlog.get_logger(__name__)

BROKER = "broker"
"""The collection that keeps the last look."""
KEEP_EVERY = 60.0
"""Seconds between two readings of the figures in history: the period of their points."""


class BrokerWatch:
    """Implements `hub.ports.BrokerListener`; `own` is the hub in its books.

    `read_again` has the devices' states told again; it is called once the loss is in the store.
    `vouch` hears, in a turn of the loop, since when the broker has run.
    """

    def __init__(
        self,
        own: Device,
        *,
        inbox: BoundedInbox,
        reception: Reception,
        read_again: Callable[[], None],
        vouch: Callable[[float], None],
    ) -> None:
        self._own = own
        self._read_again = read_again
        self._vouch = vouch
        self._inbox = inbox
        self._reception = reception
        self._health: Health | None = None
        self._kept_at = 0.0

    def start(self, documents: Mapping[str, bytes]) -> None:
        """Take up the last look of the run before, and say that the hub is there."""
        for body in documents.values():
            self._health = msgspec.json.decode(body, type=Health)
        self._inbox.post(partial(self._reception.make_reading, self._own.uid))

    def broker_told(self, figures: BrokerFigures) -> None:
        """Take one look at the broker."""
        self._inbox.post(partial(self._take, figures))

    def broker_is_mute(self, why: str) -> None:
        """Say once that what the broker drops stays unseen."""
        log.warning(why)
        self._inbox.post(partial(self._tell, "broker.mute", why=why))

    def _take(self, figures: BrokerFigures, batch: Batch) -> None:
        self._vouch(batch.now - figures.uptime)
        self._health, found = examine(self._health, figures, batch.now)
        if found.changed:
            body = msgspec.json.encode(self._health)
            paper = Document(collection=BROKER, key="last", body=body, at=batch.now)
            batch.changes.documents.append(paper)
        self._keep(figures, batch)
        self._say(found, figures, batch)
        if found.read_again:
            batch.after.append(self._read_again)

    def _keep(self, figures: BrokerFigures, batch: Batch) -> None:
        if not 0 <= batch.now - self._kept_at < KEEP_EVERY:
            self._kept_at = batch.now
            stored = Sample("broker.stored", figures.stored)
            dropped = Sample("broker.dropped", figures.dropped)
            self._reception.make_reading(self._own.uid, batch, stored, dropped)

    def _say(self, found: Findings, figures: BrokerFigures, batch: Batch) -> None:
        if found.restarted:
            self._tell("broker.restarted", batch, uptime_seconds=figures.uptime)
            self._reception.make_event(self._own.uid, "broker.restarted", batch, batch.now)
        if found.dropped:
            said = {"dropped": found.dropped, "dropped_in_all": figures.dropped}
            log.error("the broker has dropped messages; see max_queued_messages", **said)
            self._tell("broker.dropped", batch, **said)
            uid = self._own.uid
            self._reception.make_event(uid, "broker.dropped", batch, batch.now, **said)
        if found.read_again:
            self._tell("broker.read_again", batch)

    def _tell(self, kind: str, batch: Batch, **data: object) -> None:
        self._reception.tell(self._own.uid, kind, batch, **data)
