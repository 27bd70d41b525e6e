"""A receipt: what a vendor tells afterwards of a message that it took. Was it heard?"""

from __future__ import annotations

from enum import StrEnum

import msgspec

PATIENCE = 1800.0
"""Seconds for which a vendor's word is waited for; afterwards nobody knows, and the time counts."""
FIRST_ASKING = 5.0
"""Seconds after which a vendor is first asked; then each time after as long again."""
MOST_MISSES = 3
"""Misses of a channel after which a ring leaves it alone: each of them costs money."""
AGAIN = 120.0
"""Seconds until a channel that missed somebody is tried again, twice as many after each miss."""


class Outcome(StrEnum):
    """What became of a message.

    `delivered`: the phone has it. `answered`: somebody was on the line. `missed`: neither; another
    time may do. `lost`: neither, and never will. `awaited`: nobody has said so yet.
    """

    AWAITED = "awaited"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    MISSED = "missed"
    LOST = "lost"


FAILED = frozenset({Outcome.MISSED, Outcome.LOST})


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel's message went; `id` is the vendor's own, instants are epoch seconds.

    `key` is what somebody pressed on the phone, `misses` counts messages that were not heard.
    """

    id: str
    sent: float
    outcome: Outcome = Outcome.AWAITED
    at: float | None = None
    why: str = ""
    key: str = ""
    misses: int = 0

    def is_awaited(self, now: float) -> bool:
        """Tell whether its vendor may still say what became of it."""
        return self.outcome is Outcome.AWAITED and now < self.sent + PATIENCE

    @property
    def again_at(self) -> float:
        """Return from when on its channel may be tried again after a miss."""
        return (self.at or self.sent) + AGAIN * 2.0 ** (self.misses - 1)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's word about one message, by the vendor's own id of it."""

    id: str
    outcome: Outcome
    why: str = ""
    key: str = ""


def take(receipt: Receipt, news: News, now: float) -> Receipt:
    """Return the receipt with the news in it; what is known already is not said again.

    A call that was answered can still bring a key, the last of which counts; nothing undoes it.
    """
    if receipt.outcome is Outcome.ANSWERED and news.outcome is Outcome.ANSWERED:
        return msgspec.structs.replace(receipt, key=news.key or receipt.key)
    is_open = receipt.outcome is Outcome.AWAITED
    is_more = receipt.outcome is Outcome.DELIVERED and news.outcome is Outcome.ANSWERED
    if news.outcome is Outcome.AWAITED or not (is_open or is_more):
        return receipt
    return msgspec.structs.replace(
        receipt,
        outcome=news.outcome,
        at=now,
        why=news.why,
        key=news.key,
        misses=receipt.misses + (news.outcome in FAILED),
    )


def next_asking(receipt: Receipt, asked: float | None) -> float:
    """Return when its vendor is asked next, last having been asked at `asked`."""
    if asked is None:
        return receipt.sent + FIRST_ASKING
    return asked + max(FIRST_ASKING, asked - receipt.sent)
