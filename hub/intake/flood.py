"""How much one device may say: a bucket for each topic, and what is known of a flood."""

from __future__ import annotations

import msgspec

from hub.model.device import Device
from hub.ports import Envelope, StateRow
from hub.settings import FloodSettings

HELD_PREFIX = "flood/"
"""Before the topic, in the key of the row that keeps a held message."""
TRIM_ABOVE = 4096
"""Topics above which those that have said nothing lately are forgotten; it is looked for when
there are twice as many as the last time."""
SET_BACK = 60.0
"""Seconds by which time must go back for the clock to have been set: a message that has waited in
the inbox is older than what was let go before it, by less."""


class Buckets:
    """Says which messages are within the limit; topics that are quiet cost no memory."""

    def __init__(self, limit: FloodSettings) -> None:
        self._step = 1.0 / limit.rate
        self._slack = (limit.burst - 0.5) * self._step
        self._now = float("-inf")
        """The latest instant that was heard of."""
        self._trim_above = TRIM_ABOVE
        self._due: dict[str, float] = {}
        """Topic → when its bucket will be empty again."""

    def admits(self, topic: str, now: float) -> bool:
        """Tell whether a message may pass, and count it if so."""
        now = self._advance(now)
        due = self._due.get(topic, now)
        if due <= now:
            due = now
        elif due - now > self._slack:
            return False
        self._due[topic] = due + self._step
        return True

    def _advance(self, now: float) -> float:
        """Return the time to go by; where the clock was set back, every bucket is empty."""
        if self._now - now > SET_BACK:
            self._due.clear()
            self._now = now
        self._now = max(self._now, now)
        return self._now

    def trim(self, now: float) -> None:
        """Forget whose bucket is empty, where there are many."""
        if len(self._due) > self._trim_above:
            self._due = {topic: due for topic, due in self._due.items() if due > now}
            self._trim_above = max(TRIM_ABOVE, 2 * len(self._due))


class Flood:
    """One topic that overflows: what is held back of it, and what was dropped.

    `device` is None for a stranger; `dropped` counts since `told_at`.
    """

    __slots__ = ("began", "device", "dropped", "held", "skipped", "told_at", "total")

    def __init__(self, device: Device | None, now: float) -> None:
        self.device = device
        self.began = self.told_at = now
        self.dropped = self.total = 0
        self.skipped = False
        self.held: Envelope | None = None

    def drop(self) -> int:
        """Count a message that is lost; returns how many that makes."""
        self.dropped += 1
        self.total += 1
        self.skipped = True
        return self.total


class _Held(msgspec.Struct, frozen=True, array_like=True):
    """A held message in the store, where it outlives the hub; it is acknowledged already."""

    link: str
    address: str
    payload: bytes
    received: float
    retained: bool


def write_held(topic: str, held: Envelope | None) -> StateRow:
    """Make the row that keeps a topic's held message, or deletes what was kept."""
    if held is None or not isinstance(held.payload, bytes):
        return StateRow(key=HELD_PREFIX + topic, data=None)
    kept = _Held(held.link, held.address, held.payload, held.received, held.retained)
    data = msgspec.msgpack.encode(kept)
    return StateRow(key=HELD_PREFIX + topic, data=data, personal_at=held.received)


def read_held(row: StateRow) -> Envelope | None:
    """Return the message that a row keeps; None for rows of others."""
    if row.data is None or not row.key.startswith(HELD_PREFIX):
        return None
    kept = msgspec.msgpack.decode(row.data, type=_Held)
    return Envelope(
        link=kept.link,
        address=kept.address,
        payload=kept.payload,
        received=kept.received,
        retained=kept.retained,
    )
