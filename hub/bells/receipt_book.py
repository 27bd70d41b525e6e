"""Takes what vendors say of messages, asked or by themselves: into the record, and to its end."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import structlog

from hub.access.record import PEOPLE, Person
from hub.bells.hearing import take_news
from hub.bells.lane import Surroundings
from hub.bells.outbox import Told, tell
from hub.bells.receipt import News, Receipt
from hub.errors import HubError
from hub.model.ring import Concern, Ring
from hub.model.ticket import TicketAction, TicketStep
from hub.ports import Desk

log = structlog.get_logger(__name__)

RECEIVED = "1"
"""The key that says 收到: a template of a call offers it."""
BY_PHONE = "电话按键 1 / key 1 on the phone"


class ReceiptBook:
    """Finds the rings that a vendor's word is about; what they become is stored on return."""

    def __init__(self, around: Surroundings, desk: Desk) -> None:
        self._around = around
        self._desk = desk

    async def take(self, bell: str, said: Iterable[News]) -> bool:
        """Take the words of one channel's vendor; tell whether any of them was news."""
        outbox, now = self._around.outbox, self._around.clock.now()
        changed: list[str] = []
        told: list[Told] = []
        confirmed: list[Ring] = []
        for news in said:
            for ring in self._rings(bell, news.id):
                after, events = take_news(outbox.deliveries[ring.id], bell, news, now)
                outbox.deliveries[ring.id] = after
                told += [tell(ring, after, event) for event in events]
                changed += [ring.id] if events else []
                confirmed += [ring] if events and news.key == RECEIVED else []
        if changed:
            await outbox.put(dict.fromkeys(changed), told)
        for ring in confirmed:
            await self._acknowledge(ring)
        return bool(changed)

    def awaited(self, bell: str) -> list[tuple[Ring, Receipt]]:
        """Return the messages of which a vendor may still say more, each with one of its rings."""
        outbox, now = self._around.outbox, self._around.clock.now()
        found: dict[str, tuple[Ring, Receipt]] = {}
        for key, delivery in outbox.deliveries.items():
            receipt = delivery.receipts.get(bell)
            if receipt and receipt.is_awaited(now) and not delivery.at_rest:
                found.setdefault(receipt.id, (outbox.rings[key], receipt))
        return list(found.values())

    def _rings(self, bell: str, receipt: str) -> list[Ring]:
        outbox = self._around.outbox
        return [
            outbox.rings[key]
            for key, delivery in outbox.deliveries.items()
            if bell in delivery.receipts and delivery.receipts[bell].id == receipt
        ]

    async def _acknowledge(self, ring: Ring) -> None:
        """Have who pressed the key acknowledge the ticket, as on the page, where they may."""
        body = await self._around.books.document(PEOPLE, ring.person)
        if body is None or ring.concern is not Concern.RESPONSIBLE:
            return
        person = msgspec.json.decode(body, type=Person)
        step = TicketStep(
            do=TicketAction.ACKNOWLEDGE,
            actor=person.name,
            role=person.role,
            at=self._around.clock.now(),
            text=BY_PHONE,
        )
        try:
            await self._desk.step_ticket(ring.ticket, step)
        except HubError as error:
            log.info("a key on the phone acknowledges nothing", ticket=ring.ticket, why=str(error))
