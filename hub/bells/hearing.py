"""What a vendor's word changes in the course of a ring. Pure, as the course is."""

from __future__ import annotations

import msgspec

from hub.bells import receipt as receipts
from hub.bells.course import Step
from hub.bells.delivery import Delivery, Event
from hub.bells.receipt import FAILED, MOST_MISSES, News, Outcome, Receipt


def take_news(delivery: Delivery, channel: str, news: News, now: float) -> Step:
    """Take a vendor's word about a channel's message; the same again where it changes nothing.

    A message that nobody has heard has reached nobody: its channel gives way to the next at once,
    and comes back later, or never where it has missed too often.
    """
    before = delivery.receipts.get(channel)
    if before is None or before.id != news.id:
        return delivery, []
    after = receipts.take(before, news, now)
    if after == before:
        return delivery, []
    noted = msgspec.structs.replace(delivery, receipts={**delivery.receipts, channel: after})
    if after.outcome in FAILED:
        return _miss(noted, channel, after), [Event(type="missed", channel=channel, why=after.why)]
    return noted, [Event(type="delivered", channel=channel, why=after.outcome, key=after.key)]


def _miss(delivery: Delivery, channel: str, receipt: Receipt) -> Delivery:
    if delivery.at_rest or channel not in delivery.reached:
        return delivery
    hopeless = receipt.outcome is Outcome.LOST or receipt.misses >= MOST_MISSES
    return msgspec.structs.replace(
        delivery,
        reached=tuple(each for each in delivery.reached if each != channel),
        refused={**delivery.refused, channel: receipt.why} if hopeless else delivery.refused,
        failed=(*delivery.failed, channel),
        missed=delivery.missed if hopeless else (*delivery.missed, channel),
    )
