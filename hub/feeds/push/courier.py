"""Who carries an item of the feed to its receiver: a signed webhook, unless a profile says else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from hub.clock import Clock
from hub.courier.answer import Answer, Request
from hub.courier.signature import signed_headers
from hub.model.subscription import Subscription
from hub.ports import FeedRow

CLOUD_EVENT = "application/cloudevents+json; charset=utf-8"

Send = Callable[[Request], Awaitable[Answer]]


class Courier(Protocol):
    """Carries items; every failure is an answer."""

    def wants(self, row: FeedRow) -> bool:
        """Tell whether this item is for the receiver at all."""
        ...

    async def hand(self, row: FeedRow) -> Answer:
        """Hand one item over; an answer that is `theirs` says that this item never goes."""
        ...


class WebhookCourier:
    """Posts the item as it is, signed by Standard Webhooks."""

    def __init__(
        self, wish: Subscription, name_item: Callable[[int], str], send: Send, clock: Clock
    ) -> None:
        self._wish = wish
        self._name_item = name_item
        self._send = send
        self._clock = clock

    def wants(self, row: FeedRow) -> bool:
        """Tell whether the subscription names the item's type, or none."""
        return not self._wish.types or row.type in self._wish.types

    async def hand(self, row: FeedRow) -> Answer:
        """Send it under the item's own id."""
        number = self._name_item(row.seq)
        signed = signed_headers(self._wish.secret, number, self._clock.now(), row.body)
        headers = {"content-type": CLOUD_EVENT, **signed}
        return await self._send(Request(url=self._wish.url, body=row.body, headers=headers))
